"""A product's options beside the feed's: what is renamed, added, put in another order.

An option is known by its name, or by its values: when an option has another name but each
variant that both know has in it the value that the feed says, it is the same option renamed.
Options that the feed does not mention stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.actions.catalog_target import MAX_OPTIONS, WantedVariant
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
