"""The console in a real browser: it logs in, renews itself, settles, and can be read and used.

With ``RETAILOPS_SCREENSHOTS`` set to a folder the pictures of docs/ are taken there.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import Page, tab
from tests.console.test_pages import GID, doubted
from tests.console.visiting import PASSWORD, watched
from tests.support import SHOP, World

# Every text that is seen, against what is painted under it, as WCAG 2.2 computes contrast.
CONTRAST = r"""
(() => {
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const lum = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const under = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("noscript, title, desc")) continue;
    const style = getComputedStyle(element);
    const ink = parse(element.closest("svg") ? style.fill : style.color);
    const [low, high] = [lum(ink), lum(under(element))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    seen += 1;
    if (ratio < 4.5) bad.push([walker.currentNode.data.trim(), ratio]);
  }
  return { seen, bad };
})()
"""

# What is wider than the window, but for what scrolls by itself.
WIDER = """
[...document.querySelectorAll("body *")]
  .filter((e) => !e.closest(".scroll, pre, .skip") && e.getBoundingClientRect().right > innerWidth)
  .map((e) => e.tagName + "#" + e.id + " " + e.textContent.trim().slice(0, 60))
"""
# The script looks at once when its tab is shown again: a test need not wait for the five seconds.
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
# A page has its title before its script has run: what the script brings is there only then.
SCRIPTED = "document.title.startsWith('Console') && !document.getElementById('live').hidden"
NAME = "document.activeElement.id || document.activeElement.textContent.trim()"


async def entered(page: Page, w: World) -> None:
    """Log in as a person does: with the keyboard alone."""
    await page.open(f"{w.url}/console/")
    assert await page.run("document.activeElement.id") == "password"
    await page.send("Input.insertText", text=PASSWORD)
    await page.press("Enter")
    await page.until(SCRIPTED)


async def picture(page: Page, name: str, **more: object) -> None:
    """One of the pictures of docs/, where they are asked for."""
    folder = os.environ.get("RETAILOPS_SCREENSHOTS")
    if folder:
        await page.picture(Path(folder) / f"{name}.png", **more)


async def busy(w: World) -> None:
    """Some traffic to look at, and a step in doubt."""
    await w.post("order_pull")
    await w.post("inventory_push", inventory_updates=[{"sku": "NO-SUCH", "quantity_available": 1}])
    await w.post("order_pull", integration_auth_token="wrong")
    await doubted(w)


async def test_it_lives(tmp_path: Path, chromium: str):
    """New calls come by themselves; what is open, focused or written stays; pausing stops it."""
    async with watched(tmp_path) as w, tab(chromium) as page:
        await page.open(f"{w.url}/console/login")
        await page.type("#password", "wrong")
        await page.click("button")
        await page.until("document.querySelector('[role=alert]')")
        await page.type("#password", PASSWORD)
        await page.press("Enter")
        await page.until(SCRIPTED)
        assert await page.run("document.querySelectorAll('#calls-21').length") == 0
        assert await page.run("document.getElementById('live-text').textContent") == (
            "Renewed every 5 seconds."
        )
        await page.click("#files-21 summary")
        await page.run("document.activeElement.blur()")
        step = await doubted(w)
        await w.post("order_pull")
        await page.run(LOOK)
        await page.until(f"document.getElementById('step-{step}')")
        await page.until("document.getElementById('calls-21')")
        assert await page.run("document.getElementById('files-21').open")
        await page.click(f"#resolve-{step} summary")
        await page.type(f"#note-{step}", "half a sen")
        await page.run("document.activeElement.blur()")
        renewed = "Number(document.getElementById('live').dataset.renewed)"
        before = await page.run(renewed)
        await w.post("order_pull")
        await page.run(LOOK)
        rows = "document.querySelectorAll('[aria-labelledby=calls-21] tbody tr')"
        await page.until(f"{rows}.length === 2")
        assert await page.run(renewed) > before
        assert await page.run(f"document.getElementById('note-{step}').value") == "half a sen"
        await page.click("#pause")
        assert await page.run("document.getElementById('pause').ariaPressed") == "true"
        assert await page.run("document.getElementById('live-text').textContent") == (
            "Updates are paused."
        )
        assert page.problems == [p for p in page.problems if "401" in p]


async def test_a_step_is_settled_with_the_keyboard(tmp_path: Path, chromium: str):
    """From the top by Tab alone: skip link, form, button; the ledger has the word."""
    async with watched(tmp_path) as w, tab(chromium) as page:
        step = await doubted(w)
        await w.advance(61)
        await entered(page, w)
        await page.press("Tab")
        assert await page.run(NAME) == "Skip to the content"
        assert await page.run("document.activeElement.getBoundingClientRect().x") >= 0
        way = []
        for _ in range(40):
            await page.press("Tab")
            way.append(await page.run(NAME))
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.run(outline) == "solid", way
            if way[-1] == "Say what became of it":
                break
        assert way[:2] == ["pause", "Log out"]
        await page.press("Enter")
        await page.press("Tab")
        await page.press("Space")
        for text in ("Ann", "F2 is there"):
            await page.press("Tab")
            await page.send("Input.insertText", text=text)
        await page.press("Tab")
        await page.press("Tab")
        assert await page.run(NAME) == "Settle it"
        await page.press("Enter")
        await page.until("document.body.innerText.includes('Settled as applied')")
        row = await w.bridge.parts.ledger.step(step)
        assert (row.state, row.note) == ("done", "applied, says Ann (console): F2 is there")
        assert len(await w.bridge.parts.ledger.order_effects(SHOP, GID)) == 1
        assert page.problems == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_it_can_be_read(tmp_path: Path, chromium: str, dark: bool):
    """Every text that is painted has 4.5:1, wide and narrow; nothing sticks out of a telephone."""
    async with watched(tmp_path) as w, tab(chromium) as page:
        await page.see(dark=dark)
        await page.open(f"{w.url}/console/login")
        assert (await page.run(CONTRAST))["bad"] == []
        await busy(w)
        await entered(page, w)
        await page.until("document.querySelector('svg')", seconds=15)
        await picture(page, f"console-{'dark' if dark else 'light'}", selector="body")
        await page.run("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        await picture(page, f"doubt-{'dark' if dark else 'light'}", selector="#doubt")
        found = await page.run(CONTRAST)
        assert found["bad"] == []
        assert found["seen"] > 100
        await page.see(dark=dark, width=375, height=800)
        assert await page.run(WIDER) == []
        assert page.problems == []


async def test_it_works_without_a_script(tmp_path: Path, chromium: str):
    """Log in, read, settle, log out: forms and links; it says how to load it again."""
    async with watched(tmp_path) as w, tab(chromium) as page:
        step = await doubted(w)
        await page.send("Emulation.setScriptExecutionDisabled", value=True)
        await page.open(f"{w.url}/console/")
        await page.type("#password", PASSWORD)
        await page.press("Enter")
        await page.until("document.title.startsWith('Console')")
        text = await page.run("document.body.innerText")
        assert "This page does not renew itself here" in text
        assert "Pause updates" not in text
        await page.click(f"#resolve-{step} summary")
        await page.click(f"#resolve-{step} input[value=no]")
        await page.type(f"#who-{step}", "Ann")
        await page.type(f"#note-{step}", "nothing there")
        await page.press("Enter")
        await page.until("document.body.innerText.includes('Settled as not applied')")
        assert (await w.bridge.parts.ledger.step(step)).state == "failed"
        await page.click("form[action=logout] button")
        await page.until("document.title.startsWith('Log in')")
        assert page.problems == []
