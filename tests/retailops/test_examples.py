"""The example calls of the API's description are real: a bridge answers them as they say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bridge.retailops.actions import ACTIONS
from bridge.retailops.examples import examples
from bridge.retailops.protocol import parse
from tests.retailops.make_examples import answers
from tests.retailops.official import refusals
from tests.shared import needs_shared

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def any_day(value: Any) -> Any:
    """The embedded store's orders are always some days old."""
    return json.loads(DATE.sub("2026-01-01T00:00:00Z", json.dumps(value)))


async def test_every_example_is_answered_as_it_says(tmp_path):
    """All of them in order, to a bridge in front of a new embedded store."""
    found = await answers(tmp_path)
    for action in ACTIONS:
        told = [example.answer for example in examples(action)]
        assert any_day(found[action]) == any_day(told), action


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_has_what_goes_well_and_what_does_not(action):
    """The first example has no error; where the answer has events, a later one tells something."""
    first, *others = examples(action)
    assert all(event["event_type"] != "error" for event in first.answer.get("events", []))
    assert any(one.answer["events"] for one in others) or not ACTIONS[action].has_events
    for example in (first, *others):
        assert "integration_auth_token" not in example.request
        assert parse(ACTIONS[action], dict(example.request)).model_extra == {}


@needs_shared
@pytest.mark.parametrize("action", ACTIONS)
def test_the_answers_are_what_retailops_takes(action):
    """The official schemas have nothing against them."""
    for example in examples(action):
        assert refusals(action, example.answer) == []
