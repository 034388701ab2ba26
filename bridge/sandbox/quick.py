"""Reads plain fields without graphql-core's ceremony.

A page of 100 orders is some 45,000 fields, most of them attributes. For those whose reading needs
neither arguments nor the request, ``mark`` leaves a reader on the field and ``QuickExecutor`` calls
it. Whatever the reader does not settle (an error, a null where none may be, an abstract type) goes
the ordinary way, so that results and errors are the same; only the time differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    Undefined,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path

from bridge.sandbox.context import Context

Read: TypeAlias = Callable[[Any], Any]
Leaf: TypeAlias = GraphQLScalarType | GraphQLEnumType

_SLOW: Final = object()
_MARK: Final = "quick"


@dataclass(frozen=True, slots=True)
class _LeafReader:
    """A scalar, an enum value, or a list of them."""

    read: Read
    kind: Leaf
    nullable: bool
    many: bool

    def value(self, source: object) -> object:
        """What goes into the reply, or ``_SLOW``."""
        value = self.read(source)
        if value is None:
            return None if self.nullable else _SLOW
        coerce = self.kind.coerce_output_value
        return [coerce(one) for one in value] if self.many else coerce(value)


@dataclass(frozen=True, slots=True)
class _ObjectReader:
    """An object, or a list of objects none of which may be null."""

    read: Read
    kind: GraphQLObjectType
    nullable: bool
    many: bool


def mark(field: GraphQLField, read: Read) -> None:
    """Let ``field`` be read by ``read(source)``; fields that this cannot serve stay as they are."""
    kind, nullable = _unwrapped(field.type)
    many = isinstance(kind, GraphQLList)
    if isinstance(kind, GraphQLList):
        kind, items_nullable = _unwrapped(kind.of_type)
        if items_nullable:
            return
    if field.args:
        return
    if isinstance(kind, (GraphQLScalarType, GraphQLEnumType)):
        field.extensions[_MARK] = _LeafReader(read, kind, nullable, many)
    elif isinstance(kind, GraphQLObjectType):
        field.extensions[_MARK] = _ObjectReader(read, kind, nullable, many)


def _unwrapped(kind: GraphQLOutputType) -> tuple[Any, bool]:
    return (kind.of_type, False) if isinstance(kind, GraphQLNonNull) else (kind, True)


class QuickExecutor(Executor[Context]):
    """graphql-core's executor for answers that are complete at once, with the short cut."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: object,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Context | None,
    ) -> dict[str, Any]:
        """The selected fields of one object."""
        results: dict[str, Any] = {}
        for key, details in grouped_field_set.items():
            field = parent_type.fields.get(details[0].node.name.value)
            reader = field.extensions.get(_MARK) if field is not None else None
            at = Path(path, key, parent_type.name)
            value: object = _SLOW
            if isinstance(reader, _LeafReader):
                try:
                    value = reader.value(source_value)
                except Exception:
                    value = _SLOW  # the ordinary way reports it
            elif isinstance(reader, _ObjectReader):
                value = self._object(reader, source_value, details, at)
            if value is _SLOW:
                value = self.execute_field(parent_type, source_value, details, at, position_context)
            if value is not Undefined:
                results[key] = value
        return results

    def _object(
        self, reader: _ObjectReader, source: object, details: FieldDetailsList, path: Path
    ) -> object:
        try:
            found = reader.read(source)
        except Exception:
            return _SLOW
        if found is None:
            return None if reader.nullable else _SLOW
        if reader.many:
            if None in found:
                return _SLOW
            pairs = [(path.add_key(n), one) for n, one in enumerate(found)]
        else:
            pairs = [(path, found)]
        groups = self.collect_subfields(reader.kind, details).grouped_field_set
        try:
            done = [self.execute_fields(reader.kind, one, at, groups, None) for at, one in pairs]
        except Exception as error:
            # a null where none may be: this field takes it if it can, else its parent does
            wanted = reader.kind if reader.nullable else GraphQLNonNull(reader.kind)
            self.handle_field_error(error, wanted, details, path)
            return None
        return done if reader.many else done[0]
