"""order_pull: RetailOps is offered the orders that are ready, oldest first.

Pulled is not imported: only an acknowledgement counts, and a blank token always begins again
at the oldest order that is not acknowledged. Search narrows, the order itself decides, the
sweep finds what search missed (``readiness``, ``order_sweep``). One order that cannot be sent is
held back, listed and logged; it never costs the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog

from bridge.actions import page_token
from bridge.actions.effects import (
    ACKNOWLEDGED,
    CANCEL_ACKNOWLEDGED,
    CANCEL_OFFERED,
    CANCELLED,
    by_channel,
    taken_elsewhere,
)
from bridge.actions.order_held import look_at_held
from bridge.actions.order_offer import HeldBack, offer, operation_of, refnum_of
from bridge.actions.order_sweep import due, sweep_further, swept
from bridge.actions.readiness import cancelled_query, header_verdict, search_query, verdict
from bridge.actions.refnums import locate
from bridge.engine import Call, Plan, Result
from bridge.errors import CostExceeded, DeadlineExceeded
from bridge.ledger import Effect
from bridge.ledger import HeldBack as StillHeld
from bridge.retailops.answers import MAX_ORDERS, Answer, Order, OrderPullAnswer
from bridge.retailops.events import Code
from bridge.retailops.requests import OrderPullRequest
from bridge.shopify.orders import OrderPage, OrderReader

log = structlog.get_logger()

Node = Mapping[str, Any]

# A page on which nothing is ready is followed inside the call, this often: the caller may
# ignore next_page_token, and an answer without orders ends its round. Ten pages of 50 are 500
# orders that search still shows though they are taken; the token carries on behind them.
MAX_FOLLOWED = 10

# An order that changes while its further lines are read is read again; one that changes three
# times within a second is being edited, and comes with the next pull.
MAX_READS = 3

# Time to leave for the answer itself; what is not reached comes with the next page.
SPARE_SECONDS = 5.0


@dataclass(slots=True)
class PullState:
    """What a pull has gathered: orders to offer, orders held back, where to go on.

    ``gone`` were held back and are no longer to be offered; ``waiting`` were not met, and are.
    ``free`` are known not to be on the list of what is held back.
    """

    orders: list[Order] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    cancel_offered: list[str] = field(default_factory=list)
    held: list[HeldBack] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    free: set[str] = field(default_factory=set)
    gone: Sequence[str] = ()
    waiting: Sequence[StillHeld] = ()
    next_token: str = ""

    @property
    def room(self) -> int:
        """How many more orders the answer can carry."""
        return MAX_ORDERS - len(self.orders)


class OrderPull:
    """The action; see ``bridge.engine.Action`` for its shape."""

    name = "order_pull"
    background = False

    def key(self, request: OrderPullRequest) -> str | None:
        """A read: nothing to claim."""
        return None

    def serial(self, request: OrderPullRequest) -> str | None:
        """Pulls run side by side."""
        return None

    async def read(
        self, call: Call, request: OrderPullRequest, results: Sequence[Result]
    ) -> PullState:
        """Fetch, decide and map: everything a pull does, since it changes nothing."""
        pull = _Pull(call)
        if request.wanted is not None:
            await pull.specific(request.wanted)
        else:
            await pull.page(request.page_token or "")
        return pull.state

    def plan(
        self, call: Call, request: OrderPullRequest, state: PullState, results: Sequence[Result]
    ) -> Plan:
        """Nothing to send."""
        return Plan()

    async def remember(
        self, call: Call, request: OrderPullRequest, state: PullState, results: Sequence[Result]
    ) -> None:
        """List what is held back, and note which cancellations were offered."""
        channel = call.channel.settings
        now = call.clock()
        listed = await call.ledger.held_back(channel.id) if state.held else []
        known = {h.order_gid for h in listed}
        for held in state.held:
            # Every pull meets it again: once is news, the list has the rest.
            tell = log.debug if held.order_gid in known else log.warning
            tell("order_held_back", order=held.refnum, code=held.code, reason=held.reason)
            await call.ledger.hold_back(
                channel.id,
                held.order_gid,
                held.refnum,
                code=held.code,
                reason=held.reason,
                place=held.place,
                at=now,
            )
        if leave := [gid for gid in (*state.sent, *state.gone) if gid not in state.free]:
            await call.ledger.release(channel.id, leave)
        for still in state.waiting:
            await call.ledger.hold_back(
                channel.id,
                still.order_gid,
                still.refnum,
                code=still.code,
                reason=still.reason,
                place=still.place,
                at=now,
            )
        if state.cancel_offered:
            name = by_channel(channel.id)
            await call.ledger.record_effects(
                [
                    Effect(channel.shop, gid, CANCEL_OFFERED, name, {"channel": channel.id}, now)
                    for gid in state.cancel_offered
                ]
            )

    def answer(
        self, call: Call, request: OrderPullRequest, state: PullState, results: Sequence[Result]
    ) -> Answer:
        """The orders and the token of the next page."""
        return OrderPullAnswer(orders=tuple(state.orders), next_page_token=state.next_token)


class _Pull:
    """One pull at work."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.settings = call.channel.settings
        self.policy = self.settings.order_pull
        self.marks = self.settings.order_acknowledge
        self.learned = call.channel.learned
        self.mapping = call.channel.mappings["order_pull"]
        self.now: datetime = call.clock()
        self.state = PullState()
        self.reader = OrderReader(
            call.channel.client,
            call.budget,
            presentment=self.policy.currency == "presentment",
            namespace=self.marks.namespace,
            lines=self.policy.lines_per_order,
            pull=operation_of(self.mapping, "OrderPull"),
            further=operation_of(self.mapping, "OrderLines"),
        )

    async def page(self, token: str) -> None:
        """Fill the answer from the search, from cancellations and from the sweep."""
        query = search_query(self.policy, tag=self.marks.tag)
        key = self.settings.auth_key.get_secret_value()
        cursor = page_token.decode(token, query, key=key) if token else None
        begin = cursor is None
        fresh = begin
        looks = sweep = begin and due(self.policy, self.learned, self.now)
        for _ in range(MAX_FOLLOWED):
            page = await self._fetch(query, cursor, begin=begin, sweep=sweep)
            await self._offer_ready(page)
            if begin:
                await self._offer_cancelled(page.cancelled)
                if page.recent is not None:
                    self._suspect(swept(self.learned, page.recent, self.now))
            await self._offer_missed(page)
            begin = sweep = False
            cursor = page.cursor
            if cursor is None or self.state.orders or not self._time_left():
                break
        if cursor is None and len(self.state.orders) < self.policy.page_size:
            self._suspect(await sweep_further(self.call, self.learned))
            if fresh:  # else an earlier page of this round may have shown them
                await self._offer_missed(page)
        if looks and self._time_left():
            looked = await look_at_held(self.call, self.state.seen, self.now)
            self.state.gone, self.state.waiting = looked.gone, looked.waiting
        if cursor is not None:
            self.state.next_token = page_token.encode(cursor, query, key=key)

    def _time_left(self) -> bool:
        return self.call.budget.deadline.remaining() > SPARE_SECONDS

    async def _fetch(
        self, query: str, cursor: str | None, *, begin: bool, sweep: bool
    ) -> OrderPage:
        """One page, made smaller until Shopify finds it cheap enough; the size is remembered."""
        size = min(self.policy.page_size, self.learned.sizes.get(OrderPull.name, MAX_ORDERS))
        while True:
            try:
                return await self.reader.page(
                    query=query,
                    first=size,
                    after=cursor,
                    cancelled_query=(
                        cancelled_query(tag=self.marks.tag, cancel_tag=self.marks.cancel_tag)
                        if begin
                        else None
                    ),
                    recent=sweep,
                )
            except CostExceeded as error:
                if size == 1:
                    raise
                size = max(1, size // 2)
                self.learned.sizes[OrderPull.name] = size
                log.info("page_size_halved", size=size, cost=error.cost, maximum=error.maximum)

    async def _offer_ready(self, page: OrderPage) -> None:
        taken = await self._marked((o["id"] for o in page.orders), ACKNOWLEDGED)
        for index, node in enumerate(page.orders):
            if index:  # other calls go on between two orders, whatever a mapping does
                await asyncio.sleep(0)
            if node["id"] in self.state.seen or node["id"] in taken or node["acknowledged"]:
                continue
            if header_verdict(node, self.policy, self.now) is not None:
                continue
            order = await self._whole(node, page)
            if order is not None and verdict(order, self.policy, self.now) is None:
                self._put(order, page, cancel=False)

    async def _offer_cancelled(self, ids: Iterable[str]) -> None:
        """Orders that RetailOps took by this channel, cancelled since, until it knows."""
        known = [i for i in ids if i not in self.state.seen]
        effects = await self._effects(known, ACKNOWLEDGED, CANCEL_ACKNOWLEDGED, CANCELLED)
        taken = {e.order_gid for e in effects if e.kind == ACKNOWLEDGED}
        told = {e.order_gid for e in effects if e.kind != ACKNOWLEDGED}
        told |= taken_elsewhere(effects, self.settings.id)
        wanted = [i for i in known if i not in told][: self.state.room]
        if not wanted:
            return
        page = await self.reader.named(wanted)
        for node in page.orders:
            acknowledged = node["acknowledged"] or node["id"] in taken
            if node["cancelledAt"] and acknowledged and not node["cancelAcknowledged"]:
                self._put(node, page, cancel=True)

    def _suspect(self, orders: Iterable[Node]) -> None:
        """Note which orders of a sweep search ought to show by and by."""
        for node in orders:
            tags = {t.casefold() for t in node["tags"]}
            if (
                self.marks.tag.casefold() not in tags
                and header_verdict(node, self.policy, self.now) is None
            ):
                self.learned.suspects[node["id"]] = node["createdAt"]

    async def _offer_missed(self, page: OrderPage) -> None:
        """Orders that search has not shown in their place: asked for straight from the database.

        What lies behind this page's end may come with a later page, also of a later call.
        """
        suspects = self.learned.suspects
        end = page.orders[-1]["createdAt"] if page.cursor and page.orders else None
        over = page.cursor is None
        passed = [i for i, at in suspects.items() if over or (end is not None and at <= end)]
        shown = {o["id"] for o in page.orders} | self.state.seen
        taken = await self._marked(passed, ACKNOWLEDGED)
        missed = [i for i in passed if i not in taken and i not in shown]
        if missed:
            log.info("search_missed_orders", count=len(missed))
            await self._offer_ready(await self.reader.named(missed[: self.state.room]))
        for gid in passed:
            suspects.pop(gid, None)

    async def specific(self, refnums: Sequence[str]) -> None:
        """Orders asked for by refnum: neither readiness nor acknowledgement filters them.

        In parts, until the answer is full (RetailOps takes 100 orders) or the time is over. With
        ``specific_orders`` it ignores our token, so what is left has to be asked for again.
        """
        left = list(refnums)
        at_once = self.reader.at_once
        while left and self.state.room and (not self.state.seen or self._time_left()):
            size = min(at_once, self.state.room)
            try:
                await self._specific(left[:size])
            except DeadlineExceeded:
                if not self.state.seen:
                    raise
                break
            left = left[size:]
        if left:
            why = "no time left" if self.state.room else f"an answer holds {MAX_ORDERS} orders"
            log.warning("specific_orders_left_out", count=len(left), order=left[0], reason=why)

    async def _specific(self, refnums: Sequence[str]) -> None:
        async def fetch(gids: Sequence[str]) -> Mapping[str, tuple[Node, OrderPage]]:
            page = await self.reader.named(gids)
            return {o["id"]: (o, page) for o in page.orders}

        located = await locate(self.call, refnums, fetch)
        for refnum in refnums:
            if refnum not in located.found:
                ambiguous = refnum in located.ambiguous
                log.warning("order_not_found", order=refnum, several_of_that_name=ambiguous)
        for node, page in located.found.values():
            order = await self._whole(node, page)
            if order is not None:
                self._put(order, page, cancel=node["cancelledAt"] is not None)

    async def _marked(self, ids: Iterable[str], *kinds: str) -> set[str]:
        return {e.order_gid for e in await self._effects(ids, *kinds)}

    async def _effects(self, ids: Iterable[str], *kinds: str) -> Sequence[Effect]:
        wanted = list(ids)
        if not wanted:
            return ()
        found = await self.call.ledger.standing(self.settings.shop, self.settings.id, wanted, kinds)
        self.state.free.update(gid for gid in wanted if gid not in found.held)
        return found.effects

    async def _whole(self, node: Node, page: OrderPage) -> Node | None:
        """The order with all its lines, or None while somebody is changing it."""
        cursor = page.more_lines.get(node["id"])
        for _ in range(MAX_READS):
            if cursor is None:
                return node
            further = await self.reader.more_lines(node, cursor)
            if further is not None:
                return {**node, "lineItems": [*node["lineItems"], *further]}
            again = await self.reader.named([node["id"]])
            if not again.orders:
                return None
            node, cursor = again.orders[0], again.more_lines.get(node["id"])
        log.warning("order_changing", order=refnum_of(node, self.settings))
        return None

    def _put(self, order: Node, page: OrderPage, *, cancel: bool) -> None:
        """Into the answer, or onto the list of what is held back."""
        if not self.state.room or order["id"] in self.state.seen:
            return
        self.state.seen.add(order["id"])
        refused = page.denied.get(order["id"])
        if refused is not None:
            # Never taken for empty: a denied address is not a digital order.
            refnum = refnum_of(order, self.settings)
            made: Order | HeldBack = HeldBack(
                order["id"], refnum, Code.SHOPIFY_ACCESS_DENIED, refused
            )
        else:
            made = offer(order, self.settings, self.mapping, cancel=cancel)
        if isinstance(made, HeldBack):
            self.state.held.append(made)
            return
        self.state.orders.append(made)
        self.state.sent.append(order["id"])
        if cancel:
            self.state.cancel_offered.append(order["id"])
