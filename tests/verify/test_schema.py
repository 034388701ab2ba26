"""Our small JSON Schema reader says what the jsonschema package says."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bridge.retailops.actions import ACTIONS
from bridge.retailops.protocol import answer_schema
from bridge.verify.schema import Fault, faults
from tests.retailops.strategies import patient
from tests.verify.servers import right

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5),
    st.floats(-5, 5).filter(lambda number: not number.is_integer()),
    st.sampled_from(["", "x", "ok", "success", "x" * 300, "2026-11-23T10:00:00Z"]),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.just([None] * 101),
)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_verdict_is_that_of_jsonschema(action: str) -> None:
    """A right answer with up to three values replaced: both find fault, or neither does."""
    schema = answer_schema(ACTIONS[action])
    # dates are compared apart: jsonschema reads them only with another package
    judge = Draft202012Validator(schema)
    good = right(action)
    places = list(_places(good))

    @settings(patient, max_examples=150)
    @given(st.lists(st.tuples(st.sampled_from(places), SCALARS), min_size=0, max_size=3))
    def check(changes: list[tuple[tuple[str | int, ...], Any]]) -> None:
        body = json.loads(json.dumps(good))
        for place, value in changes:
            body = _with(body, place, value)
        ours = [one for one in faults(schema, body) if "is not a date" not in one.message]
        assert bool(ours) == (not judge.is_valid(body))

    check()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_right_answer_has_no_fault(action: str) -> None:
    """Nothing is found where nothing is wrong."""
    assert faults(answer_schema(ACTIONS[action]), right(action)) == []


def test_a_keyword_that_is_not_known_is_never_skipped() -> None:
    """A rule that is silently ignored would let a wrong answer pass."""
    with pytest.raises(ValueError, match="patternProperties"):
        faults({"type": "object", "patternProperties": {}}, {})
    with pytest.raises(ValueError, match="ipv4"):
        faults({"type": "string", "format": "ipv4"}, "x")


def test_faults_are_told_in_plain_words() -> None:
    """The place first, then what is there and what belongs there."""
    schema = answer_schema(ACTIONS["order_cancel"])
    found = faults(schema, {"status": 5, "events": [{"code": None}], "more": 1})
    assert Fault("status", "is a whole number, must be text") in found
    assert Fault("events[0].code", "is null, must be text or be left out") in found
    assert Fault("events[0].message", "is missing") in found
    assert Fault("more", "is not a field") in found
    assert str(Fault("", "x")) == "x"


def _places(node: Any, at: tuple[str | int, ...] = ()) -> Any:
    yield at
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _places(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _places(value, (*at, index))


def _with(node: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """The node with a value at a place; as it is when an earlier change removed the place."""
    if not place:
        return value
    if not isinstance(node, dict | list):
        return node
    first, *rest = place
    copy = dict(node) if isinstance(node, dict) else list(node)
    try:
        copy[first] = _with(copy[first], tuple(rest), value)
    except (KeyError, IndexError, TypeError):
        return node
    return copy
