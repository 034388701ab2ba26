"""What the shipped recordings show: a call of every action, and the ways in which one goes wrong.

One more is one more function: ``<action>__<name>`` becomes ``cassettes/<action>/<name>.yaml``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from bridge.sandbox.server import StoreSettings
from bridge.sandbox.tokens import DEFAULT_CLIENT
from tests.recording.studio import Studio
from tests.stories.catalogue import product, variant
from tests.stories.money import authorised, tender
from tests.stories.money import shipped as paid_and_shipped
from tests.stories.shipments import KNIFE, TEE, admin, item, line, package, place, unshipped

GRACE: Final = {
    "first_name": "Grace",
    "last_name": "Okafor",
    "address1": "77 Harbor View",
    "city": "Portland",
    "province": "Maine",
    "province_code": "ME",
    "zip": "04101",
    "country": "United States",
    "country_code": "US",
    "phone": "+1 202 555 0102",
}

HOLD = """mutation($id: ID!, $hold: FulfillmentOrderHoldInput!) {
  fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) { userErrors { message } } }"""

Take = Callable[[Studio], Awaitable[None]]

STORES: Final[Mapping[str, StoreSettings]] = {
    "order_acknowledge__token_renewed": StoreSettings(token=""),
    "order_pull__token_refused": StoreSettings(token="shpat_another"),
}
"""Stores that are set up in another way than the seed's."""

SHOPIFY: Final[Mapping[str, Mapping[str, Any]]] = {
    "order_acknowledge__token_renewed": {
        "client_id": DEFAULT_CLIENT[0],
        "client_secret": DEFAULT_CLIENT[1],
    },
}
"""Channels with other credentials than the store's static token."""

SMALL: Final = {"order_pull": {"page_size": 3}}
POLICIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "order_pull__page": SMALL,
    "order_pull__next_page": SMALL,
    "order_pull__throttled": SMALL,
    "catalog_push__bulk": {"catalog": {"bulk_from": 3}},
    # Else every open order of the store is read, and stands in the file.
    "inventory_push__rows": {"inventory_push": {"reserve_unacknowledged": False}},
}

DAY = 86_400


async def order(w: Studio, *lines: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """An order of Grace Okafor's, with everything that she may have typed."""
    return await place(
        w,
        lines=list(lines) or [{"sku": TEE, "quantity": 2}],
        **{
            "email": "grace.okafor@example.com",
            "first_name": "Grace",
            "last_name": "Okafor",
            "shipping_address": GRACE,
            "billing_address": GRACE,
            "note": "For Grace: leave it with Amir next door, 202-555-0187",
            **fields,
        },
    )


async def catalog_get_config__configured(w: Studio) -> None:
    """A policy: no request to Shopify."""
    await w.take("configured", "catalog_get_config")


async def order_pull__page(w: Studio) -> None:
    """The first three orders, and the token for more."""
    await w.take("page", "order_pull", page_token="", specific_orders=[])


async def order_pull__next_page(w: Studio) -> None:
    """What the token is good for."""
    first = await w.post("order_pull", page_token="")
    token = first.body["next_page_token"]
    await w.take("next_page", "order_pull", page_token=token, specific_orders=[])


async def order_pull__specific(w: Studio) -> None:
    """One order that RetailOps wants again, with a note of its shopper."""
    made = await order(w)
    wanted = [{"channel_refnum": made["id"]}]
    await w.take("specific", "order_pull", page_token="", specific_orders=wanted)


async def order_pull__throttled(w: Studio) -> None:
    """Shopify has no points left: asked again when it has."""
    await w.fault("OrderPull", "throttle")
    await w.take("throttled", "order_pull", page_token="", specific_orders=[])


async def order_pull__token_refused(w: Studio) -> None:
    """A token that Shopify no longer knows (401): 503, nothing done."""
    await w.take("token_refused", "order_pull", page_token="", specific_orders=[])


async def order_pull__out_of_order(w: Studio) -> None:
    """502, HTML instead of JSON, half an answer, none at all: a read is sent again each time."""
    made = await order(w)
    for fault in ("http_502_before", "garbage", "half_body", "drop_reply"):
        await w.fault("OrderPull", fault)
    wanted = [{"channel_refnum": made["id"]}]
    await w.take("out_of_order", "order_pull", page_token="", specific_orders=wanted)


async def order_acknowledge__two(w: Studio) -> None:
    """Two orders in one request, and one that is not there."""
    made = [await order(w), await order(w)]
    rows = [
        {"channel_order_refnum": o["id"], "retailops_order_id": 7001 + n}
        for n, o in enumerate(made)
    ]
    nowhere = {"channel_order_refnum": "5954999999999", "retailops_order_id": 7003}
    await w.take("two", "order_acknowledge", orders=[*rows, nowhere])


async def order_acknowledge__token_renewed(w: Studio) -> None:
    """A day later the token has expired (401): another one, and on."""
    made = await order(w)
    await w.post("order_pull", specific_orders=[{"channel_refnum": made["id"]}])
    await w.advance(DAY + 60)
    row = {"channel_order_refnum": made["id"], "retailops_order_id": 7001}
    await w.take("token_renewed", "order_acknowledge", orders=[row])


async def catalog_push__new_and_known(w: Studio) -> None:
    """A product that the store does not have, and a new price of one that it has."""
    lamp = product(
        "head-lamp",
        variant("LAMP-S-RED", "39.00", size="S", color="Red", barcode="4006381333931"),
        variant("LAMP-M-RED", "41.00", size="M", color="Red"),
        descriptionHtml="<p>Bright, <b>light</b>.</p>",
        vendor="Ridgeway Forge",
        tags=["camp", "light"],
        options=["Size", "Color"],
    )
    known = {"sku": KNIFE, "price": "61.00"}
    feed = {"products": [lamp, {"handle": "field-knife", "variants": [known]}]}
    await w.take("new_and_known", "catalog_push", template_output=feed)


async def catalog_push__bulk(w: Studio) -> None:
    """Several products as one bulk operation: uploaded, waited for, results read, once in vain."""
    names = ("Tent peg", "Guy line", "Groundsheet", "Mallet")
    feed = [
        product(f"camp-{n}", variant(f"CAMP-{n}", "4.50"), title=name, vendor="Ridgeway Forge")
        for n, name in enumerate(names)
    ]
    await w.fault("bulkResults", "half_body")
    await w.take("bulk", "catalog_push", template_output={"products": feed})


async def inventory_push__rows(w: Studio) -> None:
    """Two SKUs that are there, one that is not, one without a quantity."""
    rows = [
        {"sku": TEE, "quantity_available": 41, "quantity_detail": []},
        {"sku": KNIFE, "quantity_available": 0, "quantity_detail": []},
        {"sku": "NO-SUCH-SKU", "quantity_available": 5},
        {"sku": TEE.replace("-S-", "-M-"), "quantity_available": None},
    ]
    await w.take("rows", "inventory_push", inventory_updates=rows)


async def _submit(w: Studio, name: str, made: Mapping[str, Any], *boxes: Any) -> None:
    await w.take(
        name,
        "order_shipment_submit",
        channel_order_refnum=made["id"],
        retailops_order_id=7001,
        shipment={"retailops_shipment_id": 9, "packages": list(boxes)},
    )


BOX = "1Z999AA10123456784"


async def order_shipment_submit__package(w: Studio) -> None:
    """A package leaves."""
    made = await order(w)
    await _submit(w, "package", made, package(5, BOX, item(line(made), 2, TEE)))


async def order_shipment_submit__new_tracking(w: Studio) -> None:
    """It was another number: the ledger knows the package, its tracking is mended."""
    made = await order(w)
    box = package(5, BOX, item(line(made), 2, TEE))
    await w.post(
        "order_shipment_submit",
        channel_order_refnum=made["id"],
        shipment={"retailops_shipment_id": 9, "packages": [box]},
    )
    await _submit(w, "new_tracking", made, {**box, "tracking_number": "1Z999AA10987654321"})


async def order_shipment_submit__on_hold(w: Studio) -> None:
    """The warehouse was told to wait, in Shopify."""
    made = await order(w)
    work = made["fulfillment_orders"][0]["gid"]
    await admin(w, HOLD, id=work, hold={"reason": "OTHER"})
    await _submit(w, "on_hold", made, package(5, BOX, item(line(made), 2, TEE)))


async def order_shipment_submit__user_error(w: Studio) -> None:
    """Held between the look and the shipping: Shopify refuses, and is read again."""
    made = await order(w)
    work = made["fulfillment_orders"][0]["gid"]

    async def hold(_: Mapping[str, Any]) -> None:
        await admin(w, HOLD, id=work, hold={"reason": "OTHER"})

    w.hook("before", "FulfillmentCreate", hold)
    await _submit(w, "user_error", made, package(5, BOX, item(line(made), 2, TEE)))


async def order_shipment_submit__in_doubt(w: Studio) -> None:
    """No reply in time, and nothing to be seen of it yet: in doubt."""
    made = await order(w)
    await w.fault("FulfillmentCreate", "timeout")
    await _submit(w, "in_doubt", made, package(5, BOX, item(line(made), 2, TEE)))


async def order_shipment_submit__settled(w: Studio) -> None:
    """The reply was lost; the next look finds the package: done once."""
    made = await order(w)
    await w.fault("FulfillmentCreate", "drop_reply")
    await _submit(w, "settled", made, package(5, BOX, item(line(made), 2, TEE)))


async def order_shipment_submit__still_in_doubt(w: Studio) -> None:
    """Called again within the minute: a step is open, nothing is sent."""
    made = await order(w)
    await w.fault("FulfillmentCreate", "timeout")
    box = package(5, BOX, item(line(made), 2, TEE))
    await w.post(
        "order_shipment_submit",
        channel_order_refnum=made["id"],
        shipment={"retailops_shipment_id": 9, "packages": [box]},
    )
    await _submit(w, "still_in_doubt", made, box)


async def order_shipment_submit__no_such_order(w: Studio) -> None:
    """The refnum is nobody's."""
    box = package(5, BOX, item("14880999999999", 1, TEE))
    await _submit(w, "no_such_order", {"id": "5954999999999"}, box)


async def order_complete__one_short(w: Studio) -> None:
    """Two of three were shipped, the third is paid back, the order archived."""
    made = await order(w, {"sku": TEE, "quantity": 3, "price": "20.00"})
    box = package(5, BOX, item(line(made), 2, TEE))
    await w.post(
        "order_shipment_submit",
        channel_order_refnum=made["id"],
        shipment={"retailops_shipment_id": 9, "packages": [box]},
    )
    body = {
        "channel_order_refnum": made["id"],
        "retailops_order_id": 7001,
        "shipments": [{"retailops_shipment_id": 9, "packages": [box]}],
        "unshipped_items": [unshipped(line(made), 1, 3)],
    }
    await w.take("one_short", "order_complete", order=body)


async def order_settle_payment__authorised(w: Studio) -> None:
    """The authorised money is taken."""
    made = await authorised(w)
    payment = {
        "payment_series_id": 2572,
        "payment_transactions": [tender(100)],
        "currency_code": "USD",
    }
    head = {"channel_order_refnum": made["id"], "retailops_order_id": 7001}
    await w.take("authorised", "order_settle_payment", order=head, payment=payment)


async def order_returned__refund(w: Studio) -> None:
    """One unit comes back, and its money goes."""
    made = await paid_and_shipped(w)
    row = {
        "retailops_item_id": 7395,
        "channel_item_refnum": made["lines"][0]["id"],
        "sku": made["lines"][0]["sku"],
        "quantity": 1,
        "reason": "Grace says it is too small",
    }
    given = {
        "retailops_return_id": 87,
        "refund_amt": 50,
        "refund_action": "refund",
        "items": [row],
    }
    head = {"channel_order_refnum": made["id"]}
    await w.take("refund", "order_returned", order=head, **{"return": given})


async def order_update__lines(w: Studio) -> None:
    """One less of a line, and a line more."""
    made = await order(w, {"sku": TEE, "quantity": 3})
    rows = [
        {
            "channel_item_refnum": line(made),
            "order_item_id": 901,
            "sku": TEE,
            "quantity": 2,
        },
        {"order_item_id": 902, "sku": KNIFE, "quantity": 1},
    ]
    await w.take(
        "lines", "order_update", order={"channel_order_refnum": made["id"], "order_items": rows}
    )


async def order_cancel__paid(w: Studio) -> None:
    """Cancelled and paid back; Shopify takes a moment for it."""
    made = await order(w, payment="paid")
    head = {"channel_order_refnum": made["id"], "retailops_order_id": 7001}
    await w.take("paid", "order_cancel", order=head)


TAKES: Final[Mapping[str, Take]] = {
    name: take
    for name, take in globals().items()
    if "__" in name and not name.startswith("_") and callable(take)
}
