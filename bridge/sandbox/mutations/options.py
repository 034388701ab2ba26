"""``productOptionsCreate``, ``productOptionUpdate``, ``productOptionsReorder``, ``…Delete``.

Captured: the payload keeps the product when something is wrong; a product without options gets its
first ones on the variant that it has; renaming, moving, adding and removing values; texts for
options given twice, without values, too long, too many, unknown; all options deleted leave
``Title: Default Title`` on the same variant; values without variants do not count when an option
is deleted. Assumed: the texts of the other codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product as combinations
from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model import Product, Variant
from bridge.sandbox.model_products import (
    MAX_OPTIONS,
    MAX_VALUES,
    MAX_VARIANTS,
    Option,
    OptionValue,
)
from bridge.sandbox.mutations.product_inputs import MAX_TEXT, Row, error
from bridge.sandbox.options import (
    choose,
    drop_option,
    has_only_default,
    named,
    new_option,
    new_value,
    option_named,
    rename_all,
    set_default,
    sort_variants,
)
from bridge.sandbox.stocking import delete_variant, new_variant, stock
from bridge.sandbox.watching import Watch

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

_NO_PRODUCT: Final = ("Product does not exist", "PRODUCT_DOES_NOT_EXIST")
_NO_OPTION: Final = ("Option does not exist", "OPTION_DOES_NOT_EXIST")


def _found(info: Info, identifier: str) -> tuple[Store, Product | None]:
    store: Store = info.context.store
    store.settle()
    return store, store.find_as(Product, identifier)


def _payload(product: Product | None, errors: list[Row], **more: object) -> Row:
    return {"product": product, "userErrors": errors, **more}


def _unknown() -> Row:
    return _payload(None, [error(["productId"], *_NO_PRODUCT)])


# ---- create


def create(
    _root: object,
    info: Info,
    productId: str,
    options: list[Row],
    variantStrategy: str | None = None,
) -> Row:
    """Add options; every variant gets the first value of each, CREATE makes the rest."""
    store, product = _found(info, productId)
    if product is None:
        return _unknown()
    errors = _create_problems(product, options, variantStrategy)
    if errors:
        return _payload(product, errors)
    watch = Watch(store, product)
    variants = list(product.variant_list)
    held = {variant: list(variant.chosen) for variant in variants}
    if has_only_default(product):
        drop_option(store, product.option_list.pop())
        held = {variant: [] for variant in variants}
    for row in options:
        option = new_option(store, product, row["name"].strip())
        for value in row["values"]:
            new_value(store, option, value["name"].strip())
        for variant in variants:
            held[variant].append(option.value_list[0])
        if row.get("position"):
            product.option_list.remove(option)
            product.option_list.insert(row["position"] - 1, option)
    for variant in variants:
        choose(variant, held[variant])
    if variantStrategy == "CREATE":
        _fill(store, product)
    watch.done("productOptionsCreate", product)
    return _payload(product, [])


def _create_problems(product: Product, rows: list[Row], strategy: str | None) -> list[Row]:
    old = [] if has_only_default(product) else product.option_list
    errors: list[Row] = []
    if len(old) + len(rows) > MAX_OPTIONS:
        message = f"Can only specify a maximum of {MAX_OPTIONS} options"
        return [error(["options"], message, "OPTIONS_OVER_LIMIT")]
    seen: set[str] = set()
    for n, row in enumerate(rows):
        if row.get("linkedMetafield"):
            raise NotModelled("options linked to metafields")
        wrong = _new_option_problem(
            row, seen, {option.name for option in old}, len(old) + len(rows)
        )
        if wrong is not None:
            errors.append(error(["options", str(n)], *wrong))
        seen.add((row.get("name") or "").strip())
    if not errors and strategy == "CREATE":
        count = len(product.variant_list)
        for row in rows:
            count *= len(row["values"])
        if count > MAX_VARIANTS:
            message = f"Can't create more than {MAX_VARIANTS} variants"
            errors.append(error(["options"], message, "TOO_MANY_VARIANTS_CREATED"))
    return errors


def _new_option_problem(
    row: Row, seen: set[str], old: set[str], count: int
) -> tuple[str, str] | None:
    name = (row.get("name") or "").strip()
    values = [(value.get("name") or "").strip() for value in row.get("values") or ()]
    position = row.get("position")
    checks: tuple[tuple[bool, str, str], ...] = (
        (not name, "Each option must have a name specified.", "OPTION_NAME_MISSING"),
        (len(name) > MAX_TEXT, "Option name is too long.", "OPTION_NAME_TOO_LONG"),
        (name in seen, "Duplicated option name.", "DUPLICATED_OPTION_NAME"),
        (name in old, f"Option '{name}' already exists.", "OPTION_ALREADY_EXISTS"),
        (
            not values,
            f"Option '{name}' must specify at least one option value.",
            "OPTION_VALUES_MISSING",
        ),
        (
            len(values) > MAX_VALUES,
            f"Option values are limited to {MAX_VALUES} per option",
            "OPTION_VALUES_OVER_LIMIT",
        ),
        (len(set(values)) < len(values), "Duplicated option value.", "DUPLICATED_OPTION_VALUE"),
        (
            any(len(value) > MAX_TEXT for value in values),
            "Option value name is too long.",
            "OPTION_VALUE_NAME_TOO_LONG",
        ),
        (
            position is not None and not 1 <= position <= count,
            "Position must be between 1 and the maximum number of options.",
            "POSITION_OUT_OF_BOUNDS",
        ),
    )
    return next(((message, code) for bad, message, code in checks if bad), None)


def _fill(store: Store, product: Product) -> None:
    """A variant for each combination of values that has none; it costs what the first one does."""
    there = {tuple(variant.chosen) for variant in product.variant_list}
    first = product.variant_list[0]
    for values in combinations(*(option.value_list for option in product.option_list)):
        if values not in there:
            made = new_variant(store, product, values)
            made.price, made.compare_at_price = first.price, first.compare_at_price
            stock(store, made, [])


# ---- update


def update(
    _root: object,
    info: Info,
    *,
    productId: str,
    option: Row,
    optionValuesToAdd: list[Row] | None = None,
    optionValuesToUpdate: list[Row] | None = None,
    optionValuesToDelete: list[str] | None = None,
    variantStrategy: str | None = None,
) -> Row:
    """Rename or move an option; add, rename and remove its values."""
    store, product = _found(info, productId)
    if product is None:
        return _unknown()
    found = next((one for one in product.option_list if one.id == option["id"]), None)
    if found is None:
        return _payload(product, [error(["option"], *_NO_OPTION)])
    wish = _Wish(
        product,
        found,
        option,
        [(row.get("name") or "").strip() for row in optionValuesToAdd or ()],
        {row["id"]: (row.get("name") or "").strip() for row in optionValuesToUpdate or ()},
        list(optionValuesToDelete or ()),
        manage=variantStrategy == "MANAGE",
    )
    if any(
        row.get("linkedMetafieldValue")
        for row in (*(optionValuesToAdd or ()), *(optionValuesToUpdate or ()))
    ) or option.get("linkedMetafield"):
        raise NotModelled("options linked to metafields")
    errors = wish.problems()
    if errors:
        return _payload(product, errors)
    watch = Watch(store, product)
    wish.grant(store)
    watch.done("productOptionUpdate", product)
    return _payload(product, [])


@dataclass(slots=True)
class _Wish:
    """What ``productOptionUpdate`` is to do to one option.

    ``rename`` gives names by the id of the value, ``remove`` lists ids.
    """

    product: Product
    option: Option
    row: Row
    add: list[str]
    rename: dict[str, str]
    remove: list[str]
    manage: bool

    @property
    def going(self) -> list[OptionValue]:
        """The values that are to be removed."""
        return [value for value in self.option.value_list if value.id in self.remove]

    def problems(self) -> list[Row]:
        """Everything that stands in the way."""
        errors = self._name_problems()
        known = {value.id for value in self.option.value_list}
        for field, ids in (
            ("optionValuesToUpdate", list(self.rename)),
            ("optionValuesToDelete", self.remove),
        ):
            for n, identifier in enumerate(ids):
                if identifier not in known:
                    message = "Option value does not exist."
                    errors.append(error([field, str(n)], message, "OPTION_VALUE_DOES_NOT_EXIST"))
        if set(self.rename) & set(self.remove):
            message = "An option value can't be updated and deleted at once."
            errors.append(
                error(["optionValuesToUpdate"], message, "OPTION_VALUE_CONFLICTING_OPERATION")
            )
        return errors or self._value_problems()

    def _name_problems(self) -> list[Row]:
        name, position = self.row.get("name"), self.row.get("position")
        taken = {one.name for one in self.product.option_list if one is not self.option}
        checks: tuple[tuple[bool, str, str], ...] = (
            (name is not None and not name.strip(), "Name is not valid.", "INVALID_NAME"),
            (len(name or "") > MAX_TEXT, "Option name is too long.", "OPTION_NAME_TOO_LONG"),
            (name in taken, f"Option '{name}' already exists.", "OPTION_ALREADY_EXISTS"),
            (
                position is not None and not 1 <= position <= len(self.product.option_list),
                "Position is not valid.",
                "INVALID_POSITION",
            ),
        )
        return [error(["option"], message, code) for bad, message, code in checks if bad]

    def _value_problems(self) -> list[Row]:
        errors = []
        going = self.going
        names = [
            self.rename.get(value.id, value.name)
            for value in self.option.value_list
            if value not in going
        ]
        for n, name in enumerate(self.add):
            if not name or name in names:
                message = f"Option value '{name}' already exists." if name else "Name is missing."
                code = "OPTION_VALUE_ALREADY_EXISTS" if name else "KEY_MISSING_IN_INPUT"
                errors.append(error(["optionValuesToAdd", str(n)], message, code))
            names.append(name)
        if len(names) > MAX_VALUES:
            message = f"Option values are limited to {MAX_VALUES} per option"
            errors.append(error(["optionValuesToAdd"], message, "OPTION_VALUES_OVER_LIMIT"))
        if len(set(names)) < len(names) and not errors:
            message = "Duplicated option value."
            errors.append(error(["optionValuesToUpdate"], message, "DUPLICATED_OPTION_VALUE"))
        if not names:
            message = "Cannot delete all option values of an option."
            code = "CANNOT_DELETE_ALL_OPTION_VALUES_IN_OPTION"
            errors.append(error(["optionValuesToDelete"], message, code))
        if not self.manage and any(value.has_variants for value in going):
            message = "Cannot delete an option value that has variants."
            code = "OPTION_VALUE_HAS_VARIANTS"
            errors.append(error(["optionValuesToDelete"], message, code))
        left = [v for v in self.product.variant_list if not set(v.chosen) & set(going)]
        if going and self.manage and not left:
            message = "Cannot leave options without variants."
            code = "CANNOT_LEAVE_OPTIONS_WITHOUT_VARIANTS"
            errors.append(error(["optionValuesToDelete"], message, code))
        return errors

    def grant(self, store: Store) -> None:
        """Do it."""
        product, option = self.product, self.option
        going = self.going
        for variant in [v for v in product.variant_list if set(v.chosen) & set(going)]:
            delete_variant(store, variant)
        for value in going:
            option.value_list.remove(value)
            store.drop(value)
        for value in option.value_list:
            value.name = self.rename.get(value.id) or value.name
        if self.row.get("name"):
            option.name = self.row["name"].strip()
        if self.row.get("position"):
            product.option_list.remove(option)
            product.option_list.insert(self.row["position"] - 1, option)
        rename_all(product)
        added = [new_value(store, option, name) for name in self.add]
        if self.manage:
            self._multiply(store, added)

    def _multiply(self, store: Store, added: list[OptionValue]) -> None:
        """Each new value with every combination of the other options that is there."""
        for value in added:
            seen: set[tuple[OptionValue, ...]] = set()
            for variant in list(self.product.variant_list):
                others = [one for one in variant.chosen if one.option is not self.option]
                if tuple(others) not in seen:
                    seen.add(tuple(others))
                    made = new_variant(store, self.product, [*others, value])
                    made.price = variant.price
                    made.compare_at_price = variant.compare_at_price
                    stock(store, made, [])


# ---- reorder


def reorder(_root: object, info: Info, productId: str, options: list[Row]) -> Row:
    """All options in their new order, and the values of those that list them; variants follow."""
    store, product = _found(info, productId)
    if product is None:
        return _unknown()
    order, errors = _order(product, options)
    if not errors and len(order) < len(product.option_list):
        missing = next(one for one in product.option_list if one not in order)
        message = f"Missing option name: {missing.name}"
        errors = [error(["options"], message, "MISSING_OPTION_NAME")]
    if errors:
        return _payload(product, errors)
    watch = Watch(store, product)
    product.option_list = list(order)
    for option, values in order.items():
        if values:
            option.value_list = values
    rename_all(product)
    sort_variants(product)
    watch.done("productOptionsReorder", product)
    return _payload(product, [])


Order = dict[Option, list[OptionValue]]


def _order(product: Product, rows: list[Row]) -> tuple[Order, list[Row]]:
    order: Order = {}
    by_id = {bool(row.get("id")) for row in rows}
    if len(by_id) > 1:
        message = "Mixing id and name keys is not allowed."
        return {}, [error(["options"], message, "MIXING_ID_AND_NAME_KEYS_IS_NOT_ALLOWED")]
    for n, row in enumerate(rows):
        at = ["options", str(n)]
        option = _option_of(product, row)
        if option is None:
            code = "OPTION_ID_DOES_NOT_EXIST" if row.get("id") else "OPTION_NAME_DOES_NOT_EXIST"
            return {}, [error(at, _NO_OPTION[0], code)]
        if option in order:
            return {}, [error(at, "Duplicated option name.", "DUPLICATED_OPTION_NAME")]
        values: list[OptionValue] = []
        for k, given in enumerate(row.get("values") or ()):
            value = _value_of(option, given)
            if value is None or value in values:
                code = "OPTION_VALUE_DOES_NOT_EXIST" if value is None else "DUPLICATED_OPTION_VALUE"
                message = "Option value does not exist"
                if value is not None:
                    message = "Duplicated option value."
                return {}, [error([*at, "values", str(k)], message, code)]
            values.append(value)
        if values and len(values) < len(option.value_list):
            message = "All values of an option must be given."
            return {}, [error([*at, "values"], message, "MISSING_OPTION_VALUE")]
        order[option] = values
    return order, []


def _option_of(product: Product, row: Row) -> Option | None:
    if row.get("id"):
        return next((one for one in product.option_list if one.id == row["id"]), None)
    return option_named(product, (row.get("name") or "").strip())


def _value_of(option: Option, row: Row) -> OptionValue | None:
    if row.get("id"):
        return next((one for one in option.value_list if one.id == row["id"]), None)
    return named(option, (row.get("name") or "").strip())


# ---- delete


def delete(
    _root: object, info: Info, productId: str, options: list[str], strategy: str | None = None
) -> Row:
    """Take options off. Variants that become the same: refused, or the later ones go (POSITION)."""
    store, product = _found(info, productId)
    if product is None:
        return _payload(None, _unknown()["userErrors"], deletedOptionsIds=None)
    held: dict[str, Option] = {option.id: option for option in product.option_list}
    errors = [
        error(["options", str(n)], *_NO_OPTION)
        for n, identifier in enumerate(options)
        if identifier not in held
    ]
    going = [held[one] for one in dict.fromkeys(options) if one in held]
    twins = _twins(product, going)
    if not errors and twins and strategy == "NON_DESTRUCTIVE":
        message = "Cannot delete options without deleting variants."
        errors = [error(["options"], message, "CANNOT_USE_NON_DESTRUCTIVE_STRATEGY")]
    if not errors and strategy in {None, "DEFAULT"}:
        errors = [
            error(
                ["options", str(options.index(option.id))],
                f"Option '{option.name}' has more than one value.",
                "CANNOT_DELETE_OPTION_WITH_MULTIPLE_VALUES",
            )
            for option in going
            if len(option.values) > 1
        ]
    if errors:
        return _payload(product, errors, deletedOptionsIds=[])
    watch = Watch(store, product)
    for variant in twins:
        delete_variant(store, variant)
    _take_off(store, product, going)
    watch.done("productOptionsDelete", product)
    return _payload(product, [], deletedOptionsIds=options)


def _twins(product: Product, going: list[Option]) -> list[Variant]:
    """Variants that nothing tells apart any more from an earlier one."""
    seen: set[tuple[Any, ...]] = set()
    later = []
    for variant in product.variant_list:
        left = tuple(value for value in variant.chosen if value.option not in going)
        if left in seen:
            later.append(variant)
        seen.add(left)
    return later


def _take_off(store: Store, product: Product, going: list[Option]) -> None:
    if len(going) == len(product.option_list):
        set_default(store, product, product.variant_list[0])
        return
    product.option_list = [option for option in product.option_list if option not in going]
    for option in going:
        drop_option(store, option)
    rename_all(product)
