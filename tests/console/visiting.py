"""A bridge with its console on, and a person who visits it without a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import aiohttp

from bridge.config.models import ConsoleSettings, Settings
from tests.support import World, world

PASSWORD = "open-sesame-42"
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


def with_console(settings: Settings, **console: Any) -> Settings:
    """The settings with the console on."""
    table = ConsoleSettings.model_validate({"enabled": True, "password": PASSWORD, **console})
    return settings.model_copy(update={"console": table})


@asynccontextmanager
async def watched(folder: Path, **more: Any) -> AsyncIterator[World]:
    """A world whose bridge has a console; ``more`` is for ``world``."""
    async with world(folder, **more) as w:
        w.settings = with_console(w.settings)
        await w.restart()
        yield w


@dataclass(frozen=True)
class Seen:
    """What was answered to a visitor."""

    status: int
    text: str
    headers: Any


class Visitor:
    """Follows no redirect, keeps cookies, sends what forms send."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = f"{url}/console/"
        self._http = http

    async def get(self, path: str = "", **headers: str) -> Seen:
        """A page."""
        async with self._http.get(self.url + path, allow_redirects=False, headers=headers) as reply:
            return Seen(reply.status, await reply.text(), reply.headers)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> Seen:
        """A form."""
        async with self._http.post(
            self.url + path, data=form, allow_redirects=False, headers=headers
        ) as reply:
            return Seen(reply.status, await reply.text(), reply.headers)

    async def login(self, password: str = PASSWORD) -> Seen:
        """With the right password, if no other is given."""
        return await self.post("login", {"password": password})

    async def token(self) -> str:
        """What the forms of this login carry."""
        found = re.search(r'name="token" value="([0-9a-f]+)"', (await self.get()).text)
        assert found is not None
        return found[1]


@asynccontextmanager
async def visitor(w: World, *, logged_in: bool = True) -> AsyncIterator[Visitor]:
    """Somebody at the console of a bridge that runs."""
    jar = aiohttp.CookieJar(unsafe=True)  # it keeps cookies of 127.0.0.1 too
    async with aiohttp.ClientSession(cookie_jar=jar) as http:
        one = Visitor(w.url, http)
        if logged_in:
            assert (await one.login()).status == 303
        yield one


@dataclass
class Element:
    """One element of a page, with the elements around it."""

    tag: str
    attributes: dict[str, str]
    around: tuple[str, ...]
    text: str = ""


class Outline(HTMLParser):
    """The elements of a page in their order; complains of tags that do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(text)
        self.close()
        assert self._open == [], f"not closed: {[e.tag for e in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        made = Element(tag, {k: v or "" for k, v in attrs}, tuple(e.tag for e in self._open))
        self.elements.append(made)
        if tag not in VOID:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of SVG that is empty."""
        self.elements.append(Element(tag, {k: v or "" for k, v in attrs}, ()))

    def handle_endtag(self, tag: str) -> None:
        """An element ends: the newest that is open."""
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        """Text belongs to all that is open."""
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        """The elements of a tag."""
        return [e for e in self.elements if e.tag == tag]
