"""Which renderings of the mappings a plan's steps were made from. Pure; for ``plan`` to show.

What ties them is what the actions themselves go by: an order has one rendering of a mapping, a
package its identity, a row of stock its SKU (of rows that repeat it the last) and the variant
that it was rendered for, a product the items of the feed that are its family.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from bridge.actions import effects
from bridge.actions.catalog_feed import families_in
from bridge.actions.catalog_state import Target
from bridge.actions.inventory_plan import Row
from bridge.actions.inventory_wants import Want
from bridge.actions.packages import Parcel, parcel_key
from bridge.engine import Step
from bridge.mapping.trace import Rendering

_OF_ORDER: Final[Mapping[str, str]] = MappingProxyType(
    {
        effects.CAPTURE: "order_settle_payment",
        effects.CANCELLED: "order_cancel",
        effects.CLOSED: "order_complete",
        effects.EDIT: "order_update",
        effects.REFUND: "order_returned",
        effects.RMA: "order_update",
        effects.UNSHIPPED: "order_complete",
    }
)
"""By the kind of a step: the mapping that is rendered once for its order."""


def made_from(
    steps: Sequence[Step], renderings: Sequence[Rendering]
) -> tuple[tuple[int, ...], ...]:
    """Of each step, the renderings by their number. Of a step that says nothing mapped: none."""
    known = _Known(renderings)
    return tuple(tuple(sorted(known.of(step))) for step in steps)


def about(rendering: Rendering) -> str:
    """What was rendered, for people: the subject; of an item of a feed also who it is."""
    output, variant = rendering.output, _variant(rendering)
    if rendering.element is None or output is None:
        return f"{rendering.subject}, {variant}" if variant else rendering.subject
    skus = [v["sku"] for v in output.get("variants") or () if v.get("sku")]
    names = [str(output[key]) for key in ("family", "handle") if output.get(key)]
    names += [skus[0] if len(skus) == 1 else f"{skus[0]} and {len(skus) - 1} more"] if skus else []
    return ", ".join([rendering.subject, *names])


def _variant(rendering: Rendering) -> str:
    """The variant (GID) that a row of stock was rendered for, if it was for one."""
    fields = rendering.scope.get("variant") if rendering.mapping == "inventory_push" else None
    return str(fields["id"]) if fields else ""


class _Known:
    """The renderings by what steps know of them. Those that failed have made nothing."""

    def __init__(self, renderings: Sequence[Rendering]) -> None:
        self._orders: dict[str, set[int]] = {}
        self._parcels: dict[str, set[int]] = {}
        self._rows: dict[tuple[str, object, str], int] = {}
        items: list[int] = []
        for number, one in enumerate(renderings):
            if one.element is not None:
                items.append(number)
            elif one.output is None:
                continue
            elif one.mapping == "order_shipment_submit":
                self._parcels.setdefault(parcel_key(one.scope), set()).add(number)
            elif one.mapping == "inventory_push":
                told = one.scope["update"]["sku"]
                self._rows[told, one.output["sku"], _variant(one)] = number
            else:
                self._orders.setdefault(one.mapping, set()).add(number)
        elements = [e for n in items if (e := renderings[n].element) is not None]
        self._families: dict[str, set[int]] = {}
        self._family_of: dict[str, str] = {}
        for key, (numbers, skus) in families_in(elements).items():
            self._families[key] = {items[n] for n in numbers}
            self._family_of |= dict.fromkeys(skus, key)

    def of(self, step: Step) -> set[int]:
        """The renderings of one step; of a bulk step those of all its rows."""
        kind = _OF_ORDER.get(step.kind)
        if kind is not None:
            return self._orders.get(kind, set())
        if isinstance(step.subject, Parcel):
            return self._parcels.get(step.subject.key, set())
        if isinstance(step.subject, tuple):
            return self._several(step.subject)
        target = getattr(step.subject, "target", None)
        return self._product(target) if isinstance(target, Target) else set()

    def _several(self, subjects: Iterable[Any]) -> set[int]:
        found: set[int] = set()
        for one in subjects:
            if isinstance(one, Step):
                found |= self.of(one)
            elif isinstance(one, Row):
                found |= self._row(one.want)
        return found

    def _row(self, want: Want) -> set[int]:
        number = self._rows.get((want.told, want.sku, want.variant))
        return set() if number is None else {number}

    def _product(self, target: Target) -> set[int]:
        """The items of its family, and of others that turned out to be the same product."""
        keys = {target.key, *(self._family_of.get(sku, target.key) for sku in target.skus)}
        return set().union(*(self._families.get(key, set()) for key in keys))
