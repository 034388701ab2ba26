"""A JSON Schema of a mapping file, and of the tests beside it, for editors. Pure.

Made from what the parser itself goes by: the target's tree (``targets``), the words of the
language (``keys``), the keys of a test (``casefile``). It knows names and kinds; what an
expression may say only the lint knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bridge.mapping.casefile import ERRORS, case_keys
from bridge.mapping.keys import CONTROL, SECTIONS
from bridge.mapping.select import METAFIELD_PATTERN, Slot
from bridge.mapping.targets import Field, Target

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]


def mapping_schema(name: str, root: str, target: Target, slots: Mapping[str, Slot]) -> Schema:
    """The schema of ``<name>.toml``. A merchant's file says what it changes: all is optional.

    ``slots`` are those of its ``[select]``; without any it has none.
    """
    known = _Definitions()
    entries: Schema = {"type": ["string", "number", "boolean"]}
    sections: Mapping[str, Schema] = {
        "unset": {"type": "array", "items": {"type": "string"}},
        "tables": _table(_table(entries)),
        "select": _select(slots),
    }
    properties = {root: known.fields(target, control=False)}
    for section, said in SECTIONS.items():
        if section == "select" and not slots:
            continue
        properties[section] = {"description": said, **sections[section]}
    return {
        "$schema": DIALECT,
        "title": f"{name}.toml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": known.made,
    }


def tests_schema(name: str, errors: frozenset[str], *, beside: str) -> Schema:
    """The schema of ``<name>.test.toml``; ``beside`` as in ``casefile``."""
    kinds: Mapping[str, Schema] = {
        "name": {"type": "string", "minLength": 1},
        "input": {"type": "object"},
        "order": {"type": "object"},
        "variant": {"type": "object"},
        "settings": {"type": "object"},
        "expect": {"type": "object", "minProperties": 1},
        "expect_error": {"enum": sorted(errors | set(ERRORS))},
    }
    keys = case_keys(beside)
    case = {
        "type": "object",
        "properties": {key: {"description": said, **kinds[key]} for key, said in keys.items()},
        "additionalProperties": False,
        "required": ["name"],
        "oneOf": [{"required": ["expect"]}, {"required": ["expect_error"]}],
    }
    return {
        "$schema": DIALECT,
        "title": f"{name}.test.toml",
        "type": "object",
        "properties": {"case": {"type": "array", "minItems": 1, "items": case}},
        "required": ["case"],
        "additionalProperties": False,
    }


def _select(slots: Mapping[str, Slot]) -> Schema:
    """``[select]``: fields by slot, and metafields by slot and name."""
    fields = {s.name: {"type": "string", "description": _reached(s)} for s in slots.values()}
    named = _table({"type": "string", "pattern": f"^{METAFIELD_PATTERN}$"})
    carrying = {
        s.name: {**named, "description": f"then: {s.path}.metafields.NAME"}
        for s in slots.values()
        if s.has_metafields
    }
    metafields = {"type": "object", "properties": carrying, "additionalProperties": False}
    return {
        "type": "object",
        "properties": {**fields, "metafields": metafields},
        "additionalProperties": False,
    }


def _reached(slot: Slot) -> str:
    return f"fields of {slot.type_name}; then: {slot.path}.FIELD"


def _table(of: Schema) -> Schema:
    return {"type": "object", "additionalProperties": of}


class _Definitions:
    """The schemas of the target's objects, each made once: they may hold themselves."""

    def __init__(self) -> None:
        self.made: dict[str, Schema] = {}

    def fields(self, target: Target, *, control: bool, listed: bool = False) -> Schema:
        """A table of rules for an object. ``listed``: one that makes the elements of a list."""
        properties = {name: self._field(field) for name, field in target.fields.items()}
        if control:
            words = CONTROL if listed else {"when": CONTROL["when"]}
            properties |= {w: {"type": "string", "description": said} for w, said in words.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False}

    def _field(self, field: Field) -> Schema:
        said = _said(field.target) + (", required" if field.required else "")
        return {"description": said, **self._rule(field.target)}

    def _rule(self, target: Target) -> Schema:
        """What may stand at a place of the target."""
        if target.kind == "object":
            return self._reference(target, listed=False)
        if target.kind == "map":
            return {"anyOf": [_EXPRESSION, _table(_LITERAL)]}
        if target.kind == "list" and target.of is not None:
            of = target.of
            if of.kind == "object":
                one = self._reference(of, listed=True)
                return {"anyOf": [one, {"type": "array", "items": one}]}
            return {"anyOf": [_EXPRESSION, {"type": "array", "items": self._rule(of)}]}
        return _LITERALS.get(target.family or "text", _LITERAL)

    def _reference(self, target: Target, *, listed: bool) -> Schema:
        name = f"{target.name}{'Elements' if listed else ''}"
        if name not in self.made:
            self.made[name] = {}  # in case that it holds itself
            self.made[name] = self.fields(target, control=True, listed=listed)
        return {"$ref": f"#/$defs/{name}"}


_EXPRESSION: Final[Schema] = {"type": "string", "minLength": 1}
_LITERAL: Final[Schema] = {"type": ["string", "number", "boolean"]}
_LITERALS: Final[Mapping[str, Schema]] = {
    "number": {"type": ["string", "number"]},
    "boolean": {"type": ["string", "boolean"]},
    "date": _EXPRESSION,
}


def _said(target: Target) -> str:
    if target.choices:
        return f"one of {', '.join(target.choices)}"
    if target.kind == "list" and target.of is not None:
        return f"a list of {target.of.name}"
    return target.name
