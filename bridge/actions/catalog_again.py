"""What Shopify refused only for some metafields, to be sent again without these. Pure.

One bad value refuses a whole ``productUpdate``, ``productSet`` or list of new variants, and a
whole row of ``productVariantsBulkUpdate``. The metafields are told, and the rest goes its way in
the next round. Where user errors say which one it is: ``["metafields", "1", "value"]`` as for
``metafieldsSet`` (captured), with ``input`` and ``variants``, n before it in other mutations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from bridge.actions.catalog_steps import Part
from bridge.engine import Result, Step
from bridge.errors import UserError
from bridge.shopify.protocol import user_errors

Node = Mapping[str, Any]

# Of a bad value that Shopify finds only when others are out of the way; each time is a round.
MOST_TIMES: Final = 3

# Writes its good rows when others are refused; the others write all or nothing.
BY_ROW: Final = "ProductVariantsUpdate"


@dataclass(frozen=True, slots=True)
class BadMetafield:
    """A metafield that Shopify refused.

    ``row``: of which of the step's variants, with its ``sku``; None and "" for the product's own.
    """

    row: int | None
    number: int
    name: str
    sku: str
    error: UserError


@dataclass(frozen=True, slots=True)
class Again:
    """What a refusal comes to: the metafields, the other errors, and the step for the rest.

    ``step`` is None when nothing is left to be sent.
    """

    bad: tuple[BadMetafield, ...]
    others: tuple[UserError, ...]
    step: Step | None


def has_metafields(step: Step) -> bool:
    """Whether a step may have to be sent again."""
    owner = _owner(step.variables)
    return any("metafields" in one for one in (owner, *owner.get("variants", ())))


def _owner(variables: Node) -> Node:
    """The input of the product, or of what else the variants stand beside."""
    found = (variables.get(name) for name in ("product", "input"))
    return next((one for one in found if isinstance(one, Mapping)), variables)


def first_key(step: Step) -> str:
    """The key that the step had before anything was left out."""
    times = step.subject.times
    return step.key.removesuffix(_again(times)) if times else step.key


def _again(times: int) -> str:
    return f":again{times}"


def without_metafields(result: Result, identity: str = "") -> Again | None:
    """How to go on after a refusal; None when it is not for metafields alone.

    ``identity`` is the metafield (``namespace.key``) that products are known by: without it no
    product is made, for the next push would not find it.
    """
    step, data = result.step, result.data or {}
    part: Part = step.subject
    errors = [error for payload in data.values() for error in user_errors(payload)]
    if not errors or part.times >= MOST_TIMES:
        return None
    found = [(_place(step, error), error) for error in errors]
    bad = [BadMetafield(*place, error) for place, error in found if place is not None]
    others = [error for place, error in found if place is None]
    if step.operation.name == BY_ROW:
        spoilt = {_row(error.field) for error in others}
        if None in spoilt:
            return None
        others += [one.error for one in bad if one.row in spoilt]
        bad = [one for one in bad if one.row not in spoilt]
    elif others:
        return None
    if not bad or (part.creates and any(one.name == identity for one in bad)):
        return None
    return Again(tuple(bad), tuple(others), _rest(step, bad))


def _rest(step: Step, bad: Sequence[BadMetafield]) -> Step | None:
    """The step without these metafields, and of ``BY_ROW`` without the rows that are written."""
    part: Part = step.subject
    drop = {(one.row, one.number) for one in bad}
    variables = dict(step.variables)
    rows = part.rows
    for name in ("product", "input"):
        if isinstance(variables.get(name), Mapping):
            variables[name] = inside = _lacking(variables[name], None, drop)
            if "variants" in inside:
                inside["variants"] = [
                    _lacking(row, n, drop) for n, row in enumerate(inside["variants"])
                ]
    if "variants" in variables:
        kept = [(n, _lacking(row, n, drop)) for n, row in enumerate(variables["variants"])]
        if step.operation.name == BY_ROW:
            refused = {one.row for one in bad}
            kept = [(n, row) for n, row in kept if n in refused and set(row) > {"id"}]
        variables["variants"] = [row for _, row in kept]
        rows = tuple(rows[n] for n, _ in kept)
    if not variables.get("variants", True) or _says_nothing(variables):
        return None
    times = part.times + 1
    again = replace(part, rows=rows, times=times)
    key = f"{first_key(step)}{_again(times)}"
    return replace(step, key=key, variables=variables, subject=again)


def _lacking(
    owner: Node, row: int | None, drop: Iterable[tuple[int | None, int]]
) -> dict[str, Any]:
    """The input of a product or variant without those of its metafields."""
    gone = {number for of, number in drop if of == row}
    out = dict(owner)
    if gone:
        out["metafields"] = [m for n, m in enumerate(owner["metafields"]) if n not in gone]
        if not out["metafields"]:
            del out["metafields"]
    return out


def _says_nothing(variables: Node) -> bool:
    """Whether a productUpdate would change nothing any more."""
    return set(variables.get("product", ("id", "more"))) <= {"id"} and not variables.get("media")


def _place(step: Step, error: UserError) -> tuple[int | None, int, str, str] | None:
    """Row, number and name of the metafield that an error is about, and the row's SKU."""
    path, variables = error.field, step.variables
    at = next((n for n, name in enumerate(path) if name == "metafields"), None)
    if at is None or at + 1 >= len(path) or not path[at + 1].isdecimal():
        return None
    owner = _owner(variables)
    row = _row(path[:at])
    sku = ""
    if row is not None:
        rows = owner.get("variants") or ()
        owner = rows[row] if row < len(rows) else {}
        known = step.subject.rows
        sku = known[row] if row < len(known) else owner.get("inventoryItem", {}).get("sku", "")
    metafields = owner.get("metafields") or ()
    number = int(path[at + 1])
    if number >= len(metafields):
        return None
    found = metafields[number]
    return row, number, f"{found['namespace']}.{found['key']}", sku


def _row(path: Sequence[str]) -> int | None:
    """The row of ``variants`` that a path goes through."""
    for name, at in pairwise(path):
        if name == "variants" and at.isdecimal():
            return int(at)
    return None
