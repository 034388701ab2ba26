"""Packages and orders in memory, and a store that fulfills them: for tests of pure plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.actions.effects import FULFILLMENT
from bridge.actions.packages import Item, Parcel, Parcels, parcels, sources
from bridge.actions.shipment_known import Ground
from bridge.actions.shipment_lines import LINE_GID
from bridge.actions.shipment_plan import Shipping, plan_packages
from bridge.actions.shipment_target import PackageTracking
from bridge.ledger import Effect
from bridge.mapping.module import MappingModule, load_module
from bridge.retailops.requests import Shipment
from bridge.shopify.fulfillment import OrderWork, Shipped, Tracking, Work, WorkLine
from tests.actions.stock import ROOT

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BORN = NOW - timedelta(days=30)
SHOP = "example.myshopify.com"
ORDER = "gid://shopify/Order/1"


def mapping() -> MappingModule:
    """mappings/order_shipment_submit.toml as it is shipped."""
    path = ROOT / "mappings" / "order_shipment_submit.toml"
    return load_module(
        "order_shipment_submit", [path], target=PackageTracking, sources=sources(), root="tracking"
    )


MAPPING = mapping()


def read(*shipments: Mapping[str, Any]) -> Parcels:
    """The packages of raw shipments."""
    rows = [Shipment.model_validate(s) for s in shipments]
    return parcels(rows, MAPPING, {"name": "#1001"})


def gid(number: int | str) -> str:
    """A line's GID."""
    return f"{LINE_GID}{number}"


def parcel(key: str, tracking: str = "", /, **units: int) -> Parcel:
    """A package with an id of its own; ``_1=2`` are two units of line 1."""
    items = tuple(Item(name.removeprefix("_"), "", count) for name, count in units.items())
    return Parcel(
        key=f"package {key}",
        name=f"package {key}",
        own_id=True,
        shipment="9",
        items=items,
        tracking=Tracking(tracking),
    )


def work(
    number: int,
    rows: Mapping[int, int],
    *,
    status: str = "OPEN",
    request: str = "UNSUBMITTED",
    location: int = 1,
    method: str = "SHIPPING",
) -> Work:
    """A fulfillment order: units left by line; the SKU of line n is ``SKU-n``."""
    return Work(
        id=f"gid://shopify/FulfillmentOrder/{number}",
        status=status,
        request_status=request,
        location=f"gid://shopify/Location/{location}",
        place=f"Place {location}",
        method=method,
        holds=("OTHER",) if status == "ON_HOLD" else (),
        lines=tuple(
            WorkLine(f"row/{number}/{line}", gid(line), f"SKU-{line}", left, left)
            for line, left in rows.items()
        ),
    )


def shipped(
    number: int,
    units: Mapping[int, int],
    tracking: str = "",
    *,
    status: str = "SUCCESS",
    at: datetime = NOW,
    company: str = "",
) -> Shipped:
    """A fulfillment."""
    return Shipped(
        id=f"gid://shopify/Fulfillment/{number}",
        status=status,
        created_at=at,
        total=sum(units.values()),
        tracking=(Tracking(tracking, company),) if tracking else (),
        lines={gid(line): count for line, count in units.items()},
    )


def order(*parts: Work | Shipped, cancelled: bool = False) -> OrderWork:
    """An order with this work and these fulfillments."""
    return OrderWork(
        gid=ORDER,
        legacy_id="1",
        name="#1001",
        cancelled=cancelled,
        closed=False,
        shipped=tuple(p for p in parts if isinstance(p, Shipped)),
        work=tuple(p for p in parts if isinstance(p, Work)),
    )


def known(key: str, number: int, units: Mapping[int, int], tracking: str = "") -> Effect:
    """What the ledger has of a package that was shipped as fulfillment ``number``."""
    detail = {
        "package": key,
        "shipment": "9",
        "lines": {gid(line): count for line, count in units.items()},
        "tracking": tracking,
        "fulfillment": f"gid://shopify/Fulfillment/{number}",
    }
    return Effect(SHOP, ORDER, FULFILLMENT, f"{key}@1/SHIPPING", detail, NOW)


def plan(
    state: OrderWork, *rows: Parcel, effects: Sequence[Effect] = (), born: datetime = BORN
) -> Shipping:
    """The plan for these packages."""
    return plan_packages(rows, Ground(SHOP, "1", state, effects, born, NOW))


def units(shipping: Shipping) -> list[dict[str, int]]:
    """Units by line number of each fulfillment that is planned."""
    return [
        {line.removeprefix(LINE_GID): count for line, count in step.expect["lines"].items()}
        for step in shipping.steps
        if step.kind == FULFILLMENT
    ]


def told(shipping: Shipping) -> list[str]:
    """The codes that are told."""
    return [e.code for e in shipping.notices]


def apply(state: OrderWork, shipping: Shipping) -> tuple[OrderWork, list[Effect]]:
    """The store and the ledger after the planned steps, with Shopify's rules checked."""
    made: list[Shipped] = []
    effects = list(shipping.found)
    works = {w.id: w for w in state.work}
    for step in shipping.steps:
        if step.operation.name == "FulfillmentOrderOpen":
            one = works[step.variables["id"]]
            assert one.status == "SCHEDULED"
            works[one.id] = replace(one, status="OPEN")
        if step.kind != FULFILLMENT:
            continue
        fulfillment = step.variables["fulfillment"]
        places = set()
        for group in fulfillment["lineItemsByFulfillmentOrder"]:
            one = works[group["fulfillmentOrderId"]]
            assert one.status in {"OPEN", "IN_PROGRESS"}
            places.add((one.location, one.method))
            for row in group["fulfillmentOrderLineItems"]:
                assert row["quantity"] > 0
                one = works[one.id]
                lines = tuple(
                    replace(r, remaining=r.remaining - row["quantity"]) if r.id == row["id"] else r
                    for r in one.lines
                )
                assert all(r.remaining >= 0 for r in lines)
                status = "IN_PROGRESS" if any(r.remaining for r in lines) else "CLOSED"
                works[one.id] = replace(one, lines=lines, status=status)
        assert len(places) == 1
        number = 1000 + len(state.shipped) + len(made)
        tracking = fulfillment.get("trackingInfo", {})
        made.append(
            Shipped(
                id=f"gid://shopify/Fulfillment/{number}",
                status="SUCCESS",
                created_at=NOW,
                total=sum(step.expect["lines"].values()),
                tracking=(Tracking(tracking["number"], tracking.get("company", "")),)
                if tracking.get("number")
                else (),
                lines=dict(step.expect["lines"]),
            )
        )
        detail = {**step.expect, "fulfillment": made[-1].id}
        effects.append(Effect(SHOP, ORDER, FULFILLMENT, step.natural_id, detail, NOW))
    after = replace(state, work=tuple(works.values()), shipped=(*reversed(made), *state.shipped))
    return after, effects
