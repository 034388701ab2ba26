"""The stages of an order edit as steps: begin, stage, price what was added, commit. Pure.

Begin and stage are no effects: an edit session that is never committed leaves nothing. The
commit is one; ``Settler`` knows it by the lines that it leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from bridge.actions.effects import EDIT, RMA
from bridge.actions.order_update_lines import Wanted, number
from bridge.actions.order_update_rmas import found
from bridge.actions.order_update_target import Update
from bridge.engine import Applied, Call, NotApplied, Result, Step, Unclear, Verdict
from bridge.ledger import StepRow
from bridge.shopify.documents import batch, operation
from bridge.shopify.editing import edit_state, return_state
from bridge.shopify.protocol import user_errors

Node = Mapping[str, Any]


class Stage(Enum):
    """Where an edit is."""

    BEGIN = auto()
    LINES = auto()
    PRICES = auto()
    COMMIT = auto()
    DONE = auto()

    def after(
        self,
        results: Sequence[Result],
        wanted: Wanted,
        order: Node,
        variants: Mapping[str, tuple[Node, ...]],
    ) -> Stage:
        """The stage that follows once this one's steps were sent."""
        if not results or not wanted.anything:
            return self
        priced = bool(_added_discounts(order, wanted, variants, results))
        follows = {
            Stage.BEGIN: Stage.LINES,
            Stage.LINES: Stage.PRICES if priced else Stage.COMMIT,
            Stage.PRICES: Stage.COMMIT,
            Stage.COMMIT: Stage.DONE,
            Stage.DONE: Stage.DONE,
        }
        return follows[self]


def begin_step(order_gid: str) -> Step:
    """Open a session on the order."""
    return Step("edit begin", operation("OrderEditBegin"), {"id": order_gid}, repeatable=True)


def stage_steps(
    stage: Stage,
    order: Node,
    wanted: Wanted,
    variants: Mapping[str, tuple[Node, ...]],
    results: Sequence[Result],
) -> tuple[Step, ...]:
    """The lines' changes, a batch a kind; or the discounts of lines that were added."""
    session = _session(results)
    if session is None:
        return ()
    if stage is Stage.PRICES:
        return _discounts(
            "added prices", session, order, _added_discounts(order, wanted, variants, results)
        )
    steps: list[Step] = []
    if wanted.quantities:
        op = batch(
            operation("OrderEditSetQuantity"),
            len(wanted.quantities),
            field="orderEditSetQuantity",
            prefix="q",
            own=("lineItemId", "quantity"),
        )
        variables: dict[str, Any] = {"id": session}
        for n, change in enumerate(wanted.quantities):
            variables[f"lineItemId{n}"] = _calculated(change.line)
            variables[f"quantity{n}"] = change.quantity
        steps.append(Step("edit quantities", op, variables, repeatable=True))
    if wanted.additions:
        op = batch(
            operation("OrderEditAddVariant"),
            len(wanted.additions),
            field="orderEditAddVariant",
            prefix="v",
            own=("variantId", "quantity"),
        )
        variables = {"id": session}
        for n, addition in enumerate(wanted.additions):
            variables[f"variantId{n}"] = variants[addition.sku][0]["id"]
            variables[f"quantity{n}"] = addition.quantity
        # Not repeatable: a second sending would stage a second line. A lost reply ends the
        # session unused.
        steps.append(Step("edit additions", op, variables, repeatable=False))
    lowered = [(_calculated(d.line), d.amount) for d in wanted.discounts]
    steps += _discounts("edit prices", session, order, lowered)
    return tuple(steps)


def _discounts(
    key: str, session: str, order: Node, lowered: Sequence[tuple[str, Decimal]]
) -> tuple[Step, ...]:
    if not lowered:
        return ()
    op = batch(
        operation("OrderEditAddLineItemDiscount"),
        len(lowered),
        field="orderEditAddLineItemDiscount",
        prefix="d",
        own=("lineItemId", "discount"),
    )
    variables: dict[str, Any] = {"id": session}
    for n, (line, amount) in enumerate(lowered):
        variables[f"lineItemId{n}"] = line
        value = {"amount": str(amount), "currencyCode": order["presentmentCurrencyCode"]}
        variables[f"discount{n}"] = {"description": "RetailOps price", "fixedValue": value}
    return (Step(key, op, variables, repeatable=False),)


def _added_discounts(
    order: Node, wanted: Wanted, variants: Mapping[str, tuple[Node, ...]], results: Sequence[Result]
) -> list[tuple[str, Decimal]]:
    """Added lines whose catalogue price is above what RetailOps says, and by how much.

    The catalogue counts in the shop's currency: an order in another one keeps its price.
    """
    if order["currencyCode"] != order["presentmentCurrencyCode"]:
        return []
    staged = next((r.data for r in results if r.step.key == "edit additions" and r.data), {})
    out = []
    for n, addition in enumerate(wanted.additions):
        line = ((staged or {}).get(f"v{n}") or {}).get("calculatedLineItem")
        listed = Decimal(variants[addition.sku][0]["price"])
        if line and addition.price is not None and addition.price < listed:
            out.append((str(line["id"]), listed - addition.price))
    return out


def commit_step(
    execution: str, order: Node, wanted: Wanted, how: Update, results: Sequence[Result]
) -> Step:
    """Make it so; ``expect`` is how the order's lines will look."""
    before = {number(line["id"]): int(line["currentQuantity"]) for line in order["lineItems"]}
    after = before | {number(q.line): q.quantity for q in wanted.quantities}
    adding = {a.item: {"sku": a.sku, "quantity": a.quantity} for a in wanted.additions}
    detail = {"adding": adding, "before": sorted(before)}

    def effect(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
        payload = data.get("orderEditCommit")
        return None if user_errors(payload) or not payload else detail

    return Step(
        key="edit commit",
        operation=operation("OrderEditCommit"),
        variables={
            "id": _session(results),
            "notifyCustomer": how.notify_customer,
            "staffNote": how.staff_note,
        },
        repeatable=False,
        kind=EDIT,
        natural_id=execution,
        pre_image={"lines": before, "updated_at": order["updatedAt"].isoformat()},
        expect={"lines": after, **detail},
        effect=effect,
    )


def refusals(results: Sequence[Result]) -> list[str]:
    """What Shopify refused, in its words."""
    return [
        error.message
        for r in results
        if r.data is not None
        for payload in r.data.values()
        for error in user_errors(payload)
    ]


def new_lines(order: Node, detail: Mapping[str, Any], added: Mapping[str, str]) -> dict[str, str]:
    """The lines that a commit added, by the order_item_id that they were added for.

    Lines of one SKU are told apart by their quantity, then by their order on the order.
    """
    before = set(detail.get("before", ()))
    taken = set(added.values())
    fresh = [
        line
        for line in order["lineItems"]
        if number(line["id"]) not in before and line["id"] not in taken
    ]
    out: dict[str, str] = {}
    for item, told in detail.get("adding", {}).items():
        if item in added:
            continue
        same = [line for line in fresh if line["sku"] == told["sku"]]
        exact = [line for line in same if line["quantity"] == told["quantity"]]
        for line in (exact or same)[:1]:
            out[item] = line["id"]
            fresh.remove(line)
    return out


def _session(results: Sequence[Result]) -> str | None:
    begun = next((r.data for r in results if r.step.key == "edit begin" and r.data), None)
    made = ((begun or {}).get("orderEditBegin") or {}).get("calculatedOrder")
    return str(made["id"]) if made else None


def _calculated(line: str) -> str:
    """An existing line keeps its number inside the edit (captured)."""
    return f"gid://shopify/CalculatedLineItem/{number(line)}"


class EditSettler:
    """Knows a commit by the lines that it leaves."""

    kinds = frozenset({EDIT})

    async def look(self, call: Call) -> Node | None:
        """The order's lines."""
        presentment = call.channel.settings.order_pull.currency == "presentment"
        return await edit_state(
            call.channel.client, call.budget, call.order_gid, presentment=presentment
        )

    def judge(self, step: StepRow, state: Node | None) -> Verdict:
        """As expected, as before, or neither."""
        if state is None:
            return Unclear("the order cannot be read")
        now = {number(line["id"]): int(line["currentQuantity"]) for line in state["lineItems"]}
        before, after = step.pre_image["lines"], step.expect["lines"]
        adding = step.expect["adding"]
        there = new_lines(state, step.expect, {})
        detail = {"adding": adding, "before": step.expect["before"]}
        if len(there) == len(adding) and all(now.get(n) == q for n, q in after.items()):
            unchanged = after == before and not adding
            moved = state["updatedAt"].isoformat() != step.pre_image["updated_at"]
            return Applied(detail) if moved or not unchanged else NotApplied()
        if not there and all(now.get(n) == q for n, q in before.items()):
            return NotApplied()
        return Unclear("the lines are neither as they were nor as the edit would leave them")


class RmaSettler:
    """Knows a return by the marker in its note."""

    kinds = frozenset({RMA})

    async def look(self, call: Call) -> Node:
        """The order's returns."""
        return await return_state(call.channel.client, call.budget, call.order_gid)

    def judge(self, step: StepRow, state: Node) -> Verdict:
        """A return that carries the marker is ours."""
        there = found(state, str(step.expect["marker"]))
        return Applied({"return": there}) if there is not None else NotApplied()
