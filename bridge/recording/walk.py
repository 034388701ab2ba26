"""Goes through what was sent and answered, leaf by leaf, and says of each what kind it is.

Shopify's side follows the document: a reply by its selections, variables by their types, both
over the schema. RetailOps' side goes by the names of fields. What neither knows is free text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import GraphQLError, GraphQLInputObjectType, GraphQLSchema, parse
from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
)
from graphql.type import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_enum_type,
)
from graphql.utilities import type_from_ast

from bridge.recording.fields import (
    FEEDS,
    HARMLESS_SCALARS,
    KNOWN,
    Kind,
    retailops_kind,
    shopify_kind,
    variable_kind,
)

JSON = Any

Leaf = Callable[[Kind | None, JSON], JSON]
"""Given a leaf and its kind (None: of no known field), gives what stands there afterwards."""

# Whose metafields are the merchant's catalogue, not their customers.
CATALOGUE: Final = frozenset({"Product", "ProductVariant", "Collection"})

# Documents are few: one an operation, one more for each size of a batch.
DOCUMENTS: Final = 256


# A name that a program gave; in lists of people or things their own names may stand.
_NAME: Final = re.compile(r"[a-z_][A-Za-z0-9_]*")


def every(value: JSON, kind: Kind | None, leaf: Leaf) -> JSON:
    """All leaves of a value under one kind. Names of what nobody knows are looked at as well."""
    if isinstance(value, Mapping):
        unknown = kind in {None, Kind.TYPED}
        return {
            _name(name, leaf) if unknown else name: every(one, kind, leaf)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [every(one, kind, leaf) for one in value]
    return leaf(kind, value)


def _name(name: str, leaf: Leaf) -> str:
    """The name of a member of an unknown object."""
    kind = Kind.QUOTING if _NAME.fullmatch(name) else Kind.TYPED
    return str(leaf(kind, name))


def as_json(raw: bytes | str) -> JSON:
    """What was sent; None when it is no JSON."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def as_text(value: JSON) -> str:
    """As it stands in the file."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


# -- RetailOps ------------------------------------------------------------------------------------


def retailops(
    value: JSON, leaf: Leaf, *, parent: str = "", field: str = "", known: bool = True
) -> JSON:
    """A request or an answer of RetailOps'. ``channel_info.id`` is the field id of channel_info.

    Below a field that nobody knows (``known`` is False) no name is what it is elsewhere.
    """
    if isinstance(value, Mapping):
        out = {}
        for name, one in value.items():
            if name in FEEDS:
                out[name] = every(one, Kind.KEPT, leaf)
                continue
            here = known and (field, name) in KNOWN
            said = name if here else _name(name, leaf)
            out[said] = retailops(one, leaf, parent=field, field=name, known=here)
        return out
    if isinstance(value, list | tuple):
        return [retailops(one, leaf, parent=parent, field=field, known=known) for one in value]
    return leaf(retailops_kind(parent, field, known=known), value)


# -- Shopify --------------------------------------------------------------------------------------


Within = tuple[tuple[GraphQLNamedType, SelectionSetNode], ...]
"""Selections, each on its type, that may have made an object."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A selected field: the type it is selected on, and its node."""

    owner: GraphQLNamedType
    node: FieldNode


@dataclass(frozen=True, slots=True)
class _Member:
    """What a reply has under one name: an object of these selections, or a leaf of this kind.

    ``own``: a metafield of ours or of the catalogue.
    """

    within: Within = ()
    kind: Kind | None = None
    own: bool = False


UNKNOWN: Final = _Member()


class Document:
    """One GraphQL document, for walking what it sends and what it is answered."""

    def __init__(self, schema: GraphQLSchema, text: str, namespaces: Collection[str]) -> None:
        self._schema = schema
        self._own = frozenset(namespaces)
        try:
            self._document: DocumentNode | None = parse(text, no_location=True)
        except GraphQLError:
            self._document = None
        definitions = self._document.definitions if self._document else ()
        self._operation = next(
            (d for d in definitions if isinstance(d, OperationDefinitionNode)), None
        )
        self._fragments = {
            d.name.value: d for d in definitions if isinstance(d, FragmentDefinitionNode)
        }

    def variables(self, given: Mapping[str, JSON], leaf: Leaf) -> dict[str, JSON]:
        """The variables, each by the type that it is declared with."""
        declared = self._operation.variable_definitions if self._operation else None
        types = {d.variable.name.value: d.type for d in declared or ()}
        out = {}
        for name, value in given.items():
            node = types.get(name)
            kind = get_named_type(type_from_ast(self._schema, node)) if node else None
            out[name] = self._input(value, kind, variable_kind(name), leaf)
        return out

    def _input(self, value: JSON, kind: GraphQLNamedType | None, text: Kind, leaf: Leaf) -> JSON:
        if isinstance(value, list | tuple):
            return [self._input(one, kind, text, leaf) for one in value]
        if isinstance(value, Mapping):
            if not isinstance(kind, GraphQLInputObjectType):
                return every(value, None, leaf)
            return {
                name: self._input_field(value, kind, name, one, leaf) for name, one in value.items()
            }
        return leaf(_harmless(kind) or text, value)

    def _input_field(
        self,
        whole: Mapping[str, JSON],
        kind: GraphQLInputObjectType,
        name: str,
        value: JSON,
        leaf: Leaf,
    ) -> JSON:
        field = kind.fields.get(name)
        text = shopify_kind(kind.name, name)
        if kind.name == "MetafieldsSetInput" and name == "value" and self._harmless_owner(whole):
            text = Kind.KEPT
        return self._input(value, get_named_type(field.type) if field else None, text, leaf)

    def _harmless_owner(self, metafield: Mapping[str, JSON]) -> bool:
        owner = str(metafield.get("ownerId", "")).removeprefix("gid://shopify/").partition("/")[0]
        return owner in CATALOGUE or metafield.get("namespace") in self._own

    def data(self, data: JSON, variables: Mapping[str, JSON], leaf: Leaf) -> JSON:
        """A reply's ``data``."""
        if self._operation is None:
            return every(data, None, leaf)
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            return every(data, None, leaf)
        walk = _Reply(self._schema, self._fragments, self._own, variables)
        return walk.value(data, ((root, self._operation.selection_set),), leaf)


@dataclass(frozen=True, slots=True)
class _Reply:
    """One walk through one reply. What stands where is found out once for all its rows."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    own: frozenset[str]
    variables: Mapping[str, JSON]
    _known: dict[tuple[int, ...], dict[str, _Member]] = field(default_factory=dict)

    def value(self, value: JSON, within: Within, leaf: Leaf) -> JSON:
        """A value of a composite type, by the selections that may have made it."""
        return self._composite(value, self._members(within), leaf)

    def _composite(self, value: JSON, members: Mapping[str, _Member], leaf: Leaf) -> JSON:
        if isinstance(value, list):
            return [self._composite(one, members, leaf) for one in value]
        if isinstance(value, Mapping):
            return {
                name: self._field(one, members.get(name, UNKNOWN), leaf)
                for name, one in value.items()
            }
        return leaf(None, value)

    def _field(self, value: JSON, member: _Member, leaf: Leaf) -> JSON:
        if not member.within:
            return every(value, member.kind, leaf)
        if member.own:
            return self.value(value, member.within, _of_metafield(leaf))
        return self.value(value, member.within, leaf)

    def _members(self, within: Within) -> dict[str, _Member]:
        """By response name. The parsed document lives as long as this: its nodes have fixed ids."""
        key = tuple(part for owner, node in within for part in (id(owner), id(node)))
        if key not in self._known:
            places: dict[str, list[_Place]] = {}
            for owner, selections in within:
                self._collect(owner, selections, places)
            self._known[key] = {name: self._member(found) for name, found in places.items()}
        return self._known[key]

    def _member(self, places: list[_Place]) -> _Member:
        within: list[tuple[GraphQLNamedType, SelectionSetNode]] = []
        kinds: set[Kind | None] = set()
        own = False
        for place in places:
            name = place.node.name.value
            made = self._type_of(place.owner, name)
            own = own or self._harmless_metafield(place, made)
            if made is not None and is_composite_type(made) and place.node.selection_set:
                within.append((made, place.node.selection_set))
            elif made is None and name != "__typename":
                kinds.add(None)
            else:
                kinds.add(_harmless(made) or shopify_kind(place.owner.name, name))
        # Fragments on several types: one that calls it harmless does not outvote the others.
        return _Member(tuple(within), kinds.pop() if len(kinds) == 1 else None, own)

    def _harmless_metafield(self, place: _Place, made: GraphQLNamedType | None) -> bool:
        if made is None or made.name not in {"Metafield", "MetafieldConnection"}:
            return False
        if place.owner.name in CATALOGUE:
            return True
        for argument in place.node.arguments or ():
            if argument.name.value == "namespace":
                said = argument.value
                if isinstance(said, VariableNode):
                    return self.variables.get(said.name.value) in self.own
                return isinstance(said, StringValueNode) and said.value in self.own
        return False

    def _type_of(self, owner: GraphQLNamedType, name: str) -> GraphQLNamedType | None:
        if isinstance(owner, GraphQLObjectType | GraphQLInterfaceType) and name in owner.fields:
            made: GraphQLNamedType = get_named_type(owner.fields[name].type)
            return made
        return None

    def _collect(
        self, owner: GraphQLNamedType, selections: SelectionSetNode, into: dict[str, list[_Place]]
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                into.setdefault((node.alias or node.name).value, []).append(_Place(owner, node))
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments.get(node.name.value)
                if fragment is not None:
                    on = self.schema.get_type(fragment.type_condition.name.value)
                    self._collect(on or owner, fragment.selection_set, into)
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition
                on = self.schema.get_type(named.name.value) if named else None
                self._collect(on or owner, node.selection_set, into)


def _of_metafield(leaf: Leaf) -> Leaf:
    """What the merchant or we have written into a metafield is kept."""
    return lambda kind, value: leaf(Kind.KEPT if kind is Kind.TYPED else kind, value)


def _harmless(kind: GraphQLNamedType | None) -> Kind | None:
    """AS_IS for the types that hold no words."""
    if kind is not None and (is_enum_type(kind) or kind.name in HARMLESS_SCALARS):
        return Kind.AS_IS
    return None


@lru_cache(maxsize=DOCUMENTS)
def document(schema: GraphQLSchema, text: str, namespaces: frozenset[str]) -> Document:
    """The document, parsed once."""
    return Document(schema, text, namespaces)


# -- errors beside the data -----------------------------------------------------------------------


# Keys of a GraphQL error's extensions that hold no words of a person.
_TOLD: Final = frozenset({"code", "cost", "maxCost", "typeName", "fieldName", "argumentName"})


def errors_of(value: JSON, leaf: Leaf) -> JSON:
    """Errors beside or instead of data: their message, place and code."""
    if isinstance(value, list):
        return [errors_of(one, leaf) for one in value]
    if not isinstance(value, Mapping):
        return leaf(Kind.QUOTING, value)
    out = {}
    for name, one in value.items():
        if name in {"message", "path", "locations"}:
            out[name] = every(one, Kind.QUOTING, leaf)
        elif name == "extensions" and isinstance(one, Mapping):
            out[name] = {key: _extension(key, said, leaf) for key, said in one.items()}
        else:
            out[name] = every(one, None, leaf)
    return out


def _extension(name: str, value: JSON, leaf: Leaf) -> JSON:
    if name == "requestId":
        return leaf(Kind.NUMBERED, value)
    return every(value, Kind.KEPT if name in _TOLD else None, leaf)
