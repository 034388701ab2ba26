"""``stagedUploadsCreate``, ``bulkOperationRunMutation`` and ``bulkOperationCancel``.

Captured, with texts and codes: what is wrong with the mutation (syntax, a query, two mutations, a
name that is not allowed, a second connection), the identifier's length, a file that is not there,
empty or over 100 MB, and the sixth at once; a missing file is told before the sixth. Documented:
65,535 bytes of mutation. Assumed: the text for that, for a document that does not fit the schema
and for a file that is no JSONL, and the order of the checks beyond what stands above.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)

from bridge.sandbox.bulk import AT_ONCE, Bulk, BulkOperation
from bridge.sandbox.errors import NotModelled, expect_gid
from bridge.sandbox.info import Info
from bridge.sandbox.staging import MAX_FILE
from bridge.sandbox.static import static_errors, syntax_error

MAX_MUTATION: Final = 65_535  # documented, in bytes
IDENTIFIER: Final = (10, 255)  # captured, in characters

# Captured for the first; assumed for the others, which would run or stop further operations.
_NOT_ALLOWED: Final = frozenset(
    {
        "bulkOperationRunMutation",
        "bulkOperationRunQuery",
        "bulkOperationCancel",
        "stagedUploadsCreate",
    }
)


def stage(_root: object, info: Info, input: list[dict[str, Any]]) -> dict[str, Any]:
    """Places for the files of bulk mutations, by POST; other kinds of files are not modelled."""
    context = info.context
    targets = []
    for wanted in input:
        if wanted["resource"] != "BULK_MUTATION_VARIABLES":
            raise NotModelled(f"staged uploads of {wanted['resource']}")
        if wanted.get("httpMethod") != "POST":
            raise NotModelled("staged uploads by PUT")
        if wanted["mimeType"] != "text/jsonl":
            raise NotModelled(f"bulk mutation variables as {wanted['mimeType']}")
        shop = context.store.shop.number_id
        target = context.bulk.staging.offer(shop, wanted["filename"], wanted["mimeType"])
        url = f"{context.bulk.origin}/staged-uploads/"
        targets.append({"url": url, "resourceUrl": url, "parameters": target.parameters})
    return {"stagedTargets": targets, "userErrors": []}


class _Invalid(Exception):
    """What is wrong with a call, as its user error."""

    def __init__(self, message: str, code: str | None, *field: str) -> None:
        self.error = {"field": list(field) or None, "message": message, "code": code}
        super().__init__(message)


def run(
    _root: object,
    info: Info,
    mutation: str,
    stagedUploadPath: str,
    clientIdentifier: str | None = None,
    **_group_objects: bool,
) -> dict[str, Any]:
    """Begin one. ``groupObjects`` changes nothing for mutations (documented)."""
    context = info.context
    try:
        _check_mutation(info.schema, mutation)
        _check_identifier(clientIdentifier)
        lines = _lines(context.bulk.staging.file(stagedUploadPath))
        _check_room(context.bulk)
    except _Invalid as invalid:
        return {"bulkOperation": None, "userErrors": [invalid.error]}
    operation = context.bulk.start(
        context.store.new_id(BulkOperation.gql_type),
        mutation,
        lines,
        client_identifier=clientIdentifier,
        api_version=context.api_version,
    )
    context.store.keep(operation)
    return {"bulkOperation": operation, "userErrors": []}


def cancel(_root: object, info: Info, id: str) -> dict[str, Any]:
    """Begin to cancel one. Texts: captured; that for an unknown one only noted by its recorders."""
    bulk = info.context.bulk
    wanted = expect_gid(id, BulkOperation.gql_type)
    operation = next((one for one in bulk.operations if one.id == wanted), None)
    if operation is None:
        error: dict[str, Any] = {"field": ["id"], "message": "Bulk operation does not exist"}
        return {"bulkOperation": None, "userErrors": [error]}
    if operation.ended:
        state = operation.status.lower()
        message = f"A bulk operation cannot be canceled when it is {state}"
        return {"bulkOperation": operation, "userErrors": [{"field": None, "message": message}]}
    bulk.cancel(operation)
    return {"bulkOperation": operation, "userErrors": []}


def _check_mutation(schema: GraphQLSchema, text: str) -> None:
    if len(text.encode()) > MAX_MUTATION:
        message = f"is too long (maximum is {MAX_MUTATION} bytes)"
        raise _Invalid(message, "INVALID_MUTATION", "mutation")
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        told = syntax_error(error)["message"]
        message = f"Failed to parse the mutation - {told}"
        raise _Invalid(message, "INVALID_MUTATION") from error
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if any(one.operation is not OperationType.MUTATION for one in operations):
        message = "Invalid operation type. Only `mutation` operations are supported."
        raise _Invalid(message, "INVALID_MUTATION")
    roots = [root for one in operations for root in one.selection_set.selections]
    if len(operations) != 1 or len(roots) != 1 or not isinstance(roots[0], FieldNode):
        raise _Invalid("You must specify a single top level mutation.", None, "mutation")
    if roots[0].name.value in _NOT_ALLOWED:
        raise _Invalid("You must use an allowed mutation name.", None, "mutation")
    wrong = static_errors(schema, document)
    if wrong:
        raise _Invalid(str(wrong[0]["message"]), "INVALID_MUTATION", "mutation")
    if _connections(schema, document) > 1:
        message = "Bulk mutations cannot contain more than 1 connection."
        raise _Invalid(message, None, "mutation")


def _connections(schema: GraphQLSchema, document: DocumentNode) -> int:
    """How many connections a document selects, at whatever depth."""
    info = TypeInfo(schema)

    class Counter(Visitor):
        found = 0

        def enter_field(self, *_: object) -> None:
            kind = info.get_type()
            if kind is not None and get_named_type(kind).name.endswith("Connection"):
                self.found += 1

    counter = Counter()
    visit(document, TypeInfoVisitor(info, counter))
    return counter.found


def _check_identifier(identifier: str | None) -> None:
    if identifier is None:
        return
    low, high = IDENTIFIER
    wrong = ""
    if len(identifier) < low:
        wrong = f"is too short (minimum is {low} characters)"
    elif len(identifier) > high:
        wrong = f"is too long (maximum is {high} characters)"
    if wrong:
        raise _Invalid(wrong, "INVALID_MUTATION", "clientIdentifier")


def _check_room(bulk: Bulk) -> None:
    running = bulk.running()
    if len(running) >= AT_ONCE:
        raise _Invalid(
            "A bulk mutation operation for this app and shop is already in progress: "
            f"{', '.join(operation.id for operation in running)}.",
            "OPERATION_IN_PROGRESS",
        )


def _lines(content: bytes | None) -> list[bytes]:
    """The lines of an uploaded file, each of them a JSON object."""
    if content is None:
        raise _Invalid(
            "The JSONL file could not be found. Try uploading the file again, and check that "
            "you've entered the URL correctly for the stagedUploadPath mutation argument.",
            "NO_SUCH_FILE",
        )
    if len(content) > MAX_FILE:
        message = "The input file size exceeds the maximum allowed size of 100 MB."
        raise _Invalid(message, "INVALID_STAGED_UPLOAD_FILE")
    if not content.strip():
        raise _Invalid("The input file is empty.", "INVALID_STAGED_UPLOAD_FILE")
    lines = content.removesuffix(b"\n").split(b"\n")
    if not all(_objects(lines)):
        message = "Unexpected file structure - expected JSONL"
        raise _Invalid(message, "INVALID_STAGED_UPLOAD_FILE")
    return lines


def _objects(lines: list[bytes]) -> Iterator[bool]:
    for line in lines:
        try:
            yield isinstance(json.loads(line), dict)
        except ValueError:
            yield False
