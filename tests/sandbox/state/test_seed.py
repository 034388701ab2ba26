"""The seed: every kind of order is there, and its money, stock and statuses are consistent."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from bridge.sandbox.money import Bag
from tests.sandbox.state.harness import Bench, bench

DOCS = Path(__file__).resolve().parents[3] / "docs" / "sandbox.md"

# The financial and the fulfilment status that each kind must show.
STATUSES = {
    "plain_paid": ("PAID", "UNFULFILLED"),
    "authorized": ("AUTHORIZED", "UNFULFILLED"),
    "authorization_expired": ("EXPIRED", "UNFULFILLED"),
    "captured_later": ("PAID", "UNFULFILLED"),
    "partially_paid": ("PARTIALLY_PAID", "UNFULFILLED"),
    "pending": ("PENDING", "UNFULFILLED"),
    "unpaid": (None, "UNFULFILLED"),
    "fully_discounted": ("PAID", "UNFULFILLED"),
    "gift_card_and_authorized_card": ("PARTIALLY_PAID", "UNFULFILLED"),
    "partly_fulfilled": ("PAID", "PARTIALLY_FULFILLED"),
    "fulfilled": ("PAID", "FULFILLED"),
    "point_of_sale": ("PAID", "FULFILLED"),
    "on_hold": ("PAID", "ON_HOLD"),
    "two_locations_one_held": ("PAID", "UNFULFILLED"),
    "scheduled": ("PAID", "SCHEDULED"),
    "edited_added": ("PARTIALLY_PAID", "UNFULFILLED"),
    "edited_removed": ("PARTIALLY_REFUNDED", "UNFULFILLED"),
    "edited_line_to_zero": ("AUTHORIZED", "UNFULFILLED"),
    "partly_refunded": ("PARTIALLY_REFUNDED", "UNFULFILLED"),
    "refunded_money_only": ("PARTIALLY_REFUNDED", "UNFULFILLED"),
    "shipped_and_returned": ("PARTIALLY_REFUNDED", "FULFILLED"),
    "cancelled_refunded": ("REFUNDED", "UNFULFILLED"),
    "cancelled_voided": ("VOIDED", "UNFULFILLED"),
}


def _cents(bag: Bag) -> tuple[Decimal, Decimal]:
    return bag.shop, bag.presentment


def test_about_sixty_orders_over_two_hundred_variants(pristine: Bench) -> None:
    """As many as the issue asks for, each of a kind of its own."""
    kinds = Counter(order.kind for order in pristine.store.orders.values())
    assert 55 <= len(kinds) <= 75
    assert set(kinds.values()) == {1}
    assert 190 <= len(pristine.store.variants) <= 220


def test_seed_is_deterministic(seeded: Bench) -> None:
    """The same clock gives the same store, also after a reset."""
    first = seeded.store.state()
    seeded.store.place_order({})
    seeded.store.reset()
    assert seeded.store.state() == first == bench().store.state()


@pytest.mark.parametrize("kind", sorted(order.kind for order in bench().store.orders.values()))
def test_money_adds_up(pristine: Bench, kind: str) -> None:
    """Lines, tax, shipping, duties, fees and tip make the current total, in both currencies."""
    order = pristine.order(kind)
    parts = [line.current(line.net) for line in order.lines]
    if not order.taxes_included:
        parts += [line.current(line.tax) for line in order.lines]
        parts += [line.current(line.tax) for line in order.shipping_line_list]
    parts += [line.current_discounted_price_set for line in order.shipping_line_list]
    if not order.cancelled_at:
        parts += [fee for _, fee in order.additional_fee_list]
        parts += [bag for bag in (order.duties, order.tip) if bag is not None]
    whole = order.currencies.zero
    for bag in parts:
        whole = whole + bag
    assert _cents(whole) == _cents(order.current_total_price_set)
    unit = Decimal(1) if order.presentment_currency_code == "JPY" else Decimal("0.01")
    assert whole.presentment == whole.presentment.quantize(unit)


@pytest.mark.parametrize("kind", sorted(order.kind for order in bench().store.orders.values()))
def test_nothing_is_owed_that_was_paid(pristine: Bench, kind: str) -> None:
    """Only the orders that are there to owe something do, and no shop cent is lost on the way."""
    order = pristine.order(kind)
    outstanding = order.total_outstanding_set
    owing = {
        "authorization_expired",
        "b2b_purchase_order",
        "edited_added",
        "edited_line_to_zero",
        "partially_paid",
        "pending",
        "unpaid",
    }
    assert bool(outstanding.presentment) == (kind in owing)
    assert bool(outstanding.shop) == (kind in owing)


@pytest.mark.parametrize(("kind", "statuses"), STATUSES.items(), ids=list(STATUSES))
def test_statuses(pristine: Bench, kind: str, statuses: tuple[str | None, str]) -> None:
    """Financial and fulfilment status as captured for the situation."""
    order = pristine.order(kind)
    assert (order.display_financial_status, order.display_fulfillment_status) == statuses


def test_stock_is_conserved(pristine: Bench) -> None:
    """Committed units are exactly those of open orders, at the place they will leave from."""
    wanted: Counter[tuple[int, int]] = Counter()
    for order in pristine.store.orders.values():
        for line in order.lines:
            if line.variant is not None and line.stocked_at is not None:
                item = line.variant.inventory_item.number_id
                wanted[item, line.stocked_at.number_id] += line.unfulfilled_quantity
    have = {
        (item.number_id, place): level.committed
        for item in pristine.store.items.values()
        for place, level in item.levels.items()
        if level.committed
    }
    assert have == {key: units for key, units in wanted.items() if units}


def test_available_is_never_negative(pristine: Bench) -> None:
    """The seed sells nothing that is not there."""
    levels = (level for item in pristine.store.items.values() for level in item.levels.values())
    assert all(level.available >= 0 for level in levels)


def test_peculiar_stock(pristine: Bench) -> None:
    """One SKU twice, no SKU, untracked, not at the first location, inactive there, a bundle."""
    store = pristine.store
    first = next(iter(store.locations))
    assert len(store.by_sku("CNDL-CEDAR")) == 2
    assert [v.product.title for v in store.variants.values() if v.sku is None] == [
        "Sticker, Assorted"
    ]
    assert not store.by_sku("PRINT-ART")[0].inventory_item.tracked
    assert first not in store.by_sku("STOVE-MINI")[0].inventory_item.levels
    assert not store.by_sku("LANTERN-BRASS")[0].inventory_item.levels[first].is_active
    assert store.by_sku("BNDL-CAMP")[0].requires_components


def test_peculiar_orders(pristine: Bench) -> None:
    """What each kind is there for is really so."""
    assert len(pristine.order("hundred_and_twenty_lines").lines) == 120
    assert pristine.order("jpy").current_total_price_set.presentment % 1 == 0
    assert pristine.order("unsupported_currency_sek").presentment_currency_code == "SEK"
    three = pristine.order("three_units_do_not_divide").lines[0]
    assert (three.net.presentment * 100) % three.quantity != 0
    odd = pristine.order("code_amount_odd_cents")
    assert {line.discounts.presentment for line in odd.lines}.isdisjoint({Decimal(0)})
    assert sum(line.discounts.presentment for line in odd.lines) == 10
    assert pristine.order("no_shipping_address").shipping_address is None
    assert pristine.order("no_shipping_address").requires_shipping
    assert not pristine.order("digital_only").requires_shipping
    assert pristine.order("test_order").test
    assert pristine.order("point_of_sale").source_name == "pos"
    assert pristine.order("point_of_sale").retail_location is not None
    pickup = pristine.order("local_pickup").fulfillment_order_list
    assert [(fo.location.name, fo.method_type) for fo in pickup] == [("Brooklyn Store", "PICK_UP")]
    bundle = pristine.order("bundle")
    assert [bool(line.line_item_group) for line in bundle.lines] == [True, True, True, False]
    skus = [line.sku for line in pristine.order("duplicate_sku_lines").lines]
    assert skus == ["MUG-ENM-BLU"] * 3
    assert None in [line.sku for line in pristine.order("no_sku").lines]
    assert pristine.order("b2b_purchase_order").po_number
    assert pristine.order("refunded_money_only").refund_discrepancy_set.presentment == -10
    two = pristine.order("two_locations_one_held").fulfillment_order_list
    assert {fo.status for fo in two} == {"OPEN", "ON_HOLD"}


def test_orders_lie_in_time(pristine: Bench) -> None:
    """Created one after the other, all in the last two weeks, changed later or never."""
    orders = list(pristine.store.orders.values())
    created = [order.created_at for order in orders]
    assert created == sorted(created)
    assert (pristine.clock.now - created[0]).days == 12 or (
        pristine.clock.now - created[0]
    ).days == 13
    assert all(order.created_at < order.updated_at < pristine.clock.now for order in orders)
    assert [order.name for order in orders[:2]] == ["#1001", "#1002"]


def test_mails_are_fictitious(pristine: Bench) -> None:
    """Every address in the seed is at example.com, with none of the odd letters of a name."""
    mails = [customer.email or "" for customer in pristine.store.customers.values()]
    assert all(mail.endswith("@example.com") and mail.isascii() for mail in mails)


def test_bulk() -> None:
    """Bulk variants are tracked and stocked at the first location; bulk orders have ten lines."""
    big = bench(variants=120, orders=30)
    bulk = [v for v in big.store.variants.values() if (v.sku or "").startswith("BULK-")]
    assert [v.sku for v in bulk[:2]] == ["BULK-000001", "BULK-000002"]
    first = next(iter(big.store.locations))
    assert all(set(v.inventory_item.levels) == {first} for v in bulk)
    assert len({v.inventory_quantity for v in bulk}) > 100
    orders = [order for order in big.store.orders.values() if order.kind == "bulk"]
    assert [len(order.lines) for order in orders] == [10] * 30
    assert {order.display_financial_status for order in orders} == {"PAID"}
    assert all(order.fulfillment_order_list for order in orders)
    created = [order.created_at for order in orders]
    assert created == sorted(created)


def test_bulk_orders_without_bulk_variants() -> None:
    """They take the seed's own variants then."""
    big = bench(orders=5)
    assert sum(order.kind == "bulk" for order in big.store.orders.values()) == 5


def test_catalogue_of_kinds_is_documented(pristine: Bench) -> None:
    """docs/sandbox.md has a row for every kind of the seed, and for no other."""
    rows = [row.split("|") for row in DOCS.read_text(encoding="utf-8").splitlines()]
    named = {cells[1].strip(" `") for cells in rows if len(cells) > 2 and "`" in cells[1]}
    kinds = {order.kind for order in pristine.store.orders.values()}
    assert kinds <= named, kinds - named
