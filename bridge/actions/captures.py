"""Taking authorised money: what is open, how much of it is to be taken, and was it taken? Pure.

Used by order_settle_payment, and by order_shipment_submit and order_complete where the merchant
captures at shipping. The order is PaymentState's node (``shopify.payments.payment_state``);
amounts are in the customer's currency.

    capturing = plan_captures(order, want, series="2572", effects=effects, now=now)
    → steps for the engine, events to tell, and how much of ``want`` they take

A *series* is a target of its own: what was taken under it counts against it (RetailOps'
``payment_series_id``, or ``package …`` where a package's value is captured). A repeat of a
series takes nothing more, and a lost reply is found again by ``CaptureSettler``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bridge.actions.currency import as_text, presentment, said
from bridge.actions.effects import CAPTURE
from bridge.actions.money import GIFT_CARD, STORE_CREDIT, ZERO, PricedOrder
from bridge.config.models import quantum
from bridge.engine import (
    Applied,
    Call,
    NotApplied,
    Result,
    Step,
    Unclear,
    Verdict,
    shopify_event,
)
from bridge.errors import OutcomeUnknown
from bridge.ledger import Effect, StepRow
from bridge.retailops.events import Code, Event, event
from bridge.shopify.payments import DEAD, capture_variables, order_capture, payment_state
from bridge.shopify.protocol import user_errors

Node = Mapping[str, Any]

# Shopify's own tenders: taken when the order is placed, never authorised by a gateway.
OWN_TENDERS: Final = frozenset({GIFT_CARD, STORE_CREDIT})

AUTHORISING: Final = frozenset({"AUTHORIZATION", "EMV_AUTHORIZATION"})


@dataclass(frozen=True, slots=True)
class Authorisation:
    """One authorisation of a gateway.

    ``captured`` counts pending captures too. ``left`` can still be taken, unless ``expired``.
    """

    gid: str
    amount: Decimal
    captured: Decimal
    left: Decimal
    multi: bool
    expired: bool


@dataclass(frozen=True, slots=True)
class Capturing:
    """What takes the money, in order, and what RetailOps is told before it is taken.

    ``amount`` is the sum of the steps; ``short`` is what was wanted and cannot be taken.
    """

    steps: tuple[Step, ...] = ()
    events: tuple[Event, ...] = ()
    amount: Decimal = ZERO
    short: Decimal = ZERO


def authorisations(order: Node, now: datetime) -> list[Authorisation]:
    """The gateways' authorisations that succeeded, oldest first.

    A gateway without multi-capture releases the rest at the first capture, whatever its size.
    """
    rows = [t for t in order["transactions"] if t["kind"] in AUTHORISING and _alive(t)]
    rows = [t for t in rows if t["status"] == "SUCCESS" and t["gateway"] not in OWN_TENDERS]
    rows.sort(key=lambda t: (t["processedAt"] is None, t["processedAt"] or now))
    return [_authorisation(order, t, now) for t in rows]


def _authorisation(order: Node, row: Node, now: datetime) -> Authorisation:
    children = [
        t
        for t in order["transactions"]
        if (t["parentTransaction"] or {}).get("id") == row["id"] and _alive(t)
    ]
    taken = [t for t in children if t["kind"] == "CAPTURE"]
    amount = presentment(row["amountSet"])
    captured = sum((presentment(t["amountSet"]) for t in taken), ZERO)
    left = max(ZERO, amount - captured)
    if row["totalUnsettledSet"] is not None:
        left = min(left, presentment(row["totalUnsettledSet"]))
    voided = any(t["kind"] == "VOID" for t in children)
    if voided or (taken and not row["multiCapturable"]):
        left = ZERO
    expires = row["authorizationExpiresAt"]
    return Authorisation(
        gid=row["id"],
        amount=amount,
        captured=captured,
        left=left,
        multi=bool(row["multiCapturable"]),
        expired=left > 0 and expires is not None and expires <= now,
    )


def open_authorisations(order: Node, now: datetime) -> list[Authorisation]:
    """Those from which something can be captured now, never more than Shopify's own total."""
    total = presentment(order["totalCapturableSet"])
    found = []
    for auth in authorisations(order, now):
        left = min(auth.left, total)
        if auth.expired or left <= 0:
            continue
        total -= left
        found.append(
            Authorisation(auth.gid, auth.amount, auth.captured, left, auth.multi, expired=False)
        )
    return found


def captured(order: Node) -> Decimal:
    """Captured and sold by gateways, what is pending included, before refunds.

    A pending sale of a manual gateway (cash on delivery) is a promise, not money on its way.
    """
    return sum(
        (
            presentment(t["amountSet"])
            for t in order["transactions"]
            if t["kind"] in {"SALE", "CAPTURE"}
            and t["gateway"] not in OWN_TENDERS
            and _alive(t)
            and not (t["status"] == "PENDING" and t["manualPaymentGateway"])
        ),
        ZERO,
    )


def owed(order: Node) -> Decimal:
    """What the order is worth now and nobody has paid yet, all tenders counted; at least 0."""
    paid = ZERO
    for t in order["transactions"]:
        if not _alive(t):
            continue
        if t["kind"] in {"SALE", "CAPTURE"} and not (
            t["status"] == "PENDING" and t["manualPaymentGateway"]
        ):
            paid += presentment(t["amountSet"])
        elif t["kind"] in {"REFUND", "CHANGE"}:
            paid -= presentment(t["amountSet"])
    return max(ZERO, presentment(order["currentTotalPriceSet"]) - paid)


def under(order: Node, effects: Iterable[Effect]) -> dict[str, Decimal]:
    """What was captured under each series, as far as its transactions did not fail since."""
    dead = {t["id"] for t in order["transactions"] if not _alive(t)}
    sums: dict[str, Decimal] = {}
    for effect in effects:
        if effect.kind == CAPTURE and effect.detail.get("transaction") not in dead:
            series = str(effect.detail.get("series", ""))
            sums[series] = sums.get(series, ZERO) + Decimal(str(effect.detail["amount"]))
    return sums


def series_want(order: Node, target: Decimal, series: str, effects: Sequence[Effect]) -> Decimal:
    """How much of a settlement's target is still to be taken.

    What was taken under the series counts against it, and so does money that no RetailOps series
    took (a sale, a capture in the admin or at shipping); other series accumulate. Without a
    series (``""``) everything that was captured counts.
    """
    if not series:
        return max(ZERO, target - captured(order))
    sums = {s: a for s, a in under(order, effects).items() if s.isdecimal()}
    elsewhere = captured(order) - sum(sums.values(), ZERO)
    return max(ZERO, target - sums.get(series, ZERO) - max(ZERO, elsewhere))


def package_series(package: str) -> str:
    """The series under which a package's value is captured; ``package`` is its natural id."""
    return f"package {package}"


def package_want(order: Node, value: Decimal, series: str, effects: Sequence[Effect]) -> Decimal:
    """How much of a package's value is still to be taken: never more than the order owes."""
    return min(owed(order), max(ZERO, value - under(order, effects).get(series, ZERO)))


def package_value(priced: PricedOrder, units: Mapping[str, int], *, first: bool) -> Decimal:
    """What these units are worth, after discounts and with their tax.

    ``priced`` is ``money.price_order(order, mode="net", shop_currency=False)`` of an OrderPull
    node read with presentment money; ``units`` are by LineItem GID, and a line that the order
    does not have any more counts nothing. The order's own money (shipping, its tax, what the
    division of cents left over, tips and duties) goes with the ``first`` package.
    """
    step = quantum(priced.currency)
    value = sum(
        (
            count * (priced.lines[gid].net_unit + priced.lines[gid].unit_tax)
            for gid, count in units.items()
            if gid in priced.lines
        ),
        ZERO,
    )
    if first:
        totals = priced.totals
        value += totals.shipping + totals.tax - totals.discount
        value += sum((extra.amount for extra in priced.extras), ZERO)
    return max(ZERO, value.quantize(step, rounding=ROUND_HALF_UP))


def plan_captures(
    order: Node,
    want: Decimal | None,
    *,
    series: str,
    effects: Sequence[Effect],
    now: datetime,
    refnum: str | None = None,
    multi_only: bool = False,
) -> Capturing:
    """Capture ``want``, oldest authorisation first, never more than is open.

    ``want`` None: all that the order still owes (the last shipment, order_complete).
    ``effects`` are the order's CAPTURE effects. ``multi_only``: touch only authorisations that
    can be captured in parts (a shipment that is not the last). ``short`` of the result is what
    could not be taken; what to say of that is the caller's (``shortfall``).
    """
    wanted = owed(order) if want is None else want
    left = wanted
    steps: list[Step] = []
    events: list[Event] = []
    used = {e.natural_id for e in effects if e.kind == CAPTURE}
    for auth in open_authorisations(order, now):
        amount = min(left, auth.left)
        if amount <= 0 or (multi_only and not auth.multi):
            continue
        left -= amount
        steps.append(_step(order, auth, amount, series, used))
        if amount < auth.left and not auth.multi:
            events.append(_released(order, auth, amount, refnum))
    return Capturing(tuple(steps), tuple(events), wanted - left, left)


def _step(order: Node, auth: Authorisation, amount: Decimal, series: str, used: set[str]) -> Step:
    currency = str(order["presentmentCurrencyCode"])
    upto = as_text((auth.captured + amount).normalize())
    number = auth.gid.rpartition("/")[2]
    natural_id = name = f"{series or 'order'}: {number} to {upto}"
    attempt = 1
    while natural_id in used:  # it was taken once, and the gateway failed it afterwards
        attempt += 1
        natural_id = f"{name}, attempt {attempt}"
    expect = {
        "authorization": auth.gid,
        "amount": as_text(amount),
        "currency": currency,
        "series": series,
    }
    return Step(
        key=f"capture {natural_id}",
        operation=order_capture(),
        variables=capture_variables(
            order["id"],
            auth.gid,
            amount,
            currency=currency if currency != order["currencyCode"] else None,
        ),
        repeatable=False,
        kind=CAPTURE,
        natural_id=natural_id,
        pre_image={"transactions": [t["id"] for t in order["transactions"]]},
        expect=expect,
        effect=lambda data: _effect(data, expect),
    )


def _effect(data: Mapping[str, Any], expect: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data["orderCapture"]
    transaction = None if payload is None else payload["transaction"]
    if transaction is None or user_errors(payload) or not _alive(transaction):
        return None
    return {**expect, "transaction": transaction["id"], "status": transaction["status"]}


def _alive(transaction: Node) -> bool:
    return transaction["status"] not in DEAD


def _released(order: Node, auth: Authorisation, amount: Decimal, refnum: str | None) -> Event:
    currency = order["presentmentCurrencyCode"]
    return event(
        Code.AUTH_REMAINDER_RELEASED,
        f"order {order['name']}: {said(amount, currency)} of {said(auth.left, currency)} is "
        f"captured; this gateway captures once, so {said(auth.left - amount, currency)} is "
        "released and cannot be captured later",
        order_refnum=refnum,
    )


def shortfall(
    order: Node, want: Decimal, short: Decimal, now: datetime, refnum: str | None
) -> Event:
    """The event for money that was wanted and cannot be captured: expired, or not there."""
    currency = order["presentmentCurrencyCode"]
    amount = f"{said(short, currency)} of {said(want, currency)}"
    lapsed = order["displayFinancialStatus"] == "EXPIRED"
    if lapsed or any(a.expired for a in authorisations(order, now)):
        return event(
            Code.AUTH_EXPIRED,
            f"order {order['name']}: {amount} cannot be captured, its authorisation has expired",
            order_refnum=refnum,
        )
    reason = "no authorisation is open for it"
    if order["cancelledAt"] is not None:
        reason = "the order is cancelled"
    elif any(t["manualPaymentGateway"] and t["status"] == "PENDING" for t in order["transactions"]):
        reason = "it is paid outside Shopify: mark it as paid there when the money has come"
    return event(
        Code.NOT_CAPTURABLE,
        f"order {order['name']}: {amount} cannot be captured: {reason}",
        order_refnum=refnum,
    )


def capture_events(
    results: Sequence[Result], planned: Sequence[Step], refnum: str | None
) -> list[Event]:
    """What became of the capture steps of a plan; none for those that took the money.

    A step without a result was not reached, because an earlier one is in doubt.
    """
    told: list[Event] = []
    by_key = {r.step.key: r for r in results}
    for step in planned:
        if step.kind != CAPTURE:
            continue
        what = said(Decimal(step.expect["amount"]), step.expect["currency"])
        result = by_key.get(step.key)
        if result is None:
            message = f"{what} is not captured yet: the step before it is in doubt"
            told.append(event(Code.NOT_REACHED, message, order_refnum=refnum))
        elif result.detail is not None:
            if result.detail["status"] != "SUCCESS":
                message = (
                    f"the capture of {what} is {result.detail['status'].lower()} at the gateway"
                )
                told.append(event(Code.PAYMENT_PENDING, message, order_refnum=refnum))
        elif result.data is None:
            error = result.error or OutcomeUnknown(step.operation.name, "no reply")
            told.append(shopify_event(error, order_refnum=refnum))
        else:
            told.append(_refused(result, what, refnum))
    return told


def _refused(result: Result, what: str, refnum: str | None) -> Event:
    payload = (result.data or {}).get("orderCapture") or {}
    diagnostic = f"shopify request {result.request_id}" if result.request_id else ""
    errors = user_errors(payload)
    if errors:
        words = "; ".join(e.message for e in errors)
        message, code = f"{what} is not captured: Shopify says: {words}", Code.SHOPIFY_USER_ERROR
    else:
        why = (payload.get("transaction") or {}).get("errorCode") or "no reason given"
        message, code = f"the gateway did not capture {what}: {why}", Code.PAYMENT_FAILED
    return event(code, message, diagnostic=diagnostic, order_refnum=refnum, event_type="error")


class CaptureSettler:
    """Finds captures whose reply was lost among the order's transactions."""

    kinds = frozenset({CAPTURE})

    async def look(self, call: Call) -> Node | None:
        """PaymentState; 3 points."""
        return await payment_state(call.channel.client, call.budget, call.order_gid)

    def judge(self, step: StepRow, state: Node | None) -> Verdict:
        """A new capture of that authorisation with that amount is ours.

        Only one capture of an order can be in doubt, and nobody else writes to it meanwhile
        but a person in the admin, who would have taken the same money.
        """
        if state is None:
            return Unclear("the order cannot be read any more")
        before = set(step.pre_image["transactions"])
        for t in state["transactions"]:
            if (
                t["id"] not in before
                and t["kind"] == "CAPTURE"
                and _alive(t)
                and (t["parentTransaction"] or {}).get("id") == step.expect["authorization"]
                and presentment(t["amountSet"]) == Decimal(str(step.expect["amount"]))
            ):
                return Applied({**step.expect, "transaction": t["id"], "status": t["status"]})
        return NotApplied()
