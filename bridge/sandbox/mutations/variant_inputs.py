"""``ProductVariantSetInput`` and ``ProductVariantsBulkInput``: their checks, and their effects.

Captured (``2025-01/products/productVariantsBulkCreate-validation`` and, for cost and customs code,
``…/inventory-item-update-validation``): texts, places and codes of what is too long, too large or
negative. Assumed: the same in the other mutations; the bound of a cost; that an empty SKU or
barcode is kept as null; prices are rounded to the currency's places.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.model import Location, Variant
from bridge.sandbox.money import rounded
from bridge.sandbox.mutations.product_inputs import (
    MAX_TEXT,
    At,
    Row,
    error,
    metafield_problems,
    put_metafields,
    refuse,
)

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_UNMODELLED: Final = (
    "quantityAdjustments",
    "requiresComponents",
    "showUnitPrice",
    "unitPriceMeasurement",
)
_HS_CODE: Final = re.compile(r"[0-9]{6,13}")  # documented: between 6 and 13 digits
_TOO_LONG: Final = f"is too long (maximum is {MAX_TEXT} characters)"
_MAX_AMOUNT: Final = 10**18  # captured: an amount must be less
_MAX_WEIGHT: Final = 2 * 10**9  # captured in kilograms; in other units assumed alike


def number(value: object) -> Decimal:
    """Money or a number as it came: text, integer or float."""
    return Decimal(str(value))


def refuse_unmodelled(row: Row) -> None:
    """Refuse what the store cannot do for a variant."""
    refuse(row, _UNMODELLED, "a variant")
    if row.get("published") is False:
        raise NotModelled("a variant that is created unpublished")
    for value in row.get("optionValues") or ():
        refuse(value, ("linkedMetafieldValue",), "an option value")
    item = row.get("inventoryItem") or {}
    refuse(item, ("countryHarmonizedSystemCodes",), "an inventory item")
    refuse(item.get("measurement") or {}, ("shippingPackageId",), "a measurement")


def sku_in(row: Row) -> list[str | None]:
    """The SKU that the input gives, if it gives one: as its own field or the item's."""
    item = row.get("inventoryItem") or {}
    given = [source["sku"] for source in (row, item) if "sku" in source]
    return [(given[-1] or "").strip() or None] if given else []


def variant_problems(
    store: Store, variant: Variant | None, row: Row, at: At, codes: Callable[[str], str]
) -> list[Row]:
    """What is wrong with a variant's fields, its options apart.

    ``codes`` turns the code of ``productVariantsBulkUpdate`` into that of the mutation at hand.
    """
    refuse_unmodelled(row)
    errors: list[Row] = []
    for name, label, most in (
        ("price", "Price", "Price must"),
        ("compareAtPrice", "Compare at price", "must"),
    ):
        errors += _amount_problems(row.get(name), [*at, name], (label, most), codes)
    sku = (sku_in(row) or [None])[0]
    if sku is not None and len(sku) > MAX_TEXT:
        errors.append(error(at, f"SKU {_TOO_LONG}", codes("INVALID_INPUT")))
        errors.append(error(at, _TOO_LONG))
    if len(row.get("barcode") or "") > MAX_TEXT:
        message = f"Barcode {_TOO_LONG}"
        errors.append(error([*at, "barcode"], message, codes("INVALID_INPUT")))
    errors += _item_problems(row.get("inventoryItem") or {}, at, codes)
    code = codes("INVALID_VALUE")
    kind = Variant.gql_type
    return errors + metafield_problems(store, variant, row, at, kind=kind, code=code)


def _amount_problems(
    value: object, at: At, words: tuple[str, str], codes: Callable[[str], str]
) -> list[Row]:
    """Of an amount that is negative or beyond all bounds; ``words`` begin what is said of each."""
    negative, large = words
    if value is not None and number(value) < 0:
        message = f"{negative} must be greater than or equal to 0"
        return [error(at, message, codes("GREATER_THAN_OR_EQUAL_TO"))]
    if value is not None and number(value) >= _MAX_AMOUNT:
        return [error(at, f"{large} be less than {_MAX_AMOUNT}", codes("INVALID_INPUT"))]
    return []


def _item_problems(item: Row, at: At, codes: Callable[[str], str]) -> list[Row]:
    """Of ``InventoryItemInput``. What is wrong with a weight is told at the row (captured)."""
    inside = [*at, "inventoryItem"]
    errors = []
    weight = (item.get("measurement") or {}).get("weight") or {}
    if weight and number(weight["value"]) < 0:
        message = "Weight must be greater than or equal to 0"
        errors.append(error(at, message, codes("GREATER_THAN_OR_EQUAL_TO")))
    elif weight and number(weight["value"]) >= _MAX_WEIGHT:
        message = f"Weight must be less than {_MAX_WEIGHT}"
        errors.append(error(at, message, codes("INVALID_INPUT")))
    words = ("Cost", "Cost must")
    errors += _amount_problems(item.get("cost"), [*inside, "cost"], words, codes)
    hs_code = item.get("harmonizedSystemCode")
    if hs_code and not _HS_CODE.fullmatch(hs_code):
        message = "Harmonized system code must be a number between six and thirteen digits"
        errors.append(error([*inside, "harmonizedSystemCode"], message, codes("INVALID_INPUT")))
    return errors


# Members of InventoryItemInput that are set as they come.
_ITEM: Final[tuple[tuple[str, str, Callable[[Any], Any]], ...]] = (
    ("requiresShipping", "requires_shipping", bool),
    ("tracked", "tracked", bool),
    ("countryCodeOfOrigin", "country_code_of_origin", lambda value: value or None),
    ("provinceCodeOfOrigin", "province_code_of_origin", lambda value: value or None),
    ("harmonizedSystemCode", "harmonized_system_code", lambda value: value or None),
)


def apply_variant(store: Store, variant: Variant, row: Row) -> None:
    """Set the fields that the input has; metafields are added or changed, never taken away."""
    currency, item = store.shop.currency_code, variant.inventory_item
    if row.get("price") is not None:
        variant.price = rounded(number(row["price"]), currency)
    if "compareAtPrice" in row:
        given = row["compareAtPrice"]
        variant.compare_at_price = None if given is None else rounded(number(given), currency)
    if "barcode" in row:
        variant.barcode = (row["barcode"] or "").strip() or None
    if "taxCode" in row:
        variant.tax_code = row["taxCode"] or None
    if row.get("taxable") is not None:
        variant.taxable = row["taxable"]
    if row.get("inventoryPolicy") is not None:
        variant.inventory_policy = row["inventoryPolicy"]
    for sku in sku_in(row):
        if sku != item.sku:
            store.set_sku(variant, sku)
    given = row.get("inventoryItem") or {}
    for name, attribute, clean in _ITEM:
        if name in given:
            setattr(item, attribute, clean(given[name]))
    if "cost" in given:
        cost = given["cost"]
        item.cost = None if cost is None else rounded(number(cost), currency)
    weight = (given.get("measurement") or {}).get("weight")
    if weight is not None:
        item.weight, item.weight_unit = number(weight["value"]), weight["unit"]
    put_metafields(store, variant, row.get("metafields") or [])


def quantities_in(
    store: Store, rows: list[Row], at: At, code: str
) -> tuple[list[tuple[Location, str, int]], list[Row]]:
    """Where how much is to lie, and what is wrong with it.

    Of ``ProductSetInventoryInput`` (``name``, ``quantity``) or ``InventoryLevelInput``
    (``availableQuantity``).
    """
    wanted, errors = [], []
    for n, row in enumerate(rows):
        location = store.find_as(Location, row["locationId"])
        name = row.get("name", "available")
        quantity = row["quantity"] if "quantity" in row else row["availableQuantity"]
        if location is None or not location.is_active:
            message = "The specified location could not be found."
            errors.append(error([*at, "inventoryQuantities", str(n), "locationId"], message, code))
        elif name not in {"available", "on_hand"}:
            message = "The quantity name must be either 'available' or 'on_hand'."
            errors.append(error([*at, "inventoryQuantities", str(n), "name"], message, code))
        else:
            wanted.append((location, name, quantity))
    return wanted, errors
