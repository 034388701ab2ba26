"""inventory_push: RetailOps' quantities become Shopify's *available* quantities.

    available = quantity - units of orders that RetailOps does not know yet - safety stock, >= 0

Levels are read first, reservations after them: a sale between the two makes the write stale
(``changeFromQuantity``), never wrong. Rows that were refused are planned again, the others are
not; what is as it should be is not written. Pushes of a channel run in order of arrival: the
numbers are absolute, so the last to arrive must be the last to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from bridge.actions.inventory_plan import Fate, Open, Row, decide, fates
from bridge.actions.inventory_reserve import Reserved, reserved
from bridge.actions.inventory_wants import VARIANT, Found, Reader, Want, Wants
from bridge.actions.locations import find, first, shop_locations
from bridge.engine import Call, Plan, Result, Step
from bridge.errors import CostExceeded, QueryRejected
from bridge.retailops.answers import Answer, InventoryPushAnswer
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import InventoryPushRequest
from bridge.shopify.documents import Operation, operation
from bridge.shopify.inventory import (
    ROWS_AT_ONCE,
    Variant,
    activating,
    activations_at_once,
    longest_page,
    newest_variants,
    setting,
    variants_by_sku,
)

log = structlog.get_logger()

LOOKUP: Final = "inventory_push.lookup"

# Looking SKUs up stops while this part of the call's time is left, so that what was found is
# also written: a write of 250 rows takes a quarter of the points of their look-up.
TIME_TO_WRITE: Final = 0.25


@dataclass(frozen=True, slots=True)
class PushState:
    """What is wanted and what is true before a round.

    ``again`` are rows that go out once more as they are; ``spent`` the levels that Shopify has
    refused for good.
    """

    wants: Sequence[Want] = ()
    variants: Mapping[str, Sequence[Variant]] = field(default_factory=dict)
    reserved: Reserved = field(default_factory=Reserved)
    unreached: frozenset[str] = frozenset()
    again: Sequence[Row] = ()
    spent: frozenset[tuple[str, str]] = frozenset()
    notices: Sequence[Event] = ()


class InventoryPush:
    """The action; see ``bridge.engine.Action`` for its shape."""

    name = "inventory_push"
    background = True

    def key(self, request: InventoryPushRequest) -> str | None:
        """Equal numbers are rightly sent again: nothing to dedupe by."""
        return None

    def serial(self, request: InventoryPushRequest) -> str | None:
        """One push of a channel at a time, in order of arrival."""
        return "inventory"

    async def read(
        self, call: Call, request: InventoryPushRequest, results: Sequence[Result]
    ) -> PushState:
        """Levels, then reservations; after a round only of what has changed meanwhile."""
        if results:
            return await self._read_again(call, fates(results).values())
        if not request.inventory_updates:
            return PushState()
        policy = call.channel.settings.inventory_push
        known = await shop_locations(call)
        mapping = call.channel.mappings[self.name]
        reader = Reader(policy, mapping, known)
        if not mapping.reads(VARIANT):
            return await self._read(call, reader.wants(request.inventory_updates))
        if not known:  # there is nothing to look a level up at
            return await self._read(call, reader.nowhere())
        look_up = _LookUp(call, mapping.composed.operations)
        found = await look_up.found(reader.skus(request.inventory_updates), _likely(call, known))
        wants = reader.wants(request.inventory_updates, found)
        call.channel.learned.stocked = wants.locations
        return await self._read(call, wants, found=found)

    async def _read_again(self, call: Call, told: Iterable[Fate]) -> PushState:
        last = list(told)
        again = [f.row for f in last if f.open is Open.AGAIN]
        stale = [f.row.want for f in last if f.open is Open.REREAD]
        spent = frozenset(f.row.place for f in last if f.event is not None)
        return await self._read(call, Wants(list(dict.fromkeys(stale))), again=again, spent=spent)

    async def _read(
        self,
        call: Call,
        wants: Wants,
        *,
        again: Sequence[Row] = (),
        spent: frozenset[tuple[str, str]] = frozenset(),
        found: Found | None = None,
    ) -> PushState:
        if not wants.rows:
            return PushState(again=again, spent=spent, notices=wants.notices)
        policy = call.channel.settings.inventory_push
        known = await _with_levels(call, wants, found or Found())
        held = Reserved()
        if policy.reserve_unacknowledged and known.variants:
            held = await reserved(call, known.variants.keys(), by_location=wants.by_location)
        unreached = frozenset(known.unreached)
        return PushState(wants.rows, known.variants, held, unreached, again, spent, wants.notices)

    def plan(
        self,
        call: Call,
        request: InventoryPushRequest,
        state: PushState,
        results: Sequence[Result],
    ) -> Plan:
        """Items to stock where they are not, and quantities that differ from what was read."""
        policy = call.channel.settings.inventory_push
        decision = decide(
            state.wants, state.variants, state.reserved, policy, unreached=state.unreached
        )
        told = set(call.events)  # each round decides anew, and says the same of the same row
        for notice in dict.fromkeys((*state.notices, *decision.notices)):
            if notice not in told:
                call.tell(notice)
        fresh = [r for r in (*decision.rows, *decision.activate) if r.place not in state.spent]
        places = {r.place for r in fresh}
        again = [r for r in state.again if r.place not in places]
        # Apart: what is stale once more must not cost those that were only beside it.
        steps = _steps(
            (again, fresh),
            round_of=len(results),
            reference=f"gid://retailops-shopify-bridge/InventoryPush/{call.request_id}",
        )
        return Plan(steps, again=bool(steps))

    async def remember(
        self,
        call: Call,
        request: InventoryPushRequest,
        state: PushState,
        results: Sequence[Result],
    ) -> None:
        """Nothing: quantities are absolute, the next push needs no memory of this one."""

    def answer(
        self,
        call: Call,
        request: InventoryPushRequest,
        state: PushState,
        results: Sequence[Result],
    ) -> Answer:
        """An event for every row that was not written as asked."""
        for fate in fates(results).values():
            if fate.event is not None:
                call.tell(fate.event)
            elif fate.open is not None:
                call.tell(_contested(fate.row))
        return InventoryPushAnswer(events=tuple(call.events))


def _likely(call: Call, known: Sequence[Mapping[str, Any]]) -> list[str]:
    """The locations (GIDs) that a push will probably write, before its mapping can tell.

    Those of the last push, or of the settings. Levels at others are read once more.
    """
    policy = call.channel.settings.inventory_push
    there = {node["id"] for node in known}
    last = [gid for gid in call.channel.learned.stocked if gid in there]
    if last:
        return last
    names = list(policy.facilities.values()) or [policy.location]
    nodes = [find(known, name) if name else first(known) for name in names]
    found = dict.fromkeys(str(node["id"]) for node in nodes if node is not None)
    return list(found) or [str(known[0]["id"])]


async def _with_levels(call: Call, wants: Wants, found: Found) -> Found:
    """The variants of the wants with their levels at every location that is written.

    ``found`` are those that the mapping was rendered with: of them only the levels that are
    missing are read.
    """
    open_ = {
        want.sku
        for want in wants.rows
        if want.sku not in found.variants
        or any(want.location not in v.levels for v in found.variants[want.sku])
    }
    wanted = {want.sku for want in wants.rows}
    known = {sku: rows for sku, rows in found.variants.items() if sku in wanted - open_}
    if not open_:
        return Found(known)
    skus = list(dict.fromkeys(want.sku for want in wants.rows if want.sku in open_))
    more = await _LookUp(call).found(skus, wants.locations)
    return Found({**known, **more.variants}, more.unreached)


@dataclass(slots=True)
class _LookUp:
    """Looking SKUs up; ``by`` are the operations with a merchant's further fields, by name.

    With ``by``, empty or not, the variants come with their fields.
    """

    call: Call
    by: Mapping[str, Operation] | None = None

    def _by(self, name: str) -> Operation | None:
        return None if self.by is None else self.by.get(name) or operation(name)

    async def found(self, skus: Sequence[str], locations: Sequence[str]) -> Found:
        """The variants by SKU with their levels, and the SKUs for which there was no time.

        What Shopify refuses is asked for in halves; the size that worked is remembered.
        """
        call, client, budget = self.call, self.call.channel.client, self.call.budget
        deadline = budget.deadline
        enough = deadline.remaining() * TIME_TO_WRITE
        learned, key, most = call.channel.learned, self._key, self._most(len(locations))
        size = min(most, learned.sizes.get(key, most))
        by_sku = self._by("VariantsBySku")
        found: dict[str, list[Variant]] = {}
        done = 0
        while done < len(skus) and deadline.remaining() > enough:
            chunk = skus[done : done + size]
            try:
                variants = await variants_by_sku(
                    client, budget, chunk, locations, size=size, by=by_sku
                )
            except (CostExceeded, QueryRejected) as error:
                # Too dear, or too long: Shopify documents no limit for the length of a search.
                if len(chunk) == 1:
                    raise
                size = max(1, min(size, len(chunk)) // 2)
                log.info("lookup_size_halved", size=size, cause=str(error))
                continue
            if size < most:
                learned.sizes[key] = size
            done += len(chunk)
            for variant in variants:
                found.setdefault(variant.sku, []).append(variant)
        missing = set(skus[:done]) - found.keys()
        if missing:
            # Made a moment ago and not in the index yet, perhaps.
            newest = self._by("NewestVariants")
            for variant in await newest_variants(client, budget, locations, by=newest):
                if variant.sku in missing:
                    found.setdefault(variant.sku, []).append(variant)
        return Found(found, frozenset(skus[done:]))

    @property
    def _key(self) -> str:
        """Where the size is remembered: with further fields it is another one."""
        return f"{LOOKUP}.selected" if self.by else LOOKUP

    def _most(self, locations: int) -> int:
        """The SKUs that a look-up may name: fewer when its fields are dear."""
        most = self.call.channel.settings.inventory_push.lookup_size
        dear = (self.by or {}).get("VariantsBySku")
        return most if dear is None else max(1, longest_page(dear, locations, most))


def _steps(groups: Iterable[Sequence[Row]], *, round_of: int, reference: str) -> tuple[Step, ...]:
    """The mutations for groups of rows. ``round_of`` keeps the steps of several rounds apart."""
    steps: list[Step] = []
    for rows in groups:
        for part in _parts([r for r in rows if not r.stocked], activations_at_once()):
            op, variables = activating([r.place for r in part])
            steps.append(_step(f"activate:{round_of}:{len(steps)}", op, variables, part))
        for part in _parts([r for r in rows if r.stocked], ROWS_AT_ONCE):
            op, variables = setting([r.as_set() for r in part], reference=reference)
            steps.append(_step(f"set:{round_of}:{len(steps)}", op, variables, part))
    return tuple(steps)


def _step(key: str, op: Operation, variables: Mapping[str, Any], rows: tuple[Row, ...]) -> Step:
    return Step(key, op, variables, repeatable=True, idempotent=True, subject=rows)


def _parts(rows: Sequence[Row], size: int) -> Iterator[tuple[Row, ...]]:
    for start in range(0, len(rows), size):
        yield tuple(rows[start : start + size])


def _contested(row: Row) -> Event:
    return event(
        Code.STALE_QUANTITY,
        f"{row.want.told} was not written: its stock changed in Shopify each time between reading "
        "and writing",
        sku=row.want.told,
    )
