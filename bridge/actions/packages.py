"""Packages as RetailOps sends them: who they are, what is in them, how they travel. Pure.

A package is known by ``retailops_package_id``. Without one (0 and null are none) it is known by
its shipment and tracking number, else by the number alone, else by what is in it. The translation
of carrier, number and link is ``mappings/order_shipment_submit.toml``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from pydantic import ValidationError

from bridge.actions.shipment_target import PackageTracking
from bridge.actions.sources import plain_dump, shape_from_model
from bridge.errors import MappingError
from bridge.mapping.module import MappingModule
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import Package, PackageItem, Shipment
from bridge.schema.shape import Shape
from bridge.shopify.documents import operation
from bridge.shopify.fulfillment import Tracking

MAPPING: Final = "order_shipment_submit"

# Enough of a SHA-256 to tell the packages of one order apart.
HASH_LENGTH: Final = 16


OWN_ID: Final = "package "
"""How the key of a package begins that has an id of its own."""


@cache
def sources() -> Mapping[str, Shape]:
    """What mappings/order_shipment_submit.toml may name."""
    return {
        "package": shape_from_model(Package),
        "shipment": shape_from_model(Shipment),
        "order": operation("ShipmentState").shape(["order"]),
    }


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one line in a package."""

    refnum: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """One package. ``key`` is its identity within the order, ``name`` is for messages.

    ``own_id``: the key is RetailOps' package id, not guessed from what the package is like.
    ``shipment`` is RetailOps' shipment id or empty.
    """

    key: str
    name: str
    own_id: bool
    shipment: str
    items: tuple[Item, ...]
    tracking: Tracking
    notify: bool = False


@dataclass(frozen=True, slots=True)
class Parcels:
    """The packages of a call, each once, and what there is to tell of the others."""

    rows: tuple[Parcel, ...] = ()
    notices: tuple[Event, ...] = ()


def parcels(
    shipments: Iterable[Shipment], mapping: MappingModule, order: Mapping[str, Any]
) -> Parcels:
    """The packages that have something in them. One that comes twice is one package.

    A package id that comes twice holds, of each item, the larger quantity, and has the later
    tracking, as if it had come in two calls: RetailOps told it twice. Where that leaves units or a
    number out, it is told. What is only guessed to be one package (one shipment, one number) is
    added up: nothing that was sent is lost.
    """
    rows: dict[str, Parcel] = {}
    notices: list[Event] = []
    for shipment in shipments:
        for package in shipment.packages:
            made = _parcel(shipment, package, mapping, order, notices)
            if made is None:
                continue
            known = rows.get(made.key)
            rows[made.key] = made if known is None else _together(known, made)
            lost = _lost(known, made) if known is not None else ""
            if lost:
                message = f"{made.name} comes twice, and not alike: {lost}"
                about = shipment.retailops_shipment_id
                notices.append(event(Code.PACKAGE_REPEATED, message, shipment_id=about))
    return Parcels(tuple(rows.values()), tuple(notices))


def identity(shipment: Shipment, package: Package, items: Sequence[Item]) -> tuple[str, bool]:
    """The package's key, and whether it is RetailOps' own package id."""
    if package.retailops_package_id:
        return f"{OWN_ID}{package.retailops_package_id}", True
    of = f"shipment {shipment.retailops_shipment_id} " if shipment.retailops_shipment_id else ""
    if package.tracking_number:
        return f"{of}tracking {package.tracking_number}", False
    content = sorted((i.refnum, i.sku, i.quantity) for i in items)
    text = json.dumps(content, separators=(",", ":"))
    return f"{of}items {hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]}", False


def parcel_key(scope: Mapping[str, Any]) -> str:
    """The key of the package that the mapping was given, from what it was given."""
    shipment = Shipment.model_validate(scope["shipment"])
    package = Package.model_validate(scope["package"])
    rows = [_item(i, i.quantity) for i in package.package_items if i.quantity and i.quantity > 0]
    return identity(shipment, package, rows)[0]


def natural_id(shipments: Iterable[Shipment]) -> str:
    """What makes two calls about packages of one order the same call."""
    keys = {
        identity(shipment, package, [_item(i, i.quantity or 0) for i in package.package_items])[0]
        for shipment in shipments
        for package in shipment.packages
    }
    text = ", ".join(sorted(keys)) or "no packages"
    # The ledger's keys are for people to read; a day's worth of packages is not.
    return text if len(text) <= 200 else hashlib.sha256(text.encode()).hexdigest()


def _item(row: PackageItem, quantity: int) -> Item:
    return Item(row.channel_item_refnum or "", (row.sku or "").strip(), quantity)


def _parcel(
    shipment: Shipment,
    package: Package,
    mapping: MappingModule,
    order: Mapping[str, Any],
    notices: list[Event],
) -> Parcel | None:
    """One package with its tracking; None when there is nothing in it."""
    label = package.retailops_package_id or package.tracking_number
    name = f"package {label}" if label else "a package without id"
    about = shipment.retailops_shipment_id
    items: list[Item] = []
    for row in package.package_items:
        quantity = row.quantity
        if quantity is None or quantity < 0:
            told = "no quantity" if quantity is None else f"the quantity {quantity}"
            what = row.channel_item_refnum or row.sku or "an item without refnum and SKU"
            message = f"{name}: {what} has {told}: left out"
            notices.append(
                event(
                    Code.INVALID_QUANTITY,
                    message,
                    item_refnum=row.channel_item_refnum,
                    sku=row.sku,
                    shipment_id=about,
                )
            )
        elif quantity > 0:
            items.append(_item(row, quantity))
    if not items:
        return None
    key, own_id = identity(shipment, package, items)
    try:
        scope = {"package": plain_dump(package), "shipment": plain_dump(shipment), "order": order}
        made = PackageTracking.model_validate(mapping.render(scope, subject=name))
    except MappingError as error:
        message = f"{name} is not shipped: {error}"
        notices.append(event(Code(error.code), message, event_type="error", shipment_id=about))
        return None
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        message = f"{name} is not shipped: the mapping's {where}: {fault['msg']}"
        notices.append(event(Code.MAPPING_FAILED, message, event_type="error", shipment_id=about))
        return None
    number = (made.number or "").strip()
    return Parcel(
        key=key,
        name=name,
        own_id=own_id,
        shipment=str(shipment.retailops_shipment_id or ""),
        items=tuple(items),
        # A link is made from the number: without one it leads nowhere.
        tracking=Tracking(number, (made.carrier or "").strip(), (made.url or "") if number else ""),
        notify=made.notify_customer,
    )


def _together(one: Parcel, other: Parcel) -> Parcel:
    """Two rows of one package; the later tracking counts if it has any."""
    units, more = _units(one), _units(other)
    for place, quantity in more.items():
        known = units.get(place, 0)
        units[place] = max(known, quantity) if one.own_id else known + quantity
    items = tuple(Item(refnum, sku, quantity) for (refnum, sku), quantity in units.items())
    return replace(
        one,
        items=items,
        tracking=other.tracking if other.tracking else one.tracking,
        notify=one.notify or other.notify,
    )


def _lost(one: Parcel, other: Parcel) -> str:
    """What of two rows of one package does not count, in words; nothing where they are alike.

    Were they two packages under one id, their numbers differ, or an item's quantities do.
    """
    told: list[str] = []
    numbers = (one.tracking.number, other.tracking.number)
    renumbered = all(numbers) and numbers[0] != numbers[1]
    if renumbered:
        told.append(f"the tracking number {numbers[1]} counts, and {numbers[0]} does not")
    units, more = _units(one), _units(other)
    for place in (p for p in more if p in units and one.own_id):
        if renumbered or units[place] != more[place]:
            refnum, sku = place
            both = f"{units[place]} and {more[place]} of {refnum or sku or 'an item'}"
            told.append(f"{both} are taken for {max(units[place], more[place])}")
    return "; ".join(told)


def _units(parcel: Parcel) -> dict[tuple[str, str], int]:
    """The units in a package by refnum and SKU."""
    units: dict[tuple[str, str], int] = {}
    for item in parcel.items:
        units[item.refnum, item.sku] = units.get((item.refnum, item.sku), 0) + item.quantity
    return units
