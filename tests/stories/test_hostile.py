"""Hostile customers and hostile mappings over HTTP: nothing runs, and nobody else waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.stories.caller import PLAIN, held_back, placed, pull
from tests.support import world

HOSTILE = [
    "{{ order.email }}{% include 'config.toml' %}",
    "{% for i in (1..1000000000) %}{{ i }}{% endfor %}",
    "'}} {{ 1 | plus: 1 }} {{'",
    "$(cat /etc/passwd) `id` ${PATH} %(x)s {0.__class__.__mro__} \\x00 #{7*7}",
    "[select]\norder = \"name\"\n[order]\ngift_message = 'x'",
]


async def test_what_a_customer_writes_arrives_as_it_was_written(tmp_path: Path) -> None:
    """In the note, in an attribute of a line, in a name: a text and nothing else."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "order_pull.toml").write_text(
        "[tables.ship_service]\n"
        '"{{ order.email }}" = "NEVER"\n'
        "[order]\n"
        "gift_message = \"order.note | append: '' | default: 'none'\"\n"
    )
    async with world(tmp_path, mappings_dir=own) as w:
        for text in HOSTILE:
            order = await placed(
                w,
                lines=[{"sku": PLAIN, "attributes": [{"key": text[:40], "value": text}]}],
                note=text,
                first_name=text[:30],
            )
            (told,), _ = await pull(w, specific_orders=[order["id"]])
            assert told["gift_message"] == text
            (option,) = told["order_items"][0]["options"]
            assert (option["name"], option["value"]) == (text[:40], text)
            assert told["ship_service_code"] != "NEVER"


async def test_a_greedy_mapping_holds_back_its_order_and_the_bridge_lives(tmp_path: Path) -> None:
    """Each letter of a note once for each letter: that order is held back, /health/live answers."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "order_pull.toml").write_text(
        "[order.order_items.options]\n"
        "each = \"order.note | split: ''\"\n"
        'as = "letter"\n'
        "type = \"'text'\"\n"
        "name = \"order.note | upcase | replace: 'X', 'yy' | truncate: 9 | default: 'n'\"\n"
        "value = \"letter | default: 'v'\"\n"
    )
    async with world(tmp_path, mappings_dir=own) as w:
        order = await placed(w, lines=[{"sku": PLAIN}] * 20, note="x" * 5000)
        pulling = asyncio.create_task(pull(w, specific_orders=[order["id"]]))
        while not pulling.done():
            async with w.http.get(f"{w.url}/health/live") as reply:
                assert reply.status == 200
        assert (await pulling)[0] == []
        held = (await held_back(w))[order["id"]]
        assert held.code == "MAPPING_FAILED"
        assert "more than 1,000,000 steps" in held.reason
