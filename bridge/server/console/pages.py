"""The console over HTTP: who may see it, what it shows, and the one thing it can do.

Every answer carries headers that let nothing but its own style sheet and script run, let no other
page frame it, and let nobody keep it. Links and forms are relative, so that a proxy may put the
bridge behind any prefix.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge import __version__
from bridge.errors import BridgeError, Finding, LedgerBusy
from bridge.ledger.resolving import resolve_by_person
from bridge.server.console.access import Access, Session
from bridge.server.console.history import SAMPLE_SECONDS, History
from bridge.server.console.render import HERE, environment
from bridge.server.console.view import Watched
from bridge.server.keys import READINESS
from bridge.server.mappings import MappingStates
from bridge.server.reload import Loaded
from bridge.server.replies import Reply

log = structlog.get_logger()

COOKIE: Final = "retailops_console"

HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # same-origin, not no-referrer: with that a browser would send "Origin: null" with our forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

STATIC: Final[Mapping[str, str]] = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "console.svg": "image/svg+xml",
}

# The largest form has a note, a name and a detail of 2,000 letters, each up to nine bytes.
FORM_BYTES: Final = 32 * 1024
FORM_SECONDS: Final = 10.0

# A person waits before the page; RetailOps' call has the order for longer only when it is stuck.
PATIENCE_SECONDS: Final = 10.0

LONGEST: Final[Mapping[str, int]] = {"step": 64, "who": 80, "note": 500, "detail": 2000}

SETTLED: Final[Mapping[str, str]] = {
    "applied": "Settled as applied: its effect is recorded, and it is never sent again.",
    "not-applied": "Settled as not applied: RetailOps' next call may send it again.",
}


@dataclass(frozen=True, slots=True)
class Process:
    """What the footer says of this process."""

    version: str
    pid: int
    since: datetime
    keep: int


class Console:
    """Everything under /console. ``history`` and ``mappings`` are told by who knows."""

    def __init__(self, watched: Watched, access: Access, *, now: Callable[[], datetime]) -> None:
        self.history: History = watched.history
        self.mappings: MappingStates = watched.mappings
        self._watched = watched
        self._access = access
        self._now = now
        self._templates = environment()
        # A cookie for TLS only; in a test there is none. (Browsers take 127.0.0.1 for safe.)
        self._secure = watched.settings.environment == "production"
        self._process = Process(__version__, os.getpid(), now(), watched.history.keep)

    def routes(self) -> Iterator[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        yield "GET", "/console", _guarded(self._page)
        yield "GET", "/console/live", _guarded(self._live)
        yield "GET", "/console/login", _guarded(self._login_form)
        yield "POST", "/console/login", _guarded(self._login)
        yield "POST", "/console/logout", _guarded(self._logout)
        yield "POST", "/console/resolve", _guarded(self._resolve)
        for name, content_type in STATIC.items():
            yield "GET", f"/console/{name}", _guarded(_asset(name, content_type))

    def finished(self, action: str, reply: Reply, seconds: float, *, request_id: str) -> None:
        """A call was answered."""
        self.history.finished(action, reply, seconds, request_id=request_id, at=self._now())

    def reloaded(self, result: Loaded, findings: Sequence[Finding]) -> None:
        """The mappings were read again."""
        if result == "loaded":
            self.mappings.loaded()
        else:
            self.mappings.refused(findings)

    async def watch(self) -> None:
        """Look at the buckets for as long as it is not cancelled."""
        while True:
            self.history.sample(self._now())
            await asyncio.sleep(SAMPLE_SECONDS)

    # -- seeing -----------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.Response:
        if not request.path.endswith("/"):
            return _to("console/")  # relative links need the slash
        session = self._session(request)
        if session is None:
            return _to("login")
        settled = SETTLED.get(request.query.get("settled", ""), "")
        return await self._shown(
            request, "console.html", session, settled=settled, process=self._process
        )

    async def _live(self, request: web.Request) -> web.Response:
        """The sections alone, for the script."""
        session = self._session(request)
        if session is None:
            return self._problem(401, "Logged out", "This login has ended. Log in again.")
        return await self._shown(request, "sections.html", session)

    async def _shown(
        self, request: web.Request, template: str, session: Session, **more: object
    ) -> web.Response:
        page = await self._watched.snapshot(request.app[READINESS], self._now())
        token = self._access.token(session)
        # Beside the loop: a hundred calls of a dozen channels are some tens of milliseconds.
        text = await asyncio.to_thread(
            self._templates.get_template(template).render, page=page, token=token, **more
        )
        return _html(text)

    # -- coming and going -------------------------------------------------------------------

    async def _login_form(self, request: web.Request) -> web.Response:
        if self._session(request) is not None:
            return _to("./")
        return self._login_page(200, "")

    async def _login(self, request: web.Request) -> web.Response:
        form = await _form(request)
        wait = self._access.wait()
        session = self._access.login(form.get("password", ""))
        if session is None and wait:
            log.warning("console_login", outcome="too_many", seconds=wait)
            said = f"Too many wrong passwords. Try again in {wait} seconds."
            answer = self._login_page(429, said)
            answer.headers["Retry-After"] = str(wait)
            return answer
        if session is None:
            log.warning("console_login", outcome="wrong")
            return self._login_page(401, "This is not the password.")
        log.info("console_login", outcome="ok")
        answer = _to("./")
        answer.set_cookie(
            COOKIE,
            self._access.cookie(session),
            max_age=self._access.session_seconds,
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._secure,
        )
        return answer

    async def _logout(self, request: web.Request) -> web.Response:
        session = self._session(request)
        form = await _form(request)
        if session is not None:
            if not self._access.token_is_right(session, form.get("token", "")):
                return self._forged()
            self._access.logout(session)
        answer = _to("login")
        answer.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return answer

    def _session(self, request: web.Request) -> Session | None:
        return self._access.session(request.cookies.get(COOKIE, ""))

    def _login_page(self, status: int, message: str) -> web.Response:
        text = self._templates.get_template("login.html").render(message=message)
        return _html(text, status)

    # -- the one thing it can do --------------------------------------------------------------

    async def _resolve(self, request: web.Request) -> web.Response:
        session = self._session(request)
        if session is None:
            return _to("login")
        form = await _form(request)
        if not self._access.token_is_right(session, form.get("token", "")):
            return self._forged()
        try:
            word = _word(form)
        except ValueError as error:
            return self._problem(400, "Nothing was settled", str(error))
        try:
            step = await resolve_by_person(
                self._watched.ledger,
                word.step,
                applied=word.applied,
                who=f"{word.who} (console)",
                note=word.note,
                detail=word.detail,
                wait_seconds=PATIENCE_SECONDS,
            )
        except LedgerBusy as error:
            return self._problem(503, "Nothing was settled", f"The order is worked on: {error}")
        except BridgeError as error:
            return self._problem(409, "Nothing was settled", str(error))
        log.info("step_resolved", step=step.id, outcome=step.state, channel=step.channel)
        return _to(f"./?settled={'applied' if word.applied else 'not-applied'}")

    def _forged(self) -> web.Response:
        said = "The form is not of this login. Load the console again, and repeat it there."
        return self._problem(403, "Nothing was done", said)

    def _problem(self, status: int, title: str, message: str) -> web.Response:
        text = self._templates.get_template("message.html").render(title=title, message=message)
        return _html(text, status)


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says of a step."""

    step: str
    applied: bool
    who: str
    note: str
    detail: Mapping[str, Any]


def _word(form: Mapping[str, str]) -> Word:
    """The form as a word. ValueError with what is wrong, for the person who wrote it."""
    texts = {name: form.get(name, "").strip() for name in LONGEST}
    for name, text in texts.items():
        if len(text) > LONGEST[name] or not text.isprintable():
            raise ValueError(f"{name} takes at most {LONGEST[name]} characters on one line")
    if form.get("applied") not in {"yes", "no"}:
        raise ValueError("Say whether it was applied or not.")
    if not texts["step"] or not texts["who"] or not texts["note"]:
        raise ValueError("Your name and how you know are needed.")
    applied = form["applied"] == "yes"
    detail: Any = {}
    if texts["detail"]:
        if not applied:
            raise ValueError("What was not applied has made no object: leave it empty.")
        try:
            detail = json.loads(texts["detail"])
        except (ValueError, RecursionError):
            detail = None
        if not isinstance(detail, dict):
            raise ValueError('The object must be JSON such as {"fulfillment": "gid://…"}.')
    return Word(texts["step"], applied, texts["who"], texts["note"], detail)


class _Foreign(Exception):
    """A browser says that another site sent this form."""


class _Unreadable(Exception):
    """No form, or too large, or too slow."""


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of a form, each once. Raises ``_Foreign`` and ``_Unreadable``."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        raise _Foreign
    if request.content_type != "application/x-www-form-urlencoded":
        raise _Unreadable
    try:
        async with asyncio.timeout(FORM_SECONDS):
            raw = b""
            async for chunk in request.content.iter_any():
                raw += chunk
                if len(raw) > FORM_BYTES:
                    raise _Unreadable
        found = parse_qs(
            raw.decode("utf-8"), keep_blank_values=True, max_num_fields=16, errors="strict"
        )
    except (TimeoutError, ValueError):  # UnicodeDecodeError is one
        raise _Unreadable from None
    return {name: values[0] for name, values in found.items()}


def _guarded(handler: Handler) -> Handler:
    """The handler, with the console's headers on whatever it answers."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            response = await handler(request)
        except _Foreign:
            response = web.Response(status=403, text="This form was sent by another site.\n")
        except _Unreadable:
            response = web.Response(status=400, text="This is not a form of the console.\n")
        response.headers.update(HEADERS)
        return response

    return guarded


def _asset(name: str, content_type: str) -> Handler:
    body = (HERE / "static" / name).read_bytes()

    async def asset(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type, charset="utf-8")

    return asset


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html")


def _to(place: str) -> web.Response:
    """A redirect to a GET."""
    return web.Response(status=303, headers={"Location": place})
