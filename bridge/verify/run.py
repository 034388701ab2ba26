"""The order of the calls, and what each action's outcome is. Pure: asking is passed in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, Protocol

from bridge.retailops.actions import ACTIONS
from bridge.verify import rules
from bridge.verify.rules import Response
from bridge.verify.schema import Fault

# The official verifier's key. A bridge takes it only when environment = "test".
SDK_KEY = "RETAILOPS_SDK"

# The underscores make sure that no server can have it: keys are letters and digits.
WRONG_KEY = "NOT_A_KEY_OF_ANY_CHANNEL"

Outcome = Literal["ok", "failed", "not served"]


class Asker(Protocol):
    """How a server is asked. Never raises for what a server does: status 0 is "no answer"."""

    async def post(self, path: str, body: bytes) -> Response:
        """POST JSON to base URL + path."""

    async def get(self, path: str) -> Response:
        """GET base URL + path."""


@dataclass(frozen=True, slots=True)
class Result:
    """One action's outcome: the faults with the good key, and those with the wrong one."""

    action: str
    outcome: Outcome
    good: Response | None = None
    good_faults: tuple[Fault, ...] = ()
    refusal: Response | None = None
    refusal_faults: tuple[Fault, ...] = ()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All of them, each once: a dead server fails both calls in the same way."""
        return tuple(dict.fromkeys(self.good_faults + self.refusal_faults))


def example(action: str) -> dict[str, Any]:
    """Our own example request for an action, without a key in it."""
    text = (files("bridge.verify") / "examples" / f"{action}.json").read_text("utf-8")
    request: dict[str, Any] = json.loads(text)
    return request


async def verify(
    asker: Asker,
    *,
    key: str = SDK_KEY,
    actions: Sequence[str] = (),
    stop_on_error: bool = False,
) -> AsyncIterator[Result]:
    """Call the actions one after the other, each with a wrong key and with the good one.

    Without ``actions`` all eleven are looked at, and one that the server says it does not
    serve (404 with a JSON object, and not listed by ``/health/ready``) is told as such. An
    action that is asked for by name must be served.

    Raises:
        KeyError: A name in ``actions`` is no action.
    """
    chosen = [ACTIONS[name].name for name in actions] or list(ACTIONS)
    served = rules.served_actions(await asker.get("/health/ready"))
    for name in chosen:
        result = await _one(asker, name, key, by_name=bool(actions), served=served)
        yield result
        if stop_on_error and result.outcome == "failed":
            return


async def _one(
    asker: Asker, name: str, key: str, *, by_name: bool, served: frozenset[str] | None
) -> Result:
    refusal = await asker.post(f"/{name}_v1", _with_key(name, WRONG_KEY))
    if not by_name and served is not None and name not in served and rules.says_not_served(refusal):
        return Result(name, "not served", refusal=refusal)
    good = await asker.post(f"/{name}_v1", _with_key(name, key))
    good_faults = tuple(rules.judge_answer(ACTIONS[name], good))
    refusal_faults = tuple(rules.judge_refusal(refusal))
    outcome: Outcome = "failed" if good_faults or refusal_faults else "ok"
    return Result(name, outcome, good, good_faults, refusal, refusal_faults)


def _with_key(action: str, key: str) -> bytes:
    return json.dumps({"integration_auth_token": key, **example(action)}).encode()
