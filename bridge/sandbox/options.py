"""Options of a product, and what they do to its variants: values, titles, order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from bridge.sandbox.model import Product, Variant
from bridge.sandbox.model_products import DEFAULT_OPTION, DEFAULT_VALUE, Option, OptionValue

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def new_option(store: Store, product: Product, name: str) -> Option:
    """A further option without values, behind those that are there."""
    option = Option(number_id=store.new_id("ProductOption"), product=product, name=name)
    product.option_list.append(option)
    store.keep(option)
    return option


def new_value(store: Store, option: Option, name: str) -> OptionValue:
    """A further value of an option."""
    value = OptionValue(number_id=store.new_id("ProductOptionValue"), option=option, name=name)
    option.value_list.append(value)
    store.keep(value)
    return value


def named(option: Option, name: str) -> OptionValue | None:
    """The value of that name."""
    return next((value for value in option.value_list if value.name == name), None)


def value_for(store: Store, option: Option, name: str) -> OptionValue:
    """The value of that name, made when it is not there."""
    return named(option, name) or new_value(store, option, name)


def option_named(product: Product, name: str) -> Option | None:
    """The product's option of that name."""
    return next((option for option in product.option_list if option.name == name), None)


def has_only_default(product: Product) -> bool:
    """Whether there is nothing but ``Title: Default Title``."""
    options = product.option_list
    return (
        len(options) == 1
        and options[0].name == DEFAULT_OPTION
        and [value.name for value in options[0].value_list] == [DEFAULT_VALUE]
    )


def is_default(variant: Variant) -> bool:
    """Whether it is the variant of a product without options."""
    return [(v.option.name, v.name) for v in variant.chosen] == [(DEFAULT_OPTION, DEFAULT_VALUE)]


def choose(variant: Variant, values: Iterable[OptionValue]) -> None:
    """Give a variant its values, in the order of the options, and the title they make."""
    by_option = {value.option: value for value in values}
    variant.chosen = [by_option[option] for option in variant.product.option_list]
    variant.title = title_of(variant.chosen)


def title_of(values: Sequence[OptionValue]) -> str:
    """``S / Moss``."""
    return " / ".join(value.name for value in values)


def rename_all(product: Product) -> None:
    """After options were renamed or moved: each variant's values and title again."""
    for variant in product.variant_list:
        choose(variant, variant.chosen)


def set_default(store: Store, product: Product, variant: Variant) -> None:
    """Take all options off: one ``Title`` with ``Default Title`` (captured)."""
    for option in product.option_list:
        drop_option(store, option)
    product.option_list.clear()
    choose(variant, [new_value(store, new_option(store, product, DEFAULT_OPTION), DEFAULT_VALUE)])


def drop_option(store: Store, option: Option) -> None:
    """Forget an option and its values; the product's list is the caller's business."""
    for value in option.value_list:
        store.drop(value)
    store.drop(option)


def forget_unused(store: Store, candidates: Iterable[OptionValue]) -> None:
    """Values whose last variant has gone go with it (captured for the default one)."""
    for value in candidates:
        if value in value.option.value_list and not value.has_variants:
            value.option.value_list.remove(value)
            store.drop(value)


def sort_variants(product: Product) -> None:
    """The variants in the order of their options' values (documented for reordering)."""
    place = {
        value: n for option in product.option_list for n, value in enumerate(option.value_list)
    }
    product.variant_list.sort(key=lambda variant: [place[value] for value in variant.chosen])
