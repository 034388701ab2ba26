"""RetailOps' certification: what is asked for, and what its reply means.

RetailOps is told of the integration's base URL, name, key and actions; it calls each action as
``verify`` does, and registers the integration when all of them are right. Address, fields and
the reply's ``status``, ``message`` and ``action_results`` are those of the SDK's own tool
(gudtech/retailops-sdk, ``verify/common/types.go`` and ``verify/verify/cli_certify.go``, 2016).

Assumed: the names ``error`` and ``error_code``. That tool shows an outer error and its code, which
the API in front of the certifying service gives; how the two are spelt in JSON stands in no
version of it that is public, nor in RetailOps' schemas. So any spelling is taken: ``errorCode``
too. A code that is not found costs nothing but the code: ``error`` alone is a refusal.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import aiohttp

from bridge.errors import RequestError
from bridge.retailops.protocol import read_body
from bridge.verify.http import read_all

CERTIFY_URL: Final = "https://api.retailops.com/integration/channel/certify.json"

# RetailOps calls every action twice before it answers; the SDK's own tool waits as long.
TIMEOUT_SECONDS: Final = 300.0

# RetailOps makes the channel's handle of the name and the key, parted by "_".
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")

State = Literal["certified", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Application:
    """What is sent. ``base_url`` is where RetailOps will call ``/{action}_v1``."""

    base_url: str
    name: str
    auth_key: str
    actions: tuple[str, ...]

    def body(self) -> dict[str, Any]:
        """The JSON that RetailOps takes."""
        return {
            "version": 1,
            "target_url": self.base_url.rstrip("/"),
            "supported_actions": list(self.actions),
            "integration_auth_key": self.auth_key,
            "integration_name": self.name,
        }


@dataclass(frozen=True, slots=True)
class ActionWord:
    """What RetailOps says of one action; ``message`` may be empty."""

    action: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """RetailOps' word.

    ``unknown``: nobody can tell whether the integration is registered now.
    """

    state: State
    message: str
    actions: tuple[ActionWord, ...] = ()


def name_fault(name: str) -> str:
    """What is wrong with an integration's name; empty if nothing is."""
    if NAME.fullmatch(name):
        return ""
    if "_" in name:
        return "has an underscore: RetailOps takes what follows the last one for the key"
    return "must be 1 to 100 letters, digits, hyphens and dots, and begin with a letter or digit"


def is_local(url: str) -> bool:
    """Whether an address can be reached from this machine or its network only."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


async def certify(
    session: aiohttp.ClientSession, application: Application, *, api_key: str, url: str
) -> Verdict:
    """Ask once and never again: a second request could register a second integration.

    Neither key is in the verdict's texts, whatever RetailOps or the network say.
    """
    try:
        async with session.post(
            url,
            params={"apikey": api_key},
            json=application.body(),
            headers={"Accept": "application/json"},
            allow_redirects=False,  # a redirected POST loses its body, and takes the keys elsewhere
        ) as reply:
            verdict = judge(reply.status, await read_all(reply))
    except aiohttp.ClientConnectorError as error:
        verdict = Verdict("refused", f"cannot connect: {error.strerror or error}; nothing was sent")
    except TimeoutError:
        verdict = Verdict("unknown", f"no answer within {session.timeout.total:g} s")
    except aiohttp.ClientError as error:
        said = " ".join(str(error).split())
        verdict = Verdict("unknown", f"no answer: {said or type(error).__name__}")
    return _without(verdict, (api_key, application.auth_key))


def judge(status: int, raw: bytes) -> Verdict:
    """What a reply means. Certified only if it says so, and so of every action that it names."""
    try:
        body = read_body(raw)
    except RequestError:
        return _no_json(status, raw)
    words = tuple(_words(body.get("action_results")))
    spelt = {name.replace("_", "").casefold(): value for name, value in body.items()}
    error, code = _text(spelt.get("error")), _text(spelt.get("errorcode"))
    said = _text(body.get("message"))
    failed = ", ".join(word.action for word in words if not word.passed)
    state: State = "unknown"
    if error:
        state, said = "refused", f"{error} ({code})" if code else error
    elif body.get("status") == "error":
        state, said = "refused", said or "RetailOps gives no reason"
    elif body.get("status") != "success":
        said = f"the reply says neither success nor error{_http(status)}"
    elif failed:
        said = f"the reply says success, but not of {failed}"
    elif status != 200:
        said = f"the reply says success{_http(status)}"
    else:
        state = "certified"
    return Verdict(state, said, words)


def _no_json(status: int, raw: bytes) -> Verdict:
    begins = " ".join(raw[:320].decode("utf-8", "replace").split())[:80]
    said = f"{begins!r}" if begins else "it is empty"
    # Below 500 the request was not taken; a gateway's page says nothing about what is behind it.
    state: State = "refused" if 300 <= status < 500 else "unknown"
    return Verdict(state, f"the reply is no JSON object{_http(status)}: {said}")


def _http(status: int) -> str:
    return "" if status == 200 else f", with HTTP {status}"


def _words(results: object) -> Sequence[ActionWord]:
    if not isinstance(results, list):
        return ()
    return [
        ActionWord(_text(one.get("action")), one.get("status") == "success", _text(message))
        for one in results
        if isinstance(one, Mapping)
        for message in (one.get("message"),)
    ]


def _text(value: object) -> str:
    if value is None or value is False:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, default=str)


def _without(verdict: Verdict, secrets: Sequence[str]) -> Verdict:
    def clean(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "…") if secret else text
        return text

    actions = tuple(
        ActionWord(clean(one.action), one.passed, clean(one.message)) for one in verdict.actions
    )
    return replace(verdict, message=clean(verdict.message), actions=actions)
