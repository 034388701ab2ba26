"""A real browser for a test: headless Chromium over its DevTools protocol, with nothing between.

    async def test_it(chromium):
        async with tab(chromium) as page:
            await page.open("http://127.0.0.1:8080/console/")
            await page.type("#password", "secret")
            await page.press("Enter")
            await page.until("document.title.startsWith('Console')")

``chromium`` is one process for the session; each tab has its own cookies. A machine without
Chromium skips, and says so.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# It must not call home: a test has no network.
FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)

KEYS = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Space": (" ", 32, " "),
}


def find_chromium() -> str | None:
    """The browser's path, if this machine has one."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """The websocket of a running browser; ends it with the session."""
    if find_chromium() is None:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    with running_chromium() as address:
        yield address


@contextmanager
def running_chromium() -> Iterator[str]:
    """A browser for the block: its websocket."""
    binary = find_chromium()
    assert binary is not None, "there is no Chromium here"
    # What Chromium refuses to do as root; a container's tests are run by root.
    rooted = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        process = subprocess.Popen(
            [binary, *FLAGS, *rooted, f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield _listening(process)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
            assert process.stderr is not None
            process.stderr.close()


def _listening(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        if found := re.search(r"DevTools listening on (ws://\S+)", line):
            return found[1]
        said.append(line)
    raise AssertionError("Chromium did not start: " + "".join(said[-5:]))


@dataclass
class Page:
    """One tab. ``problems`` are what its console has complained of."""

    socket: aiohttp.ClientWebSocketResponse
    session: str = ""
    problems: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json(message)
        async with asyncio.timeout(30):
            said = await answered
        assert "error" not in said, (method, said)
        result: dict[str, Any] = said["result"]
        return result

    async def listen(self) -> None:
        """Take in what the browser says."""
        async for message in self.socket:
            said = message.json()
            if "id" in said:
                waiting = self._waiting.pop(said["id"])
                if not waiting.done():
                    waiting.set_result(said)
                continue
            self.events.append(said)
            params = said.get("params", {})
            if said["method"] == "Runtime.exceptionThrown":
                self.problems.append(str(params["exceptionDetails"]))
            elif said["method"] == "Log.entryAdded" and params["entry"]["level"] == "error":
                self.problems.append(str(params["entry"]))

    async def open(self, url: str) -> None:
        """Go there, and wait until it is loaded."""
        result = await self.send("Page.navigate", url=url)
        assert "errorText" not in result, result
        await self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def run(self, script: str) -> Any:
        """The value of an expression in the page, awaited."""
        result = await self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, script: str, *, seconds: float = 60.0) -> None:
        """Wait until an expression is true; while a page loads there may be none to ask."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    with suppress(AssertionError):
                        if await self.run(f"Boolean({script})"):
                            return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            text = await self.run("document.body.innerText")
            raise AssertionError(f"never true: {script}; the page says: {text[:2000]}") from None

    async def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse."""
        x, y = await self.run(
            f"(e => {{ e.scrollIntoView({{block: 'center', behavior: 'instant'}});"
            " const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2]; })"
            f"(document.querySelector({selector!r}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.send(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        await self.run(f"document.querySelector({selector!r}).focus()")
        await self.send("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        """Press a key where the focus is."""
        name, code, text = KEYS[key]
        what = {"key": name, "code": key, "windowsVirtualKeyCode": code, "text": text}
        await self.send("Input.dispatchKeyEvent", type="keyDown", **what)
        await self.send("Input.dispatchKeyEvent", type="keyUp", **what)

    async def see(self, *, dark: bool = False, width: int = 1200, height: int = 900) -> None:
        """Set the window's size and the person's preferred colours."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.send("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, path: Path, *, selector: str = "", height: int | None = None) -> None:
        """A PNG of the window, or of one element."""
        clip: dict[str, Any] = {}
        if selector:
            clip["clip"] = await self.run(
                f"(b => ({{x: b.x + scrollX, y: b.y + scrollY, width: b.width,"
                f" height: Math.min(b.height, {height or 100000}), scale: 1}}))"
                f"(document.querySelector({selector!r}).getBoundingClientRect())"
            )
        shot = await self.send(
            "Page.captureScreenshot", format="png", captureBeyondViewport=bool(selector), **clip
        )
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def tab(chromium: str) -> AsyncIterator[Page]:
    """A new tab with cookies of its own."""
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(chromium, max_msg_size=0) as socket,
    ):
        page = Page(socket)
        listening = asyncio.create_task(page.listen())
        try:
            context = (await page.send("Target.createBrowserContext"))["browserContextId"]
            target = await page.send(
                "Target.createTarget", url="about:blank", browserContextId=context
            )
            attached = await page.send(
                "Target.attachToTarget", targetId=target["targetId"], flatten=True
            )
            page.session = attached["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                await page.send(f"{domain}.enable")
            await page.see()
            yield page
            page.session = ""
            await page.send("Target.disposeBrowserContext", browserContextId=context)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
