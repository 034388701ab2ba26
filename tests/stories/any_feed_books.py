"""The bookkeeping of any feed: what must be in the store after a push, field by field."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.stories.any_feed import Row, custom, stem


def expected(before: Row, feed: Row, after: Row) -> Row:
    """``before`` with everything that the feed mentions. GIDs of what is new are ``after``'s."""
    out = copy.deepcopy(before)
    for name in ("title", "vendor", "productType"):
        if name in feed:
            out[name] = feed[name].strip()
            after[name] = after[name].strip()
    for name in ("descriptionHtml", "templateSuffix", "category"):
        out[name] = feed.get(name, out[name])
    if "status" in feed:
        out["status"] = feed["status"].upper()
    for name, value in feed.get("seo", {}).items():
        out["seo"] = {**out["seo"], name: value.strip()}
        after["seo"][name] = (after["seo"][name] or "").strip()
    tags = {t.casefold(): t for t in out["tags"]}
    for tag in (piece.strip() for t in feed.get("tags", ()) for piece in t.split(",")):
        tags.setdefault(tag.casefold(), tag)
    out["tags"] = sorted(tags.values())
    out["metafields"] |= _wanted_metafields(feed)
    out["collections"] |= {c.lower().replace(" ", "-") for c in feed.get("collections", ())}
    out["publications"] |= set(feed.get("publications", ()))
    _media(out, feed, after)
    _options(out, feed)
    by_sku = {v["sku"]: gid for gid, v in after["variants"].items()}
    named = {stem_: gid for gid, stem_, _ in after["media"]}
    for row in feed["variants"]:
        gid = by_sku.get(row["sku"], "no such variant")
        base = out["variants"].get(gid) or copy.deepcopy(after["variants"].get(gid, {}))
        out["variants"][gid] = _variant(base, row, out, named)
    return out


def _wanted_metafields(feed: Mapping[str, Any]) -> Row:
    rows: list[Row] = []
    for m in feed.get("metafields", ()):
        value = m["value"]
        if m["type"] == "boolean":
            value = str(value).lower()
        elif m["type"] == "weight":
            value = json.dumps({"value": 2.5, "unit": "KILOGRAMS"})
        elif not isinstance(value, str):
            value = json.dumps(value)
        rows.append({**m, "value": value})
    return custom(rows)


def _media(out: Row, feed: Row, after: Row) -> None:
    wanted = [m if isinstance(m, dict) else {"originalSource": m} for m in feed.get("media", ())]
    wanted += [{"originalSource": v["image"]} for v in feed["variants"] if "image" in v]
    there = {name: gid for gid, name, _ in after["media"]}
    alts: Row = {}
    for image in wanted:
        name = stem(image["originalSource"])
        known = [n for _, n, _ in out["media"]]
        if name not in known:
            out["media"].append((there.get(name, "missing"), name, None))
        if "alt" in image:
            alts.setdefault(name, image["alt"])
    out["media"] = [(gid, name, alts.get(name, alt)) for gid, name, alt in out["media"]]


def _options(out: Row, feed: Row) -> None:
    values: dict[str, list[str]] = {}
    for row in feed["variants"]:
        for value in row.get("optionValues", ()):
            values.setdefault(value["optionName"], []).append(value["name"])
    new = [o for o in values if o not in out["options"]]
    placeholder = out["options"] == ["Title"]
    if new:
        out["options"] = new if placeholder else [*out["options"], *new]
        for variant in out["variants"].values():
            old = {} if placeholder else variant["options"]
            variant["options"] = {**old, **{o: values[o][0] for o in new}}
    stated = feed.get("options", [])
    if stated:
        out["options"] = [*stated, *(o for o in out["options"] if o not in stated)]


def _variant(base: Row, row: Row, out: Row, images_by_name: Row) -> Row:
    made = dict(base)
    for name in ("price", "compareAtPrice", "cost"):
        if name in row:
            made[name] = None if row[name] is None else _cents(row[name], made[name])
    for name in ("taxable", "tracked", "requiresShipping", "harmonizedSystemCode"):
        if name in row:
            made[name] = row[name]
    if "barcode" in row:
        made["barcode"] = row["barcode"] and row["barcode"].strip()
    for name in ("inventoryPolicy", "countryCodeOfOrigin"):
        if name in row:
            made[name] = row[name].upper()
    if "weight" in row:
        unit = {"kg": "KILOGRAMS", "g": "GRAMS", None: made["weight"][1]}
        wanted = row["weight"]
        made["weight"] = (Decimal(str(wanted["value"])), unit[wanted.get("unit")])
    for value in row.get("optionValues", ()):
        name, wanted = value["optionName"], value["name"].strip()
        have = made["options"].get(name, "")
        if have.casefold() != wanted.casefold():
            made["options"] = {**made["options"], name: wanted}
    made["metafields"] = {**made["metafields"], **_wanted_metafields(row)}
    if "image" in row:
        made["image"] = images_by_name.get(stem(row["image"]), "missing")
    return made


def _cents(value: Any, have: Decimal | None) -> Decimal:
    """The amount as the store rounds it; a half cent may stay as it is."""
    exact = Decimal(str(value))
    if have is not None and abs(exact - have) <= Decimal("0.005"):
        return have
    return exact.quantize(Decimal("0.01"))
