"""What the proofs hold an answer and a store against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tests.support import Answer

Node = Mapping[str, Any]


def says_done(answer: Answer) -> bool:
    """Whether RetailOps takes it that everything was done: 200, no error, no fail."""
    if answer.status != 200 or answer.body.get("status") == "fail":
        return False
    return not any(e["event_type"] == "error" for e in answer.body.get("events", ()))


def codes(answer: Answer) -> list[str]:
    """The codes of its errors, or its HTTP status."""
    if answer.status != 200:
        return [f"HTTP {answer.status}"]
    return [e["code"] for e in answer.body.get("events", ()) if e["event_type"] == "error"]


def effects(journal: Iterable[Node], order: Node | None) -> Counter[str]:
    """How often each mutation had an effect on the order; of all, when there is none."""
    return Counter(
        e["mutation"] for e in journal if order is None or e["order"] in {None, order["id"]}
    )


def stock(state: Node, skus: Iterable[str]) -> dict[str, int]:
    """What is available of each SKU, over all locations."""
    wanted = set(skus)
    return {
        item["sku"]: sum(level["available"] for level in item["levels"])
        for item in state["inventory"]
        if item["sku"] in wanted
    }


def looks(state: Node, order: Node) -> dict[str, Any]:
    """How an order looks, without what differs from one playing to the next."""
    now = next(o for o in state["orders"] if o["id"] == order["id"])
    skus_of = {line["id"]: line["sku"] for line in now["lines"]}

    def of(kind: str) -> list[Node]:
        return [n for n in state[kind] if n["order"] == order["id"]]

    def units(lines: Iterable[Node]) -> list[tuple[str, int]]:
        return sorted((skus_of[n["line"]], n["quantity"]) for n in lines)

    return {
        "lines": sorted(
            (n["sku"], n["quantity"], n["current_quantity"], n["unfulfilled_quantity"])
            for n in now["lines"]
        ),
        "status": (now["financial_status"], now["fulfillment_status"], now["closed"]),
        "cancelled": now["cancelled_at"] is not None,
        "tags": sorted(now["tags"]),
        "metafields": sorted(now["metafields"]),
        "outstanding": now["outstanding"]["amount"],
        "fulfillments": sorted((f["status"], units(f["lines"])) for f in of("fulfillments")),
        "money": sorted(
            (t["kind"], t["status"], t["amount"]["amount"]) for t in of("transactions")
        ),
        "refunds": sorted((r["total"]["amount"], units(r["lines"])) for r in of("refunds")),
        "returns": sorted((r["status"], units(r["lines"])) for r in of("returns")),
    }
