"""Placing orders as a shopper would, and what the store makes of it later."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.sandbox.model_orders import Order
from bridge.sandbox.store import Scale, Store
from tests.sandbox.state.harness import Bench, Clock


def placed(bench: Bench, **spec: Any) -> Order:
    """Place an order; the order itself."""
    answer = bench.store.place_order(spec)
    return bench.store.orders[int(answer["id"])]


def test_defaults(seeded: Bench) -> None:
    """An empty specification is one paid unit of something in stock, to be shipped."""
    order = placed(seeded)
    assert order.display_financial_status == "PAID"
    assert order.shipping_address is not None
    assert order.requires_shipping
    assert order.customer is not None
    assert order.created_at == seeded.clock.now


def test_fulfillment_orders_come_later(seeded: Bench) -> None:
    """None in an immediate read; one after a second; updatedAt has moved by then."""
    order = placed(seeded, lines=[{"sku": "FIRST-AID", "quantity": 2}])
    text = "query Q($id: ID!) { order(id: $id) { fulfillmentOrders(first: 5) { nodes { id } } } }"

    def count() -> int:
        found = seeded.run(text, {"id": order.id})["data"]["order"]
        return len(found["fulfillmentOrders"]["nodes"])

    assert count() == 0
    seeded.clock.forward(0.9)
    assert count() == 0
    seeded.clock.forward(0.2)
    assert count() == 1
    assert (order.updated_at - order.created_at).total_seconds() == 1


def test_sale_commits_stock(seeded: Bench) -> None:
    """Available falls, committed rises, on_hand stays (captured)."""
    level = next(iter(seeded.store.by_sku("FIRST-AID")[0].inventory_item.levels.values()))
    before = (level.available, level.committed, level.on_hand)
    placed(seeded, lines=[{"sku": "FIRST-AID", "quantity": 3}])
    after = (level.available, level.committed, level.on_hand)
    assert after == (before[0] - 3, before[1] + 3, before[2])


def test_sale_takes_the_place_with_stock(seeded: Bench) -> None:
    """Not the first location when it has none (captured)."""
    order = placed(seeded, lines=[{"sku": "STOVE-MINI"}])
    assert order.lines[0].stocked_at is not None
    assert order.lines[0].stocked_at.name == "Reno Overflow"


def test_search_finds_it_after_the_lag(seeded: Bench) -> None:
    """The list without a query has it at once, the search only later (captured lag)."""
    placed(seeded, tags=["fresh"])
    text = "query Q($q: String) { orders(first: 5, query: $q, reverse: true) { nodes { tags } } }"
    assert seeded.run(text, {"q": None})["data"]["orders"]["nodes"][0]["tags"] == ["fresh"]
    assert seeded.run(text, {"q": "tag:fresh"})["data"]["orders"]["nodes"] == []
    seeded.clock.forward(60)
    assert len(seeded.run(text, {"q": "tag:fresh"})["data"]["orders"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("payment", "status"),
    [("paid", "PAID"), ("authorized", "AUTHORIZED"), ("pending", "PENDING"), ("none", None)],
)
def test_payment(seeded: Bench, payment: str, status: str | None) -> None:
    """The four ways to pay, with the captured statuses and outstanding sums."""
    order = placed(seeded, payment=payment)
    assert order.display_financial_status == status
    owes = payment in {"pending", "none"}
    assert (order.total_outstanding_set.presentment > 0) is owes


def test_authorization_counts_as_paid(seeded: Bench) -> None:
    """Outstanding 0 with nothing received, capturable (captured)."""
    order = placed(seeded, payment="authorized")
    assert not order.total_outstanding_set
    assert not order.total_received_set
    assert order.capturable


def test_digital_order_has_no_address(seeded: Bench) -> None:
    """Nothing to ship: no shipping line, no shipping address by default, one fulfillment order."""
    order = placed(seeded, lines=[{"sku": "EBOOK-KNOTS"}])
    seeded.clock.forward(2)
    seeded.store.settle()
    assert order.shipping_address is None
    assert order.shipping_line_list == []
    assert [fo.status for fo in order.fulfillment_order_list] == ["OPEN"]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"colour": "red"}, "unknown colour"),
        ({"lines": [{"sku": "NO-SUCH"}]}, "no variant has the SKU 'NO-SUCH'"),
        ({"lines": [{"sku": "FIRST-AID", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"sku": "FIRST-AID", "price": "cheap"}]}, "lines[0].price: 'cheap'"),
        ({"payment": "later"}, "payment 'later'"),
        ({"currency": "XAU"}, "give 'rate'"),
        ({"location": "Mars"}, "Albany Warehouse"),
        ({"shipping_address": {"planet": "Mars"}}, "address"),
    ],
)
def test_wrong_specification(seeded: Bench, spec: dict[str, Any], words: str) -> None:
    """A sentence that names the place, and nothing is kept of the attempt."""
    before = seeded.store.state()
    with pytest.raises(ValueError, match=re.escape(words)):
        seeded.store.place_order(spec)
    assert seeded.store.state() == before


_LINES = st.lists(
    st.fixed_dictionaries(
        {
            "sku": st.sampled_from(["SOAP-BAR-CEDAR", "BALM-LIP-MINT", "AXE-HAND", "GIFT-25"]),
            "quantity": st.integers(1, 9),
        },
        optional={"price": st.integers(1, 99_999).map(lambda n: str(Decimal(n) / 100))},
    ),
    min_size=1,
    max_size=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    lines=_LINES,
    currency=st.sampled_from(["USD", "EUR", "JPY", "SEK"]),
    included=st.booleans(),
    rate=st.sampled_from(["0", "0.07", "0.19", "0.14975"]),
    percent=st.integers(0, 100),
)
def test_any_order_is_consistent(
    pristine: Bench,
    lines: list[dict[str, Any]],
    currency: str,
    included: bool,
    rate: str,
    percent: int,
) -> None:
    """Whatever is bought: paid in full, in both currencies, and no minor unit is split."""
    store = Store(pristine.clock)
    if currency == "JPY":
        lines = [{k: v for k, v in row.items() if k != "price"} for row in lines]
    answer = store.place_order(
        {
            "lines": lines,
            "currency": currency,
            "taxes_included": included,
            "tax_rate": rate,
            "discount": {"code": "X", "percent": str(percent)},
            "shipping": {"title": "Post", "price": "5"},
        }
    )
    order = store.orders[int(answer["id"])]
    assert order.display_financial_status == "PAID"
    assert not order.total_outstanding_set
    unit = Decimal(1) if currency == "JPY" else Decimal("0.01")
    for line in order.lines:
        assert line.net.presentment >= 0
        for bag in (line.discounts, line.tax):
            assert bag.presentment == bag.presentment.quantize(unit)
    gross = sum((line.original_total_set.presentment for line in order.lines), Decimal(0))
    net = order.subtotal_price_set.presentment
    assert gross - net == order.total_discounts_set.presentment


def test_seed_file(tmp_path: Path) -> None:
    """Variants and orders of one's own come on top of the seed."""
    file = tmp_path / "seed.json"
    content = {
        "variants": [{"sku": "OWN-1", "price": "9.99", "quantity": 7}],
        "orders": [{"kind": "own", "lines": [{"sku": "OWN-1", "quantity": 2}]}],
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    store = Store(Clock(), scale=Scale(file=file))
    assert store.by_sku("OWN-1")[0].inventory_quantity == 5
    order = list(store.orders.values())[-1]
    assert (order.kind, len(order.fulfillment_order_list)) == ("own", 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[", "not JSON"),
        ("[]", "must be an object"),
        ('{"orders": [{"payment": "x"}]}', "orders[0]: payment 'x'"),
        ('{"variants": [{"title": "No SKU"}]}', "variants[0]: needs 'sku'"),
    ],
)
def test_bad_seed_file(tmp_path: Path, content: str, words: str) -> None:
    """The file and the entry are named."""
    file = tmp_path / "seed.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=r"seed\.json") as caught:
        Store(Clock(), scale=Scale(file=file))
    assert words in str(caught.value)


def test_store_without_seed() -> None:
    """The shop and its places, nothing else."""
    store = Store(Clock(), seeded=False)
    assert (len(store.locations), len(store.products), len(store.orders)) == (4, 0, 0)


def test_cancelled_in_the_admin(seeded: Bench) -> None:
    """An order that is cancelled behind the bridge's back: money, stock and search follow."""
    order = seeded.order("plain_paid")
    stocked = order.lines[0].stocked_at
    assert order.lines[0].variant is not None
    assert stocked is not None
    level = order.lines[0].variant.inventory_item.levels[stocked.number_id]
    before = (level.available, level.committed)
    seeded.clock.forward(60)
    shown = seeded.store.happen(order.legacy_resource_id, "cancel", {"reason": "FRAUD"})
    assert (shown["cancelled_at"], shown["closed"]) == ("2026-11-23T08:01:00Z", True)
    assert (order.display_financial_status, order.cancel_reason) == ("REFUNDED", "FRAUD")
    assert (level.available, level.committed) == (before[0] + 2, before[1] - 2)
    assert seeded.store.journal == []
    text = "query Q($q: String) { orders(first: 5, query: $q) { nodes { id } } }"
    query = f"status:cancelled AND name:{order.name}"
    assert seeded.run(text, {"q": query})["data"]["orders"]["nodes"] == []
    seeded.clock.forward(60)
    assert seeded.run(text, {"q": query})["data"]["orders"]["nodes"] == [{"id": order.id}]


def test_a_hold_does_not_move_updated_at(seeded: Bench) -> None:
    """Reported by developers: a held order looks unchanged."""
    order = seeded.order("plain_paid")
    before = order.updated_at
    seeded.store.happen(order.id, "hold", {"reason": "OTHER"})
    assert (order.updated_at, order.display_fulfillment_status) == (before, "ON_HOLD")


@pytest.mark.parametrize(("order", "action"), [("1", "cancel"), ("", "explode")])
def test_what_cannot_happen(seeded: Bench, order: str, action: str) -> None:
    """An order that is not there, an action that nobody knows."""
    identifier = order or seeded.order("plain_paid").id
    with pytest.raises(ValueError, match=r"there is none|known are"):
        seeded.store.happen(identifier, action)
