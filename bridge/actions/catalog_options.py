"""A product's options beside the feed's: what is renamed, added, put in another order.

An option is known by its name, or by its values: when an option has another name but each
variant that both know has in it the value that the feed says, it is the same option renamed.
Options that the feed does not mention stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bridge.actions.catalog_target import (
    MAX_OPTIONS,
    WantedOptionValue,
    WantedProduct,
    WantedVariant,
)
from bridge.actions.catalog_text import same_name
from bridge.shopify.catalogue import StoreOption, StoreVariant

DEFAULT_OPTION = "Title"
DEFAULT_VALUE = "Default Title"


@dataclass(frozen=True, slots=True)
class OptionChange:
    """What has to be done to a product's options, in this order.

    ``renames`` are (option GID, new name), ``creates`` {name: values}, ``order`` all names in
    their new order or empty. ``names`` are all options afterwards. ``trouble`` says why the
    options cannot be made to fit: then nothing of them is done.
    """

    renames: tuple[tuple[str, str], ...] = ()
    creates: Mapping[str, tuple[str, ...]] | None = None
    order: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    trouble: str = ""


def spelled(wanted: WantedProduct, have: Iterable[StoreOption] = ()) -> WantedProduct:
    """The product with its options and values spelled as the store does, else as first told.

    Shopify has no two values of an option that differ in their capitals only: ``s`` is ``S``.
    """
    names: dict[str, str] = {}
    values: dict[tuple[str, str], str] = {}
    for option in have:
        name = names.setdefault(same_name(option.name), option.name)
        for value in option.values:
            values.setdefault((name, same_name(value)), value)

    def name_of(name: str) -> str:
        return names.setdefault(same_name(name), name.strip())

    def value_of(given: WantedOptionValue) -> WantedOptionValue:
        name = name_of(given.option_name)
        value = values.setdefault((name, same_name(given.name)), given.name.strip())
        if (name, value) == (given.option_name, given.name):
            return given  # as nearly always: thousands of variants are planned at once
        return WantedOptionValue(option_name=name, name=value)

    options = tuple(dict.fromkeys(name_of(name) for name in wanted.options))
    variants = []
    for variant in wanted.variants:
        given = {v.option_name: v for v in reversed([value_of(v) for v in variant.option_values])}
        told = tuple(reversed(given.values()))
        variants.append(variant.model_copy(update={"option_values": told}))
    return wanted.model_copy(update={"options": options, "variants": tuple(variants)})


def wanted_names(options: Sequence[str], variants: Sequence[WantedVariant]) -> list[str]:
    """The feed's option names: as it lists them, else as its variants first name them."""
    names = list(options)
    for variant in variants:
        names += [value.option_name for value in variant.option_values]
    return list(dict.fromkeys(names))


def wanted_values(name: str, variants: Sequence[WantedVariant]) -> tuple[str, ...]:
    """All values that the feed gives an option, in its order."""
    values = (v.name for w in variants for v in w.option_values if v.option_name == name)
    return tuple(dict.fromkeys(values))


def standalone(have: Sequence[StoreOption]) -> bool:
    """Whether the product has no options yet: one variant that Shopify made by itself."""
    return [o.name for o in have] == [DEFAULT_OPTION] and all(
        set(o.values) <= {DEFAULT_VALUE} for o in have
    )


def compare(
    options: Sequence[str],
    variants: Sequence[WantedVariant],
    have: Sequence[StoreOption],
    known: Mapping[str, StoreVariant],
) -> OptionChange:
    """The difference for a product that is there; ``known`` are its variants by SKU. Pure.

    ``options`` is the order that the feed states; without one the store's order stays.
    """
    wanted = wanted_names(options, variants)
    names = [option.name for option in have]
    if not wanted:
        return OptionChange(names=tuple(names))
    renames = _renames(wanted, variants, have, known)
    names = [renames.get(name, name) for name in names]
    missing = [name for name in wanted if name not in names]
    if standalone(have):  # its one option is a placeholder, and goes by itself
        names, renames = [], {}
        missing = list(wanted)
        if not any(v.option_values for v in variants if v.sku in known):
            return OptionChange(trouble="the feed gives no option values of the one variant it has")
    after = [*names, *missing]
    if len(after) > MAX_OPTIONS:
        listed = ", ".join(after)
        return OptionChange(trouble=f"it would have more than {MAX_OPTIONS} options: {listed}")
    creates = {name: wanted_values(name, variants) for name in missing}
    if empty := [name for name, values in creates.items() if not values]:
        return OptionChange(trouble=f"the feed gives no value of the option {empty[0]}")
    order: tuple[str, ...] = ()
    if options:
        stated = [*options, *(name for name in after if name not in options)]
        order = tuple(stated) if stated != after else ()
    gids = {option.name: option.gid for option in have}
    return OptionChange(
        renames=tuple((gids[old], new) for old, new in renames.items()),
        creates=creates or None,
        order=order,
        names=order or tuple(after),
    )


def _renames(
    wanted: Sequence[str],
    variants: Sequence[WantedVariant],
    have: Sequence[StoreOption],
    known: Mapping[str, StoreVariant],
) -> dict[str, str]:
    """{old name: new name}, where the values say so and nothing else could be meant."""
    names = [option.name for option in have]
    new = [name for name in wanted if name not in names]
    old = [name for name in names if name not in wanted]
    out: dict[str, str] = {}
    for name in new:
        fits = [o for o in old if o not in out and _same_values(name, o, variants, known)]
        if len(fits) == 1:
            out[fits[0]] = name
    return out


def _same_values(
    new: str, old: str, variants: Sequence[WantedVariant], known: Mapping[str, StoreVariant]
) -> bool:
    seen = False
    for variant in variants:
        store = known.get(variant.sku)
        value = next((v.name for v in variant.option_values if v.option_name == new), None)
        if store is None or store.options is None or value is None:
            continue
        if store.options.get(old) != value:
            return False
        seen = True
    return seen
