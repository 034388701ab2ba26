"""What is still to be shipped of some packages: pure, and the same for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.shopify.fulfillment import OrderWork
from tests.actions.parcels import (
    BORN,
    apply,
    gid,
    known,
    order,
    parcel,
    plan,
    shipped,
    told,
    units,
    work,
)


def test_the_place_that_has_most_of_a_package() -> None:
    """A package that one location has whole is not torn apart, whatever comes first."""
    state = order(work(1, {1: 1}), work(2, {1: 1, 2: 1}, location=2))
    made = plan(state, parcel("5", _1=1, _2=1))
    assert units(made) == [{"1": 1, "2": 1}]
    assert made.steps[0].natural_id == "package 5@2/SHIPPING"


def test_two_fulfillment_orders_of_one_place_are_one_fulfillment() -> None:
    """Split work of one location and method goes in one package."""
    made = plan(order(work(1, {1: 1}), work(2, {1: 1, 2: 1})), parcel("5", _1=2, _2=1))
    assert units(made) == [{"1": 2, "2": 1}]
    groups = made.steps[0].variables["fulfillment"]["lineItemsByFulfillmentOrder"]
    assert len(groups) == 2


def test_packages_share_what_is_left() -> None:
    """The second package of a call finds what the first one left."""
    made = plan(order(work(1, {1: 3})), parcel("5", _1=2), parcel("6", _1=2))
    assert units(made) == [{"1": 2}, {"1": 1}]
    assert told(made) == ["OVER_SHIPPED"]


def test_closed_work_is_no_work() -> None:
    """A closed fulfillment order goes on showing a remainder (captured): it is not taken."""
    state = order(work(1, {1: 1}, status="CLOSED"), work(2, {1: 1}))
    made = plan(state, parcel("5", _1=2))
    assert units(made) == [{"1": 1}]
    assert told(made) == ["OVER_SHIPPED"]


def test_a_fulfillment_service() -> None:
    """Work that a service was asked for is told; what it refused is ours again."""
    asked = work(1, {1: 1}, request="SUBMITTED", status="OPEN")
    refused = work(2, {2: 1}, request="REJECTED")
    made = plan(order(asked, refused), parcel("5", _1=1, _2=1))
    assert units(made) == [{"2": 1}]
    assert told(made) == ["FULFILLMENT_SERVICE"]


def test_scheduled_work_is_opened_once() -> None:
    """Two packages of one scheduled fulfillment order open it once, before the first."""
    made = plan(order(work(1, {1: 2}, status="SCHEDULED")), parcel("5", _1=1), parcel("6", _1=1))
    assert [s.operation.name for s in made.steps] == [
        "FulfillmentOrderOpen",
        "FulfillmentCreate",
        "FulfillmentCreate",
    ]


def test_a_known_package_is_not_planned() -> None:
    """What the ledger knows is shipped, whatever the store has left."""
    state = order(work(1, {1: 3}), shipped(1, {1: 2}, "T"))
    made = plan(state, parcel("5", "T", _1=2), effects=[known("package 5", 1, {1: 2}, "T")])
    assert made.steps == []
    assert told(made) == ["ALREADY_APPLIED"]


def test_the_rest_of_a_known_package() -> None:
    """What was held the first time is shipped under another natural id, once it can be."""
    state = order(work(1, {2: 1}), shipped(1, {1: 2}))
    effects = [known("package 5", 1, {1: 2})]
    made = plan(state, parcel("5", _1=2, _2=1), effects=effects)
    assert units(made) == [{"2": 1}]
    assert made.steps[0].natural_id == "package 5@1/SHIPPING#2"


def test_a_persons_word_counts_for_the_whole_package() -> None:
    """`ledger resolve --applied` knows no lines: nothing of the package is shipped again."""
    word = replace(known("package 5", 1, {1: 1}), detail={})
    made = plan(order(work(1, {1: 3})), parcel("5", _1=3), effects=[word])
    assert made.steps == []


def test_found_by_number_and_units() -> None:
    """An unknown package whose number and units the store has is known from then on."""
    state = order(work(1, {1: 3}), shipped(7, {1: 2}, "T"))
    made = plan(state, parcel("5", "T", _1=2))
    assert made.steps == []
    [effect] = made.found
    assert effect.detail["fulfillment"].endswith("/7")
    assert effect.detail["lines"] == {gid(1): 2}


def test_the_fulfillment_that_is_just_the_package_comes_first() -> None:
    """Two boxes with one number: each finds its own, not a part of it."""
    state = order(work(1, {1: 9}), shipped(7, {1: 1}, "T"), shipped(8, {1: 3}, "T"))
    made = plan(state, parcel("5", "T", _1=3), parcel("6", "T", _1=1))
    assert made.steps == []
    assert [e.detail["fulfillment"][-1] for e in made.found] == ["8", "7"]


def test_another_packages_fulfillment_is_not_taken() -> None:
    """One number on two packages with ids of their own: both are shipped."""
    state = order(work(1, {1: 3}), shipped(1, {1: 2}, "T"))
    made = plan(state, parcel("6", "T", _1=2), effects=[known("package 5", 1, {1: 2}, "T")])
    assert units(made) == [{"1": 2}]


def test_the_same_package_under_its_id() -> None:
    """First told without an id, then with one: the same number and units are the same package."""
    state = order(work(1, {1: 3}), shipped(1, {1: 2}, "T"))
    effects = [known("shipment 9 tracking T", 1, {1: 2}, "T")]
    made = plan(state, parcel("5", "T", _1=2), effects=effects)
    assert made.steps == []


def test_an_untracked_package_from_before_the_ledger() -> None:
    """In doubt only when the store has such a fulfillment from before the ledger's time."""
    old, new = BORN - timedelta(days=1), BORN + timedelta(days=1)
    for fulfillment, codes in (
        (shipped(7, {1: 2}, at=old), ["IN_DOUBT"]),
        (shipped(7, {1: 2}, at=new), []),
        (shipped(7, {2: 2}, at=old), []),
        (shipped(7, {1: 2}, at=old, status="CANCELLED"), []),
    ):
        made = plan(order(work(1, {1: 2, 2: 2}), fulfillment), parcel("5", _1=2))
        assert told(made) == codes
        assert bool(made.steps) != bool(codes)


def test_tracking_that_really_differs() -> None:
    """Another number or carrier is an update; case, or less than the store has, is none."""
    state = order(shipped(1, {1: 1}, "T", company="FedEx"))
    effects = [known("package 5", 1, {1: 1}, "T")]
    assert plan(state, parcel("5", "", _1=1), effects=effects).steps == []
    assert plan(state, parcel("5", "T", _1=1), effects=effects).steps == []
    [step] = plan(state, parcel("5", "T2", _1=1), effects=effects).steps
    assert (step.kind, step.operation.name) == ("tracking", "FulfillmentTrackingUpdate")
    assert step.natural_id.startswith("package 5@1/SHIPPING ")


def test_a_package_of_more_than_512_rows() -> None:
    """Shopify takes 512 rows in one fulfillment: the rest goes in another."""
    rows = dict.fromkeys(range(1, 601), 1)
    made = plan(order(work(1, rows)), parcel("5", **{f"_{n}": 1 for n in rows}))
    assert [len(u) for u in units(made)] == [512, 88]
    assert len({s.natural_id for s in made.steps}) == 2


QUANTITY = st.integers(0, 4)
WORKS = st.lists(
    st.tuples(
        st.dictionaries(st.integers(1, 3), QUANTITY, max_size=3),
        st.sampled_from(["OPEN", "IN_PROGRESS", "SCHEDULED", "ON_HOLD", "CLOSED"]),
        st.integers(1, 2),
        st.sampled_from(["SHIPPING", "LOCAL"]),
    ),
    max_size=4,
)
PARCELS = st.lists(st.dictionaries(st.integers(1, 3), st.integers(1, 4), min_size=1), max_size=3)


def left_in(state: OrderWork) -> dict[str, int]:
    """Units left by line over all work."""
    left: dict[str, int] = {}
    for one in state.work:
        for row in one.lines:
            left[row.line] = left.get(row.line, 0) + row.remaining
    return left


@settings(max_examples=200, deadline=None)
@given(WORKS, PARCELS)
def test_conservation_and_convergence(works: list, boxes: list) -> None:
    """Shipped + left is what there was, no row below 0, and a second plan sends nothing."""
    state = order(
        *(
            work(n, rows, status=status, location=place, method=method)
            for n, (rows, status, place, method) in enumerate(works, start=1)
        )
    )
    packages = [
        parcel(str(n), f"T{n}", **{f"_{line}": count for line, count in box.items()})
        for n, box in enumerate(boxes)
    ]
    first = plan(state, *packages)
    after, effects = apply(state, first)
    before, now = left_in(state), left_in(after)
    for line, count in before.items():
        done = sum(s.lines.get(line, 0) for s in after.shipped)
        assert done + now[line] == count
    again = plan(after, *packages, effects=effects)
    assert again.steps == []
    lost = plan(after, *packages)  # and with the ledger lost, too
    assert [s for s in lost.steps if s.kind == "fulfillment"] == []
