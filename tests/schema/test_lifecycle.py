"""What comes and goes between versions is what Shopify's own schemas say."""

from __future__ import annotations

import gzip
import json
import re
from typing import Any

from bridge.schema import API_VERSION, load_schema
from bridge.schema.lifecycle import DEPRECATED, SINCE
from tests.shared import SHARED, needs_shared


def types(version: str) -> dict[str, Any]:
    """Shopify's types by name."""
    with gzip.open(SHARED / "shopify" / f"admin_{version}.json.gz") as file:
        data = json.load(file)
    return {t["name"]: t for t in data.get("data", data)["__schema"]["types"]}


def members(kind: dict[str, Any]) -> dict[str, Any]:
    """The fields of an object, the values of an enum, by name."""
    return {m["name"]: m for m in (kind.get("fields") or []) + (kind.get("enumValues") or [])}


@needs_shared
def test_deprecations_and_beginnings_are_shopifys() -> None:
    """Of every field and value in our subset; links and line ends are taken out of the words."""
    real, before = types(API_VERSION), types("2026-07")
    deprecated, since = {}, {}
    for name, kind in load_schema().type_map.items():
        if name.startswith("__") or name not in real:
            continue
        ours = {*getattr(kind, "fields", ()), *getattr(kind, "values", ())}
        for member, told in members(real[name]).items():
            if member not in ours:
                continue
            if told["isDeprecated"]:
                plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", told["deprecationReason"])
                deprecated[f"{name}.{member}"] = re.sub(r"\s+", " ", plain).strip()
            if name in before and member not in members(before[name]):
                since[f"{name}.{member}"] = API_VERSION
    assert dict(DEPRECATED) == deprecated
    assert dict(SINCE) == since
