"""order_acknowledge: RetailOps has taken orders; they are marked and not offered again.

The acknowledgement is RetailOps' own word, so it holds from the moment it is read: the ledger
has it before anything is sent to Shopify. The tag (visible, searchable) and the metafield (exact,
read with the order) follow, 25 orders a request.

The acknowledgement of a ``cancel: true`` offer is another thing than the first one: it counts
as such when the order is acknowledged already and order_pull has offered its cancellation.

A repeat is answered like the first call, without an event: what was asked for is so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bridge.actions.effects import (
    ACKNOWLEDGED,
    CANCEL_ACKNOWLEDGED,
    CANCEL_OFFERED,
    THE_ORDER,
    by_channel,
    is_by,
    taken_elsewhere,
)
from bridge.actions.refnums import locate
from bridge.config.models import OrderAcknowledgePolicy
from bridge.engine import Call, Plan, Result, Step, shopify_event
from bridge.errors import CostExceeded, QueryRejected, UserError
from bridge.ledger import Effect
from bridge.retailops.answers import Answer, OrderAcknowledgeAnswer
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderAcknowledgeRequest
from bridge.shopify.acknowledge import Mark, OrderState, marked, marking, states

ORDER_KEY: Final = "order_id"
CANCEL_KEY: Final = "cancel_acknowledged"

NO_ID: Final = "0"  # RetailOps may acknowledge without an id of its own; it writes 0 then


@dataclass(frozen=True, slots=True)
class Taken:
    """One order of the call: as it is in Shopify, and RetailOps' id for it (``"0"``: none)."""

    refnum: str
    order: OrderState
    retailops_id: str


@dataclass(frozen=True, slots=True)
class AcknowledgeState:
    """What is true before a round. ``alone``: marks that must be sent one by one.

    ``elsewhere``: orders that only other channels of the store have taken so far.
    """

    now: datetime
    taken: tuple[Taken, ...] = ()
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    notices: tuple[Event, ...] = ()
    alone: tuple[Mark, ...] = ()
    elsewhere: frozenset[str] = frozenset()


class OrderAcknowledge:
    """The action; see ``bridge.engine.Action`` for its shape."""

    name = "order_acknowledge"
    background = False

    def key(self, request: OrderAcknowledgeRequest) -> str | None:
        """Equal calls at once run one after the other: the second finds everything done."""
        rows = sorted(
            f"{o.channel_order_refnum}={o.retailops_order_id or NO_ID}" for o in request.orders
        )
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def serial(self, request: OrderAcknowledgeRequest) -> str | None:
        """Calls about different orders run side by side; marks only add."""
        return None

    async def read(
        self, call: Call, request: OrderAcknowledgeRequest, results: Sequence[Result]
    ) -> AcknowledgeState:
        """The orders and what they bear; after a round, only which marks to send alone."""
        now = call.clock()
        if results:
            again = tuple(m for m, fate in fates(results).values() if fate is ALONE)
            return AcknowledgeState(now, alone=again)
        asked, notices = _asked(request)
        namespace = call.channel.settings.order_acknowledge.namespace

        async def load(gids: Sequence[str]) -> Mapping[str, OrderState]:
            return await states(call.channel.client, call.budget, gids, namespace=namespace)

        located = await locate(call, asked, load)
        taken: dict[str, Taken] = {}
        for refnum, retailops_id in asked.items():
            order = located.found.get(refnum)
            if order is None:
                notices.append(_unknown(refnum, ambiguous=refnum in located.ambiguous))
            elif order.gid not in taken or retailops_id != NO_ID:
                taken[order.gid] = Taken(refnum, order, retailops_id)
        known: dict[str, frozenset[str]] = {}
        kinds = (ACKNOWLEDGED, CANCEL_OFFERED, CANCEL_ACKNOWLEDGED)
        elsewhere: frozenset[str] = frozenset()
        if taken:
            channel = call.channel.settings.id
            standing = await call.ledger.standing(call.channel.shop, channel, taken, kinds)
            call.memo["held"] = sorted(standing.held)
            elsewhere = taken_elsewhere(standing.effects, channel)
            for effect in standing.effects:
                gid = effect.order_gid
                offered = is_by(effect, channel) and gid not in elsewhere
                if effect.kind == CANCEL_OFFERED and not offered:
                    continue  # another channel's: this one's word is about the order itself
                known[gid] = known.get(gid, frozenset()) | {effect.kind}
        rows = tuple(taken.values())
        return AcknowledgeState(now, rows, known, tuple(notices), elsewhere=elsewhere)

    def plan(
        self,
        call: Call,
        request: OrderAcknowledgeRequest,
        state: AcknowledgeState,
        results: Sequence[Result],
    ) -> Plan:
        """The effects that the call's word makes, and the marks that are still missing."""
        for notice in state.notices:
            call.tell(notice)
        settings = call.channel.settings
        policy = settings.order_acknowledge
        effects: list[Effect] = []
        marks: list[Mark] = []
        for taken in state.taken:
            known = state.known.get(taken.order.gid, frozenset())
            new = new_effects(taken, known)
            detail: dict[str, object] = {"channel": settings.id}
            if taken.retailops_id != NO_ID:
                detail["order_id"] = taken.retailops_id
            names = [(kind, THE_ORDER) for kind in new]
            if taken.order.gid in state.elsewhere:
                names.append((ACKNOWLEDGED, by_channel(settings.id)))
            effects += [
                Effect(settings.shop, taken.order.gid, kind, name, detail, state.now)
                for kind, name in names
            ]
            mark = missing_mark(taken, known | new, policy)
            if mark is not None:
                marks.append(mark)
        groups = [*batches(marks, policy.batch_size), *((mark,) for mark in state.alone)]
        steps = []
        for number, group in enumerate(groups, start=len(results)):
            op, variables = marking(group, namespace=policy.namespace)
            steps.append(Step(f"mark:{number}", op, variables, repeatable=True, subject=group))
        return Plan(tuple(steps), again=bool(steps), effects=tuple(effects))

    async def remember(
        self,
        call: Call,
        request: OrderAcknowledgeRequest,
        state: AcknowledgeState,
        results: Sequence[Result],
    ) -> None:
        """What was taken is not held back any more; the effects were stored before the marks."""
        held: list[str] = call.memo.get("held", [])
        if held:
            await call.ledger.release(call.channel.settings.id, held)

    def answer(
        self,
        call: Call,
        request: OrderAcknowledgeRequest,
        state: AcknowledgeState,
        results: Sequence[Result],
    ) -> Answer:
        """An event for every order that is unknown or could not be marked."""
        for mark, fate in fates(results).values():
            if isinstance(fate, _Alone):
                why = event(Code.NOT_REACHED, "the marking of its batch was refused as a whole")
                call.tell(_unmarked(mark, why))
            elif fate is not None:
                call.tell(_unmarked(mark, fate))
        return OrderAcknowledgeAnswer(events=tuple(call.events))


def _asked(request: OrderAcknowledgeRequest) -> tuple[dict[str, str], list[Event]]:
    """RetailOps' id by refnum, each refnum once; and the rows that name no order."""
    asked: dict[str, str] = {}
    notices: list[Event] = []
    for number, row in enumerate(request.orders):
        refnum = row.channel_order_refnum
        place = f"orders[{number}]"
        if refnum is None and row.unreadable:
            notices.append(event(Code.INVALID_FIELD, f"{place}: {'; '.join(row.unreadable)}"))
        elif refnum is None:
            notices.append(event(Code.REFNUM_MISSING, f"{place} has no channel_order_refnum"))
        else:
            # A row whose id cannot be read still says which order was taken.
            identifier = str(row.retailops_order_id or NO_ID)
            if identifier != NO_ID or refnum not in asked:
                asked[refnum] = identifier
    return asked, notices


def _unknown(refnum: str, *, ambiguous: bool) -> Event:
    if ambiguous:
        return event(
            Code.ORDER_AMBIGUOUS,
            f"several orders are named {refnum}: none of them was acknowledged; name it by its id",
            order_refnum=refnum,
        )
    return event(
        Code.ORDER_NOT_FOUND,
        f"the shop has no order {refnum} (looked for by id and by name): nothing to acknowledge",
        order_refnum=refnum,
    )


def new_effects(taken: Taken, known: frozenset[str]) -> frozenset[str]:
    """What this acknowledgement makes true that the ledger does not have."""
    if ACKNOWLEDGED not in known and taken.order.acknowledged is None:
        return frozenset({ACKNOWLEDGED})
    new = {ACKNOWLEDGED}
    if CANCEL_OFFERED in known:
        new.add(CANCEL_ACKNOWLEDGED)
    return frozenset(new) - known


def missing_mark(
    taken: Taken, effects: frozenset[str], policy: OrderAcknowledgePolicy
) -> Mark | None:
    """What the order does not bear yet of what is true of it; None when it bears everything.

    An id once written is not replaced by 0. The mark of a cancellation is recognised by its tag.
    """
    order = taken.order
    value = taken.retailops_id
    if value == NO_ID and order.acknowledged is not None:
        value = order.acknowledged
    tags: list[str] = []
    metafields: list[tuple[str, str]] = []
    if not order.has_tag(policy.tag) or order.acknowledged != value:
        tags.append(policy.tag)
        metafields.append((ORDER_KEY, value))
    if CANCEL_ACKNOWLEDGED in effects and not order.has_tag(policy.cancel_tag):
        tags.append(policy.cancel_tag)
        metafields.append((CANCEL_KEY, value))
    return Mark(order.gid, taken.refnum, tuple(tags), tuple(metafields)) if tags else None


def batches(marks: Sequence[Mark], size: int) -> Iterator[tuple[Mark, ...]]:
    """Marks in groups of at most ``size`` metafields (a mark alone may have two)."""
    group: list[Mark] = []
    rows = 0
    for mark in marks:
        if group and rows + len(mark.metafields) > size:
            yield tuple(group)
            group, rows = [], 0
        group.append(mark)
        rows += len(mark.metafields)
    if group:
        yield tuple(group)


class _Alone:
    """The fate of a mark whose batch was refused because of another one, perhaps."""


ALONE: Final = _Alone()
Fate = _Alone | Event | None  # to be sent alone · not marked, and why · marked


def fates(results: Sequence[Result]) -> dict[str, tuple[Mark, Fate]]:
    """What has become of every mark so far, by order: its last sending counts."""
    out: dict[str, tuple[Mark, Fate]] = {}
    for result in results:
        group: tuple[Mark, ...] = result.step.subject
        for mark in group:
            out[mark.gid] = (mark, _fate(result, mark, group))
    return out


def _fate(result: Result, mark: Mark, group: tuple[Mark, ...]) -> Fate:
    several = len(group) > 1
    if result.data is None:
        error = result.error or QueryRejected("Shopify gave no result")
        if several and isinstance(error, QueryRejected | CostExceeded):
            return ALONE
        return shopify_event(error)
    told = marked(result.data, group)
    if mark.gid in told.tag_errors:
        return _refused(told.tag_errors[mark.gid], result.request_id)
    if told.metafield_errors:
        return ALONE if several else _refused(told.metafield_errors, result.request_id)
    return None


def _refused(errors: Sequence[UserError], request_id: str) -> Event:
    words = "; ".join(str(e) for e in errors)
    diagnostic = f"shopify request {request_id}" if request_id else ""
    return event(Code.SHOPIFY_USER_ERROR, words, diagnostic=diagnostic)


def _unmarked(mark: Mark, why: Event) -> Event:
    """The acknowledgement holds all the same, so it is a warning."""
    return event(
        Code(why.code),
        f"order {mark.refnum} is acknowledged and will not be offered again, but it does not bear "
        f"its tag and metafield in Shopify: {why.message}",
        event_type="warning",
        diagnostic=why.diagnostic_data,
        order_refnum=mark.refnum,
    )
