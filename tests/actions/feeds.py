"""Mappings of feeds as they are loaded for a channel, and what they make of one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from bridge.actions.catalog_feed import Family, Feed, read_feed, sources
from bridge.actions.catalog_target import WantedCatalog, WantedProduct, WantedVariant
from bridge.mapping.module import MappingModule, load_module
from bridge.retailops.events import Event
from bridge.wiring import shipped_mappings

FILES = {
    "native": "catalog_push.toml",
    "magento": "presets/catalog_push.magento.toml",
    "mozu": "presets/catalog_push.mozu.toml",
}


@cache
def mapping(preset: str = "native", *more: Path) -> MappingModule:
    """The mapping of a preset, with a merchant's laid over it."""
    layers = [shipped_mappings() / FILES[preset], *more]
    return load_module(
        "catalog_push", layers, target=WantedCatalog, sources=sources(), root="catalog"
    )


def read(feed: Any, preset: str = "native") -> Feed:
    """A feed read by a preset."""
    return read_feed(feed, mapping(preset))


def families(feed: Any, preset: str = "native") -> list[Family]:
    """The families of a feed that has nothing to tell."""
    found = read(feed, preset)
    assert found.events == ()
    return list(found.families)


def product(item: dict[str, Any]) -> WantedProduct:
    """What the native shape makes of one product."""
    (family,) = families({"products": [item]})
    return family.product


def variant(item: dict[str, Any]) -> WantedVariant:
    """What the native shape makes of one variant."""
    (made,) = product({"variants": [{"sku": "A", **item}]}).variants
    return made


def skus(event: Event) -> list[str]:
    """The SKUs that an event is about."""
    return [a.identifier for a in event.associations if a.identifier_type == "sku_number"]


def codes(feed: Feed) -> list[tuple[str, list[str]]]:
    """The codes of a feed's events with their SKUs."""
    return [(e.code, skus(e)) for e in feed.events]


def one(sku: str, **fields):
    """A product of one variant."""
    return {"variants": [{"sku": sku}], **fields}
