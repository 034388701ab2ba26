"""What ``productSet`` makes of options and variants: worked out and checked, then carried out.

Captured: options without variants are refused; texts of the first. Reported: a combination given
twice. Assumed: variants without an id are matched by their option values and keep their ids (as
documented for the older way of writing products); a value that ``values`` does not list is
refused; the texts and places that no recording shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.model import Location, Product, Variant
from bridge.sandbox.model_products import MAX_OPTIONS, MAX_VALUES, Option, OptionValue
from bridge.sandbox.mutations.product_inputs import MAX_TEXT, At, Row, error
from bridge.sandbox.options import drop_option, named, new_option, new_value, option_named

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_AT: Final = ["input", "productOptions"]
_VARIANTS: Final = ["input", "variants"]


@dataclass(eq=False, slots=True)
class PlannedValue:
    """A value as it shall be; ``there`` when it exists already."""

    name: str
    there: OptionValue | None


@dataclass(eq=False, slots=True)
class PlannedOption:
    """An option as it shall be."""

    name: str
    there: Option | None
    position: int
    values: list[PlannedValue] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class PlannedVariant:
    """A variant as it shall be: its row, its values, the variant that it is, what lies where."""

    row: Row
    at: At
    values: tuple[PlannedValue, ...]
    there: Variant | None
    stocked: list[tuple[Location, str, int]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """Options and variants of one ``productSet``; ``errors`` when it cannot be."""

    options: list[PlannedOption] = field(default_factory=list)
    variants: list[PlannedVariant] = field(default_factory=list)
    errors: list[Row] = field(default_factory=list)


def plan(product: Product | None, given: Row) -> Plan | None:
    """The plan for an input; None when it mentions neither options nor variants."""
    options, variants = given.get("productOptions"), given.get("variants")
    if options is None and variants is None:
        return None
    made = Plan()
    if variants is None:
        message = "Variants input is required when updating product options"
        made.errors.append(error(_VARIANTS, message, "VARIANTS_INPUT_MISSING"))
    elif options is None:
        message = "Product options input is required when updating variants"
        made.errors.append(error(_AT, message, "PRODUCT_OPTIONS_INPUT_MISSING"))
    else:
        _plan_options(made, product, options)
        if not made.errors:
            _plan_variants(made, product, variants)
    return made


def _plan_options(made: Plan, product: Product | None, rows: list[Row]) -> None:
    if len(rows) > MAX_OPTIONS:
        message = f"Options are limited to {MAX_OPTIONS} per product"
        made.errors.append(error(_AT, message, "OPTIONS_OVER_LIMIT"))
        return
    for n, row in enumerate(rows):
        at = [*_AT, str(n)]
        if row.get("linkedMetafield"):
            raise NotModelled("options linked to metafields")
        there = _option_of(product, row)
        if row.get("id") and there is None:
            made.errors.append(error(at, "Option does not exist", "OPTION_DOES_NOT_EXIST"))
            continue
        name = (row.get("name") or (there.name if there else "")).strip()
        if not name:
            message = "Each option must have a name specified"
            made.errors.append(error(at, message, "INVALID_INPUT"))
            continue
        if len(name) > MAX_TEXT:
            made.errors.append(error(at, "Option name is too long.", "INVALID_INPUT"))
            continue
        if any(option.name == name for option in made.options):
            made.errors.append(error(at, "Duplicated option name.", "DUPLICATED_OPTION_NAME"))
            continue
        planned = PlannedOption(name, there, row.get("position") or n + 1)
        made.errors += _plan_values(planned, row.get("values"), at)
        made.options.append(planned)
    made.options.sort(key=lambda option: option.position)


def _option_of(product: Product | None, row: Row) -> Option | None:
    if product is None:
        return None
    if row.get("id"):
        return next((one for one in product.option_list if one.id == row["id"]), None)
    return option_named(product, (row.get("name") or "").strip())


def _plan_values(option: PlannedOption, rows: list[Row] | None, at: At) -> list[Row]:
    if rows is None and option.there is not None:
        option.values = [PlannedValue(value.name, value) for value in option.there.value_list]
        return []
    if not rows:
        message = f"Option '{option.name}' must specify at least one option value."
        return [error(at, message, "OPTION_VALUES_MISSING")]
    if len(rows) > MAX_VALUES:
        message = f"Option values are limited to {MAX_VALUES} per option"
        return [error(_AT, message, "OPTION_VALUES_OVER_LIMIT")]
    errors = []
    for n, row in enumerate(rows):
        held = option.there.value_list if option.there is not None else []
        there = next((one for one in held if one.id == row.get("id")), None)
        if row.get("id") and there is None:
            message = "Option value does not exist"
            errors.append(error([*at, "values", str(n)], message, "OPTION_VALUE_DOES_NOT_EXIST"))
            continue
        name = (row.get("name") or (there.name if there else "")).strip()
        if there is None and option.there is not None:
            there = named(option.there, name)
        if any(value.name == name for value in option.values):
            message = "Duplicated option value."
            errors.append(error([*at, "values", str(n)], message, "DUPLICATED_OPTION_VALUE"))
            continue
        option.values.append(PlannedValue(name, there))
    return errors


def _plan_variants(made: Plan, product: Product | None, rows: list[Row]) -> None:
    held = {variant.id: variant for variant in (product.variant_list if product else ())}
    by_values = {frozenset(variant.chosen): variant for variant in held.values()}
    claimed = {row["id"] for row in rows if row.get("id")}
    seen: set[tuple[PlannedValue, ...]] = set()
    for n, row in enumerate(rows):
        at = [*_VARIANTS, str(n)]
        there = held.get(row.get("id") or "")
        if row.get("id") and there is None:
            message = "Product variant does not exist"
            made.errors.append(error([*at, "id"], message, "PRODUCT_VARIANT_DOES_NOT_EXIST"))
            continue
        values, errors = _values_of(made, row, at)
        made.errors += errors
        if errors:
            continue
        if values in seen:
            title = " / ".join(value.name for value in values)
            message = (
                f"The variant '{title}' already exists. Please change at least one option value."
            )
            made.errors.append(error(at, message, "INVALID_VARIANT"))
            continue
        seen.add(values)
        if there is None and all(value.there is not None for value in values):
            same = by_values.get(frozenset(value.there for value in values if value.there))
            there = same if same is not None and same.id not in claimed else None
        made.variants.append(PlannedVariant(row, at, values, there))
    made.variants.sort(key=lambda variant: variant.row.get("position") or 0)


def _values_of(made: Plan, row: Row, at: At) -> tuple[tuple[PlannedValue, ...], list[Row]]:
    chosen: dict[PlannedOption, PlannedValue] = {}
    for n, given in enumerate(row["optionValues"]):
        here = [*at, "optionValues", str(n)]
        option = next((one for one in made.options if _is_option(one, given)), None)
        if option is None:
            return (), [error(here, "Option does not exist", "OPTION_DOES_NOT_EXIST")]
        if option in chosen:
            message = f"Duplicated option name '{option.name}'"
            return (), [error([*at, "optionValues"], message, "INVALID_VARIANT")]
        value = next((one for one in option.values if _is_value(one, given)), None)
        if value is None:
            return (), [error(here, "Option value does not exist", "OPTION_VALUE_DOES_NOT_EXIST")]
        chosen[option] = value
    missing = next((option for option in made.options if option not in chosen), None)
    if missing is not None:
        message = f"You need to add option values for {missing.name}"
        return (), [error(at, message, "INVALID_VARIANT")]
    return tuple(chosen[option] for option in made.options), []


def _is_option(option: PlannedOption, given: Row) -> bool:
    if given.get("optionId"):
        return option.there is not None and option.there.id == given["optionId"]
    return option.name == (given.get("optionName") or "").strip()


def _is_value(value: PlannedValue, given: Row) -> bool:
    if given.get("id"):
        return value.there is not None and value.there.id == given["id"]
    return value.name == (given.get("name") or "").strip()


def lay_out(store: Store, product: Product, made: Plan) -> dict[PlannedValue, OptionValue]:
    """Make the product's options what was planned; the real value of each planned one.

    Options and values that are not in the plan go. Variants keep what they have: the caller gives
    them their values.
    """
    real: dict[PlannedValue, OptionValue] = {}
    old, product.option_list = product.option_list, []
    for planned in made.options:
        option = planned.there
        if option is None:
            option = new_option(store, product, planned.name)
        else:
            option.name = planned.name
            product.option_list.append(option)
        held, option.value_list = option.value_list, []
        for value in planned.values:
            there = value.there
            if there is None:
                there = new_value(store, option, value.name)
            else:
                there.name = value.name
                option.value_list.append(there)
            real[value] = there
        for gone in held:
            if gone not in option.value_list:
                store.drop(gone)
    for option in old:
        if option not in product.option_list:
            drop_option(store, option)
    return real
