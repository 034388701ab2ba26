"""inventory_push plans exactly the difference, and one bad row never costs another. No socket."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.actions.inventory_plan import Open, fates
from bridge.actions.inventory_push import InventoryPush, PushState
from bridge.actions.inventory_reserve import Reserved
from bridge.actions.inventory_wants import Want
from bridge.config.models import InventoryPushPolicy
from bridge.engine import Plan, Result
from bridge.errors import DeadlineExceeded
from bridge.retailops.requests import InventoryPushRequest
from tests.actions.stock import MAIN, Shop, a_call, plan, want


def rows_of(planned: Plan) -> list[dict[str, Any]]:
    """All rows of a plan's InventorySet steps."""
    sets = [s for s in planned.steps if s.operation.name == "InventorySet"]
    return [row for step in sets for row in step.variables["input"]["quantities"]]


def state_of(
    shop: Shop, wants: Sequence[Want], reserved: dict[str, int] | None = None
) -> PushState:
    """What ``read`` would give of this shop."""
    held = Reserved(everywhere=Counter(reserved or {}))
    return PushState(wants, shop.variants([w.sku for w in wants]), held)


def codes(planned: tuple[Plan, Any]) -> list[str]:
    """The codes of what a plan told."""
    return [e.code for e in planned[1].events]


def test_the_quantity_is_less_what_is_reserved_and_kept_back() -> None:
    """20 - 3 reserved - 2 safety, guarded by what was read."""
    shop = Shop()
    item = shop.stock("A", 4)
    planned, _ = plan(state_of(shop, [want("A", 20, safety=2)], {"A": 3}))
    assert rows_of(planned) == [
        {"inventoryItemId": item, "locationId": MAIN, "quantity": 15, "changeFromQuantity": 4}
    ]
    assert planned.steps[0].idempotent
    assert planned.steps[0].repeatable


def test_never_below_zero() -> None:
    """More reserved than there is gives 0, not a negative quantity."""
    shop = Shop()
    shop.stock("A", 4)
    planned, _ = plan(state_of(shop, [want("A", 2)], {"A": 3}))
    assert [r["quantity"] for r in rows_of(planned)] == [0]


def test_what_is_so_already_is_not_written() -> None:
    """A repeat of a finished push plans nothing and tells nothing."""
    shop = Shop()
    shop.stock("A", 7)
    planned = plan(state_of(shop, [want("A", 7)]))
    assert planned[0] == Plan()
    assert codes(planned) == []


def test_a_negative_level_is_the_guard_as_it_is() -> None:
    """Shopify's available may be negative; changeFromQuantity says so."""
    shop = Shop()
    shop.stock("A", -2)
    planned, _ = plan(state_of(shop, [want("A", 5)]))
    assert rows_of(planned)[0]["changeFromQuantity"] == -2


def test_an_unknown_sku_is_a_warning_that_names_it() -> None:
    """The others go on."""
    shop = Shop()
    shop.stock("A", 1)
    planned, call = plan(state_of(shop, [want("NOPE", 5), want("A", 5)]))
    (told,) = call.events
    assert (told.event_type, told.code) == ("warning", "SKU_NOT_FOUND")
    assert told.associations[0].identifier_type == "sku_number"
    assert told.associations[0].identifier == "NOPE"
    assert len(rows_of(planned)) == 1


@pytest.mark.parametrize(
    ("choice", "written", "told"),
    [("all", 2, []), ("first", 1, []), ("error", 0, ["SKU_AMBIGUOUS"])],
)
def test_two_variants_with_one_sku(choice: Any, written: int, told: list[str]) -> None:
    """The policy decides; ``first`` is the older variant."""
    shop = Shop()
    older = shop.stock("A", 1)
    shop.stock("A", 2)
    planned = plan(state_of(shop, [want("A", 5)]), policy=InventoryPushPolicy(duplicate_sku=choice))
    rows = rows_of(planned[0])
    assert len(rows) == written
    assert codes(planned) == told
    if choice == "first":
        assert rows[0]["inventoryItemId"] == older


def test_untracked_items_are_told() -> None:
    """A quantity of an untracked item has no effect, so it is not sent."""
    shop = Shop()
    shop.untracked.add(shop.stock("A", 0))
    planned = plan(state_of(shop, [want("A", 5)]))
    assert planned[0] == Plan()
    assert codes(planned) == ["NOT_TRACKED"]


@pytest.mark.parametrize("present", [True, False])
def test_an_item_that_is_not_stocked_is_activated_and_then_set(*, present: bool) -> None:
    """An inactive level keeps its old quantity: the write is guarded by what Shopify answers."""
    shop = Shop()
    item = shop.stock("A", 3, active=False)
    if not present:
        del shop.levels[item, MAIN]
    state = state_of(shop, [want("A", 5)])
    first, _ = plan(state)
    assert [s.operation.name for s in first.steps] == ["InventoryActivate"]
    results = shop.send(first)
    again = [f.row for f in fates(results).values() if f.open is Open.AGAIN]
    second, _ = plan(PushState(again=again), results)
    assert rows_of(second)[0]["changeFromQuantity"] == (3 if present else 0)
    shop.send(second)
    assert shop.levels[item, MAIN].available == 5


def test_an_inactive_level_is_never_written_to() -> None:
    """Shopify would accept it without making stock sellable (2026-10)."""
    shop = Shop()
    shop.stock("A", 3, active=False)
    planned = plan(state_of(shop, [want("A", 5)]), policy=InventoryPushPolicy(activate=False))
    assert planned[0] == Plan()
    assert codes(planned) == ["NOT_STOCKED"]


def test_what_cannot_be_stocked_is_told() -> None:
    """The row ends with Shopify's own words; the next item of the same request is stocked."""
    shop = Shop()
    shop.bad.add(shop.stock("A", 0, active=False))
    shop.stock("B", 0, active=False)
    planned, call = plan(state_of(shop, [want("A", 5), want("B", 5)]))
    results = shop.send(planned)
    InventoryPush().answer(call, InventoryPushRequest(), PushState(), results)
    assert [e.code for e in call.events if "cannot be stocked" in e.message] == ["NOT_STOCKED"]
    assert [f.row.want.sku for f in fates(results).values() if f.open] == ["B"]


def test_250_rows_a_mutation() -> None:
    """251 differences are two requests, with different keys."""
    shop = Shop()
    for n in range(251):
        shop.stock(f"S{n}", 0)
    planned, _ = plan(state_of(shop, [want(f"S{n}", 5) for n in range(251)]))
    assert [len(s.variables["input"]["quantities"]) for s in planned.steps] == [250, 1]
    assert len({s.key for s in planned.steps}) == 2


def test_one_bad_row_never_costs_the_others() -> None:
    """Shopify refuses all 250 rows for one: it is told, the others go out again under a new key."""
    shop = Shop()
    items = [shop.stock(f"S{n}", 0) for n in range(10)]
    shop.bad.add(items[3])
    first, _ = plan(state_of(shop, [want(f"S{n}", 5) for n in range(10)]))
    results = shop.send(first)
    again = [f.row for f in fates(results).values() if f.open is Open.AGAIN]
    spent = frozenset(f.row.place for f in fates(results).values() if f.event)
    second, call = plan(PushState(again=again, spent=spent), results)
    results += shop.send(second)
    answer = InventoryPush().answer(call, InventoryPushRequest(), PushState(), results)
    assert [(e.code, e.associations[0].identifier) for e in answer.events] == [
        ("SHOPIFY_USER_ERROR", "S3")
    ]
    assert len(shop.written) == 9
    assert first.steps[0].key != second.steps[0].key


def test_a_sale_between_read_and_write_is_read_again() -> None:
    """Only the stale row is read again; the row beside it goes out as it is."""
    shop = Shop()
    sold = shop.stock("A", 10)
    shop.stock("B", 1)
    first, _ = plan(state_of(shop, [want("A", 12), want("B", 5)]))
    shop.levels[sold, MAIN].available = 9
    told = fates(shop.send(first))
    assert {f.row.want.sku: f.open for f in told.values()} == {"A": Open.REREAD, "B": Open.AGAIN}


def test_what_stays_contested_is_reported() -> None:
    """After the engine's last round a row that is still stale is a warning with its SKU."""
    shop = Shop()
    item = shop.stock("A", 10)
    first, call = plan(state_of(shop, [want("A", 12)]))
    shop.levels[item, MAIN].available = 9
    answer = InventoryPush().answer(call, InventoryPushRequest(), PushState(), shop.send(first))
    assert [(e.code, e.associations[0].identifier) for e in answer.events] == [
        ("STALE_QUANTITY", "A")
    ]


def test_rows_that_were_not_reached_are_told_one_by_one() -> None:
    """A step without time left tells every SKU in it."""
    shop = Shop()
    shop.stock("A", 1)
    shop.stock("B", 1)
    planned, call = plan(state_of(shop, [want("A", 2), want("B", 2)]))
    late = [Result(s, error=DeadlineExceeded("no time left")) for s in planned.steps]
    answer = InventoryPush().answer(call, InventoryPushRequest(), PushState(), late)
    assert {(e.code, e.associations[0].identifier) for e in answer.events} == {
        ("NOT_REACHED", "A"),
        ("NOT_REACHED", "B"),
    }


def test_skus_that_were_not_looked_for_are_not_called_unknown() -> None:
    """The look-up ran out of time: NOT_REACHED, not SKU_NOT_FOUND."""
    planned = plan(PushState([want("A", 5)], unreached=frozenset({"A"})))
    assert codes(planned) == ["NOT_REACHED"]


def test_a_refusal_that_names_no_row_is_told_for_each() -> None:
    """Nothing tells which row is meant, so none is claimed to be written."""
    shop = Shop()
    shop.stock("A", 1)
    shop.stock("B", 1)
    planned, call = plan(state_of(shop, [want("A", 2), want("B", 2)]))
    refusal = {"code": "INVALID_REASON", "field": ["input", "reason"], "message": "no"}
    data = {"inventorySetQuantities": {"userErrors": [refusal]}}
    results = [Result(planned.steps[0], data=data)]
    answer = InventoryPush().answer(call, InventoryPushRequest(), PushState(), results)
    assert [e.code for e in answer.events] == ["SHOPIFY_USER_ERROR"] * 2


SKUS = st.sampled_from(["A", "B", "C", "D", "E"])
QUANTITIES = st.integers(min_value=0, max_value=40)


@given(
    wanted=st.dictionaries(SKUS, QUANTITIES, min_size=1),
    stocked=st.dictionaries(SKUS, st.tuples(st.integers(-5, 40), st.booleans())),
    reserved=st.dictionaries(SKUS, st.integers(0, 30)),
    safety=st.integers(0, 5),
    sales=st.lists(st.dictionaries(SKUS, st.integers(1, 3)), max_size=4),
)
def test_what_is_written_is_wanted_less_reserved_less_safety(
    wanted: dict[str, int],
    stocked: dict[str, tuple[int, bool]],
    reserved: dict[str, int],
    safety: int,
    sales: list[dict[str, int]],
) -> None:
    """For every store and update, with sales between any read and its write, by the engine's loop.

    A sale takes units off the level and reserves them: after the last round each SKU that is in
    the store stands at max(0, wanted - reserved - safety), reservations of the sales included.
    """
    shop = Shop()
    for sku, (available, active) in stocked.items():
        shop.stock(sku, available, active=active)
    held = dict(reserved)
    wants = [want(sku, quantity, safety=safety) for sku, quantity in wanted.items()]
    rounds = iter(sales)
    results: list[Result] = []
    state = state_of(shop, wants, held)
    call = a_call()
    for _ in range(len(sales) + 4):
        planned = InventoryPush().plan(call, InventoryPushRequest(), state, results)
        if not planned.steps:
            break
        for sku, units in next(rounds, {}).items():
            for item in shop.items.get(sku, ()):
                if shop.levels[item, MAIN].active:
                    shop.levels[item, MAIN].available -= units
                    held[sku] = held.get(sku, 0) + units
        results += shop.send(planned)
        told = fates(results).values()
        stale = [f.row.want for f in told if f.open is Open.REREAD]
        again = [f.row for f in told if f.open is Open.AGAIN]
        fresh = state_of(shop, stale, held)
        state = PushState(stale, fresh.variants, fresh.reserved, again=again)
    else:
        raise AssertionError("the plan never became empty")
    sold = {sku: held.get(sku, 0) - reserved.get(sku, 0) for sku in held}
    for w in wants:
        for item in shop.items.get(w.sku, ()):
            final = shop.levels[item, MAIN].available
            allowed = {max(0, w.quantity - held.get(w.sku, 0) - safety)}
            if sold.get(w.sku):
                # A row that was right already is not written, so a later sale lowers it itself.
                allowed |= {
                    max(0, w.quantity - reserved.get(w.sku, 0) - k - safety) - (sold[w.sku] - k)
                    for k in range(sold[w.sku] + 1)
                }
            assert final in allowed
    unknown = {e.associations[0].identifier for e in call.events if e.code == "SKU_NOT_FOUND"}
    assert unknown == {w.sku for w in wants if w.sku not in shop.items}
