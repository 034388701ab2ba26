"""/docs: the page by plain HTTP, and in a real browser that tries a call."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from bridge.server.docs_page import ASSETS, FOLDER
from tests import browser
from tests.support import world

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "api-docs.png"

chromium = browser.chromium


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/shop/docs", "/shop//docs/"])
async def test_every_link_of_the_page_leads_to_what_it_says(serve, path):
    """With a slash at the end and without, and behind a prefix, as a browser resolves them."""
    client = await serve(prefix="/shop")
    response = await client.get(path)
    assert response.status == 200
    assert response.content_type == "text/html"
    text = await response.text()
    (base,) = re.findall(r'<base href="([^"]+)">', text)
    links = re.findall(r'(?:src|href)="((?:docs/|openapi)[^"]+)"', text)
    assert links == [
        "docs/swagger-ui.css",
        "openapi.json",
        "docs/swagger-ui-bundle.js",
        "docs/start.js",
    ]
    kinds = {"css": "text/css", "js": "text/javascript", "json": "application/json"}
    for link in links:
        address = urljoin(urljoin(f"http://bridge{path}", base), link)
        found = await client.get(address.removeprefix("http://bridge"))
        assert found.status == 200, address
        assert found.content_type == kinds[link.rpartition(".")[2]]
        assert len(await found.read()) > 500


async def test_nothing_may_be_loaded_from_elsewhere(serve):
    """The policy names this server only, and no script stands in the page itself."""
    client = await serve()
    response = await client.get("/docs")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert not re.search(r"https?:|\*", policy)
    assert response.headers["X-Frame-Options"] == "DENY"
    text = await response.text()
    assert "//" not in re.sub(r"<!doctype.*?>", "", text)
    assert re.findall(r"<script>|style=|\son\w+=", text) == []


async def test_the_files_are_the_ones_that_are_vendored(serve):
    """Their sums stand beside their version; no other file of the folder is served."""
    told = dict(re.findall(r"^\| `(\S+)` \| `(\w+)` \|$", (FOLDER / "README.md").read_text(), re.M))
    assert set(told) == set(ASSETS) - {"start.js"}
    client = await serve()
    for name, digest in told.items():
        body = await (await client.get(f"/docs/{name}")).read()
        assert hashlib.sha256(body).hexdigest() == digest
    for name in ("README.md", "LICENSE", "../app.py", "%2e%2e/app.py", "x.js"):
        assert (await client.get(f"/docs/{name}")).status == 404, name
    assert (await client.post("/docs", data=b"")).status == 405


async def test_a_kept_file_is_not_sent_again(serve):
    """1.7 MB: a browser that has it is told so."""
    client = await serve()
    first = await client.get("/docs/swagger-ui-bundle.js")
    again = await client.get(
        "/docs/swagger-ui-bundle.js", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status == 304
    assert "max-age" in first.headers["Cache-Control"]


async def test_a_call_is_tried_from_the_page(chromium, tmp_path):
    """In Chromium: the page lists every action, and order_pull brings an order of the store.

    Nothing is asked of another host, nothing is complained of. With RETAILOPS_PICTURES=1 the
    picture in the documentation is taken anew.
    """
    async with world(tmp_path) as w, browser.tab(chromium) as page:
        await page.see(width=1100, height=1250)
        await page.open(f"{w.url}/docs")
        await page.until("document.querySelectorAll('.opblock').length >= 13")
        assert await page.run(
            "document.querySelector('.info .title').innerText.includes('RetailOps')"
        )
        block = "#operations-orders-order_pull"
        await page.click(f"{block} .opblock-summary-control")
        await page.until(f"document.querySelector('{block} textarea')")
        typed = await page.run(f"document.querySelector('{block} textarea').value")
        assert '"integration_auth_token": "RETAILOPS_SDK"' in typed
        await page.click(f"{block} button.execute")
        live = f"{block} .live-responses-table"
        await page.until(f"document.querySelector('{live} .response-col_status')")
        shown = await page.run(f"document.querySelector('{live}').innerText")
        assert "200" in shown
        assert '"channel_order_refnum": "5954000003073"' in shown
        await page.click("#model-Event .model-box-control, #operations-tag-bridge")
        hosts = {
            event["params"]["request"]["url"].split("/")[2]
            for event in page.events
            if event["method"] == "Network.requestWillBeSent"
            and event["params"]["request"]["url"].startswith("http")
        }
        assert hosts == {w.url.removeprefix("http://")}
        assert page.problems == []
        picture = PICTURE if os.environ.get("RETAILOPS_PICTURES") else tmp_path / "page.png"
        picture.parent.mkdir(exist_ok=True)
        await page.run(f"document.querySelector('{block}').scrollIntoView()")
        await page.picture(picture)
        assert picture.stat().st_size > 20_000
