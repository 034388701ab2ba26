"""What is known of a package: from the ledger, or from the store alone. Pure.

The ledger's word counts whatever became of the fulfillment since. Should the ledger be lost, a
package is recognised by its tracking number and its units; an untracked one is not guessed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.actions.effects import FULFILLMENT
from bridge.actions.packages import OWN_ID, Parcel
from bridge.actions.shipment_lines import number_of
from bridge.ledger import Effect
from bridge.shopify.fulfillment import OrderWork, Shipped


@dataclass(frozen=True, slots=True)
class Ground:
    """What a plan stands on: the order as it is, and what the ledger knows of it.

    ``born`` is the age of the ledger's file; ``refnum`` the order's as RetailOps names it.
    """

    shop: str
    refnum: str
    order: OrderWork
    effects: Sequence[Effect]
    born: datetime
    now: datetime


def package_of(effect: Effect) -> str:
    """The key of the package that an effect of kind ``fulfillment`` shipped."""
    return effect.natural_id.rpartition("@")[0]


class Known:
    """What is known of the packages of one order; it learns what a plan finds and adds."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._effects = [e for e in ground.effects if e.kind == FULFILLMENT]
        self._ids = {e.natural_id for e in self._effects}

    def effects_of(self, parcel: Parcel, wanted: Mapping[str, int]) -> list[Effect]:
        """What the ledger knows of the package.

        Without an id of its own, a package that got (or lost) its tracking number is still the
        same: one shipment, the same units.
        """
        mine = [e for e in self._effects if package_of(e) == parcel.key]
        if mine or parcel.own_id or not parcel.shipment:
            return mine
        return [
            e
            for e in self._effects
            if not package_of(e).startswith(OWN_ID)
            and e.detail.get("shipment") == parcel.shipment
            and not (e.detail.get("tracking") and parcel.tracking.number)
            and units_of(e.detail.get("lines", {})) == wanted
        ][:1]

    def adopt(self, parcel: Parcel, left: Mapping[str, int]) -> list[Effect]:
        """Fulfillments with the package's number and nothing but its units, as effects of it."""
        if not parcel.tracking.number:
            return []
        strangers = [
            s
            for s in self._ground.order.shipped
            if s.bears(parcel.tracking.number) and not self._is_anothers(s, parcel)
        ]
        found: list[Effect] = []
        rest = dict(left)
        # The fulfillment that is just the package before those that are parts of it.
        for shipped in sorted(strangers, key=lambda s: -s.total):
            if not rest or not shipped.within(rest):
                continue
            lines = dict(shipped.lines) if sum(shipped.lines.values()) == shipped.total else rest
            natural_id = self.natural_id(parcel, number_of(shipped.id))
            detail = detail_of(parcel, lines) | {"fulfillment": shipped.id}
            found.append(self._effect(natural_id, detail))
            rest = less(rest, [lines])
        self._effects = [*self._effects, *found]
        return found

    def _is_anothers(self, shipped: Shipped, parcel: Parcel) -> bool:
        """Whether the fulfillment is known as another package.

        A package that is only guessed from its number may be this one under its id, and the
        reverse; two packages with ids of their own never are one.
        """
        owners = [e for e in self._effects if e.detail.get("fulfillment") == shipped.id]
        return any(
            parcel.own_id == package_of(e).startswith(OWN_ID) or package_of(e) == parcel.key
            for e in owners
        )

    def doubtful(self, parcel: Parcel, lines: Iterable[str]) -> Shipped | None:
        """A fulfillment that may be this untracked package, shipped before the ledger began."""
        if parcel.tracking.number:
            return None
        claimed = {e.detail.get("fulfillment") for e in self._effects}
        wanted = set(lines)
        for shipped in self._ground.order.shipped:
            strange = shipped.id not in claimed and not shipped.cancelled
            if strange and shipped.created_at < self._ground.born and wanted & set(shipped.lines):
                return shipped
        return None

    def natural_id(self, parcel: Parcel, group: str) -> str:
        """Unique in the order: a hold that was lifted since ships a second time from one group."""
        first = natural_id = f"{parcel.key}@{group}"
        number = 1
        while natural_id in self._ids:
            number += 1
            natural_id = f"{first}#{number}"
        self._ids.add(natural_id)
        return natural_id

    def _effect(self, natural_id: str, detail: Mapping[str, Any]) -> Effect:
        ground = self._ground
        return Effect(
            ground.shop, ground.order.gid, FULFILLMENT, natural_id, dict(detail), ground.now
        )


def detail_of(parcel: Parcel, lines: Mapping[str, int]) -> dict[str, Any]:
    """What the ledger keeps of a package that is shipped, but for the fulfillment's GID."""
    return {
        "package": parcel.key,
        "shipment": parcel.shipment,
        "lines": dict(lines),
        "tracking": parcel.tracking.number,
    }


def units_of(lines: Mapping[str, Any]) -> dict[str, int]:
    """Units by line, as they come out of the ledger."""
    return {line: int(units) for line, units in lines.items()}


def less(wanted: Mapping[str, int], done: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """What of ``wanted`` is not ``done``; lines of which nothing is left are absent."""
    rest = dict(wanted)
    for lines in done:
        for line, units in lines.items():
            if line in rest:
                rest[line] -= units
    return {line: units for line, units in rest.items() if units > 0}
