"""Which orders are offered: every rule of [order_pull], on the order itself."""

from datetime import date, timedelta

import pytest

from bridge.actions.readiness import cancelled_query, search_query, to_ship, verdict
from bridge.config.models import OrderPullPolicy
from tests.actions.nodes import CREATED, fulfillment_order, line, order

NOW = CREATED + timedelta(hours=1)
DEFAULT = OrderPullPolicy()


def reason(policy=DEFAULT, *lines, **fields) -> str | None:
    """The verdict on an order with one line to ship."""
    return verdict(order(*(lines or (line(),)), total="10", **fields), policy, NOW)


@pytest.mark.parametrize("status", ["PAID", "PARTIALLY_PAID", "AUTHORIZED", "PARTIALLY_REFUNDED"])
def test_paid_and_promised_orders_are_ready(status: str) -> None:
    """Money that is there or promised makes an order ready."""
    assert reason(displayFinancialStatus=status) is None


@pytest.mark.parametrize("status", ["PENDING", None])
def test_unpaid_orders_come_only_when_wanted(status: str | None) -> None:
    """pull_unpaid decides on orders that nobody has paid."""
    assert reason(displayFinancialStatus=status) == f"financial status {status}"
    assert reason(OrderPullPolicy(pull_unpaid=True), displayFinancialStatus=status) is None


@pytest.mark.parametrize("status", ["REFUNDED", "VOIDED", "EXPIRED"])
def test_finished_money_is_never_offered(status: str) -> None:
    """Not even pull_unpaid offers an order whose money went back or ran out."""
    assert reason(OrderPullPolicy(pull_unpaid=True), displayFinancialStatus=status) is not None


def test_cancelled_and_test_orders_stay() -> None:
    """Neither is work for a warehouse."""
    assert reason(cancelledAt=CREATED) == "cancelled"
    assert reason(test=True) == "a test order"


def test_history_before_pull_since_stays() -> None:
    """A bare date is midnight UTC; an order at that instant comes, one before does not."""
    assert reason(OrderPullPolicy(pull_since=date(2026, 11, 1))) is None
    assert reason(OrderPullPolicy(pull_since=date(2026, 11, 2))) == "older than pull_since"


def test_young_orders_wait() -> None:
    """minimum_age_minutes leaves time for fraud checks and edits."""
    assert reason(OrderPullPolicy(minimum_age_minutes=60)) is None
    assert reason(OrderPullPolicy(minimum_age_minutes=61)) is not None


def test_tags_sources_and_locations_filter() -> None:
    """Tags compare without case; a location by name, number or GID."""
    assert reason(OrderPullPolicy(tags_include=("VIP",)), tags=["vip"]) is None
    assert reason(OrderPullPolicy(tags_include=("vip",))) == "none of tags_include"
    assert reason(OrderPullPolicy(tags_exclude=("Drop",)), tags=["drop"]) == "one of tags_exclude"
    assert reason(OrderPullPolicy(sources=("pos",))) == "not one of sources"
    for name in ("Main", "7", "gid://shopify/Location/7"):
        assert reason(OrderPullPolicy(locations=(name,))) is None
    assert reason(OrderPullPolicy(locations=("Attic",))) == "no work at one of locations"


def test_held_scheduled_and_fresh_orders_wait() -> None:
    """A hold, a later date, or fulfillment orders not yet made: not now, and not lost."""
    assert reason(displayFulfillmentStatus="ON_HOLD") == "fulfillment status ON_HOLD"
    assert reason(fulfillmentOrders=[fulfillment_order("ON_HOLD")]) == "on hold"
    assert reason(fulfillmentOrders=[fulfillment_order("SCHEDULED")]) == "scheduled for later"
    assert reason(fulfillmentOrders=[]) == "no fulfillment order yet"


def test_orders_with_nothing_to_ship_follow_pull_fulfilled() -> None:
    """Digital and fulfilled orders come with all; those of the till with pos."""
    digital = line(ships=False)
    assert reason(DEFAULT, digital) == "nothing left to ship"
    assert reason(OrderPullPolicy(pull_fulfilled="all"), digital) is None
    done = {"displayFulfillmentStatus": "FULFILLED"}
    assert reason(**done) == "nothing left to ship"
    pos = OrderPullPolicy(pull_fulfilled="pos")
    assert reason(pos, line(unfulfilled=0), **done) == "nothing left to ship"
    assert reason(pos, line(unfulfilled=0), sourceName="pos", **done) is None


def test_units_to_ship() -> None:
    """What is current and unfulfilled, never gift cards or virtual goods."""
    assert to_ship(line(quantity=3, current=2, unfulfilled=1)) == 1
    assert to_ship(line(ships=False)) == 0
    assert to_ship(line(isGiftCard=True)) == 0


def test_values_never_escape_their_quotes() -> None:
    """A tag with a quote stays one quoted value of the search."""
    assert "tag:'a\\' OR b'" in search_query(
        OrderPullPolicy(tags_include=("a' OR b",)), tag="acknowledged"
    )


def test_the_search_narrows_by_policy() -> None:
    """Acknowledged, cancelled and test orders are left to the index; dates are quoted."""
    query = search_query(OrderPullPolicy(pull_since=date(2026, 11, 1)), tag="taken")
    assert query.startswith("-tag:'taken' AND -status:cancelled AND test:false")
    assert "created_at:>='2026-11-01T00:00:00Z'" in query
    assert "financial_status:'partially_refunded'" in query
    unpaid = search_query(OrderPullPolicy(pull_unpaid=True, pull_fulfilled="all"), tag="taken")
    assert "-financial_status:voided" in unpaid
    assert "fulfillment_status" not in unpaid
    assert cancelled_query(tag="a", cancel_tag="b") == ("status:cancelled AND tag:'a' AND -tag:'b'")
