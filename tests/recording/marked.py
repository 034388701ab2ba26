"""Traffic in which every text is marked: all that Shopify and RetailOps could ever carry.

For each GraphQL document of the bridge: variables of the declared types, every field of every
input filled; and a reply with every selected field, of every type that a fragment names. For
each action: every field of its request and its answer, and fields that nobody knows.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, get_args, get_origin

from graphql import GraphQLInputObjectType, parse
from graphql.language import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
)
from graphql.type import (
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_list_type,
    is_scalar_type,
)
from graphql.utilities import type_from_ast
from pydantic import BaseModel

from bridge.recording.tap import Recording
from bridge.retailops.actions import ACTIONS
from bridge.schema import load_schema
from bridge.shopify.documents import names, operation
from bridge.shopify.exchange import Exchange, Form

SCHEMA = load_schema()

NUMBERS: Mapping[str, Any] = {
    "Int": 3,
    "Float": 0.5,
    "Boolean": True,
    "Decimal": "12.50",
    "Money": "12.50",
    "UnsignedInt64": "42",
    "ID": "gid://shopify/Order/1",
    "DateTime": "2026-11-23T12:00:00Z",
    "Date": "2026-11-23",
}

LETTERS = "bcdfghjklmnpqrstvwxz"
DEEPEST = 12  # inputs may hold themselves


def mark(number: int) -> str:
    """``Qzq…qzq``, all letters: another one for each number."""
    out = ""
    while number or not out:
        number, digit = divmod(number, len(LETTERS))
        out += LETTERS[digit]
    return f"Qzq{out}qzq"


@dataclass
class Marks:
    """Gives each text its mark and remembers whose it is; ``text`` may give all the same one."""

    of: dict[str, str] = field(default_factory=dict)
    text: Callable[[str], str] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def new(self, place: str) -> str:
        """The text of one place."""
        if self.text is not None:
            return self.text(place)
        made = mark(next(self._numbers))
        self.of[made.casefold()] = place
        return made


# -- Shopify --------------------------------------------------------------------------------------


@dataclass
class Document:
    """A document with its marked variables and reply."""

    name: str
    marks: Marks

    def __post_init__(self) -> None:
        self.text = operation(self.name).text
        document = parse(self.text)
        self.fragments = {
            d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)
        }
        (self.operation,) = (
            d for d in document.definitions if isinstance(d, OperationDefinitionNode)
        )

    @property
    def is_mutation(self) -> bool:
        """Whether it may be run in bulk."""
        return self.operation.operation is OperationType.MUTATION

    def variables(self) -> dict[str, Any]:
        """A value for every variable; no input is left out."""
        out = {}
        for definition in self.operation.variable_definitions or ():
            name = definition.variable.name.value
            out[name] = self._input(type_from_ast(SCHEMA, definition.type), f"${name}", 0)
        return out

    def _input(self, kind: Any, place: str, depth: int) -> Any:
        kind = get_nullable_type(kind)
        if is_list_type(kind):
            return [self._input(kind.of_type, place, depth)]
        if isinstance(kind, GraphQLInputObjectType):
            if depth > DEEPEST:
                return None
            return {
                name: self._input(one.type, f"{kind.name}.{name}", depth + 1)
                for name, one in kind.fields.items()
            }
        return self._leaf(kind, place)

    def _leaf(self, kind: Any, place: str) -> Any:
        if is_enum_type(kind):
            return next(iter(kind.values))
        if kind.name in NUMBERS:
            return NUMBERS[kind.name]
        text = self.marks.new(place)
        return f"https://{text}.example/{text}?{text}" if kind.name == "URL" else text

    def data(self) -> Any:
        """A reply with every selected field."""
        root = SCHEMA.get_root_type(self.operation.operation)
        return self._object(root, [(root, self.operation.selection_set)])

    def _object(self, kind: Any, within: list[tuple[Any, SelectionSetNode]]) -> dict[str, Any]:
        """An object of one type; fields of all fragments, as if it were of all their types."""
        fields: dict[str, list[tuple[Any, FieldNode]]] = {}
        for owner, selections in within:
            self._collect(owner, selections, fields)
        out: dict[str, Any] = {}
        for name, places in fields.items():
            owner, node = places[0]
            if node.name.value == "__typename":
                out[name] = kind.name
                continue
            field_type = owner.fields[node.name.value].type
            inner = [
                (get_named_type(o.fields[n.name.value].type), n.selection_set)
                for o, n in places
                if n.selection_set
            ]
            out[name] = self._value(field_type, inner, f"{owner.name}.{node.name.value}")
        return out

    def _value(self, kind: Any, inner: list[tuple[Any, SelectionSetNode]], place: str) -> Any:
        kind = get_nullable_type(kind)
        if is_list_type(kind):
            return [self._value(kind.of_type, inner, place) for _ in range(2)]
        if is_scalar_type(kind) or is_enum_type(kind):
            return self._leaf(kind, place)
        if is_abstract_type(kind):
            concrete = SCHEMA.get_possible_types(kind)[0]
            return self._object(concrete, inner)
        return self._object(kind, inner)

    def _collect(
        self, owner: Any, selections: SelectionSetNode, into: dict[str, list[tuple[Any, FieldNode]]]
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                into.setdefault((node.alias or node.name).value, []).append((owner, node))
                continue
            condition = None
            if isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                condition, inner = fragment.type_condition, fragment.selection_set
            else:
                assert isinstance(node, InlineFragmentNode)
                condition, inner = node.type_condition, node.selection_set
            on = SCHEMA.get_type(condition.name.value) if condition else owner
            self._collect(on, inner, into)

    def exchange(self) -> Exchange:
        """As it went over the wire; with an error that quotes, and headers that tell."""
        asked = {"operationName": self.name, "query": self.text, "variables": self.variables()}
        new = self.marks.new
        error = {
            "message": new("errors.message"),
            "path": ["order", new("errors.path")],
            "extensions": {
                "code": "ACCESS_DENIED",
                "requestId": new("errors.requestId"),
                "problems": [{"explanation": new("errors.problems")}],
            },
        }
        reply = {
            "data": self.data(),
            "errors": [error],
            "unheard_of": new("reply.unheard_of"),
            "extensions": {"cost": {"requestedQueryCost": 3}},
        }
        headers = {
            "Content-Type": "application/json",
            "X-Request-Id": new("header.X-Request-Id"),
            "Set-Cookie": f"_s={new('header.Set-Cookie')}",
            "X-Shopid": new("header.X-Shopid"),
        }
        return Exchange(
            operation=self.name,
            url="https://example.myshopify.com/admin/api/2026-10/graphql.json",
            request=json.dumps(asked).encode(),
            status=200,
            headers=headers,
            reply=json.dumps(reply).encode(),
            seconds=0.1,
        )

    def bulk(self) -> Iterator[Exchange]:
        """The same as one row of a bulk mutation: uploaded to the storage, and its result."""
        new, url = self.marks.new, "https://storage.example/{}?X-Goog-Signature={}"
        error = {"message": new("errors.message"), "problems": new("errors.problems")}
        row = {"data": self.data(), "errors": [error], "unheard_of": new("results.unheard_of")}
        fields = (("key", new("StagedUploadParameter.value")), ("x-goog-signature", new("$secret")))
        torn = f'{{"data": "{new("results.torn")}'
        answer = f"<Error><Code>X</Code><Message>{new('storage.answer')}</Message></Error>"
        upload = Exchange(
            operation="upload",
            url=url.format(new("address"), new("address")),
            request=b"",
            status=201,
            headers={"X-Told": new("header.X-Told")},
            reply=answer.encode(),
            seconds=0.1,
            via="upload",
            form=Form(fields, [self.variables()], 1),
            document=self.text,
        )
        yield upload
        yield replace(
            upload,
            operation="download",
            via="download",
            url=url.format(new("address"), new("address")),
            status=200,
            reply=f"{json.dumps({**row, '__lineNumber': 0})}\n{torn}".encode(),
            form=None,
        )
        yield replace(upload, via="download", status=400, form=None)


# -- RetailOps ------------------------------------------------------------------------------------


def body_of(model: type[BaseModel], marks: Marks, place: str = "") -> dict[str, Any]:
    """Every field of a model as marked text, whatever it should be, and three unknown ones."""
    out: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        key = info.alias or name
        out[key] = _value_of(info.annotation, marks, f"{place}.{key}" if place else key)
    at = place or "top"
    out["unheard_of"] = marks.new(f"{at}.unheard_of")
    out["unheard_of_object"] = {"deep": [marks.new(f"{at}.unheard_of_object")]}
    return out


def _value_of(annotation: Any, marks: Marks, place: str) -> Any:
    inner = _model_in(annotation)
    field_name = place.rpartition(".")[2]
    if inner is not None:
        many = "tuple" in str(annotation)
        made = body_of(inner, marks, field_name)
        return [made] if many else made
    if field_name == "template_output":
        return {"Style": [{"Name": marks.new("template_output")}]}
    if field_name == "tags":
        return [marks.new(place)]
    return marks.new(place)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is None:
        return None
    return next((m for a in get_args(annotation) if (m := _model_in(a)) is not None), None)


# -- all together ---------------------------------------------------------------------------------


def recordings(marks: Marks) -> Iterator[Recording]:
    """One recording an action, and among them all documents."""
    started = datetime(2026, 11, 23, 12, tzinfo=UTC)
    documents = list(names())
    share = -(-len(documents) // len(ACTIONS))
    for spec in ACTIONS.values():
        mine, documents = documents[:share], documents[share:]
        one = Recording(spec.name, 21, "call-1", body_of(spec.request, marks), started)
        for name in mine:
            document = Document(name, marks)
            one.take(document.exchange())
            for exchange in document.bulk() if document.is_mutation else ():
                one.take(exchange)
        answer = json.dumps(body_of(spec.answer, marks)).encode()
        one.answered(200, "ok", answer)
        yield one
    assert documents == []
