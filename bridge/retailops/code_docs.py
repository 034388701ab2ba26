"""What every code of an event means and what to do about it: ``docs/reference/events.md``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from bridge.retailops.codes import Code

EventType = Literal["error", "warning", "info"]


class CodeDoc(NamedTuple):
    """What a code means, what to do about it, and the type that its events usually have."""

    meaning: str
    remedy: str
    event_type: EventType


_DOCS: dict[Code, CodeDoc] = {
    Code.INVALID_JSON: CodeDoc(
        "The body is not JSON in UTF-8, or names one key twice. HTTP 400.",
        "Send one JSON object. Nothing of the call was done.",
        "error",
    ),
    Code.NOT_AN_OBJECT: CodeDoc(
        "The body is JSON, but not an object. HTTP 400.",
        "Send one JSON object. Nothing of the call was done.",
        "error",
    ),
    Code.INVALID_FIELD: CodeDoc(
        "A field cannot be read, such as a list where a text belongs. The message names it. "
        "HTTP 400; in a row of a batch, HTTP 200 and only that row is not done. Also an amount "
        "that is missing or below zero where money would move: HTTP 200, and nothing was done.",
        "Correct the named field and call again.",
        "error",
    ),
    Code.TOO_DEEP: CodeDoc(
        "Lists and objects are nested deeper than the bridge reads. HTTP 400.",
        "Flatten the feed template. Nothing of the call was done.",
        "error",
    ),
    Code.TOO_LARGE: CodeDoc(
        "The body is larger than server.max_body_mebibytes. HTTP 413.",
        "Send fewer rows a call, or raise the setting.",
        "error",
    ),
    Code.UNKNOWN_CODING: CodeDoc(
        "The body's Content-Encoding is none that the bridge reads. HTTP 415.",
        "Send the body as gzip, as deflate, or as it is.",
        "error",
    ),
    Code.UNAUTHORIZED: CodeDoc(
        "integration_auth_token is missing or belongs to no channel of this bridge. HTTP 401.",
        "Put the key from `retailops-bridge show-auth-key` at the end of the channel's handle "
        "in RetailOps.",
        "error",
    ),
    Code.NOT_SERVED: CodeDoc(
        "The path names no action that this bridge serves. HTTP 404.",
        "See /health/ready for the actions that are served.",
        "error",
    ),
    Code.TRY_AGAIN: CodeDoc(
        "Nothing was done: the same call is still running, the bridge is stopping (HTTP 503 with "
        "Retry-After), or the body came too slowly (HTTP 408).",
        "Call again after the seconds in Retry-After; RetailOps does so by itself.",
        "error",
    ),
    Code.LEDGER_UNAVAILABLE: CodeDoc(
        "The ledger cannot be written, so the call was refused before any effect. HTTP 503.",
        "Look at /health/ready and the log: the disk is full, read-only or the file is damaged.",
        "error",
    ),
    Code.INTERNAL_ERROR: CodeDoc(
        "The bridge itself failed on this call, and a part of it may be done. HTTP 503 for the "
        "two actions that have no events and change nothing.",
        "Report it with the request id from the answer's X-Request-Id header; the bridge's log "
        "says more under it.",
        "error",
    ),
    Code.CHANNEL_MISMATCH: CodeDoc(
        "channel_info.id names another channel of this bridge than the token does. "
        "Nothing was done. HTTP 400 for the two actions that have no events.",
        "Two channels have each other's keys: compare `show-auth-key` with RetailOps' handles.",
        "error",
    ),
    Code.NOT_REACHED: CodeDoc(
        "The call's time was over before this item's turn. It was not done; others were.",
        "Send it again. If it happens often, send fewer rows a call or raise "
        "server.deadline_seconds.",
        "error",
    ),
    Code.IN_DOUBT: CodeDoc(
        "Shopify's reply to a write was lost, and reading the store does not tell yet whether "
        "it was applied. It is not sent again blindly.",
        "Send the call again after a minute: the bridge looks first. If it stays so, see "
        "`retailops-bridge ledger list`.",
        "error",
    ),
    Code.ALREADY_APPLIED: CodeDoc(
        "What was asked for is so already. Nothing was changed.",
        "Nothing to do.",
        "info",
    ),
    Code.SHOPIFY_USER_ERROR: CodeDoc(
        "Shopify understood the change and refused it. The message has its own words.",
        "Do what Shopify's message says, then send the item again.",
        "error",
    ),
    Code.SHOPIFY_UNAVAILABLE: CodeDoc(
        "Shopify did not answer, or only with errors of its own, until the call's time was over. "
        "The item was not done.",
        "Send it again later; see shopifystatus.com.",
        "error",
    ),
    Code.SHOPIFY_ACCESS_DENIED: CodeDoc(
        "The store's token is not valid, or lacks the scope that the message names.",
        "Grant the scope to the app and install it again, or renew the token.",
        "error",
    ),
    Code.SHOPIFY_REJECTED: CodeDoc(
        "Shopify refused the bridge's own query. This is a mistake of the bridge, or an API "
        "version that it was not made for.",
        "Set the channel's api_version to one that the bridge names, and report the message.",
        "error",
    ),
    Code.MAPPING_MISSING: CodeDoc(
        "The mapping gives no value for a field that must have one. The message has the "
        "mapping's file and line.",
        "Complete the data: of an order in Shopify, of a feed in RetailOps. Or add `| default: …` "
        "to that line of the mapping, or an entry to the table that it names.",
        "error",
    ),
    Code.MAPPING_FAILED: CodeDoc(
        "The mapping's value does not fit its field, or a table has no such entry. The message "
        "has the mapping's file and line.",
        "Correct that line of the mapping, or the data: of an order in Shopify, of a feed in "
        "RetailOps. A number is digits and a point, as in `1234.50`: no comma, no currency.",
        "error",
    ),
    Code.REFNUM_MISSING: CodeDoc(
        "An order is named by no channel_order_refnum. It was passed over.",
        "Send the refnum that order_pull gave.",
        "warning",
    ),
    Code.ORDER_NOT_FOUND: CodeDoc(
        "The store has no order under this refnum, or the app may not see it.",
        "Compare the refnum with Shopify. Orders older than 60 days need the scope "
        "read_all_orders.",
        "warning",
    ),
    Code.ORDER_AMBIGUOUS: CodeDoc(
        "More than one order has this name. None was touched.",
        "Name the order by its Shopify id.",
        "warning",
    ),
    Code.UNSUPPORTED_CURRENCY: CodeDoc(
        "The order is in a currency that RetailOps does not know. It is held back.",
        'Set order_pull.currency = "shop" to send amounts in the store\'s currency.',
        "error",
    ),
    Code.MONEY_MISMATCH: CodeDoc(
        "The amounts of the order do not add up to what the customer owes. It is held back.",
        "See `retailops-bridge orders unsendable` for the sums, and report the order.",
        "error",
    ),
    Code.INVALID_ANSWER: CodeDoc(
        "The order as mapped breaks RetailOps' schema, which would make it throw the whole page "
        "away. It is held back.",
        "The message names the field: correct the mapping or the data in Shopify.",
        "error",
    ),
    Code.ORDER_CHANGED: CodeDoc(
        "The order changed in Shopify while it was read. It is left out of this page.",
        "Nothing to do: the next pull brings it.",
        "info",
    ),
    Code.SKU_MISSING: CodeDoc(
        "A row has no SKU. It was passed over.",
        "Give the row its SKU.",
        "warning",
    ),
    Code.SKU_NOT_FOUND: CodeDoc(
        "No variant in the store has exactly this SKU.",
        "Correct the SKU in Shopify or in RetailOps, or push the product.",
        "warning",
    ),
    Code.SKU_AMBIGUOUS: CodeDoc(
        "Several variants have this SKU. None was changed, unless inventory_push.duplicate_sku "
        "says otherwise. In a catalog: nothing says which product is meant, or several named "
        "products of the feed are one of the shop; they were not written.",
        "Make the SKUs different, or set inventory_push.duplicate_sku. In a catalog, give the feed "
        "the handle, or make the products one.",
        "error",
    ),
    Code.SKU_REPEATED: CodeDoc(
        "One call has this SKU in several rows. The last row counts.",
        "Nothing to do, unless the rows were meant for different products.",
        "info",
    ),
    Code.INVALID_QUANTITY: CodeDoc(
        "The quantity is missing or not a whole number, and the row was passed over; or it is "
        "negative: a stock of 0 was set, a row of a package, a return or unshipped items was "
        "passed over, and an order update was not done at all.",
        "Send a whole number of 0 or more.",
        "error",
    ),
    Code.BUNDLE_STOCK: CodeDoc(
        "The SKU is a bundle in Shopify: its stock is that of its components, and cannot be set.",
        "Leave the bundle out of the push, and push its components.",
        "warning",
    ),
    Code.NOT_TRACKED: CodeDoc(
        "Shopify does not track this item's stock, so a quantity has no effect.",
        "Switch on “Track quantity” for the variant, or leave the SKU out of the push.",
        "warning",
    ),
    Code.NOT_STOCKED: CodeDoc(
        "The item is not stocked at the location, and inventory_push.activate is off or Shopify "
        "refused to stock it.",
        "Stock the item at the location in Shopify, or set inventory_push.activate = true.",
        "warning",
    ),
    Code.LOCATION_UNKNOWN: CodeDoc(
        "The store has no active location of the configured name or id.",
        "Correct inventory_push.location or inventory_push.facilities.",
        "error",
    ),
    Code.FACILITY_UNMAPPED: CodeDoc(
        "A facility has no location in inventory_push.facilities. Its quantity was not written.",
        "Add the facility to inventory_push.facilities, or ignore this.",
        "warning",
    ),
    Code.STALE_QUANTITY: CodeDoc(
        "The stock changed in Shopify between reading and writing, again and again. "
        "It was not written, so that no sale is lost.",
        "Nothing to do: the next push brings it. If it stays, something else writes this stock.",
        "warning",
    ),
    Code.FEED_UNREADABLE: CodeDoc(
        "The mapping found nothing in a feed that is not empty. Nothing was written. The message "
        "names the paths that it looked for and the keys that the feed has.",
        "Choose the preset that fits (catalog.preset), or write a catalog_push.toml of your own.",
        "error",
    ),
    Code.FEED_ITEM_INVALID: CodeDoc(
        "An item of the feed cannot be a product: it has no SKU, handle or family; or the product "
        "is over one of Shopify's limits, or has another one's handle. It was not written; the "
        "rest of the feed was. Of a text, tag, metafield, barcode, HS code, weight, cost or "
        "compare-at price that Shopify would refuse only that was not; of a SKU, price or option "
        "value its variant.",
        "Correct the item in RetailOps, or the mapping that reads it.",
        "error",
    ),
    Code.SKU_TWICE_IN_FEED: CodeDoc(
        "One feed has this SKU in two products. The first one counts; in the other, nothing of "
        "this variant was written.",
        "Let the SKU be in one product only.",
        "error",
    ),
    Code.PRODUCT_NOT_FOUND: CodeDoc(
        "The feed names a product that the shop does not have, and gives it no variants: nothing "
        "is made of it.",
        "Push the product together with its variants (catalog.sku_fanout).",
        "error",
    ),
    Code.HANDLE_TAKEN: CodeDoc(
        "A new product cannot be made: another product has its handle, and none of its SKUs.",
        "If it is the same product, match by handle (catalog.match); if not, give the feed "
        "another handle.",
        "error",
    ),
    Code.VARIANT_ELSEWHERE: CodeDoc(
        "The feed has a SKU in one product, the shop in another. The variant was not touched.",
        "Move it in Shopify, or let the mapping say remove = 'delete': then it is made in the new "
        "place and deleted in the old one.",
        "error",
    ),
    Code.OPTIONS_MISMATCH: CodeDoc(
        "The feed's options or option values do not fit the product: a value is missing, two "
        "variants have the same values, or there would be more than Shopify allows. What does "
        "not fit was not written.",
        "Give each variant of the feed a value of every option that its product has.",
        "error",
    ),
    Code.PLACE_UNKNOWN: CodeDoc(
        "The feed names a collection, a sales channel or a category that does not exist. The "
        "product was written without it.",
        "Make it in Shopify, or correct the name: handle or title of a collection, name of a "
        "sales channel, full name or id of a category.",
        "error",
    ),
    Code.MEDIA_FAILED: CodeDoc(
        "Shopify could not make an image of an earlier push; the message has its reason. It is "
        "told on every push, and not sent again.",
        "See that the address gives an image that Shopify takes, and push it under another "
        "address.",
        "warning",
    ),
    Code.ITEM_NOT_FOUND: CodeDoc(
        "The order has no line of this refnum, and not exactly one line with the SKU. The item "
        "was left out; the rest of the call went on.",
        "Compare the item with the order in Shopify. Lines with one SKU are told apart by their "
        "refnum only.",
        "error",
    ),
    Code.ALREADY_SHIPPED: CodeDoc(
        "The item is the part of a line that was shipped before RetailOps pulled the order "
        "(its refnum ends in -shipped). It is not shipped again.",
        "Nothing to do.",
        "info",
    ),
    Code.OVER_SHIPPED: CodeDoc(
        "More was shipped than is left to ship. What is left was fulfilled.",
        "Compare the quantities of the order in RetailOps and Shopify.",
        "warning",
    ),
    Code.PACKAGE_REPEATED: CodeDoc(
        "A package id comes twice in one call, with different tracking numbers or quantities. It "
        "is one package: of each item the larger quantity counts, and the later tracking number. "
        "The message names what does not count.",
        "If these are two packages, give each its own retailops_package_id and send both.",
        "warning",
    ),
    Code.ORDER_ON_HOLD: CodeDoc(
        "Units cannot be fulfilled because Shopify holds them. They were left out; other lines "
        "went on.",
        "Release the hold in Shopify, then send the call again.",
        "error",
    ),
    Code.CANCEL_RUNNING: CodeDoc(
        "Shopify has accepted to cancel the order and does it in the background.",
        "Nothing; call again to see how it ended.",
        "info",
    ),
    Code.ORDER_CANCELLED: CodeDoc(
        "The order is cancelled in Shopify. Nothing more is shipped or taken off.",
        "If the goods left all the same, call them back or charge the customer anew.",
        "error",
    ),
    Code.FULFILLMENT_SERVICE: CodeDoc(
        "Units are assigned to a fulfillment service that was asked to ship them, or cannot be "
        "fulfilled as asked. They were left out; other lines went on.",
        "Cancel the request or move the fulfillment order in Shopify, then send the call again.",
        "error",
    ),
    Code.SHIPMENT_CANCELLED: CodeDoc(
        "The package was shipped before, and its fulfillment was cancelled in Shopify since. It "
        "is not shipped again by itself.",
        "If it did leave, fulfill it by hand in Shopify.",
        "warning",
    ),
    Code.OVER_UNSHIPPED: CodeDoc(
        "More units are told as never to be shipped than are left to ship. What is left was "
        "taken off.",
        "Compare the quantities of the order in RetailOps and Shopify.",
        "warning",
    ),
    Code.NOTHING_TO_SHIP: CodeDoc(
        "The item needs no shipping (digital goods, gift cards by e-mail), so it cannot be told "
        "as never shipped. It is left as it is.",
        "Nothing to do. Return it with order_returned if its money shall go back.",
        "info",
    ),
    Code.NOT_SHIPPED: CodeDoc(
        "The order is complete for RetailOps, and units of it are neither shipped nor told as "
        "never to be shipped. They are left as they are.",
        "Ship them or take them off in Shopify.",
        "warning",
    ),
    Code.NOT_CAPTURED: CodeDoc(
        "The order is complete, and money of it is authorised and not captured.",
        "Settle the payment in RetailOps, or capture it in Shopify before it expires.",
        "warning",
    ),
    Code.PRICE_RAISED: CodeDoc(
        "An update asks for a higher price than the customer bought at. The price was left.",
        "Raise it in Shopify if it was agreed with the customer, who then owes the difference.",
        "warning",
    ),
    Code.NOT_RETURNABLE: CodeDoc(
        "Units of an announced return cannot come back: they were not shipped, or are returned.",
        "Compare the RMA with the shipments of the order in Shopify.",
        "warning",
    ),
    Code.RETURN_REASON_UNKNOWN: CodeDoc(
        "The mapping gives an RMA a reason whose handle the shop's return reasons do not have. The "
        "return was opened all the same: with other-reason, or without a reason where the shop "
        "has not even that one.",
        "Correct the handle in the table 'return_reason' of order_update.toml; the message lists "
        "those that there are.",
        "warning",
    ),
    Code.OVER_REFUND: CodeDoc(
        "The refund is larger than what can still be refunded. What can be was refunded.",
        "Pay the rest by other means, or correct the return in RetailOps.",
        "warning",
    ),
    Code.NOT_CAPTURABLE: CodeDoc(
        "The order has no authorisation from which the amount can be captured.",
        "Take the payment in Shopify.",
        "error",
    ),
    Code.AUTH_EXPIRED: CodeDoc(
        "The payment's authorisation has expired. No money was taken.",
        "Ask the customer to pay again; Shopify can send an invoice.",
        "error",
    ),
    Code.AUTH_REMAINDER_RELEASED: CodeDoc(
        "Less than the authorised amount was captured, and this gateway then releases the rest.",
        "Nothing to do if the captured amount is final.",
        "warning",
    ),
    Code.CAPTURED_ELSEWHERE: CodeDoc(
        "capture_at in mappings/order_settle_payment.toml is not 'settle': money is taken at "
        "shipping, at completion or never, so this call took none.",
        "Nothing to do, unless the mapping should say otherwise.",
        "info",
    ),
    Code.CURRENCY_MISMATCH: CodeDoc(
        "The call names a currency that is neither the customer's nor the shop's. No money moved.",
        "Correct the order's currency in RetailOps and send the call again.",
        "error",
    ),
    Code.PAYMENT_FAILED: CodeDoc(
        "Shopify took the request and the gateway did not move the money. The bridge does not "
        "try a refund of that kind again.",
        "Look at the order's payments in Shopify; give or take the money there.",
        "error",
    ),
    Code.PAYMENT_NOT_OURS: CodeDoc(
        "The row is of a tender that RetailOps settles with the processor itself.",
        "Nothing to do.",
        "info",
    ),
    Code.PAYMENT_PENDING: CodeDoc(
        "The gateway has accepted the capture or refund and not finished it. It counts as done.",
        "Look at the order's payments in Shopify later; a failure would show there.",
        "info",
    ),
    Code.REFUND_ACTION_UNKNOWN: CodeDoc(
        "refund_action is neither 'refund' nor 'storecredit', nor a name that the table 'action' "
        "of mappings/order_returned.toml knows. No money moved.",
        "Add the name to the table, or give the money back in Shopify.",
        "error",
    ),
    Code.RETURN_ID_MISSING: CodeDoc(
        "The return has no retailops_return_id, so a repeat could not be told from a second "
        "return. No money moved.",
        "Give the money back in Shopify, or send the return with its id.",
        "error",
    ),
    Code.RETURN_NOT_RECORDED: CodeDoc(
        "Units came back of a line that is still partly to be shipped. Shopify would take them "
        "off those that are to be shipped, so only the money was given back.",
        "Nothing to do; Shopify shows the units as not returned.",
        "warning",
    ),
    Code.RETURN_PARTLY_OPEN: CodeDoc(
        "The goods belong to a return in Shopify that expects more than these. What came was "
        "processed; the return stays open.",
        "Nothing to do when the rest is on its way; else close the return in Shopify.",
        "info",
    ),
    Code.STORE_CREDIT_REFUSED: CodeDoc(
        "Store credit was asked for, and the order has no customer to credit. No money moved.",
        "Give the order a customer in Shopify and send the call again.",
        "error",
    ),
}

CODES: Mapping[Code, CodeDoc] = MappingProxyType(_DOCS)
