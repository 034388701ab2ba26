"""A merchant's mapping that fails for one order: an event that says where, and nothing written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support import world

REFNUM = "order.channel_order_refnum"
STRICT = '| table: \'known\', strict: true"\n[tables.known]\nA = "A"\n'
RULES = {
    "order_cancel": f'[cancellation]\nstaff_note = "request.{REFNUM} {STRICT}',
    "order_complete": f'[complete]\nnote = "request.{REFNUM} {STRICT}',
    "order_returned": f'[returned]\nnote = "{REFNUM} {STRICT}',
    "order_settle_payment": f'[settle.tenders]\ntype = "row.payment_type {STRICT}',
    "order_update": f'[update]\nstaff_note = "request.{REFNUM} {STRICT}',
}


def asked(action: str, refnum: str, line: str) -> dict[str, Any]:
    """A request that has something to do."""
    row = {"channel_item_refnum": line, "order_item_id": 1, "quantity": 1}
    fields: dict[str, dict[str, Any]] = {
        "order_cancel": {"order": {"channel_order_refnum": refnum}},
        "order_complete": {
            "order": {"channel_order_refnum": refnum, "shipments": [], "unshipped_items": []}
        },
        "order_returned": {
            "order": {"channel_order_refnum": refnum},
            "return": {
                "retailops_return_id": 7,
                "refund_action": "refund",
                "refund_amt": 1,
                "items": [row],
            },
        },
        "order_settle_payment": {
            "order": {"channel_order_refnum": refnum},
            "payment": {
                "payment_transactions": [
                    {"payment_processing_type": "channel_payment", "payment_type": "B", "amount": 1}
                ]
            },
        },
        "order_update": {"order": {"channel_order_refnum": refnum, "order_items": [row]}},
    }
    return fields[action]


@pytest.mark.parametrize("action", sorted(RULES))
async def test_it_says_where_and_writes_nothing(tmp_path: Path, action: str) -> None:
    """HTTP 200, one error of this order with the mapping's file and line; no call again helps."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / f"{action}.toml").write_text(RULES[action], "utf-8")
    async with world(tmp_path, mappings_dir=own) as w:
        node = await w.place(lines=[{"sku": "TEE-TRL-M-MOSS", "quantity": 3}])
        await w.advance(10)
        before = len(await w.journal())
        answer = await w.post(action, **asked(action, node["id"], node["lines"][0]["id"]))
        assert answer.status == 200
        assert answer.codes == ["MAPPING_MISSING"], answer.body
        (told,) = answer.events
        assert told["event_type"] == "error"
        assert f"{action}.toml:2:" in told["message"] + str(told.get("diagnostic_data"))
        assert len(await w.journal()) == before
