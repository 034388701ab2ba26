"""``metafieldsSet`` (atomic, at most 25) and ``metafieldsDelete``, as captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from bridge.sandbox.info import Info
from bridge.sandbox.metafield_types import known, problem, stored
from bridge.sandbox.model import APP_NAMESPACE, Metafield, Owner

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

# Captured: 26 rows are refused as a whole.
MAX_ROWS = 25
# Captured: each with the message "Namespace … is a reserved namespace" and no code.
_RESERVED = frozenset({"shopify_standard", "protected", "shopify-l10n-fields"})
# (field, shortest, longest), captured.
_LENGTHS = (("namespace", 3, 255), ("key", 2, 64))


def _error(field: list[str], message: str, code: str | None) -> dict[str, Any]:
    return {"field": field, "message": message, "code": code, "elementIndex": None}


Problem = tuple[list[str], str, str | None]


def _check(store: Store, n: int, row: dict[str, Any]) -> dict[str, Any] | None:
    """The first thing wrong with one row, or None."""
    at = ["metafields", str(n)]
    owner = store.find_as(Owner, row["ownerId"])
    if owner is None:
        return _error([*at, "ownerId"], "Owner does not exist.", "INVALID_VALUE")
    wrong = problem_of(store, owner, owner.gql_type, row)
    if wrong is not None:
        return _error([*at, *wrong[0]], *wrong[1:])
    return _check_digest(at, owner.metafields_by_key.get(key_of(row)), row)


def problem_of(store: Store, owner: Owner | None, kind: str, row: dict[str, Any]) -> Problem | None:
    """What is wrong with the names, type and value of a metafield: place, text and code.

    ``owner`` is None while it is being made; ``kind`` is its GraphQL type.
    """
    wrong = _name_problem(row)
    if wrong is not None:
        return wrong
    old = owner.metafields_by_key.get(key_of(row)) if owner is not None else None
    of_type = row.get("type") or (old.type if old else None)
    if not of_type:
        return ["type"], "Type can't be blank", "BLANK"
    if not known(of_type):
        return ["type"], f"Type {of_type} is not modelled by the embedded store", "INVALID_TYPE"
    value = row.get("value") or ""
    message = problem(of_type, value) if value else "Value can't be blank."
    if message:
        return ["value"], message, "INVALID_VALUE" if value else "BLANK"
    taken = of_type == "id" and _taken(store, owner, kind, row)
    return (["value"], "Value must be unique.", "TAKEN") if taken else None


def _name_problem(row: dict[str, Any]) -> Problem | None:
    for name, shortest, longest in _LENGTHS:
        text = row.get(name) or (APP_NAMESPACE if name == "namespace" else "")
        label = name.capitalize()
        if len(text) < shortest:
            return [name], f"{label} is too short (minimum is {shortest} characters)", "TOO_SHORT"
        if len(text) > longest:
            return [name], f"{label} is too long (maximum is {longest} characters)", "TOO_LONG"
    if row.get("namespace") in _RESERVED:
        return ["namespace"], f"Namespace {row['namespace']} is a reserved namespace", None
    return None


def _taken(store: Store, owner: Owner | None, kind: str, row: dict[str, Any]) -> bool:
    """An identifier is unique among the owners of its kind (documented for the type ``id``)."""
    found = by_identifier(store, kind, key_of(row), row["value"])
    return found is not None and found is not owner


def by_identifier(store: Store, kind: str, key: tuple[str, str], value: str) -> Owner | None:
    """The owner of a GraphQL type whose metafield of type ``id`` has this value.

    Metafield definitions are not modelled: every metafield of that type counts as unique.
    """
    tables: dict[str, dict[int, Any]] = {
        "Product": store.products,
        "ProductVariant": store.variants,
        "Collection": store.collections,
        "Order": store.orders,
    }
    for node in tables.get(kind, {}).values():
        held = node.metafields_by_key.get(key)
        if held is not None and held.type == "id" and held.value == value:
            return cast("Owner", node)
    return None


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


def key_of(row: dict[str, Any]) -> tuple[str, str]:
    """Namespace and key; without a namespace the app's own one is meant (documented)."""
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
    made, changed = put(store, owner, row)
    if changed:
        store.index.touch(owner.gql_type, owner.id)
        store.record(
            "metafieldsSet",
            order=owner.id if owner.gql_type == "Order" else None,
            ids=[owner.id],
            detail={"namespace": made.namespace, "key": made.key, "value": made.value},
        )
    return made


def put(store: Store, owner: Owner, row: dict[str, Any]) -> tuple[Metafield, bool]:
    """Write one checked row; the metafield, and whether its value or type is another now."""
    now = store.clock()
    namespace, key = key_of(row)
    made = owner.metafields_by_key.get((namespace, key))
    kind = row.get("type") or (made.type if made is not None else "")
    value = stored(kind, row["value"])
    if made is None:
        made = Metafield(
            number_id=store.new_id("Metafield"),
            namespace=namespace,
            key=key,
            type=kind,
            value=value,
            owner_id=owner.id,
            created_at=now,
            updated_at=now,
        )
        owner.metafields_by_key[namespace, key] = made
        store.keep(made)
        return made, True
    if (made.type, made.value) == (kind, value):
        return made, False
    made.type, made.value, made.updated_at = kind, value, now
    return made, True


def take_away(store: Store, owner: Owner, key: tuple[str, str]) -> Metafield | None:
    """Delete one metafield; None when it is not there."""
    found = owner.metafields_by_key.pop(key, None)
    if found is not None:
        store.drop(found)
    return found


def delete(_root: object, info: Info, metafields: list[dict[str, Any]]) -> dict[str, Any]:
    """Delete metafields; null in the place of one that is not there (captured)."""
    store: Store = info.context.store
    store.settle()
    rows: list[dict[str, Any] | None] = []
    for wanted in metafields:
        owner = store.find_as(Owner, wanted["ownerId"])
        found = None
        if owner is not None:
            found = take_away(store, owner, (wanted["namespace"], wanted["key"]))
        if owner is None or found is None:
            rows.append(None)
            continue
        store.index.touch(owner.gql_type, owner.id)
        names = {"namespace": found.namespace, "key": found.key}
        order = owner.id if owner.gql_type == "Order" else None
        store.record("metafieldsDelete", order=order, ids=[owner.id], detail=names)
        rows.append({"ownerId": owner.id, **names})
    return {"deletedMetafields": rows, "userErrors": []}
