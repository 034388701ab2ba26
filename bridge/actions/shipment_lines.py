"""Which line of an order RetailOps means: by refnum, else by a SKU that only one line has. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from bridge.shopify.fulfillment import OrderWork

LINE_GID: Final = "gid://shopify/LineItem/"

SHIPPED_BEFORE: Final = "-shipped"
"""order_pull's mark of the part of a line that was shipped before RetailOps knew the order."""

EXTRAS: Final = frozenset({"tip", "duty", "fee"})
"""order_pull's advisory lines that are no lines in Shopify."""

NoLine = Literal["unknown", "shipped before", "extra"]


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of an order (GIDs) by number and by SKU."""

    ids: frozenset[str] = frozenset()
    by_sku: dict[str, set[str]] = field(default_factory=dict)

    def find(self, refnum: str, sku: str) -> str | NoLine:
        """The line's GID, or why there is none."""
        if refnum in EXTRAS:
            return "extra"
        if refnum.endswith(SHIPPED_BEFORE):
            return "shipped before"
        gid = LINE_GID + refnum.removeprefix(LINE_GID)
        if gid in self.ids:
            return gid
        having = self.by_sku.get(sku, set()) if sku else set()
        return next(iter(having)) if len(having) == 1 else "unknown"

    def sku(self, gid: str) -> str:
        """The line's SKU, or nothing."""
        return next((sku for sku, having in self.by_sku.items() if gid in having), "")


def lines_of(order: OrderWork) -> Lines:
    """All lines that fulfillment orders and fulfillments show."""
    found = Lines(
        frozenset(row.line for work in order.work for row in work.lines)
        | frozenset(line for shipped in order.shipped for line in shipped.lines)
    )
    for row in _rows(order):
        if row[1]:
            found.by_sku.setdefault(row[1], set()).add(row[0])
    return found


def _rows(order: OrderWork) -> Iterable[tuple[str, str]]:
    return ((row.line, row.sku) for work in order.work for row in work.lines)


def number_of(gid: str) -> str:
    """The number at the end of a GID: what RetailOps knows a line by."""
    return gid.rsplit("/", 1)[-1]
