"""Which product of the store a family of the feed is. Pure.

By SKU, by handle or by a unique metafield, as the merchant has chosen, and always exactly. What
could be two products is none: an error event, and nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.actions.catalog_feed import Family
from bridge.actions.catalog_merge import merged
from bridge.actions.catalog_state import tell
from bridge.actions.catalog_target import WantedProduct
from bridge.retailops.events import Code, Event
from bridge.shopify.catalogue import StoreVariant

Found = Mapping[str, Sequence[StoreVariant]]
"""The store's variants by SKU: several when the SKU is there several times."""


@dataclass(frozen=True, slots=True)
class Match:
    """Families that are one product of the store (``gid``), or of none yet (``gid`` None).

    ``variants`` are the product's by SKU; ``elsewhere`` those that another product has;
    ``left`` those that were moved here and are still there too. ``complete`` is false when some
    of the feed's items of this product cannot be read.
    """

    key: str
    wanted: WantedProduct
    gid: str | None = None
    variants: Mapping[str, StoreVariant] = field(default_factory=dict)
    elsewhere: Mapping[str, StoreVariant] = field(default_factory=dict)
    left: Sequence[StoreVariant] = ()
    complete: bool = True

    @property
    def skus(self) -> tuple[str, ...]:
        """The SKUs of the feed's variants."""
        return tuple(v.sku for v in self.wanted.variants)


@dataclass(frozen=True, slots=True)
class Matching:
    """What ``match`` has found: products to look at, and events of those that cannot be told."""

    matches: tuple[Match, ...]
    events: tuple[Event, ...]


def match(
    families: Iterable[Family],
    found: Found,
    identified: Mapping[str, str | None],
    moved: frozenset[str],
) -> Matching:
    """Decide for every family.

    ``identified`` is {family key: product GID or None} for the families that are not told by
    their SKUs. ``moved`` are GIDs of variants that an earlier push has moved away from where
    they still are.
    """
    matcher = _Matcher(found, identified, moved)
    by_product: dict[str, list[Family]] = {}
    new: list[Match] = []
    for family in families:
        gid, known = matcher.decide(family)
        if gid is not None:
            by_product.setdefault(gid, []).append(family)
        elif known:
            new.append(matcher.match([family], None))
    there = [
        matcher.match(group, gid)
        for gid, families in by_product.items()
        if (group := matcher.one_named(families, gid))
    ]
    return Matching((*there, *new), tuple(matcher.events))


class _Matcher:
    """Decides, and collects what there is to tell."""

    def __init__(
        self, found: Found, identified: Mapping[str, str | None], moved: frozenset[str]
    ) -> None:
        self._found = found
        self._identified = identified
        self._moved = moved
        self.events: list[Event] = []

    def decide(self, family: Family) -> tuple[str | None, bool]:
        """The product's GID, and whether that is known: a GID of None is a new product."""
        if family.key in self._identified:
            return self._identified[family.key], True
        count: Counter[str] = Counter()
        handles: dict[str, str] = {}
        for sku in family.skus:
            there = [v for v in self._found.get(sku, ()) if v.gid not in self._moved]
            count.update({v.product for v in there})
            handles |= {v.handle: v.product for v in there}
        named = handles.get(family.product.handle or "")
        if named is not None:
            return named, True
        best = count.most_common(2)
        if not best:
            return None, True
        if len(best) == 1 or best[0][1] > best[1][1]:
            return best[0][0], True
        names = ", ".join(sorted(handles))
        what = family.skus[0] if len(family.skus) == 1 else f"the product of {family.skus[0]}"
        self._tell(
            f"{what} is not written: its SKUs are in {len(count)} products ({names}), and "
            "nothing says which is meant. Give the feed the handle, or make the SKUs unique",
            family.skus,
        )
        return None, False

    def one_named(self, group: Sequence[Family], gid: str) -> list[Family]:
        """The families of one product, unless several with names of their own claim it.

        Then only those without a name stay: SKUs that stand for themselves.
        """
        named = [family for family in group if _is_named(family.product)]
        if len(named) < 2:
            return list(group)
        names = " and ".join(_called(family) for family in named)
        self._tell(
            f"{names} are not written: all of them are the product {self._handle(group, gid)} of "
            "the shop. Make them one in the feed, or let each be found by what it alone has "
            "([defaults.catalog] match)",
            [sku for family in named for sku in family.skus],
        )
        return [family for family in group if family not in named]

    def _handle(self, group: Sequence[Family], gid: str) -> str:
        """The product in a sentence."""
        variants = (v for f in group for sku in f.skus for v in self._found.get(sku, ()))
        return next((v.handle for v in variants if v.product == gid), gid)

    def match(self, group: Sequence[Family], gid: str | None) -> Match:
        """The families of one product as one, and whose variants its SKUs are."""
        wanted = _one(group)
        variants: dict[str, StoreVariant] = {}
        elsewhere: dict[str, StoreVariant] = {}
        left: list[StoreVariant] = []
        twice: set[str] = set()
        for sku in (v.sku for v in wanted.variants):
            there = self._found.get(sku, ())
            here = [v for v in there if v.product == gid]
            away = [v for v in there if v.product != gid]
            if here:
                left += [v for v in away if v.gid in self._moved]
            if len(here) > 1:
                twice.add(sku)
                where = here[0].handle
                message = f"{sku} is not written: {len(here)} variants of {where} have this SKU"
                self._tell(message, (sku,))
            elif here:
                variants[sku] = here[0]
            elif away:
                elsewhere[sku] = away[0]
        if twice:
            kept = tuple(v for v in wanted.variants if v.sku not in twice)
            wanted = wanted.model_copy(update={"variants": kept, "remove": None})
        complete = all(family.complete for family in group)
        return Match(group[0].key, wanted, gid, variants, elsewhere, tuple(left), complete)

    def _tell(self, message: str, skus: Sequence[str]) -> None:
        self.events.append(tell(Code.SKU_AMBIGUOUS, message, skus))


def _is_named(product: WantedProduct) -> bool:
    """Whether the feed says of a product which one it is, beyond its SKUs."""
    return bool(product.family or product.handle)


def _called(family: Family) -> str:
    return family.product.handle or f"the family {family.product.family}"


def _one(group: Sequence[Family]) -> WantedProduct:
    """Several families of one product are parts of it: none of them is a whole list."""
    every = [family.product for family in group]
    if len(group) == 1:
        # Without a name it is SKUs that stand for themselves, not a whole product.
        return every[0] if _is_named(every[0]) else every[0].model_copy(update={"remove": None})
    whole = merged(every, [v for product in every for v in product.variants])
    return whole.model_copy(update={"remove": None})
