"""The settings, as frozen models: what a bridge can be told, with every default's reason.

A *channel* is RetailOps' word for one shop connection; it names one Shopify store. Policies
(``order_pull``, ``inventory_push`` …) stand in ``[defaults]`` and, key by key, in a channel.
Where they come from (TOML file, environment, ``…_FILE``) is the business of ``load``.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

ApiVersion = Annotated[str, Field(pattern=r"^20\d\d-(01|04|07|10)$")]

DEFAULT_API_VERSION = "2026-10"  # newest stable version that our documents are validated against
OLDEST_API_VERSION = "2026-07"  # oldest one that they are validated against


class Frozen(BaseModel):
    """Unknown keys are mistakes: a misspelt policy must stop the start, not be ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ServerSettings(Frozen):
    """The HTTP edge that RetailOps calls."""

    host: str = Field(
        "127.0.0.1", description="Address to listen on. 0.0.0.0 for every interface, behind TLS."
    )
    port: int = Field(8080, ge=0, le=65535, description="0 takes any free port.")
    prefix: str = Field("", description="Path before every route, e.g. /retailops")
    deadline_seconds: float = Field(
        240.0, gt=0, description="A call's time. RetailOps' certifying service waits 5 minutes."
    )
    max_body_mebibytes: int = Field(
        32, ge=1, description="A larger request is refused. A feed of 5,000 products is 10 to 20."
    )
    shutdown_seconds: float = Field(
        60.0, gt=0, description="How long calls in flight may take to finish after SIGTERM."
    )


class LedgerSettings(Frozen):
    """The SQLite file that makes every effect happen once."""

    path: Path = Field(
        Path("ledger.sqlite3"), description="On a local disk; the folder must be writable."
    )
    busy_seconds: float = Field(5.0, gt=0, description="How long to wait for another process.")
    answer_hours: int = Field(
        72, ge=1, description="How long a finished call is answered again. Friday to Monday is 72."
    )
    effect_days: int = Field(
        400,
        ge=1,
        description="How long an effect is known: a package may be sent again long after.",
    )
    settle_seconds: float = Field(
        60.0,
        ge=0,
        description="How long Shopify may still apply a request whose reply was lost.",
    )


class LoggingSettings(Frozen):
    """Structured logs on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe line that is written."
    )
    format: Literal["json", "console"] = Field(
        "json", description="json: one object a line. console: for a person at a terminal."
    )


class RecordingSettings(Frozen):
    """Where the calls of recorded channels are written, scrubbed."""

    folder: Path = Field(
        Path("recordings"), description="Made when it is absent; a folder a channel inside."
    )
    max_mebibytes: int = Field(
        1024,
        ge=1,
        description="When so much is in the folder nothing more is recorded. A call is 5 to 500"
        " KiB.",
    )


class ConsoleSettings(Frozen):
    """The page at /console/, for the person who runs the bridge."""

    enabled: bool = Field(False, description="Needs a password. `sandbox` has it on.")
    password: SecretStr | None = Field(
        None, description="At least 12 characters, for the console only."
    )
    session_minutes: int = Field(
        480, ge=1, le=10080, description="How long a login lasts. 480 is a working day."
    )
    calls: int = Field(
        100,
        ge=1,
        le=10000,
        description="The last calls of each channel that are kept in memory. One is about 1 KiB.",
    )


class TracingSettings(Frozen):
    """OpenTelemetry traces of calls and of the requests to Shopify."""

    enabled: bool = Field(
        False,
        description="Needs retailops-shopify-bridge[otel]. Where to: OTEL_EXPORTER_OTLP_ENDPOINT.",
    )


class OrderPullPolicy(Frozen):
    """Which orders RetailOps is offered, and how their money is told."""

    pull_since: date | datetime | None = Field(
        None, description="Older orders are never offered. Required in production."
    )
    pull_unpaid: bool = Field(False, description="Offer orders that are not paid yet too.")
    pull_fulfilled: Literal["none", "pos", "all"] = Field(
        "none", description="Orders with nothing left to ship: none, point of sale only, or all."
    )
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
    currency: Literal["presentment", "shop"] = Field(
        "presentment", description="The money the customer saw, or the shop's own."
    )
    price_mode: Literal["net", "gross"] = Field(
        "net",
        description="net: unit_price after discounts. gross: unit_price, and the line's discount.",
    )
    missing_sku: str = Field(
        "SHOPIFY-NO-SKU",
        min_length=1,
        description="The SKU that a line without a SKU is sent under.",
    )
    tip_sku: str = Field(
        "SHOPIFY-TIP", min_length=1, description="The SKU that a tip is sent under."
    )
    duty_sku: str = Field(
        "SHOPIFY-DUTY", min_length=1, description="The SKU that duties is sent under."
    )
    fee_sku: str = Field(
        "SHOPIFY-FEE", min_length=1, description="The SKU that an additional fee is sent under."
    )


class OrderAcknowledgePolicy(Frozen):
    """How an order that RetailOps has taken is marked in Shopify."""

    tag: str = Field(
        "retailops-acknowledged",
        min_length=1,
        max_length=40,
        description="Tag of an order that RetailOps has taken.",
    )
    cancel_tag: str = Field(
        "retailops-cancel-acknowledged",
        min_length=1,
        max_length=40,
        description="Tag of an order whose cancellation RetailOps has taken.",
    )
    namespace: str = Field(
        "retailops",
        min_length=3,
        max_length=255,
        description="Namespace of the order metafields that say so exactly.",
    )
    batch_size: int = Field(
        25, ge=1, le=25, description="metafieldsSet takes 25 at most; 25 orders are 260 points."
    )


class InventoryPushPolicy(Frozen):
    """Where and how much stock is written."""

    location: str = Field("", description="Name or id. Empty: the shop's only or first location.")
    facilities: dict[str, str] = Field(
        {}, description="RetailOps facility name → Shopify location name or id."
    )
    reserve_unacknowledged: bool = Field(
        True, description="Take off what orders hold that RetailOps does not know yet."
    )
    reserve_minutes: int = Field(
        10, ge=0, description="An older push may still be on its way for this long."
    )
    duplicate_sku: Literal["all", "first", "error"] = Field(
        "error", description="Two variants with one SKU: write all, the first, or neither."
    )
    activate: bool = Field(True, description="Stock an item at a location where it is not.")
    safety_stock: int = Field(0, ge=0, description="Units never offered for sale.")
    lookup_size: int = Field(
        250, ge=1, le=250, description="SKUs a look-up; halves when Shopify refuses it."
    )


class CatalogPolicy(Frozen):
    """What catalog_get_config answers, and how a feed is read."""

    sku_fanout: Literal["related_skus", "no_fanout"] = Field(
        "related_skus", description="related_skus: one push carries the product's whole family."
    )
    preset: Literal["native", "magento", "mozu"] = Field(
        "native",
        description="The feed's shape: the bridge's own, or what a template made for others sends.",
    )
    match: Literal["sku", "handle", "metafield"] = Field(
        "sku", description="How a product of the feed is found in the store, exactly."
    )
    match_metafield: str = Field(
        "",
        pattern=r"^$|^[^.\s]+\.[^.\s]+$",
        description="namespace.key of a product metafield for match = metafield. Its definition "
        "must be of type id, which Shopify keeps unique.",
    )
    abreast: int = Field(
        6,
        ge=1,
        le=32,
        description="Products written at once. The points decide; this hides the way to Shopify.",
    )
    bulk_from: int = Field(
        500,
        ge=2,
        description="From so many products that need the same mutation it is sent as one bulk "
        "operation, which takes no points.",
    )
    asynchronous_from: int = Field(
        100,
        ge=1,
        description="A new product with so many variants or images is made in the background.",
    )


class Policies(Frozen):
    """Everything that a merchant may decide, one table an action."""

    order_refnum: Literal["id", "name"] = Field(
        "id", description="channel_order_refnum: Shopify's order id, or its name (#1001)."
    )
    order_pull: OrderPullPolicy = OrderPullPolicy()
    order_acknowledge: OrderAcknowledgePolicy = OrderAcknowledgePolicy()
    inventory_push: InventoryPushPolicy = InventoryPushPolicy()
    catalog: CatalogPolicy = CatalogPolicy()


class ShopifySettings(Frozen):
    """How to reach the store: a static ``token``, or ``client_id`` with ``client_secret``."""

    token: SecretStr | None = Field(None, description="Static Admin API token (shpat_...).")
    client_id: str | None = Field(None, description="Instead of token: 24-hour tokens are fetched.")
    client_secret: SecretStr | None = Field(None, description="Goes with client_id.")
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

    id: int = Field(description="RetailOps' channel id.")
    shop: str = Field(description="The store's permanent domain, example.myshopify.com.")
    api_version: ApiVersion = Field(
        DEFAULT_API_VERSION,
        description=f"Shopify Admin API version, {OLDEST_API_VERSION} or later.",
    )
    auth_key: SecretStr = Field(
        description="RetailOps' integration_auth_token: 32 of A-Z, a-z, 0-9."
    )
    shopify: ShopifySettings
    record: bool = Field(
        False, description="Write each call with its Shopify traffic, scrubbed, to [recording]."
    )
    mappings_dir: Path | None = Field(
        None,
        description="A folder of the merchant's own mapping files, laid over the shipped ones.",
    )
    schema_dir: Path = Field(
        Path("shopify-schema"),
        description="Where `schema fetch` keeps the store's GraphQL schema, for [select].",
    )


class Settings(Frozen):
    """The whole configuration of one bridge process."""

    environment: Literal["production", "test"] = Field(
        "production", description="test allows the verifier's key RETAILOPS_SDK and endpoint."
    )
    server: ServerSettings = ServerSettings()
    ledger: LedgerSettings = LedgerSettings()
    logging: LoggingSettings = LoggingSettings()
    recording: RecordingSettings = RecordingSettings()
    console: ConsoleSettings = ConsoleSettings()
    tracing: TracingSettings = TracingSettings()
    defaults: Policies = Policies()
    channels: tuple[ChannelSettings, ...] = Field(min_length=1)


CURRENCY_PLACES: dict[str, int] = {"JPY": 0}  # the others of RetailOps' twelve have two


@lru_cache(maxsize=32)  # RetailOps' twelve, and what a shop or a test may have beside them
def quantum(currency: str) -> Decimal:
    """The smallest amount of a currency: ``Decimal('0.01')`` for USD, ``Decimal('1')`` for JPY."""
    return Decimal(1).scaleb(-CURRENCY_PLACES.get(currency, 2))
