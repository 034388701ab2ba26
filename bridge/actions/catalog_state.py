"""What a catalog push knows before it plans: each product of the feed beside the store's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bridge.actions.catalog_media import Sent
from bridge.actions.catalog_target import WantedProduct
from bridge.retailops.events import Association, Code, Event, EventType, event
from bridge.shopify.catalogue import Sibling, StoreProduct, StoreVariant

# One event names so many SKUs; a product of 2,048 variants does not fill RetailOps' list.
NAMED: Final = 250


@dataclass(frozen=True, slots=True)
class Places:
    """What names in the feed mean in the shop: {name: GID}. An absent name is unknown there."""

    publications: Mapping[str, str] = field(default_factory=dict)
    collections: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """One product: what the feed wants and what the store has.

    ``product`` is None when the feed changes only variants, and when there is none (``gid``
    None): then it is made under ``handle``. ``variants`` are the store's by SKU, ``elsewhere``
    those that another product has, ``left`` those that were moved here and are still there.
    ``all_variants`` are those of the whole product, where some may be removed. ``sent`` is
    the ledger's memory of the product's images, ``tries`` how often it was sent as a new one.
    """

    key: str
    wanted: WantedProduct
    gid: str | None = None
    handle: str = ""
    product: StoreProduct | None = None
    variants: Mapping[str, StoreVariant] = field(default_factory=dict)
    elsewhere: Mapping[str, StoreVariant] = field(default_factory=dict)
    left: Sequence[StoreVariant] = ()
    all_variants: Sequence[Sibling] = ()
    sent: Mapping[str, Sent] = field(default_factory=dict)
    tries: int = 0

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs of the feed's variants."""
        return tuple(v.sku for v in self.wanted.variants)

    @property
    def name(self) -> str:
        """The product in a sentence."""
        handle = self.product.handle if self.product else self.handle or self.wanted.handle
        return handle or (self.skus[0] if self.skus else self.key)


@dataclass(frozen=True, slots=True)
class Shop:
    """What is the same for all products of one push.

    ``moving`` are variants (GIDs) that move to another product of the push: who loses them leaves
    them alone until they are there.
    """

    places: Places
    now: datetime
    async_from: int = 100
    moving: frozenset[str] = frozenset()


def moving(targets: Iterable[Target]) -> frozenset[str]:
    """The variants (GIDs) that one of these products takes over from another."""
    return frozenset(
        variant.gid
        for target in targets
        if target.wanted.remove == "delete"
        for variant in (*target.elsewhere.values(), *target.left)
    )


def making(handle: str) -> str:
    """Under which name the ledger keeps what was sent to make a product of this handle."""
    return f"product {handle}"


def tell(
    code: Code,
    message: str,
    skus: Sequence[str],
    *,
    event_type: EventType | None = "error",
    diagnostic: str = "",
) -> Event:
    """An event about several SKUs."""
    made = event(code, message, event_type=event_type, diagnostic=diagnostic)
    rows = [Association(identifier_type="sku_number", identifier=s) for s in skus[:NAMED]]
    return made.model_copy(update={"associations": (*made.associations, *rows)})
