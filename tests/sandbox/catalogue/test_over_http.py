"""The catalogue over HTTP: faults at its mutations, scopes, the control endpoints."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bridge.sandbox.access import FIELD_SCOPES
from bridge.sandbox.context import DEFAULT_SCOPES
from bridge.sandbox.limits import LIMITS
from bridge.sandbox.mutations import MUTATIONS
from bridge.sandbox.runner import start_sandbox
from tests.sandbox.catalogue.harness import SET, SHIRT, UPDATE, VARIANTS_UPDATE
from tests.sandbox.engine.harness import Http, direct, still_clock


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """A freshly seeded store on a free port, on a clock that stands still."""
    running = await start_sandbox(clock=still_clock())
    async with aiohttp.ClientSession() as session:
        yield Http(running, session)
    await running.stop()


async def shirt(http: Http) -> dict[str, Any]:
    """The product with this title, as the state shows it; empty when there is none."""
    state = await http.get("/_sandbox/state")
    return next((row for row in state["products"] if row["title"] == SHIRT["title"]), {})


async def test_a_product_from_nothing_to_its_images(http: Http) -> None:
    """Made, read, changed, searched by the clock's control; every effect is in the journal."""
    made = (await http.data(SET, {"input": SHIRT}))["productSet"]["product"]
    media = [{"mediaContentType": "IMAGE", "originalSource": "https://images.example.com/a.jpg"}]
    change = {"product": {"id": made["id"], "status": "DRAFT"}, "media": media}
    await http.data(UPDATE, change)
    shown = await shirt(http)
    assert (shown["status"], shown["media"][0]["status"]) == ("DRAFT", "PROCESSING")
    await http.post("/_sandbox/clock", {"advance": 5})
    assert (await shirt(http))["media"][0]["status"] == "READY"
    search = "{ productVariants(first: 5, query: \"sku:'LIN-S-RED'\") { nodes { sku } } }"
    found = (await http.data(search))["productVariants"]["nodes"]
    assert found == [{"sku": "LIN-S-RED"}]
    journal = await http.get("/_sandbox/journal")
    assert [line["mutation"] for line in journal] == ["productSet", "productUpdate"]


@pytest.mark.parametrize(
    ("fault", "applied"),
    [("http_502_before", False), ("http_502_after", True), ("internal_error", False)],
)
async def test_faults_strike_here_too(http: Http, fault: str, applied: bool) -> None:
    """What was applied is there, what was not is not."""
    await http.post("/_sandbox/faults", {"operation": "productSet", "fault": fault})
    await http.ask(SET, {"input": SHIRT})
    assert bool(await shirt(http)) is applied


async def test_an_answer_that_is_lost(http: Http) -> None:
    """The connection closes, the variants are changed; the same again changes nothing."""
    made = (await http.data(SET, {"input": SHIRT}))["productSet"]["product"]
    variant = (await shirt(http))["variants"][0]["gid"]
    await http.post("/_sandbox/faults", {"operation": "Update", "fault": "drop_reply"})
    variables = {"productId": made["id"], "variants": [{"id": variant, "price": "39.00"}]}
    with pytest.raises((aiohttp.ClientError, asyncio.TimeoutError)):
        await http.ask(VARIANTS_UPDATE, variables)
    assert (await shirt(http))["variants"][0]["price"] == "39.0"
    length = len(await http.get("/_sandbox/journal"))
    await http.data(VARIANTS_UPDATE, variables)
    assert len(await http.get("/_sandbox/journal")) == length


async def test_reset_brings_the_shelves_back(http: Http) -> None:
    """What was made is gone; publications and collections have the same ids."""
    before = await http.get("/_sandbox/state")
    await http.data(SET, {"input": SHIRT})
    await http.post("/_sandbox/reset", {})
    after = await http.get("/_sandbox/state")
    names = ("collections", "publications", "files", "redirects")
    assert [after[name] for name in names] == [before[name] for name in names]
    assert len(after["products"]) == len(before["products"])


def test_every_mutation_of_products_needs_its_scope() -> None:
    """Each of them, and the lists beside the products, name the scope that is missing."""
    needed = {
        name: FIELD_SCOPES["Mutation", name]
        for name in MUTATIONS
        if name.startswith(("product", "publish", "file"))
    }
    assert set(needed.values()) == {"write_products", "write_publications", "write_files"}
    missing = {"write_products", "read_products", "write_publications", "read_publications"}
    shop = direct(scopes=tuple(one for one in DEFAULT_SCOPES if one not in missing))
    for text, scope in (
        (SET.replace("$sync: Boolean = true", "$sync: Boolean"), "write_products"),
        ("{ collections(first: 1) { nodes { id } } }", "read_products"),
        ("{ publications(first: 1) { nodes { id } } }", "read_publications"),
    ):
        (error,) = shop.errors(text, {"input": {"title": "T"}} if "Set" in text else {})
        assert error["extensions"]["requiredAccess"] == f"`{scope}` access scope."


def test_stock_needs_its_own_scope() -> None:
    """``productSet`` with quantities needs write_inventory (documented)."""
    shop = direct(scopes=tuple(one for one in DEFAULT_SCOPES if "inventory" not in one))
    location = next(iter(shop.store.locations.values())).id
    given = json.loads(json.dumps(SHIRT))
    rows = [{"locationId": location, "name": "available", "quantity": 1}]
    given["variants"][0]["inventoryQuantities"] = rows
    (error,) = shop.errors(SET, {"input": given})
    assert error["extensions"]["requiredAccess"] == "`write_inventory` access scope."


def test_limits_tell_what_is_left_out() -> None:
    """The catalogue has its entry."""
    areas = dict(LIMITS)
    assert "videos" in areas["products"]
    assert "productSet" in areas["mutations"]
