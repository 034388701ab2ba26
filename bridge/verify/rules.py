"""What an answer must be: pure judgements over a status, a content type and bytes.

Stricter than the official schemas where RetailOps' callers are: ``events`` is always there and
never null, nothing is null, codes are text (design notes: protocol, "Answers are strict").
Fields that we do not know are allowed, as the official schemas allow them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import ValidationError

from bridge.errors import RequestError
from bridge.retailops.actions import ACTIONS, ActionSpec
from bridge.retailops.protocol import answer_schema, place, read_body
from bridge.verify.schema import Fault, faults

OK = 200
UNAUTHORIZED = 401
NOT_FOUND = 404

# As much of an answer that is no JSON as a person needs to recognise it (an nginx page, say).
EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Response:
    """What came back. ``status`` 0 means nothing did, and ``body`` says why."""

    status: int
    content_type: str
    body: bytes
    seconds: float = 0.0


def judge_answer(spec: ActionSpec, response: Response) -> list[Fault]:
    """Everything wrong with the answer to a good key: status, content type, JSON, fields."""
    if response.status == 0:
        return [Fault("", response.body.decode("utf-8", "replace"))]
    found = []
    if response.status != OK:
        found.append(Fault("", f"status {response.status}, must be 200{_hint(response)}"))
    if response.content_type != "application/json":
        said = response.content_type or "missing"
        found.append(Fault("", f"content type is {said}, must be application/json"))
    try:
        body = read_body(response.body)
    except RequestError as error:
        return [
            *found,
            Fault("", f"{error.message.replace('body', 'answer', 1)}{_excerpt(response)}"),
        ]
    if response.status != OK:
        return found
    found += faults(_tolerant_schema(spec.name), body)
    named = {fault.place for fault in found}
    return found + [fault for fault in _model_faults(spec, response) if fault.place not in named]


def judge_refusal(response: Response) -> list[Fault]:
    """Everything wrong with the answer to a wrong key: it must be HTTP 401."""
    if response.status == 0:
        return [Fault("", response.body.decode("utf-8", "replace"))]
    if response.status != UNAUTHORIZED:
        return [Fault("", f"status {response.status} for a wrong key, must be 401")]
    return []


def says_not_served(response: Response) -> bool:
    """Whether a server says in JSON that it does not serve this action: 404 with an object."""
    if response.status != NOT_FOUND or response.content_type != "application/json":
        return False
    try:
        read_body(response.body)
    except RequestError:
        return False
    return True


def served_actions(response: Response) -> frozenset[str] | None:
    """The actions that ``/health/ready`` lists, or None where a server has no such list."""
    try:
        served = read_body(response.body).get("served")
    except RequestError:
        return None
    if not isinstance(served, list):
        return None
    return frozenset(name for name in served if isinstance(name, str) and name in ACTIONS)


def _model_faults(spec: ActionSpec, response: Response) -> list[Fault]:
    """What the answer model refuses beyond the schema: places of money, a currency's unit."""
    try:
        spec.answer.model_validate_json(response.body.removeprefix(b"\xef\xbb\xbf"), extra="ignore")
    except ValidationError as error:
        return [
            Fault(place(one["loc"]), one["msg"])
            for one in error.errors(include_url=False, include_input=False, include_context=False)
        ]
    return []


@cache
def _tolerant_schema(action: str) -> dict[str, Any]:
    """The schema of our own answers, with unknown fields allowed."""
    opened = _open(answer_schema(ACTIONS[action]))
    return opened if isinstance(opened, dict) else {}


def _open(node: object) -> object:
    if isinstance(node, dict):
        return {
            key: _open(value)
            for key, value in node.items()
            if not (key == "additionalProperties" and value is False)
        }
    if isinstance(node, list):
        return [_open(value) for value in node]
    return node


def _hint(response: Response) -> str:
    """The first event's message of a refusal, so that nobody must look for it."""
    try:
        events = json.loads(response.body).get("events")
        return f" ({events[0]['code']}: {events[0]['message']})"
    except (ValueError, AttributeError, TypeError, LookupError):
        return ""


def _excerpt(response: Response) -> str:
    text = " ".join(response.body[: 4 * EXCERPT].decode("utf-8", "replace").split())
    return f" — {text[:EXCERPT]!r}" if text else " — it is empty"
