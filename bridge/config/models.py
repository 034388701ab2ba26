"""The settings, as frozen models: what a bridge can be told, with every default's reason.

A *channel* is RetailOps' word for one shop connection; it names one Shopify store. Policies
(``order_pull``, ``inventory_push`` …) stand in ``[defaults]`` and, key by key, in a channel.
Where they come from (TOML file, environment, ``…_FILE``) is the business of ``load``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

ApiVersion = Annotated[str, Field(pattern=r"^20\d\d-(01|04|07|10)$")]

DEFAULT_API_VERSION = "2026-10"  # newest stable version that our documents are validated against
OLDEST_API_VERSION = "2026-07"  # oldest one that they are validated against


class Frozen(BaseModel):
    """Unknown keys are mistakes: a misspelt policy must stop the start, not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Frozen):
    """The HTTP edge that RetailOps calls."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    prefix: str = Field("", description="Path before every route, e.g. /retailops")
    deadline_seconds: float = Field(
        240.0, gt=0, description="A call's time. RetailOps' certifying service waits 5 minutes."
    )
    max_body_mebibytes: int = Field(
        32, ge=1, description="A catalog feed of some thousand products is 10 to 20 MiB."
    )
    shutdown_seconds: float = Field(
        60.0, gt=0, description="How long calls in flight may take to finish after SIGTERM."
    )


class LedgerSettings(Frozen):
    """The SQLite file that makes every effect happen once."""

    path: Path = Path("ledger.sqlite3")
    busy_seconds: float = Field(5.0, gt=0, description="How long to wait for another process.")
    answer_hours: int = Field(72, ge=1, description="A bad deploy on Friday is mended on Monday.")
    effect_days: int = Field(400, ge=1, description="A package can be sent again long after.")


class LoggingSettings(Frozen):
    """Structured logs on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class OrderPullPolicy(Frozen):
    """Which orders RetailOps is offered, and how their money is told."""

    pull_since: date | datetime | None = Field(
        None, description="Older orders are never offered. Required in production."
    )
    pull_unpaid: bool = False
    pull_fulfilled: Literal["none", "pos", "all"] = "none"
    tags_include: tuple[str, ...] = Field((), description="Only orders with one of these tags.")
    tags_exclude: tuple[str, ...] = Field((), description="Never orders with one of these tags.")
    locations: tuple[str, ...] = Field(
        (), description="Only orders with work at one of these locations (names or ids)."
    )
    sources: tuple[str, ...] = Field((), description="Only these Shopify sourceName values.")
    minimum_age_minutes: int = Field(0, ge=0, description="Let fraud checks and edits settle.")
    page_size: int = Field(50, ge=1, le=100, description="RetailOps accepts at most 100.")
    lines_per_order: int = Field(
        50, ge=1, le=250, description="Read with the page; longer orders take further requests."
    )
    sweep_minutes: int = Field(
        10, ge=0, description="How often to look past the search index for orders it missed."
    )
    currency: Literal["presentment", "shop"] = "presentment"
    price_mode: Literal["net", "gross"] = "net"
    missing_sku: str = Field("SHOPIFY-NO-SKU", min_length=1)
    tip_sku: str = Field("SHOPIFY-TIP", min_length=1)
    duty_sku: str = Field("SHOPIFY-DUTY", min_length=1)
    fee_sku: str = Field("SHOPIFY-FEE", min_length=1)


class OrderAcknowledgePolicy(Frozen):
    """How an order that RetailOps has taken is marked in Shopify."""

    tag: str = Field("retailops-acknowledged", min_length=1, max_length=40)
    cancel_tag: str = Field("retailops-cancel-acknowledged", min_length=1, max_length=40)
    namespace: str = Field("retailops", min_length=3, max_length=255)
    batch_size: int = Field(
        25, ge=1, le=25, description="metafieldsSet takes 25 at most; 25 orders are 260 points."
    )


class InventoryPushPolicy(Frozen):
    """Where and how much stock is written."""

    location: str = Field("", description="Name or id. Empty: the shop's only or first location.")
    facilities: dict[str, str] = Field(
        {}, description="RetailOps facility name → Shopify location name or id."
    )
    reserve_unacknowledged: bool = True
    reserve_minutes: int = Field(
        10, ge=0, description="An older push may still be on its way for this long."
    )
    duplicate_sku: Literal["all", "first", "error"] = "error"
    activate: bool = Field(True, description="Stock an item at a location where it is not.")
    safety_stock: int = Field(0, ge=0)
    lookup_size: int = Field(
        250, ge=1, le=250, description="SKUs a look-up; halves when Shopify refuses it."
    )


class CatalogPolicy(Frozen):
    """What catalog_get_config answers."""

    sku_fanout: Literal["related_skus", "no_fanout"] = "related_skus"


class Policies(Frozen):
    """Everything that a merchant may decide, one table an action."""

    order_refnum: Literal["id", "name"] = "id"
    order_pull: OrderPullPolicy = OrderPullPolicy()
    order_acknowledge: OrderAcknowledgePolicy = OrderAcknowledgePolicy()
    inventory_push: InventoryPushPolicy = InventoryPushPolicy()
    catalog: CatalogPolicy = CatalogPolicy()


class ShopifySettings(Frozen):
    """How to reach the store: a static ``token``, or ``client_id`` with ``client_secret``."""

    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    endpoint: str | None = Field(
        None, description="Replaces https://{shop}; only when environment = 'test'."
    )
    timeout_seconds: float = Field(
        30.0, gt=0, description="One request. Shopify itself gives up on a query after 30 s."
    )
    restore_rate: float = Field(
        100.0, gt=0, description="Points a second until the first reply tells the real rate."
    )


class ChannelSettings(Policies):
    """One RetailOps channel: one store, one key, its policies and mappings."""

    id: int
    shop: str
    api_version: ApiVersion = DEFAULT_API_VERSION
    auth_key: SecretStr
    shopify: ShopifySettings
    mappings_dir: Path | None = None


class Settings(Frozen):
    """The whole configuration of one bridge process."""

    environment: Literal["production", "test"] = "production"
    server: ServerSettings = ServerSettings()
    ledger: LedgerSettings = LedgerSettings()
    logging: LoggingSettings = LoggingSettings()
    defaults: Policies = Policies()
    channels: tuple[ChannelSettings, ...] = Field(min_length=1)


CURRENCY_PLACES: dict[str, int] = {"JPY": 0}  # the others of RetailOps' twelve have two


def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency: ``Decimal('0.01')`` for USD, ``Decimal('1')`` for JPY."""
    return Decimal(1).scaleb(-CURRENCY_PLACES.get(currency, 2))
