"""From wants and what is true in the store to the rows that must be written. Pure.

``decide`` compares once; ``fates`` tells from the replies what became of each row, and which
rows are still open: one that Shopify named as stale is read again, one that was only in the
same request goes out again as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Final

from bridge.actions.inventory_match import not_reached, not_written, variants_of
from bridge.actions.inventory_reserve import Reserved
from bridge.actions.inventory_wants import Want
from bridge.config.models import InventoryPushPolicy
from bridge.engine import Result, shopify_event
from bridge.errors import QueryRejected, UserError
from bridge.retailops.events import Code, Event, event
from bridge.shopify.inventory import SetRow, Variant, level_of
from bridge.shopify.protocol import user_errors

STALE: Final = "CHANGE_FROM_QUANTITY_STALE"


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity to be written: ``quantity`` where ``before`` was read.

    ``stocked`` is False while the item must first be activated at the location.
    """

    want: Want
    item: str
    quantity: int
    before: int
    stocked: bool = True

    @property
    def place(self) -> tuple[str, str]:
        """The inventory level: item and location (GIDs)."""
        return self.item, self.want.location

    def as_set(self) -> SetRow:
        """The row as InventorySet takes it."""
        return SetRow(self.item, self.want.location, self.quantity, self.before)


@dataclass(slots=True)
class Decision:
    """What to write, what to stock first, and what to tell of the rest."""

    rows: list[Row] = field(default_factory=list)
    activate: list[Row] = field(default_factory=list)
    notices: list[Event] = field(default_factory=list)


def target(want: Want, reserved: Reserved) -> int:
    """The quantity to be set: less what is reserved and kept back, never below zero."""
    return max(0, want.quantity - reserved.units(want.sku, want.location) - want.safety)


def decide(
    wants: Iterable[Want],
    variants: Mapping[str, Sequence[Variant]],
    reserved: Reserved,
    policy: InventoryPushPolicy,
    *,
    unreached: Collection[str] = (),
) -> Decision:
    """Compare what is wanted with what is there.

    ``variants`` are the exact matches by SKU; ``unreached`` SKUs were not looked for in time.
    """
    decider = _Decider(reserved, policy)
    for want in wants:
        if want.sku in unreached:
            decider.leave(want, not_reached(want.told))
        else:
            decider.compare(want, variants.get(want.sku, ()))
    return decider.out


class _Decider:
    """One comparison at work."""

    def __init__(self, reserved: Reserved, policy: InventoryPushPolicy) -> None:
        self.out = Decision()
        self._reserved = reserved
        self._policy = policy
        self._said: set[tuple[Code, str]] = set()

    def leave(self, want: Want, notice: Event) -> None:
        """Tell why a SKU was not written; once a SKU, not once a location."""
        said = Code(notice.code), want.told
        if said not in self._said:
            self._said.add(said)
            self.out.notices.append(notice)

    def _left(self, code: Code, want: Want, words: str) -> None:
        self.leave(want, not_written(code, want.told, words))

    def compare(self, want: Want, variants: Sequence[Variant]) -> None:
        """Rows for the variants of one want."""
        found = variants_of(want.told, want.sku, variants, self._policy)
        if isinstance(found, Event):
            self.leave(want, found)
            return
        quantity = target(want, self._reserved)
        for variant in found:
            if want.variant not in ("", variant.gid):
                continue
            if variant.bundle:
                self._left(Code.BUNDLE_STOCK, want, "a bundle's stock is that of its components")
            elif variant.tracked:
                self._at_location(want, variant, quantity)
            else:
                self._left(Code.NOT_TRACKED, want, "Shopify does not track its stock")

    def _at_location(self, want: Want, variant: Variant, quantity: int) -> None:
        level = variant.levels.get(want.location)
        if level is not None and level.active:
            if level.available != quantity:
                self.out.rows.append(Row(want, variant.item, quantity, level.available))
        elif self._policy.activate:
            before = level.available if level else 0
            self.out.activate.append(Row(want, variant.item, quantity, before, stocked=False))
        else:
            words = "it is not stocked at the location, and inventory_push.activate is off"
            self._left(Code.NOT_STOCKED, want, words)


class Open(Enum):
    """Why a row is not finished yet."""

    AGAIN = "goes out again as it is"
    REREAD = "must be read again: its stock changed"


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a row: written (both None), still open, or refused with an event."""

    row: Row
    open: Open | None = None
    event: Event | None = None


def fates(results: Sequence[Result]) -> dict[tuple[str, str], Fate]:
    """The latest fate of every row that was ever sent, by inventory level."""
    out: dict[tuple[str, str], Fate] = {}
    for result in results:
        rows: tuple[Row, ...] = result.step.subject
        told = _of_activation(result, rows) if not rows[0].stocked else _of_setting(result, rows)
        out |= {fate.row.place: fate for fate in told}
    return out


def _failed(result: Result, rows: Sequence[Row]) -> list[Fate]:
    error = result.error or QueryRejected("Shopify gave no result")
    return [Fate(row, event=shopify_event(error, sku=row.want.told)) for row in rows]


def _of_setting(result: Result, rows: Sequence[Row]) -> list[Fate]:
    if result.data is None:
        return _failed(result, rows)
    payload = result.data.get("inventorySetQuantities")
    if payload is None:
        return _failed(result, rows)
    errors = user_errors(payload)
    if not errors:
        return [Fate(row) for row in rows]
    named: dict[int, list[UserError]] = {}
    for error in errors:
        named.setdefault(_index(error, len(rows)), []).append(error)
    if set(named) == {-1}:  # refused for a reason of the whole request
        return [Fate(row, event=_refused(row, errors, result)) for row in rows]
    return [_fate_of_row(row, named.get(n, ()), result) for n, row in enumerate(rows)]


def _fate_of_row(row: Row, errors: Sequence[UserError], result: Result) -> Fate:
    if not errors:
        return Fate(row, open=Open.AGAIN)
    if all(e.code == STALE for e in errors):
        return Fate(row, open=Open.REREAD)
    return Fate(row, event=_refused(row, errors, result))


def _index(error: UserError, count: int) -> int:
    """Which row an error names (``input.quantities.3.locationId``); -1: none."""
    for before, step in zip(error.field, error.field[1:], strict=False):
        if before == "quantities" and step.isdecimal() and int(step) < count:
            return int(step)
    return -1


def _of_activation(result: Result, rows: Sequence[Row]) -> list[Fate]:
    if result.data is None:
        return _failed(result, rows)
    return [_activated(row, result.data.get(f"a{n}"), result) for n, row in enumerate(rows)]


def _activated(row: Row, payload: Mapping[str, Any] | None, result: Result) -> Fate:
    """An item that is stocked now still needs its quantity, unless it has it already."""
    level = level_of((payload or {}).get("inventoryLevel"))
    if level is None or not level.active:
        errors = user_errors(payload) or (UserError((), "Shopify gave no reason"),)
        words = "; ".join(str(e) for e in errors)
        told = event(
            Code.NOT_STOCKED,
            f"{row.want.told} was not written: Shopify did not stock it at the location: {words}",
            diagnostic=_diagnostic(result),
            sku=row.want.told,
        )
        return Fate(row, event=told)
    ready = replace(row, before=level.available, stocked=True)
    return Fate(ready, open=Open.AGAIN if level.available != row.quantity else None)


def _refused(row: Row, errors: Sequence[UserError], result: Result) -> Event:
    words = "; ".join(str(e) for e in errors)
    return event(
        Code.SHOPIFY_USER_ERROR,
        f"{row.want.told} was not written: {words}",
        diagnostic=_diagnostic(result),
        sku=row.want.told,
    )


def _diagnostic(result: Result) -> str:
    return f"shopify request {result.request_id}" if result.request_id else ""
