"""Finds refunds and processed returns whose reply was lost."""

from __future__ import annotations

from decimal import Decimal

from bridge.actions.currency import presentment
from bridge.actions.effects import REFUND
from bridge.actions.refund_money import refund_marked
from bridge.engine import Applied, Call, NotApplied, Unclear, Verdict
from bridge.ledger import StepRow
from bridge.shopify.refunds import RefundState, refund_state


class RefundSettler:
    """Knows a RetailOps return by the note of its refund, or by the units that were processed."""

    kinds = frozenset({REFUND})

    async def look(self, call: Call) -> RefundState | None:
        """RefundState with returns; 104 points."""
        return await refund_state(
            call.channel.client, call.budget, call.order_gid, with_returns=True
        )

    def judge(self, step: StepRow, state: RefundState | None) -> Verdict:
        """A refund that was not there before and names our return is ours.

        A return that was processed without money leaves no refund: then its units tell. Where
        they were processed and the money cannot be seen, only a person can tell whose doing it is.
        """
        if state is None:
            return Unclear("the order cannot be read any more")
        detail = dict(step.expect["detail"])
        before = step.pre_image["refunds"]
        found = refund_marked(state.order, step.expect["marker"], but=before)
        if found is not None:
            return Applied({**detail, "refund": found["id"]})
        wanted = step.expect["processed"]
        if not wanted:
            return NotApplied()
        now = {
            row["id"]: int(row["processedQuantity"])
            for opened in state.order.get("returns") or ()
            for row in opened["returnLineItems"]
        }
        if not all(now.get(gid, 0) >= count for gid, count in wanted.items()):
            return NotApplied()
        amount = Decimal(detail["amount"])
        new = [r for r in state.order["refunds"] if r["id"] not in before]
        if amount > 0 and not any(presentment(r["totalRefundedSet"]) == amount for r in new):
            return Unclear(
                "the return's units are processed, and no refund of its amount can be seen: look "
                "at the order's refunds and say whether the money was given back"
            )
        return Applied(detail)
