"""Reads what a catalog push must know: SKUs in batches, then the products that they are of.

All look-ups of a push are made together, a hundred SKUs or products a request, and only the
fields that its feed mentions are read. There is no look-up by SKU at Shopify but the search
index, which is behind by some seconds: what it does not know is looked for among the newest
variants and, before a product is made, under its handle, both without the index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.actions import effects
from bridge.actions.catalog_diff import fields_of
from bridge.actions.catalog_feed import Family
from bridge.actions.catalog_lookups import (
    TIME_AFTER_HANDLES,
    TIME_AFTER_PRODUCTS,
    TIME_AFTER_SKUS,
    TIME_TO_WRITE,
    Identifier,
    Lookups,
)
from bridge.actions.catalog_match import Match, Matching, match
from bridge.actions.catalog_media import MAY_STILL_COME, Sent
from bridge.actions.catalog_merge import all_images
from bridge.actions.catalog_places import places
from bridge.actions.catalog_state import Places, Target, making, tell
from bridge.actions.catalog_text import handle_of, same_handle
from bridge.config.models import CatalogPolicy
from bridge.engine import Call
from bridge.errors import DeadlineExceeded
from bridge.retailops.events import Code, Event
from bridge.shopify.catalogue import (
    CatalogueReader,
    Sibling,
    StoreProduct,
    StoreVariant,
)


@dataclass(slots=True)
class Read:
    """What was read: products to write, in the order of the feed, and what there is to tell."""

    targets: list[Target] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    places: Places = field(default_factory=Places)


async def read_store(call: Call, families: Sequence[Family]) -> Read:
    """Match the families with the store, as far as the call's time goes."""
    return await _Reader(call, families).read()


class _Reader:
    """One push's look-ups."""

    def __init__(self, call: Call, families: Sequence[Family]) -> None:
        self._call = call
        self._families = _from(families, call.channel.learned.catalog_from)
        self._left: set[str] = set()
        self._policy: CatalogPolicy = call.channel.settings.catalog
        self._store = CatalogueReader(
            call.channel.client, call.budget, fields_of(f.product for f in families)
        )
        self._lookups = Lookups(call, self._store)
        self._out = Read()
        self._pictures: Mapping[str, Mapping[str, Sent]] = {}

    async def read(self) -> Read:
        """Everything, in the order in which one thing needs the other."""
        self._out.places = await places(self._call, (f.product for f in self._families))
        found = await self._variants()
        reached: list[Family] = []
        for family in self._families:
            if all(sku in found for sku in family.skus):
                reached.append(family)
            else:
                self._not_reached(family)
        reached, identified = await self._identified(reached, found)
        matching = await self._matched(reached, found, identified)
        self._out.events += matching.events
        known = [m for m in matching.matches if m.gid is not None]
        new = [m for m in matching.matches if m.gid is None]
        products = await self._products(known)
        self._pictures = await self._sent([m.gid for m in known if m.gid and all_images(m.wanted)])
        whole = [m for m in known if m.wanted.remove is not None and m.wanted.variants]
        for one in known:
            if one.wanted.remove is None or not one.wanted.variants:
                self._known(one, products)
        for one in await self._lookups.one_by_one(whole, lambda m: self._whole_one(m, products)):
            self._not_reached(one)
        await self._new(new)
        order = {family.key: n for n, family in enumerate(self._families)}
        self._out.targets.sort(key=lambda t: order.get(t.key, 0))
        left = (family.key for family in self._families if family.key in self._left)
        self._call.channel.learned.catalog_from = next(left, "")
        return self._out

    # -- variants -------------------------------------------------------------------------

    async def _variants(self) -> dict[str, list[StoreVariant]]:
        """Variants by SKU; a SKU that was looked for and is nowhere has an empty list."""
        skus = list(dict.fromkeys(sku for family in self._families for sku in family.skus))
        found: dict[str, list[StoreVariant]] = {}

        async def look(chunk: Sequence[str]) -> None:
            variants = await self._store.variants(chunk)
            found.update({sku: [] for sku in chunk})
            for variant in variants:
                found[variant.sku].append(variant)

        await self._lookups.in_batches(skus, look, until=TIME_AFTER_SKUS)
        missing = {sku for sku, variants in found.items() if not variants}
        if not missing:
            return found
        try:
            newest = await self._store.newest()
        except DeadlineExceeded:
            return {sku: variants for sku, variants in found.items() if variants}
        for variant in newest:
            if variant.sku in missing:
                found[variant.sku].append(variant)
        return found

    def _not_reached(self, one: Family | Match) -> None:
        self._left.add(one.key)
        wanted = one.product if isinstance(one, Family) else one.wanted
        name = wanted.handle or (one.skus[0] if one.skus else one.key)
        message = f"{name} was not reached in the call's time: push it again"
        self._out.events.append(tell(Code.NOT_REACHED, message, one.skus))

    # -- which product --------------------------------------------------------------------

    async def _identified(
        self, families: Sequence[Family], found: Mapping[str, Sequence[StoreVariant]]
    ) -> tuple[list[Family], dict[str, str | None]]:
        """{family key: product GID} where not the SKUs decide, and the families in time."""
        wanted: dict[str, Identifier] = {}
        for family in families:
            identifier = self._identifier(family)
            if identifier is not None:
                wanted[family.key] = identifier
        rows = await self._lookups.by_identifier(wanted, TIME_AFTER_HANDLES)
        reached: list[Family] = []
        for family in families:
            if family.key in rows or family.key not in wanted:
                reached.append(family)
            else:
                self._not_reached(family)
        identified = {key: row[0] if row else None for key, row in rows.items()}
        for family in reached:
            if "handle" in wanted.get(family.key, {}) and identified[family.key] is None:
                identified[family.key] = _under_its_handle(family, found)
        return reached, identified

    def _identifier(self, family: Family) -> Identifier | None:
        product = family.product
        if self._policy.match == "metafield":
            namespace, _, key = self._policy.match_metafield.partition(".")
            for metafield in product.metafields:
                if (metafield.namespace, metafield.key) == (namespace, key):
                    custom = {"namespace": namespace, "key": key, "value": metafield.value}
                    return {"customId": custom}
        by_handle = self._policy.match == "handle" or not family.skus
        return {"handle": product.handle} if by_handle and product.handle else None

    async def _matched(
        self,
        families: Sequence[Family],
        found: Mapping[str, Sequence[StoreVariant]],
        identified: Mapping[str, str | None],
    ) -> Matching:
        """The matching; where a SKU is in two products, with what the ledger knows of moves."""
        matching = match(families, found, identified, frozenset())
        several = {v.product for rows in found.values() if len(rows) > 1 for v in rows}
        if several:
            moved = await self._moved(several)
            if moved:
                matching = match(families, found, identified, moved)
        return matching

    async def _moved(self, products: Iterable[str]) -> frozenset[str]:
        """The variants of these products that a push has moved, or was about to move, away."""
        gids = set(products)
        rows = await self._lookups.effects([effects.VARIANT_MOVED], gids) if gids else []
        return frozenset(row.natural_id for row in rows)

    # -- products that are there ----------------------------------------------------------

    async def _products(self, matches: Sequence[Match]) -> dict[str, StoreProduct]:
        found: dict[str, StoreProduct] = {}
        if not self._store.fields.product:
            return found

        async def look(chunk: Sequence[str]) -> None:
            found.update(await self._store.products(chunk))

        gids = [m.gid for m in matches if m.gid]
        await self._lookups.in_batches(gids, look, until=TIME_AFTER_PRODUCTS)
        return found

    async def _whole_one(self, one: Match, products: Mapping[str, StoreProduct]) -> None:
        """A product of which variants may be removed: with all that it has."""
        archive = one.wanted.remove == "archive"
        more = await self._store.variants_of(one.gid or "", published=archive)
        self._known(await self._arrived(one, more), products, more)

    async def _arrived(self, one: Match, more: Sequence[Sibling]) -> Match:
        """The match with the variants that the product has and the index does not know yet.

        What a push that was cut off has moved here a moment ago is still found elsewhere.
        """
        here = {v.sku: v.gid for v in more}
        late = [here[sku] for sku in one.skus if sku not in one.variants and sku in here]
        if not late:
            return one
        came = {v.sku: v for v in await self._store.variants_by_id(late)}
        there = [v for sku, v in one.elsewhere.items() if sku in came]
        moved = await self._moved(v.product for v in there)
        return replace(
            one,
            variants={**one.variants, **came},
            elsewhere={sku: v for sku, v in one.elsewhere.items() if sku not in came},
            left=(*one.left, *(v for v in there if v.gid in moved)),
        )

    def _known(
        self, one: Match, products: Mapping[str, StoreProduct], more: Sequence[Sibling] = ()
    ) -> None:
        gid = one.gid or ""
        product = products.get(gid)
        if product is None and self._store.fields.product:
            self._not_reached(one)
            return
        self._out.targets.append(
            Target(
                one.key,
                one.wanted,
                gid,
                product=product,
                variants=one.variants,
                elsewhere=one.elsewhere,
                left=one.left,
                all_variants=more,
                sent=self._pictures.get(gid, {}),
            )
        )

    async def _sent(self, gids: Sequence[str]) -> dict[str, dict[str, Sent]]:
        """What the ledger knows of products' images: by product, by the hash of their address."""
        out: dict[str, dict[str, Sent]] = {}
        kinds = [effects.MEDIA_SENT, effects.MEDIA_MADE]
        for row in await self._lookups.effects(kinds, gids) if gids else ():
            key = row.natural_id.split(" ", 1)[0]
            product = out.setdefault(row.order_gid, {})
            known = product.get(key, Sent())
            if row.kind == effects.MEDIA_SENT:
                product[key] = replace(known, times=known.times + 1, at=row.at)
            else:
                product[key] = replace(known, media=known.media | {str(row.detail["media"])})
        return out

    # -- products that are not ------------------------------------------------------------

    async def _new(self, matches: Sequence[Match]) -> None:
        """Find a free handle for each, or the product that an earlier call has made under it."""
        matches = [m for m in matches if self._whole(m)]
        named: dict[str, Identifier] = {h: {"handle": h} for m in matches for h in _handles(m)}
        there = await self._lookups.by_identifier(named, TIME_TO_WRITE)
        tries = await self._tries(there)
        taken: set[str] = set()
        suspects = []
        for one in matches:
            handles = _handles(one)
            if not handles:  # nothing can be made of it; the plan says why
                self._out.targets.append(_target(one))
            elif any(h not in there for h in handles):
                self._not_reached(one)
            elif any(there[h] for h in handles):
                suspects.append(one)
            else:
                self._free(one, handles, there, tries, taken)

        async def look(one: Match) -> None:
            handles = _handles(one)
            ours = await self._ours(one, [row for h in handles if (row := there[h])])
            if ours is not None:
                self._out.targets.append(ours)
            else:
                self._free(one, handles, there, tries, taken)

        for one in await self._lookups.one_by_one(suspects, look):
            self._not_reached(one)

    def _free(
        self,
        one: Match,
        handles: Sequence[str],
        there: Mapping[str, object],
        tries: Mapping[str, tuple[int, bool]],
        taken: set[str],
    ) -> None:
        """Make it under the first of its handles that is free; ``taken`` are those of this call."""
        free = next((h for h in handles if there[h] is None and h not in taken), None)
        if free is None:
            message = (
                f"{one.wanted.title or one.key} is not made: the handle {handles[0]} is that "
                "of a product with none of its SKUs"
            )
            self._out.events.append(tell(Code.HANDLE_TAKEN, message, one.skus))
            return
        taken.add(free)
        times, coming = tries.get(free, (0, False))
        if coming:
            message = (
                f"{free} was sent a moment ago and is not there yet: push it again in a minute"
            )
            self._out.events.append(tell(Code.NOT_REACHED, message, one.skus))
        else:
            self._out.targets.append(replace(_target(one), handle=free, tries=times))

    async def _tries(self, handles: Iterable[str]) -> dict[str, tuple[int, bool]]:
        """How often a product was sent under each handle, and whether one may still come."""
        names = {making(handle): handle for handle in handles}
        kinds = [effects.PRODUCT_SENT, effects.PRODUCT_ANSWERED]
        rows = await self._lookups.effects(kinds, names) if names else []
        answered = {(r.order_gid, r.natural_id) for r in rows if r.kind == kinds[1]}
        out: dict[str, tuple[int, bool]] = {}
        now = self._call.clock()
        for row in (r for r in rows if r.kind == kinds[0]):
            times, coming = out.get(names[row.order_gid], (0, False))
            lost = (row.order_gid, row.natural_id) not in answered
            coming = coming or (lost and now - row.at < MAY_STILL_COME)
            out[names[row.order_gid]] = (times + 1, coming)
        return out

    def _whole(self, one: Match) -> bool:
        """A product of which some items cannot be read is not made: it would lack them."""
        if not one.complete:
            name = one.wanted.handle or one.wanted.title or one.key
            message = f"{name} is not made: some of its items in the feed cannot be read"
            self._out.events.append(tell(Code.FEED_ITEM_INVALID, message, one.skus))
        return one.complete

    async def _ours(self, one: Match, rows: Sequence[tuple[str, str]]) -> Target | None:
        """The product of one of these handles that has the feed's SKUs: the index is behind."""
        wanted = set(one.skus)
        for gid, _ in rows:
            variants = await self._store.variants_of(gid)
            ours = [v.gid for v in variants if v.sku in wanted]
            if not ours:
                continue
            known = await self._store.variants_by_id(ours)
            product = (await self._store.products([gid])).get(gid)
            return Target(
                one.key,
                one.wanted,
                gid,
                product=product,
                variants={v.sku: v for v in known},
                all_variants=variants if one.wanted.remove else (),
                sent=(await self._sent([gid])).get(gid, {}),
            )
        return None


def _from(families: Sequence[Family], key: str) -> Sequence[Family]:
    """The families from the one of this key on, then those before it."""
    start = next((n for n, family in enumerate(families) if family.key == key), 0)
    return [*families[start:], *families[:start]]


def _under_its_handle(family: Family, found: Mapping[str, Sequence[StoreVariant]]) -> str | None:
    """The product with a SKU of the family under the handle that Shopify made of the feed's."""
    handle = family.product.handle or ""
    rows = (v for sku in family.skus for v in found.get(sku, ()))
    return next((v.product for v in rows if same_handle(handle, v.handle)), None)


def _handles(one: Match) -> list[str]:
    """The handles under which a new product may be made: the feed's alone, else two of ours."""
    wanted = one.wanted
    if not wanted.title or not wanted.variants:
        return []
    if wanted.handle:
        return [wanted.handle]
    plain = handle_of(wanted.title)
    return list(dict.fromkeys([plain, handle_of(f"{plain} {wanted.variants[0].sku}")]))


def _target(one: Match) -> Target:
    return Target(one.key, one.wanted, handle=one.wanted.handle or "", elsewhere=one.elsewhere)
