"""order_acknowledge: the word holds at once, marks follow in batches, a repeat changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.actions.effects import ACKNOWLEDGED, CANCEL_ACKNOWLEDGED, CANCEL_OFFERED
from bridge.actions.order_acknowledge import (
    ALONE,
    AcknowledgeState,
    OrderAcknowledge,
    Taken,
    batches,
    fates,
    missing_mark,
    new_effects,
)
from bridge.config.models import OrderAcknowledgePolicy
from bridge.engine import Plan, Result
from bridge.errors import CostExceeded, OutcomeUnknown
from bridge.retailops.requests import OrderAcknowledgeRequest
from bridge.shopify.acknowledge import Mark, OrderState
from tests.actions.stock import NOW, a_call

POLICY = OrderAcknowledgePolicy()


def taken(
    number: int = 1,
    *,
    tags: tuple[str, ...] = (),
    acknowledged: str | None = None,
    retailops_id: str = "7",
) -> Taken:
    """RetailOps acknowledges order ``number``, which bears these marks."""
    gid = f"gid://shopify/Order/{number}"
    folded = frozenset(t.casefold() for t in tags)
    order = OrderState(gid, str(number), f"#{number}", False, folded, acknowledged)
    return Taken(str(number), order, retailops_id)


def planned(*orders: Taken, known: dict[str, frozenset[str]] | None = None) -> Plan:
    """The plan for these orders, with what the ledger knows."""
    state = AcknowledgeState(NOW, orders, known or {})
    return OrderAcknowledge().plan(a_call(), OrderAcknowledgeRequest(), state, [])


def test_the_word_is_an_effect_of_the_plan() -> None:
    """The engine stores effects before it sends a step, so they survive whatever follows."""
    plan = planned(taken(1), taken(2, retailops_id="0"))
    assert [(e.order_gid[-1], e.kind, e.at) for e in plan.effects] == [
        ("1", ACKNOWLEDGED, NOW),
        ("2", ACKNOWLEDGED, NOW),
    ]
    (step,) = plan.steps
    assert step.repeatable
    values = [(m["ownerId"][-1], m["value"]) for m in step.variables["metafields"]]
    assert values == [("1", "7"), ("2", "0")]
    assert {m["namespace"] for m in step.variables["metafields"]} == {"retailops"}
    assert step.variables["tags0"] == ["retailops-acknowledged"]


def test_25_orders_cost_at_most_260_points_and_26_are_two_requests() -> None:
    """10 points an order and 10 for all metafields; metafieldsSet takes 25."""
    one = planned(*(taken(n) for n in range(1, 26)))
    assert [s.operation.cost(s.variables) for s in one.steps] == [260]
    two = planned(*(taken(n) for n in range(1, 27)))
    assert [len(s.variables["metafields"]) for s in two.steps] == [25, 1]


def test_a_repeat_plans_nothing() -> None:
    """What is marked and known is left alone; another case of the tag is the same tag."""
    done = taken(1, tags=("RetailOps-Acknowledged", "x"), acknowledged="7")
    known = {done.order.gid: frozenset({ACKNOWLEDGED})}
    assert planned(done, known=known) == Plan()


def test_a_repeat_without_an_id_keeps_the_id() -> None:
    """RetailOps may say 0 the second time; the number it gave once stays."""
    assert missing_mark(taken(acknowledged="7", retailops_id="0"), frozenset(), POLICY) == Mark(
        "gid://shopify/Order/1", "1", (POLICY.tag,), (("order_id", "7"),)
    )
    again = taken(acknowledged="0", retailops_id="7", tags=(POLICY.tag,))
    mark = missing_mark(again, frozenset(), POLICY)
    assert mark is not None
    assert mark.metafields == (("order_id", "7"),)


def test_a_lost_ledger_learns_from_the_metafield() -> None:
    """An order that bears the mark gets its effect again, and no mutation."""
    done = taken(1, tags=(POLICY.tag,), acknowledged="7")
    plan = planned(done)
    assert [e.kind for e in plan.effects] == [ACKNOWLEDGED]
    assert plan.steps == ()


@pytest.mark.parametrize(
    ("known", "new"),
    [
        (set(), {ACKNOWLEDGED}),
        ({CANCEL_OFFERED}, {ACKNOWLEDGED}),
        ({ACKNOWLEDGED}, set()),
        ({ACKNOWLEDGED, CANCEL_OFFERED}, {CANCEL_ACKNOWLEDGED}),
        ({ACKNOWLEDGED, CANCEL_OFFERED, CANCEL_ACKNOWLEDGED}, set()),
    ],
)
def test_the_acknowledgement_of_a_cancellation_is_another_thing(
    known: set[str], new: set[str]
) -> None:
    """It counts only for an order that is acknowledged and whose cancellation was offered."""
    assert new_effects(taken(), frozenset(known)) == new


def test_a_cancellation_is_marked_with_its_own_tag_and_metafield() -> None:
    """The first marks are there already and stay."""
    order = taken(tags=(POLICY.tag,), acknowledged="7")
    plan = planned(order, known={order.order.gid: frozenset({ACKNOWLEDGED, CANCEL_OFFERED})})
    assert [e.kind for e in plan.effects] == [CANCEL_ACKNOWLEDGED]
    (step,) = plan.steps
    assert step.variables["tags0"] == [POLICY.cancel_tag]
    assert [(m["key"], m["value"]) for m in step.variables["metafields"]] == [
        ("cancel_acknowledged", "7")
    ]


def test_an_order_with_two_marks_counts_twice_in_a_batch() -> None:
    """The limit of metafieldsSet is on rows, not on orders."""
    double = Mark("g", "r", ("a", "b"), (("x", "1"), ("y", "1")))
    assert [len(g) for g in batches([double] * 13, 25)] == [12, 1]
    assert [len(g) for g in batches([double] * 2, 1)] == [1, 1]


def answered(plan: Plan, *data: dict[str, Any]) -> list[Result]:
    """The results of a plan's steps."""
    return [Result(s, data=d) for s, d in zip(plan.steps, data, strict=True)]


NO_OWNER = {
    "field": ["metafields", "0", "ownerId"],
    "message": "Owner does not exist.",
    "code": "INVALID_VALUE",
}
FINE: dict[str, Any] = {"userErrors": []}


async def test_a_bad_owner_rolls_all_back_so_each_is_sent_alone() -> None:
    """MetafieldsSet is atomic: the good order of the batch is marked by its own request."""
    plan = planned(taken(1), taken(2))
    results = answered(plan, {"t0": FINE, "t1": FINE, "metafieldsSet": {"userErrors": [NO_OWNER]}})
    assert [fate for _, fate in fates(results).values()] == [ALONE, ALONE]
    action, call, request = OrderAcknowledge(), a_call(), OrderAcknowledgeRequest()
    state = await action.read(call, request, results)
    second = action.plan(call, request, state, results)
    assert [len(s.subject) for s in second.steps] == [1, 1]
    assert {s.key for s in second.steps}.isdisjoint({s.key for s in plan.steps})
    results += answered(
        second,
        {"t0": FINE, "metafieldsSet": {"userErrors": [NO_OWNER]}},
        {"t0": FINE, "metafieldsSet": FINE},
    )
    state = await action.read(call, request, results)
    assert action.plan(call, request, state, results) == Plan()
    (told,) = action.answer(call, request, state, results).events
    assert (told.event_type, told.code) == ("warning", "SHOPIFY_USER_ERROR")
    assert told.associations[0].identifier == "1"
    assert "Owner does not exist." in told.message


def test_a_tag_that_is_refused_costs_only_its_order() -> None:
    """TagsAdd answers for each order of the batch."""
    plan = planned(taken(1), taken(2))
    gone = {"userErrors": [{"field": ["id"], "message": "Order does not exist"}]}
    results = answered(plan, {"t0": gone, "t1": FINE, "metafieldsSet": FINE})
    kinds = {mark.refnum: fate for mark, fate in fates(results).values()}
    assert kinds["2"] is None
    assert kinds["1"] is not None


def test_a_batch_that_is_too_dear_is_sent_one_by_one() -> None:
    """Another price at Shopify than ours must not stop acknowledgements."""
    plan = planned(taken(1), taken(2))
    error = CostExceeded("too dear", cost=2000, maximum=1000)
    results = [Result(plan.steps[0], error=error)]
    assert [fate for _, fate in fates(results).values()] == [ALONE, ALONE]


def test_a_lost_reply_is_told_as_a_warning() -> None:
    """The order is acknowledged all the same: the ledger has it."""
    plan = planned(taken(1))
    results = [Result(plan.steps[0], error=OutcomeUnknown("OrderAcknowledge", "no reply"))]
    state = AcknowledgeState(NOW)
    answer = OrderAcknowledge().answer(a_call(), OrderAcknowledgeRequest(), state, results)
    assert [(e.event_type, e.code) for e in answer.events] == [("warning", "IN_DOUBT")]
    assert "is acknowledged" in answer.events[0].message


def test_equal_calls_have_one_key_whatever_their_order() -> None:
    """Concurrent repeats run one after the other; another id is another call."""

    def key(*rows: tuple[str, int]) -> str | None:
        orders = [{"channel_order_refnum": r, "retailops_order_id": i} for r, i in rows]
        return OrderAcknowledge().key(OrderAcknowledgeRequest.model_validate({"orders": orders}))

    assert key(("1", 5), ("2", 6)) == key(("2", 6), ("1", 5))
    assert key(("1", 5)) != key(("1", 6))
    assert key(("1", 0)) == key(("1", 0))
