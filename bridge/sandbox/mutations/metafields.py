"""``metafieldsSet`` (atomic, at most 25) and ``metafieldsDelete``, as captured."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from bridge.sandbox.info import Info
from bridge.sandbox.model import APP_NAMESPACE, Metafield, Owner

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Captured: 26 rows are refused as a whole.
MAX_ROWS = 25
# Captured: each with the message "Namespace … is a reserved namespace" and no code.
_RESERVED = frozenset({"shopify_standard", "protected", "shopify-l10n-fields"})
# (field, shortest, longest), captured.
_LENGTHS = (("namespace", 3, 255), ("key", 2, 64))


def _is_integer(value: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", value) is not None


def _is_decimal(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False


def _is_date_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value


def _is_json(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


_ANY: Callable[[str], bool] = bool
# type: (check, message). Messages of integer, boolean and date_time are captured; Shopify's for
# JSON names the place, which ours does not.
_TYPES: dict[str, tuple[Callable[[str], bool], str]] = {
    "single_line_text_field": (
        lambda value: "\n" not in value,
        "Value must be a single line text string.",
    ),
    "multi_line_text_field": (_ANY, ""),
    "number_integer": (_is_integer, "Value must be an integer."),
    "number_decimal": (_is_decimal, "Value must be a decimal."),
    "boolean": (lambda value: value in {"true", "false"}, "Value must be true or false."),
    "date_time": (
        _is_date_time,
        "Value must be in “YYYY-MM-DDTHH:MM:SS” format. For example: 2022-06-01T15:30:00",
    ),
    "json": (_is_json, "Value is invalid JSON."),
    "id": (_ANY, ""),
    "url": (_ANY, ""),
}


def _error(field: list[str], message: str, code: str | None) -> dict[str, Any]:
    return {"field": field, "message": message, "code": code, "elementIndex": None}


def _check(store: Store, n: int, row: dict[str, Any]) -> dict[str, Any] | None:
    """The first thing wrong with one row, or None."""
    at = ["metafields", str(n)]
    owner = store.find_as(Owner, row["ownerId"])
    if owner is None:
        return _error([*at, "ownerId"], "Owner does not exist.", "INVALID_VALUE")
    for name, shortest, longest in _LENGTHS:
        text = row.get(name) or (APP_NAMESPACE if name == "namespace" else "")
        label = name.capitalize()
        if len(text) < shortest:
            message = f"{label} is too short (minimum is {shortest} characters)"
            return _error([*at, name], message, "TOO_SHORT")
        if len(text) > longest:
            message = f"{label} is too long (maximum is {longest} characters)"
            return _error([*at, name], message, "TOO_LONG")
    if row.get("namespace") in _RESERVED:
        message = f"Namespace {row['namespace']} is a reserved namespace"
        return _error([*at, "namespace"], message, None)
    old = owner.metafields_by_key.get(_key(row))
    kind = row.get("type") or (old.type if old else None)
    if not kind:
        return _error([*at, "type"], "Type can't be blank", "BLANK")
    return _check_value(at, kind, row) or _check_digest(at, old, row)


def _check_value(at: list[str], kind: str, row: dict[str, Any]) -> dict[str, Any] | None:
    if kind not in _TYPES:
        message = f"Type {kind} is not modelled by the embedded store"
        return _error([*at, "type"], message, "INVALID_TYPE")
    if row["value"] == "":
        return _error([*at, "value"], "Value can't be blank.", "BLANK")
    fits, message = _TYPES[kind]
    return None if fits(row["value"]) else _error([*at, "value"], message, "INVALID_VALUE")


def _check_digest(
    at: list[str], old: Metafield | None, row: dict[str, Any]
) -> dict[str, Any] | None:
    """``compareDigest``: null means "must not exist yet" (documented)."""
    if "compareDigest" not in row:
        return None
    digest = row["compareDigest"]
    if digest is not None and old is None:
        return _error(at, "Invalid `compareDigest` value.", "INVALID_COMPARE_DIGEST")
    if old is not None and digest != old.compare_digest:
        message = (
            "The resource has been updated since it was loaded. "
            "Try again with an updated `compareDigest` value."
        )
        return _error(at, message, "STALE_OBJECT")
    return None


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return row.get("namespace") or APP_NAMESPACE, row["key"]


def set_metafields(_root: object, info: Info, metafields: list[dict[str, Any]]) -> dict[str, Any]:
    """Write up to 25 metafields, or none of them when one is wrong (captured)."""
    store: Store = info.context.store
    store.settle()
    if len(metafields) > MAX_ROWS:
        message = f"Exceeded the maximum metafields input limit of {MAX_ROWS}."
        error = _error(["metafields"], message, "LESS_THAN_OR_EQUAL_TO")
        return {"metafields": None, "userErrors": [error]}
    checked = (_check(store, n, row) for n, row in enumerate(metafields))
    errors = [error for error in checked if error is not None]
    if errors:
        return {"metafields": [], "userErrors": errors}
    owners = [store.find_as(Owner, row["ownerId"]) for row in metafields]
    written = [
        _write(store, owner, row)
        for owner, row in zip(owners, metafields, strict=True)
        if owner is not None
    ]
    return {"metafields": written, "userErrors": []}


def _write(store: Store, owner: Owner, row: dict[str, Any]) -> Metafield:
    now = store.clock()
    namespace, key = _key(row)
    made = owner.metafields_by_key.get((namespace, key))
    changed = made is None or made.value != row["value"]
    if made is None:
        made = Metafield(
            number_id=store.new_id("Metafield"),
            namespace=namespace,
            key=key,
            type=row["type"],
            value=row["value"],
            owner_id=owner.id,
            created_at=now,
            updated_at=now,
        )
        owner.metafields_by_key[namespace, key] = made
        store.keep(made)
    elif changed or (row.get("type") or made.type) != made.type:
        made.type, made.value, made.updated_at = row.get("type") or made.type, row["value"], now
    if changed:
        store.index.touch(owner.gql_type, owner.id)
        store.record(
            "metafieldsSet",
            order=owner.id if owner.gql_type == "Order" else None,
            ids=[owner.id],
            detail={"namespace": namespace, "key": key, "value": made.value},
        )
    return made


def delete(_root: object, info: Info, metafields: list[dict[str, Any]]) -> dict[str, Any]:
    """Delete metafields; null in the place of one that is not there (captured)."""
    store: Store = info.context.store
    store.settle()
    rows: list[dict[str, Any] | None] = []
    for wanted in metafields:
        owner = store.find_as(Owner, wanted["ownerId"])
        found = None
        if owner is not None:
            found = owner.metafields_by_key.pop((wanted["namespace"], wanted["key"]), None)
        if owner is None or found is None:
            rows.append(None)
            continue
        del store.nodes[found.id]
        store.index.touch(owner.gql_type, owner.id)
        names = {"namespace": found.namespace, "key": found.key}
        order = owner.id if owner.gql_type == "Order" else None
        store.record("metafieldsDelete", order=order, ids=[owner.id], detail=names)
        rows.append({"ownerId": owner.id, **names})
    return {"deletedMetafields": rows, "userErrors": []}
