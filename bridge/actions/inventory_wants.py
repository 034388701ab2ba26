"""What one push wants: RetailOps' updates → quantities to set at Shopify's locations. Pure.

The translation is ``mappings/inventory_push.toml``; here are its scope, the duplicates (the last
row of a SKU counts), the locations' names and the rows that cannot be used, each with an event.
A mapping that reads ``variant`` is rendered once its SKUs are found in the shop.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from bridge.actions.inventory_match import not_reached, variants_of
from bridge.actions.inventory_target import FacilityStock, Stock
from bridge.actions.locations import Node, find, first, named
from bridge.actions.sources import plain_dump, shape_from_model
from bridge.config.models import InventoryPushPolicy
from bridge.errors import MappingError
from bridge.mapping.module import MappingModule
from bridge.retailops.events import Code, Event, EventType, event
from bridge.retailops.requests import InventoryUpdate
from bridge.schema.shape import Shape
from bridge.shopify.documents import Operation, operation
from bridge.shopify.inventory import HIGHEST_QUANTITY, Variant

VARIANT: Final = "variant"
"""The source that there is only once the row's SKU is found."""


class _Policy(InventoryPushPolicy):
    """The settings as a mapping sees them."""

    by_facility: bool


_PLACE: Final = Shape(
    "object",
    "Place",
    nullable=False,
    fields=MappingProxyType({"location": Shape("scalar", "String", nullable=True)}),
)

_UPDATE: Final = shape_from_model(InventoryUpdate)
_WITH_SKU: Final = replace(_UPDATE.fields["sku"], nullable=False)  # a row without is not mapped

_TOLD: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "update": replace(_UPDATE, fields={**_UPDATE.fields, "sku": _WITH_SKU}),
        "policy": shape_from_model(_Policy),
        "place": _PLACE,
    }
)


def sources(look_up: Operation | None = None) -> Mapping[str, Shape]:
    """The names that mappings/inventory_push.toml may use.

    ``look_up`` is VariantsBySku with a merchant's further fields, if there are any. The levels
    are left out: they are the action's own business.
    """
    found = (look_up or operation("VariantsBySku")).shape(["productVariants"])
    variant = found.of if found.of is not None else found
    item = variant.fields["inventoryItem"]
    item = replace(item, fields={k: s for k, s in item.fields.items() if k != "level"})
    sku = replace(variant.fields["sku"], nullable=False)  # it was found by it
    fields = {**variant.fields, "sku": sku, "inventoryItem": item}
    return {**_TOLD, VARIANT: replace(variant, nullable=False, fields=fields)}


@dataclass(frozen=True, slots=True)
class Found:
    """The shop's variants by SKU, with their ``fields``; ``unreached`` SKUs were not looked for."""

    variants: Mapping[str, Sequence[Variant]] = field(default_factory=dict)
    unreached: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Want:
    """Set ``quantity`` less what is reserved and ``safety`` for ``sku`` at ``location`` (GID).

    ``told`` is the SKU as RetailOps sent it: events name it. ``by_location``: only units that
    will be taken from this location are reserved here, not all of the SKU's. ``variant`` (GID):
    only this one, since the mapping was rendered for it.
    """

    told: str
    sku: str
    location: str
    quantity: int
    safety: int
    by_location: bool = False
    variant: str = ""


@dataclass(slots=True)
class Wants:
    """All that a push wants, and what it has to tell of the rest."""

    rows: list[Want] = field(default_factory=list)
    notices: list[Event] = field(default_factory=list)

    @property
    def locations(self) -> list[str]:
        """The locations (GIDs) that are written, each once."""
        return list(dict.fromkeys(w.location for w in self.rows))

    @property
    def by_location(self) -> bool:
        """Whether it matters where a reserved unit lies."""
        return any(w.by_location for w in self.rows)


_Made = tuple[Stock, str]
"""What one row wants, and the variant (GID) that it was rendered for, if it was for one."""


@dataclass(slots=True)
class Reader:
    """Turns updates into wants, for one policy and one list of the shop's locations."""

    policy: InventoryPushPolicy
    mapping: MappingModule
    known: Sequence[Node]
    out: Wants = field(default_factory=Wants)
    _said: set[tuple[Code, str]] = field(default_factory=set)
    _scope: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        by_facility = bool(self.policy.facilities)
        self._scope = self.policy.model_dump() | {"by_facility": by_facility}

    def skus(self, updates: Sequence[InventoryUpdate]) -> list[str]:
        """The SKUs that must be found before the wants can be made, each once.

        What is wrong with a row is told when its want is made.
        """
        found: dict[str, None] = {}
        for update in updates:
            if update.sku is not None and not update.unreadable:
                with suppress(MappingError):
                    found[self._sku(update)] = None
        return list(found)

    def nowhere(self) -> Wants:
        """What a push wants of a shop without any active location: to tell so."""
        self._no_location("any")
        return self.out

    def wants(self, updates: Sequence[InventoryUpdate], found: Found | None = None) -> Wants:
        """The wants of a push; the last row of a SKU counts, whatever it says.

        ``found`` is given when the mapping reads ``variant``.
        """
        last: dict[str, tuple[str, Sequence[_Made]]] = {}
        for number, update in enumerate(updates):
            made = self._row(update, f"inventory_updates[{number}]", found)
            if made is None:
                continue
            sku, stocks = made
            told = update.sku or sku
            if sku in last:
                self._once(
                    Code.SKU_REPEATED, told, f"{told} comes twice: its last row counts", told
                )
            last[sku] = told, stocks
        for told, stocks in last.values():
            for stock, variant in stocks:
                before = len(self.out.rows)
                self._place(told, stock)
                self.out.rows[before:] = [
                    replace(want, variant=variant) for want in self.out.rows[before:]
                ]
        if len(self.out.locations) > 1:
            self.out.rows = [replace(w, by_location=True) for w in self.out.rows]
        return self.out

    def _row(
        self, update: InventoryUpdate, place: str, found: Found | None
    ) -> tuple[str, Sequence[_Made]] | None:
        """The row's SKU and what is made of it; None for a row that names no SKU."""
        if update.sku is None:
            words = "; ".join(update.unreadable) or "it has no sku"
            code = Code.INVALID_FIELD if update.unreadable else Code.SKU_MISSING
            self._tell(code, f"{place} is passed over: {words}")
            return None
        if update.unreadable:
            words = "; ".join(update.unreadable)
            only_quantity = all(u.startswith("quantity_available") for u in update.unreadable)
            code = Code.INVALID_QUANTITY if only_quantity else Code.INVALID_FIELD
            self._tell(code, f"{update.sku} is not written: {words}", update.sku)
            return update.sku, ()
        try:
            if found is None:
                stock = self._stock(update, {})
                return stock.sku, ((stock, ""),)
            sku = self._sku(update)
            return sku, [
                (self._stock(update, {VARIANT: variant.fields}), variant.gid)
                for variant in self._variants(update.sku, sku, found)
            ]
        except MappingError as error:
            message = f"{update.sku} is not written: {error}"
            self._tell(Code(error.code), message, update.sku)
        except ValidationError as error:
            fault = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in fault["loc"])
            message = f"{update.sku} is not written: the mapping's {where}: {fault['msg']}"
            self._tell(Code.MAPPING_FAILED, message, update.sku)
        return update.sku, ()

    def _sku(self, update: InventoryUpdate) -> str:
        return str(self.mapping.leaf("sku", self._told(update), subject=f"SKU {update.sku}"))

    def _stock(self, update: InventoryUpdate, more: Mapping[str, Any]) -> Stock:
        scope = {**self._told(update), **more}
        subject = f"SKU {update.sku}"
        return Stock.model_validate(self.mapping.render(scope, enter=self._enter, subject=subject))

    def _told(self, update: InventoryUpdate) -> dict[str, Any]:
        return {"update": plain_dump(update), "policy": self._scope}

    def _variants(self, told: str, sku: str, found: Found) -> Iterator[Variant]:
        """Those that the row is rendered for; why there is none is told once."""
        if sku in found.unreached:
            known: Sequence[Variant] | Event = not_reached(told)
        else:
            known = variants_of(told, sku, found.variants.get(sku, ()), self.policy)
        if not isinstance(known, Event):
            yield from known
        elif (Code(known.code), told) not in self._said:
            self._said.add((Code(known.code), told))
            self.out.notices.append(known)

    def _enter(self, name: str, element: Mapping[str, Any]) -> Mapping[str, Any]:
        """``place.location``: where [inventory_push.facilities] puts a detail's facility."""
        if name != "detail":
            return {}
        return {"place": {"location": self.policy.facilities.get(element["facility_name"] or "")}}

    def _place(self, told: str, stock: Stock) -> None:
        if not stock.by_facility:
            self._at_one(told, stock)
        else:
            self._by_facility(told, stock)

    def _at_one(self, told: str, stock: Stock) -> None:
        location = find(self.known, stock.location) if stock.location else first(self.known)
        if location is None:
            self._no_location(stock.location or "any")
            return
        quantity = self._quantity(told, stock.quantity, "quantity_available")
        if quantity is not None:
            self.out.rows.append(
                Want(told, stock.sku, location["id"], quantity, stock.safety_stock)
            )

    def _no_location(self, wanted: str) -> None:
        self._once(
            Code.LOCATION_UNKNOWN,
            wanted,
            f'the shop has no active location "{wanted}"; it has: {named(self.known)}. '
            "Nothing is written there",
        )

    def _by_facility(self, told: str, stock: Stock) -> None:
        """Set what each mapped facility has.

        A facility that the detail does not name has nothing there, but only if the detail
        accounts for all of ``quantity_available``: an empty or partial detail wipes no stock.
        """
        at: dict[str, int] = {}
        unusable: set[str] = set()
        for facility in stock.facilities:
            gid = self._facility_location(facility)
            if gid is None or not facility.counted:
                continue
            quantity = self._quantity(told, facility.quantity, f"facility {facility.facility}")
            if quantity is None:
                unusable.add(gid)
            else:
                at[gid] = at.get(gid, 0) + quantity
        if self._complete(stock):
            for name in self.policy.facilities.values():
                location = find(self.known, name)
                if location is not None:
                    at.setdefault(location["id"], 0)
        if not at and not unusable:
            self._tell(
                Code.FACILITY_UNMAPPED,
                f"{told} is not written: its quantity_detail names no facility that has a location",
                told,
                event_type="warning",
            )
        for gid, quantity in at.items():
            if gid not in unusable:
                self.out.rows.append(Want(told, stock.sku, gid, quantity, stock.safety_stock, True))

    def _facility_location(self, facility: FacilityStock) -> str | None:
        name = facility.facility or ""
        if not facility.location:
            if facility.counted:
                self._once(
                    Code.FACILITY_UNMAPPED,
                    name,
                    f'facility "{name}" has no location in inventory_push.facilities: its units '
                    "are not written",
                    event_type="warning",
                )
            return None
        location = find(self.known, facility.location)
        if location is None:
            self._once(
                Code.LOCATION_UNKNOWN,
                facility.location,
                f'facility "{name}" is mapped to "{facility.location}", which is no active '
                f"location of the shop; it has: {named(self.known)}",
            )
            return None
        return str(location["id"])

    @staticmethod
    def _complete(stock: Stock) -> bool:
        if stock.quantity is None or any(f.quantity is None for f in stock.facilities):
            return False
        told = sum(f.quantity or 0 for f in stock.facilities)
        return told >= max(0, stock.quantity)

    def _quantity(self, told: str, quantity: int | None, what: str) -> int | None:
        """A quantity that can be written; below zero means that nothing is there."""
        if quantity is None:
            self._tell(
                Code.INVALID_QUANTITY, f"{told} is not written: {what} gives no quantity", told
            )
            return None
        if quantity > HIGHEST_QUANTITY:
            self._tell(
                Code.INVALID_QUANTITY,
                f"{told} is not written: {what} is above Shopify's limit of {HIGHEST_QUANTITY:,}",
                told,
            )
            return None
        if quantity < 0:
            self._tell(
                Code.INVALID_QUANTITY,
                f"{told}: {what} is negative ({quantity}); 0 is set",
                told,
                event_type="warning",
            )
            return 0
        return quantity

    def _tell(
        self,
        code: Code,
        message: str,
        sku: str | None = None,
        *,
        event_type: EventType | None = None,
    ) -> None:
        self.out.notices.append(event(code, message, event_type=event_type, sku=sku))

    def _once(
        self,
        code: Code,
        about: str,
        message: str,
        sku: str | None = None,
        *,
        event_type: EventType | None = None,
    ) -> None:
        if (code, about) not in self._said:
            self._said.add((code, about))
            self._tell(code, message, sku, event_type=event_type)
