"""The bucket of points and the price of one query."""

import pytest

from bridge.sandbox.throttle import PLANS, Bucket
from tests.sandbox.engine.harness import direct, still_clock

BIG = """{ orders(first: 100) { nodes {
  customer { id } risk { recommendation }
  lineItems(first: 50) { nodes { id lineItemGroup { id } } }
  fulfillmentOrders(first: 5) { nodes { lineItems(first: 20) { nodes { lineItem { id } } } } }
} } }"""


@pytest.mark.parametrize(
    ("plan", "maximum"),
    [("standard", 2000), ("advanced", 4000), ("plus", 20000), ("enterprise", 40000)],
)
def test_the_plans(plan, maximum):
    """Each plan's rate, and a bucket of twenty seconds."""
    bucket = Bucket(PLANS[plan], still_clock())
    assert bucket.status() == {
        "maximumAvailable": maximum,
        "currentlyAvailable": maximum,
        "restoreRate": maximum // 20,
    }


def test_the_bucket_leaks_back():
    """What is taken comes back at the restore rate and never above the maximum."""
    clock = still_clock()
    bucket = Bucket(100, clock)
    assert bucket.take(1500)
    assert not bucket.take(501)
    assert bucket.available() == 500
    clock.advance(3)
    assert bucket.available() == 800
    bucket.give_back(100)
    assert bucket.available() == 900
    clock.advance(60)
    assert bucket.available() == 2000


def test_a_reply_says_what_it_cost_and_what_is_left(shop):
    """Captured: on a full bucket what is left is the maximum less the actual cost."""
    cost = shop.ask("{ orders(first: 250) { nodes { id } } }").body["extensions"]["cost"]
    assert cost["requestedQueryCost"] == 13
    assert cost["actualQueryCost"] <= 13
    left = 2000 - cost["actualQueryCost"]
    assert cost["throttleStatus"] == {
        "maximumAvailable": 2000,
        "currentlyAvailable": left,
        "restoreRate": 100,
    }


def test_throttled_before_anything_is_done(shop):
    """Without enough points: THROTTLED, no data, no actual cost, no effect; later it runs."""
    shop.engine.bucket.take(1995)
    text = f'mutation {{ tagsAdd(id: "{shop.order}", tags: ["x"]) {{ node {{ id }} }} }}'
    answer = shop.ask(text)
    assert answer.throttled
    assert "data" not in answer.body
    (error,) = answer.body["errors"]
    assert error["message"] == "Throttled"
    assert error["extensions"]["code"] == "THROTTLED"
    cost = answer.body["extensions"]["cost"]
    assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (10, None)
    assert cost["throttleStatus"]["currentlyAvailable"] == 5
    assert shop.store.journal == []
    shop.clock.advance(0.05)
    assert "errors" not in shop.ask(text).body
    assert len(shop.store.journal) == 1


def test_one_query_may_not_cost_more_than_a_thousand():
    """MAX_COST_EXCEEDED with both numbers, whatever is in the bucket."""
    shop = direct(plan_rate=2000)
    body = shop.ask(BIG.replace("first: 5)", "first: 250)")).body
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000
    assert error["extensions"]["cost"] == body["extensions"]["cost"]["requestedQueryCost"] > 1000
    assert "data" not in body
    assert "errors" not in shop.ask(BIG.replace("first: 100", "first: 10")).body


def test_the_unused_part_comes_back(shop):
    """A dear query that finds little costs little in the end."""
    answer = shop.ask(BIG.replace("first: 100", 'first: 100, query: "tag:nobody"'))
    assert answer.requested_cost is not None
    assert answer.actual_cost is not None
    assert answer.requested_cost > 300
    assert answer.actual_cost < 20
    assert int(shop.engine.bucket.available()) == 2000 - answer.actual_cost
