"""A product's options beside the feed's: renamed, added, in another order, or not to be told."""

from __future__ import annotations

from bridge.actions.catalog_options import OptionChange, compare, standalone
from bridge.actions.catalog_target import WantedOptionValue, WantedVariant
from bridge.shopify.catalogue import StoreOption, StoreVariant

SIZE = StoreOption("gid://shopify/ProductOption/1", "Size", ("S", "M"))
COLOR = StoreOption("gid://shopify/ProductOption/2", "Color", ("Moss",))


def wanted(sku: str, **values: str) -> WantedVariant:
    """A variant of the feed with its option values."""
    rows = tuple(WantedOptionValue(option_name=k, name=v) for k, v in values.items())
    return WantedVariant(sku=sku, option_values=rows)


def have(sku: str, **values: str) -> dict[str, StoreVariant]:
    """A variant of the store, by its SKU."""
    gid = f"gid://shopify/ProductVariant/{sku}"
    return {sku: StoreVariant(gid, sku, "p", "tee", {}, options=values)}


def test_options_that_are_there_are_left() -> None:
    """Nothing to do, and no order where the feed states none."""
    change = compare((), [wanted("A", Color="Moss", Size="S")], [SIZE, COLOR], {})
    assert change == OptionChange(names=("Size", "Color"))


def test_a_feed_without_options_changes_none() -> None:
    """Not mentioned, not touched."""
    assert compare((), [wanted("A")], [SIZE], {}) == OptionChange(names=("Size",))


def test_an_option_with_the_same_values_is_renamed() -> None:
    """Its values tell that it is the same one."""
    change = compare(
        (), [wanted("A", Size="S", Colour="Moss")], [SIZE, COLOR], have("A", Size="S", Color="Moss")
    )
    assert change.renames == ((COLOR.gid, "Colour"),)
    assert (change.creates, change.names) == (None, ("Size", "Colour"))


def test_an_option_with_other_values_is_added() -> None:
    """One variant that says otherwise is enough: then it is a further option."""
    known = have("A", Size="S") | have("B", Size="M")
    change = compare(
        (), [wanted("A", Fit="S", Size="S"), wanted("B", Fit="Slim", Size="M")], [SIZE], known
    )
    assert (change.renames, change.creates) == ((), {"Fit": ("S", "Slim")})


def test_two_options_that_could_be_meant_are_none() -> None:
    """Without a clear answer an option is added, never renamed."""
    known = have("A", Size="M", Chest="M")
    chest = StoreOption("gid://shopify/ProductOption/3", "Chest", ("M",))
    change = compare((), [wanted("A", Width="M")], [SIZE, chest], known)
    assert (change.renames, change.creates) == ((), {"Width": ("M",)})


def test_a_stated_order_is_made() -> None:
    """Options that the feed does not name come last."""
    change = compare(("Color",), [wanted("A", Color="Moss")], [SIZE, COLOR], {})
    assert change.order == ("Color", "Size")
    assert compare(("Size",), [], [SIZE, COLOR], {}).order == ()


def test_a_placeholder_gives_way() -> None:
    """A product without options has Shopify's Title; the feed's first option takes its place."""
    title = StoreOption("gid://shopify/ProductOption/9", "Title", ("Default Title",))
    assert standalone([title])
    change = compare((), [wanted("A", Size="S")], [title], have("A", Title="Default Title"))
    assert (change.creates, change.names, change.renames) == ({"Size": ("S",)}, ("Size",), ())


def test_a_fourth_option_is_trouble() -> None:
    """Shopify takes three; nothing is changed then."""
    third = StoreOption("gid://shopify/ProductOption/3", "Fit", ("Slim",))
    change = compare((), [wanted("A", Length="31")], [SIZE, COLOR, third], {})
    assert "more than 3 options" in change.trouble


def test_an_option_without_a_value_is_trouble() -> None:
    """An option that the feed lists and no variant has cannot be made."""
    assert "no value of the option Fit" in compare(("Size", "Fit"), [], [SIZE], {}).trouble
