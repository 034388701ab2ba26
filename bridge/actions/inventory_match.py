"""Which variant a SKU stands for, or why none does. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.config.models import InventoryPushPolicy
from bridge.retailops.events import Code, Event, event
from bridge.shopify.inventory import Variant


def not_written(code: Code, told: str, words: str) -> Event:
    """Why a row was not written; ``told`` is its SKU as RetailOps sent it."""
    return event(code, f"{told} was not written: {words}", sku=told)


def not_reached(told: str) -> Event:
    """There was no time to look for it."""
    words = "the call's time was over before its turn; send it again"
    return not_written(Code.NOT_REACHED, told, words)


def variants_of(
    told: str, sku: str, found: Iterable[Variant], policy: InventoryPushPolicy
) -> Sequence[Variant] | Event:
    """The variants that are to be written for a SKU, in the order in which Shopify made them."""
    known = sorted(found, key=lambda v: _number(v.gid))
    if not known:
        return not_written(Code.SKU_NOT_FOUND, told, f"no variant in the shop has the SKU {sku}")
    if len(known) > 1 and policy.duplicate_sku == "error":
        words = (
            f"{len(known)} variants have the SKU {sku}; make the SKUs different or set "
            "inventory_push.duplicate_sku"
        )
        return not_written(Code.SKU_AMBIGUOUS, told, words)
    return known[:1] if policy.duplicate_sku == "first" else known


def _number(gid: str) -> tuple[int, str]:
    """GIDs in the order in which Shopify made them."""
    tail = gid.rsplit("/", 1)[-1]
    return (int(tail), gid) if tail.isdecimal() else (0, gid)
