"""The calls of the proofs, as data: an action joins them by one entry.

Each entry says how its order is placed, which calls came before, what the call is, and which
effects it must have had in the store when all is over: each exactly once, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.actions.table import SERVED

TEE = "TEE-TRL-S-MOSS"
KNIFE = "KNIFE-FLD-M"
STOCKED = ("BULK-000001", "BULK-000002")  # in no order, so that nothing is reserved


@dataclass(frozen=True)
class Case:
    """One playing of a scenario: its order, and a number that no other playing has."""

    order: Mapping[str, Any]
    number: int

    @property
    def refnum(self) -> str:
        """``channel_order_refnum``."""
        return str(self.order["id"])

    def item(self, sku: str, quantity: int) -> dict[str, Any]:
        """A line of the order, as packages and returns name it."""
        line = next(line for line in self.order["lines"] if line["sku"] == sku)
        return {"channel_item_refnum": line["id"], "sku": sku, "quantity": quantity}

    def package(self, number: int, **units: int) -> dict[str, Any]:
        """A package with a tracking number; ``tee=2, knife=1``."""
        skus = {"tee": TEE, "knife": KNIFE}
        return {
            "retailops_package_id": number,
            "carrier_name": "UPS",
            "tracking_number": f"1Z{self.number:08}{number:08}",
            "package_items": [self.item(skus[name], n) for name, n in units.items()],
        }

    def writeback(self, **more: Any) -> dict[str, Any]:
        """An order as RetailOps writes it back."""
        return {"channel_order_refnum": self.refnum, "retailops_order_id": 7000, **more}


Body = Callable[[Case], Mapping[str, Any]]


@dataclass(frozen=True)
class Scenario:
    """One call. ``effects``: the journal's mutations and how often each must be there.

    Wherever the store would take an effect twice the order leaves room for it: that it comes
    once must be the bridge's doing.

    ``order`` None: the call is about no order. ``before``: calls that came before it, and
    ``happens``: what then was done to the order in the admin. ``then``: what RetailOps calls
    next, in place of a repeat, whatever has become of the call; the effects are of both.
    ``refused``: the code of the error that the call must end with. ``stock``: what is available
    after it, by SKU. ``shows``: how what it is about looks in the store's state, the same in every
    playing; of an order it is known. ``mappings``: the merchant's own files, by name;
    ``policies``: what the channel's settings say.
    """

    name: str
    action: str
    body: Body
    effects: Mapping[str, int] = field(default_factory=dict)
    order: Mapping[str, Any] | None = None
    before: Sequence[tuple[str, Body]] = ()
    happens: Sequence[tuple[str, Mapping[str, Any]]] = ()
    then: tuple[str, Body] | None = None
    refused: str = ""
    mappings: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, Any] = field(default_factory=dict)
    stock: Callable[[Case], Mapping[str, int]] | None = None
    shows: Callable[[Mapping[str, Any], Case], Any] | None = None

    def __str__(self) -> str:
        """For pytest's ids."""
        return self.name.replace(" ", "_")


def shopping(payment: Any = "paid", tees: str = "Albany Warehouse") -> dict[str, Any]:
    """Five tees and two knives for 144.90 with shipping, sent from where we say."""
    lines = [
        {"sku": sku, "quantity": quantity, "price": price, "location": place}
        for sku, quantity, price, place in (
            (TEE, 5, "20.00", tees),
            (KNIFE, 2, "20.00", "Albany Warehouse"),
        )
    ]
    shipping = {"title": "Standard", "price": "4.90"}
    return {
        "lines": lines,
        "payment": payment,
        "shipping": shipping,
        "email": "someone@example.com",
    }


def submit(case: Case, *packages: Mapping[str, Any]) -> dict[str, Any]:
    """An order_shipment_submit."""
    return {
        "channel_order_refnum": case.refnum,
        "retailops_order_id": 7000,
        "shipment": {"retailops_shipment_id": 70, "packages": list(packages)},
    }


def complete(
    case: Case, *packages: Mapping[str, Any], unshipped: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """An order_complete."""
    shipments = [{"retailops_shipment_id": 70, "packages": list(packages)}] if packages else []
    return {"order": case.writeback(shipments=shipments, unshipped_items=list(unshipped))}


def unshipped(case: Case, sku: str, quantity: int) -> dict[str, Any]:
    """A line of ``unshipped_items``."""
    item = case.item(sku, quantity)
    return {
        "channel_item_refnum": item["channel_item_refnum"],
        "sku": sku,
        "ordered_quantity": quantity,
        "unshipped_quantity": quantity,
    }


def settle(case: Case, amount: str, series: int = 1) -> dict[str, Any]:
    """An order_settle_payment of one tender."""
    row = {
        "payment_processing_type": "channel_payment",
        "transaction_type": "charge",
        "amount": float(amount),
    }
    return {
        "order": case.writeback(grand_total=float(amount)),
        "payment": {
            "currency_code": "USD",
            "payment_series_id": series,
            "payment_transactions": [row],
        },
    }


def returned(case: Case, amount: str, *items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An order_returned."""
    said = {
        "retailops_return_id": 300,
        "refund_action": "refund",
        "refund_amt": float(amount),
        "items": list(items),
    }
    return {"order": case.writeback(), "return": {**said, **more}}


def updated(case: Case, *items: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An order_update."""
    return {"order": case.writeback(order_items=list(items)), **more}


def rma(case: Case, number: str, *items: Mapping[str, Any]) -> dict[str, Any]:
    """An RMA of an order_update."""
    rows = [{**item, "reason": "TooSmall"} for item in items]
    return {"retailops_rma_id": number, "refund_action": "refund", "items": rows}


def feed(case: Case, price: str, *, new: bool = False) -> dict[str, Any]:
    """A catalog_push of one product that gets an image and a tag, and of a new one with it."""

    def product(name: str, **more: Any) -> dict[str, Any]:
        handle = f"proof-{case.number}-{name}"
        row = {"sku": handle.upper(), "price": price}
        return {"handle": handle, "title": f"Proof {name}", "variants": [row], **more}

    image = f"https://images.example/{case.number}.jpg"
    if not new:
        return {"template_output": {"products": [product("old")]}}
    old = product("old", media=[image], tags=["pushed"])
    return {"template_output": {"products": [old, product("new", media=[image])]}}


def shelf(state: Mapping[str, Any], case: Case) -> Any:
    """The two products of a playing, without what differs from one playing to the next."""
    names = {f"proof-{case.number}-{name}": name for name in ("old", "new")}
    return sorted(
        (
            names[p["handle"]],
            p["title"],
            sorted(p["tags"]),
            len(p["media"]),
            sorted(v["price"] for v in p["variants"]),
        )
        for p in state["products"]
        if p["handle"] in names
    )


def moving(case: Case, *, moved: bool) -> dict[str, Any]:
    """A catalog_push of a cap of two sizes, or of a hat that takes one of them over."""
    name = f"proof-{case.number}"

    def row(number: int) -> dict[str, Any]:
        size = [{"optionName": "Size", "name": str(number)}]
        return {"sku": f"{name}-{number}", "price": "10.00", "optionValues": size}

    handle = f"{name}-{'hat' if moved else 'cap'}"
    rows = [row(2), row(3)] if moved else [row(1), row(2)]
    made = {"handle": handle, "title": handle, "variants": rows}
    return {"template_output": {"products": [made]}}


def where(state: Mapping[str, Any], case: Case) -> Any:
    """Which sizes the cap and the hat have."""
    name = f"proof-{case.number}-"
    return sorted(
        (p["handle"].removeprefix(name), sorted(v["sku"].removeprefix(name) for v in p["variants"]))
        for p in state["products"]
        if p["handle"].startswith(name)
    )


SHIP = "order_shipment_submit"
AUTHORISED = [{"gateway": "shopify_payments", "kind": "AUTHORIZATION", "multi_capturable": True}]
TWO_TENDERS = [{**AUTHORISED[0], "amount": "60.00"}, *AUTHORISED]
CAPTURE_AT = "[settle]\ncapture_at = \"'{}'\"\n"
SHIPPED_TEES = (SHIP, lambda case: submit(case, case.package(1, tee=3)))

ALL: Sequence[Scenario] = (
    Scenario("read the catalogue's config", "catalog_get_config", lambda case: {}),
    Scenario("pull", "order_pull", lambda case: {}),
    Scenario(
        "acknowledge",
        "order_acknowledge",
        lambda case: {
            "orders": [{"channel_order_refnum": case.refnum, "retailops_order_id": 7000}]
        },
        {"tagsAdd": 1, "metafieldsSet": 1},
        shopping(),
    ),
    Scenario(
        "push a catalog",
        "catalog_push",
        lambda case: feed(case, "12.00", new=True),
        {"productSet": 1, "productVariantsBulkUpdate": 1, "productUpdate": 1, "tagsAdd": 1},
        before=(("catalog_push", lambda case: feed(case, "10.00")),),
        shows=shelf,
    ),
    Scenario(
        "move a variant to a new product",
        "catalog_push",
        lambda case: moving(case, moved=True),
        {"productSet": 1, "productVariantsBulkDelete": 1},
        before=(("catalog_push", lambda case: moving(case, moved=False)),),
        shows=where,
        mappings={"catalog_push.toml": "[catalog.products]\nremove = \"'delete'\"\n"},
        policies={"catalog": {"match": "handle"}},
    ),
    Scenario(
        "push stock",
        "inventory_push",
        lambda case: {
            "inventory_updates": [
                {"sku": sku, "quantity_available": 1000 + case.number} for sku in STOCKED
            ]
        },
        {"inventorySetQuantities": 1},
        stock=lambda case: dict.fromkeys(STOCKED, 1000 + case.number),
    ),
    Scenario(
        "ship one package",
        SHIP,
        lambda case: submit(case, case.package(1, tee=2)),
        {"fulfillmentCreate": 1},
        shopping(),
    ),
    Scenario(
        "ship two packages",
        SHIP,
        lambda case: submit(case, case.package(1, tee=2), case.package(2, tee=1, knife=1)),
        {"fulfillmentCreate": 2},
        shopping(),
    ),
    Scenario(
        "ship without tracking from two places",
        SHIP,
        lambda case: submit(case, {**case.package(1, tee=2, knife=1), "tracking_number": ""}),
        {"fulfillmentCreate": 2},
        shopping(tees="Reno Overflow"),
    ),
    Scenario(
        "correct the tracking",
        SHIP,
        lambda case: submit(case, {**case.package(1, tee=2), "tracking_number": "1Z0000CORRECT"}),
        {"fulfillmentTrackingInfoUpdate": 1},
        shopping(),
        ((SHIP, lambda case: submit(case, case.package(1, tee=2))),),
    ),
    Scenario(
        "ship and capture",
        SHIP,
        lambda case: submit(case, case.package(1, tee=2)),
        {"fulfillmentCreate": 1, "orderCapture": 1},
        shopping(AUTHORISED),
        mappings={"order_settle_payment.toml": CAPTURE_AT.format("ship")},
    ),
    Scenario(
        "complete after a shipment",
        SHIP,
        lambda case: submit(case, case.package(1, tee=2)),
        {"fulfillmentCreate": 2, "orderClose": 1},
        shopping(),
        then=(
            "order_complete",
            lambda case: complete(case, case.package(1, tee=2), case.package(2, tee=1, knife=1)),
        ),
    ),
    Scenario(
        "settle",
        "order_settle_payment",
        lambda case: settle(case, "50.00"),
        {"orderCapture": 1},
        shopping(AUTHORISED),
    ),
    Scenario(
        "settle over two authorisations",
        "order_settle_payment",
        lambda case: settle(case, "100.00"),
        {"orderCapture": 2},
        shopping(TWO_TENDERS),
    ),
    Scenario(
        "cancel",
        "order_cancel",
        lambda case: {"order": case.writeback()},
        {"orderCancel": 1},
        shopping(),
    ),
    Scenario(
        "cancel what is partly shipped",
        "order_cancel",
        lambda case: {"order": case.writeback()},
        order=shopping(),
        before=(SHIPPED_TEES,),
        refused="ALREADY_SHIPPED",
    ),
    Scenario(
        "complete with some unshipped",
        "order_complete",
        lambda case: complete(case, case.package(1, tee=2), unshipped=[unshipped(case, TEE, 1)]),
        {"fulfillmentCreate": 1, "refundCreate": 1, "orderClose": 1},
        shopping(),
    ),
    Scenario(
        "complete what was submitted",
        "order_complete",
        lambda case: complete(case, case.package(1, tee=2), case.package(2, tee=1, knife=1)),
        {"fulfillmentCreate": 1, "orderClose": 1},
        shopping(),
        ((SHIP, lambda case: submit(case, case.package(1, tee=2))),),
    ),
    Scenario(
        "complete and capture",
        "order_complete",
        lambda case: complete(case, case.package(1, tee=2)),
        {"fulfillmentCreate": 1, "orderCapture": 1, "orderClose": 1},
        shopping(AUTHORISED),
        mappings={"order_settle_payment.toml": CAPTURE_AT.format("complete")},
    ),
    Scenario(
        "return",
        "order_returned",
        lambda case: returned(case, "20.00", case.item(TEE, 1)),
        {"refundCreate": 1},
        shopping(),
        happens=(("fulfil", {}),),
    ),
    Scenario(
        "return less a fee, for store credit, back into stock",
        "order_returned",
        lambda case: returned(
            case, "15.00", case.item(TEE, 1), refund_action="storecredit", product_amt=20.0
        ),
        {"refundCreate": 1},
        shopping(),
        happens=(("fulfil", {}),),
        mappings={
            "order_returned.toml": "[returned.lines]\nrestock = \"'RETURN'\"\n"
            "location = \"'Albany Warehouse'\"\n"
        },
    ),
    Scenario(
        "return of what the shop expects",
        "order_returned",
        lambda case: returned(case, "20.00", case.item(TEE, 1)),
        {"returnProcess": 2, "returnClose": 1},  # the journal tells the refund too
        shopping(),
        happens=(("fulfil", {}), ("return", {"lines": [(0, 1, "UNWANTED")]})),
    ),
    Scenario(
        "update",
        "order_update",
        lambda case: updated(
            case,
            {**case.item(TEE, 3), "order_item_id": 501, "unit_price": 18.0},
            {"sku": "MUG-ENM-WHT", "order_item_id": 502, "quantity": 1},
        ),
        {"orderEditCommit": 1},
        shopping(),
    ),
    Scenario(
        "update with an RMA",
        "order_update",
        lambda case: updated(case, rmas=[rma(case, "R-1", case.item(TEE, 1))]),
        {"returnCreate": 1},
        shopping(),
        happens=(("fulfil", {}),),
    ),
    Scenario(
        "update that is refused",
        "order_update",
        lambda case: updated(
            case,
            {**case.item(TEE, 3), "order_item_id": 501},
            {"sku": "NO-SUCH-SKU", "order_item_id": 502, "quantity": 1},
        ),
        order=shopping(),
        refused="SKU_NOT_FOUND",
    ),
)

SCENARIOS = tuple(scenario for scenario in ALL if scenario.action in SERVED)


def scenario_named(name: str) -> Scenario:
    """One scenario."""
    return next(scenario for scenario in SCENARIOS if scenario.name == name)


def of_action(action: str) -> list[Scenario]:
    """The scenarios of one action."""
    return [scenario for scenario in SCENARIOS if scenario.action == action]
