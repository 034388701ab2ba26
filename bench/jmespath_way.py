"""The order of ``bench.mapping`` translated by JMESPath: what such a library does of it.

JMESPath selects and renames; it has no Decimal, no lookup tables and no target types. So one
compiled expression builds the order, two functions are added to it, and Python behind it converts,
checks and leaves out as the mapping does. Needs the package jmespath, which nothing else here does.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

from bench.mapping import ADDRESS_FIELDS, CENT, FINE, PAYMENTS, PRICE, SHIP, TOTALS

_ADDRESS = ", ".join(f"{k}: {v}" for k, v in ADDRESS_FIELDS.items())

EXPRESSION = f"""
{{
  channel_order_refnum: order.legacyResourceId,
  channel_date_created: order.createdAt,
  currency_code: order.presentmentCurrencyCode,
  ship_service_code: ship(order.shippingLines[0].title) || 'Standard',
  gift_message: order.note,
  ip_address: order.clientIp,
  tags: order.tags,
  currency_values: {{
    shipping_amt: totals.shipping, tax_amt: totals.tax, discount_amt: totals.discount
  }},
  customer_info: {{
    full_name: order.customer.displayName, email_address: order.email, phone_number: order.phone
  }},
  billing_address: order.billingAddress.{{{_ADDRESS}}},
  shipping_address: order.shippingAddress.{{{_ADDRESS}}},
  order_items: order.lineItems[?currentQuantity > `0`].{{
    channel_item_refnum: number_of(id),
    sku: sku || title,
    sku_description: name,
    quantity: currentQuantity
  }},
  payment_transactions: payments[].{{
    transaction_type: kind, payment_type: gateway, amount: amount
  }},
  attributes: [{{attribute_type: 'text', handle: 'shopify_order_name', value: order.name}}]
}}
"""


def by_jmespath() -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """The translation, its expression compiled; None when jmespath is not installed."""
    try:
        jmespath = import_module("jmespath")
        functions = import_module("jmespath.functions")
    except ModuleNotFoundError:
        return None

    def ship(_: object, title: str | None) -> str | None:
        return SHIP.get(title or "")

    def number_of(_: object, gid: str) -> str:
        return gid.rsplit("/", 1)[-1]

    known = functions.signature
    own = type(
        "Own",
        (functions.Functions,),
        {
            "_func_ship": known({"types": ["string", "null"]})(ship),
            "_func_number_of": known({"types": ["string"]})(number_of),
        },
    )
    options = jmespath.Options(custom_functions=own())
    compiled = jmespath.compile(EXPRESSION)

    def translate(order: dict[str, Any]) -> dict[str, Any]:
        scope = {"order": order, "totals": TOTALS, "payments": PAYMENTS}
        return _finished(compiled.search(scope, options=options))

    return translate


def _exact(value: Decimal, unit: Decimal) -> Decimal:
    found = value.quantize(unit)
    if found != value:
        raise ValueError("too fine")
    return found


def _filled(value: object) -> object:
    """Without what is empty, at every depth."""
    if isinstance(value, dict):
        made = {k: _filled(v) for k, v in value.items()}
        return {k: v for k, v in made.items() if v not in (None, "", [], {})}
    return [_filled(v) for v in value] if isinstance(value, list) else value


def _finished(order: dict[str, Any]) -> dict[str, Any]:
    """The types of the target, and what JMESPath could not say."""
    money = order["currency_values"]
    money["shipping_amt"] = _exact(money["shipping_amt"], CENT)
    money["tax_amt"] = _exact(money["tax_amt"], FINE)
    money["discount_amt"] = _exact(money["discount_amt"], CENT)
    for item in order["order_items"]:
        item["sku_description"] = item["sku_description"][:100]
        item["item_type"] = PRICE["price"]["item_type"]
        item["currency_values"] = {
            "unit_price": _exact(PRICE["price"]["unit"], CENT),
            "unit_tax": _exact(PRICE["price"]["tax"], FINE),
        }
    for payment in order["payment_transactions"]:
        payment["payment_processing_type"] = "channel_payment"
        payment["amount"] = _exact(payment["amount"], CENT)
    made = _filled(order)
    return made if isinstance(made, dict) else {}
