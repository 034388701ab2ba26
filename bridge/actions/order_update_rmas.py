"""RMAs that RetailOps announces, as open returns in Shopify; never money. Pure.

An RMA is known by its id: by the ledger's effect, else by the marker in the return's note.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.actions.effects import RMA
from bridge.actions.order_update_lines import number
from bridge.engine import Step
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import Return, ReturnItem
from bridge.shopify.documents import operation
from bridge.shopify.protocol import user_errors

Node = Mapping[str, Any]


# Shopify's reason for what fits no other; a handle that this shop's library lacks becomes it,
# and that is told.
OTHER = "other-reason"


@dataclass(frozen=True, slots=True)
class RmaWords:
    """What the mapping says of one RMA: a reason's handle, and a note for staff."""

    reason: str
    note: str


@dataclass(slots=True)
class Returns:
    """What is to be opened, what was found open, and what is to be told."""

    steps: list[Step] = field(default_factory=list)
    adopted: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def rma_id(rma: Return) -> str | None:
    """RetailOps' id of an RMA; the return's own where the RMA has none."""
    if rma.retailops_rma_id:
        return rma.retailops_rma_id
    return f"return {rma.retailops_return_id}" if rma.retailops_return_id else None


def marker(rma: str) -> str:
    """The words in a return's note by which it is found again."""
    return f"[RetailOps RMA {rma}]"


def open_returns(
    rmas: Sequence[Return],
    words: Sequence[RmaWords],
    state: Node,
    reasons: Mapping[str, str],
    *,
    known: frozenset[str],
    order_gid: str,
    refnum: str | None,
) -> Returns:
    """The returns that are still to be opened. ``state`` is ReturnState's data."""
    out = Returns()
    left = _returnable(state)
    for rma, said in zip(rmas, words, strict=True):
        name = rma_id(rma)
        if name is None:
            message = f"an RMA of order {refnum} has no retailops_rma_id and no retailops_return_id"
            out.events.append(
                event(Code.REFNUM_MISSING, message, event_type="error", order_refnum=refnum)
            )
        elif name in known:
            continue
        elif (there := found(state, marker(name))) is not None:
            out.adopted[name] = there
        else:
            _open(out, rma, name, said, _Order(order_gid, refnum, state, left, reasons))
    return out


@dataclass(frozen=True, slots=True)
class _Order:
    """What every RMA of the call shares; ``left`` is what can still come back."""

    gid: str
    refnum: str | None
    state: Node
    left: dict[str, list[list[Any]]]
    reasons: Mapping[str, str]


def _open(out: Returns, rma: Return, name: str, said: RmaWords, order: _Order) -> None:
    rows: dict[str, int] = {}
    reasons, refnum = order.reasons, order.refnum
    for item in rma.items:
        short = (item.quantity or 0) - _take(order.left, item, rows)
        if short > 0:
            named = item.channel_item_refnum or item.sku or "without refnum and SKU"
            out.events.append(
                event(
                    Code.NOT_RETURNABLE,
                    f"RMA {name} of order {refnum}: {short} of line {named} cannot come back",
                    order_refnum=refnum,
                    item_refnum=item.channel_item_refnum,
                    sku=item.sku,
                )
            )
    if not rows:
        return
    note = f"{said.note} {marker(name)}".strip()
    known = reasons.get(said.reason) or reasons.get(OTHER)
    if said.reason not in reasons:
        out.events.append(_unknown_reason(name, said.reason, order, instead=known is not None))
    reason = {"returnReasonDefinitionId": known} if known else {}
    lines = [
        {
            "fulfillmentLineItemId": gid,
            "quantity": quantity,
            "returnReasonNote": note,
            **reason,
        }
        for gid, quantity in rows.items()
    ]
    before = [r["id"] for r in order.state["order"]["returns"]]
    out.steps.append(
        Step(
            key=f"rma {name}",
            operation=operation("ReturnCreate"),
            variables={"returnInput": {"orderId": order.gid, "returnLineItems": lines}},
            repeatable=False,
            kind=RMA,
            natural_id=name,
            pre_image={"returns": before},
            expect={"marker": marker(name)},
            effect=_effect,
            subject=name,
        )
    )


def _unknown_reason(name: str, reason: str, order: _Order, *, instead: bool) -> Event:
    there = ", ".join(sorted(order.reasons)) or "none"
    return event(
        Code.RETURN_REASON_UNKNOWN,
        f"RMA {name} of order {order.refnum}: the shop has no return reason {reason}; the return "
        f"has {OTHER if instead else 'no reason'} instead. The reasons that there are: {there}",
        order_refnum=order.refnum,
    )


def _effect(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = data.get("returnCreate") or {}
    made = payload.get("return")
    return None if user_errors(payload) or not made else {"return": made["id"]}


def _returnable(state: Node) -> dict[str, list[list[Any]]]:
    """Per line number and per SKU: the fulfillment lines that can come back, and how many."""
    left: dict[str, list[list[Any]]] = {}
    for fulfillment in state["returnableFulfillments"]:
        for row in fulfillment["returnableFulfillmentLineItems"]:
            there = row["fulfillmentLineItem"]
            entry = [there["id"], int(row["quantity"])]
            left.setdefault(number(there["lineItem"]["id"]), []).append(entry)
            if there["lineItem"]["sku"]:
                left.setdefault(f"sku {there['lineItem']['sku']}", []).append(entry)
    return left


def _take(left: dict[str, list[list[Any]]], item: ReturnItem, rows: dict[str, int]) -> int:
    refnum = (item.channel_item_refnum or "").removesuffix("-shipped")
    entries = left.get(number(refnum)) or left.get(f"sku {item.sku}") or []
    wanted, taken = item.quantity or 0, 0
    for entry in entries:
        units = min(wanted - taken, entry[1])
        if units > 0:
            entry[1] -= units
            rows[entry[0]] = rows.get(entry[0], 0) + units
            taken += units
    return taken


def found(state: Node, words: str) -> str | None:
    """The return (GID) whose note carries these words."""
    for there in state["order"]["returns"]:
        for line in there["returnLineItems"]:
            if words in (line.get("returnReasonNote") or ""):
                return str(there["id"])
    return None
