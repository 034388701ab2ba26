"""Runs a GraphQL request against the store, as Shopify would answer it.

The order of the checks: syntax, document, variables (static errors, alone in the reply); price of
the query; points in the bucket; length of lists; then the fields themselves. ``Answer`` carries
what the server and the log need.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_operation_ast,
    parse,
)

from bridge.sandbox.bulk import Bulk
from bridge.sandbox.context import DEFAULT_SCOPES, Context, StoreLike, tables
from bridge.sandbox.errors import StoreError, runtime_error
from bridge.sandbox.fields import Stopped, executable_schema
from bridge.sandbox.idempotency import Keys
from bridge.sandbox.lag import LaggedIndex
from bridge.sandbox.quick import QuickExecutor
from bridge.sandbox.static import static_errors, syntax_error
from bridge.sandbox.throttle import MAX_QUERY_COST, Bucket
from bridge.sandbox.variables import list_errors, variable_errors
from bridge.schema.cost import actual_cost, requested_cost

_LOG = logging.getLogger(__name__)

_DOCUMENTS: Final = 200  # kept ready; the bridge has some twenty, and batches of each size
_RATE_LIMITS: Final = "https://shopify.dev/api/usage/rate-limits"


@dataclass(slots=True)
class Request:
    """A parsed request: what it is called, and which root fields it asks for."""

    text: str
    variables: Mapping[str, Any]
    operation_name: str | None
    errors: list[dict[str, Any]] = field(default_factory=list)
    document: DocumentNode | None = None
    operation: OperationDefinitionNode | None = None
    cost: int = 0

    @property
    def name(self) -> str:
        """The operation's name, or its first root field when it has none."""
        if self.operation is not None and self.operation.name is not None:
            return self.operation.name.value
        return self.operation_name or next(iter(self.root_fields), "")

    @property
    def is_mutation(self) -> bool:
        """Whether it writes."""
        return self.operation is not None and self.operation.operation is OperationType.MUTATION

    @property
    def root_fields(self) -> tuple[str, ...]:
        """Names of the root fields, without aliases; fragments at the root are not opened."""
        if self.operation is None:
            return ()
        nodes = self.operation.selection_set.selections
        return tuple(node.name.value for node in nodes if isinstance(node, FieldNode))


@dataclass(slots=True)
class Answer:
    """A reply's JSON, and what the log of requests says about it."""

    body: dict[str, Any]
    requested_cost: int | None = None
    actual_cost: int | None = None
    throttled: bool = False


class Engine:
    """One store's GraphQL endpoint, without HTTP.

    ``protected_data=False`` answers like Shopify to an app without protected customer data.
    """

    def __init__(
        self,
        store: StoreLike,
        index: LaggedIndex,
        bucket: Bucket,
        *,
        scopes: Iterable[str] = DEFAULT_SCOPES,
        protected_data: bool = True,
    ) -> None:
        self.store = store
        self.index = index
        self.bucket = bucket
        self.scopes = frozenset(scopes)
        self.keys = Keys(store.clock)
        self.bulk = Bulk(store.clock)
        self.schema = executable_schema(protected_data=protected_data)
        self._documents: dict[str, tuple[DocumentNode, list[dict[str, Any]]]] = {}
        self._take_stock()

    def _take_stock(self) -> None:
        self.store.shop.access_scopes = tuple(sorted(self.scopes))
        self.index.rebuild(self.store, tables(self.store))

    def reset(self) -> None:
        """The store as it was seeded, a full bucket, no keys, no requests waiting."""
        self.store.reset()
        self._take_stock()
        self.keys.clear()
        self.bulk.clear()
        self.bucket.refill()

    def read(self, text: str, variables: Mapping[str, Any], operation_name: str | None) -> Request:
        """Parse and check a request, and work out its price. Nothing is charged."""
        request = Request(text, variables, operation_name)
        document, request.errors = self._document(text)
        if document is not None:
            request.operation = get_operation_ast(document, operation_name)
        if request.errors or document is None:
            return request
        if request.operation is None:
            request.errors = [_no_operation(operation_name)]
            return request
        request.errors = variable_errors(self.schema, request.operation, variables)
        if not request.errors:
            request.document = document
            request.cost = requested_cost(self.schema, document, variables, operation_name)
        return request

    def _document(self, text: str) -> tuple[DocumentNode | None, list[dict[str, Any]]]:
        """A document and what is wrong with it; kept, since clients send few different ones."""
        known = self._documents.get(text)
        if known is not None:
            return known
        try:
            document = parse(text)
        except GraphQLSyntaxError as error:
            return None, [syntax_error(error)]
        if len(self._documents) >= _DOCUMENTS:
            self._documents.clear()
        self._documents[text] = document, static_errors(self.schema, document)
        return self._documents[text]

    def refuse(self, request: Request, *, throttle: bool = False) -> Answer | None:
        """The reply to a request that may not run now; None when it may.

        ``throttle``: answer as if the bucket were too low, whatever is in it.
        """
        if request.errors or request.document is None or request.operation is None:
            return Answer({"errors": request.errors})
        if request.cost > MAX_QUERY_COST:
            return self._refused(request, _too_dear(request.cost))
        if throttle or self.bucket.available() < request.cost:
            answer = self._refused(request, _throttled())
            answer.throttled = True
            return answer
        too_long = list_errors(request.operation, request.variables)
        return self._refused(request, *too_long) if too_long else None

    def run(self, request: Request, *, api_version: str, request_id: str) -> Answer:
        """Run a request that ``refuse`` let pass; it takes its points and gives back the rest."""
        if request.document is None:
            return Answer({"errors": request.errors})
        self.bucket.take(request.cost)
        self.settle()
        context = self.context(api_version, request_id)
        result = self._execute(request, context)
        self.index.flush()
        used = actual_cost(
            self.schema, request.document, request.variables, result.data, request.operation_name
        )
        self.bucket.give_back(request.cost - used)
        body = _body(result, request_id)
        body["extensions"] = {"cost": self._cost(request.cost, used)}
        if context.searches:
            body["extensions"]["search"] = context.searches
        return Answer(body, request.cost, used)

    def settle(self) -> None:
        """Do what is due by now: of the store, and of bulk operations."""
        self.store.settle()
        self.bulk.advance(self._run_row)

    def _run_row(self, text: str, variables: Mapping[str, Any], api_version: str) -> dict[str, Any]:
        """Run a mutation for one line of a bulk operation: as ``run``, without points."""
        request = self.read(text, variables, None)
        if request.errors or request.operation is None:
            return {"errors": request.errors}
        too_long = list_errors(request.operation, request.variables)
        if too_long:
            return {"errors": too_long}
        request_id = str(uuid.uuid4())
        result = self._execute(request, self.context(api_version, request_id))
        self.index.flush()
        return _body(result, request_id)

    def take_in(self, request: Request, *, api_version: str) -> list[str]:
        """Begin the idempotency keys of a request without running it; gives those keys.

        Until they are dropped or broken a repeat is refused, as one that runs at this moment.
        """
        if request.document is None or not request.is_mutation:
            return []
        context = self.context(api_version)
        context.stop = True
        self._execute(request, context)
        return context.begun

    def _execute(self, request: Request, context: Context) -> ExecutionResult:
        result = execute_sync(
            self.schema,
            request.document or DocumentNode(definitions=()),
            root_value={},
            context_value=context,
            variable_values=dict(request.variables),
            operation_name=request.operation_name,
            executor_class=QuickExecutor,
        )
        for error in result.errors or ():
            if error.original_error is not None and not isinstance(
                error.original_error, (StoreError, GraphQLError, Stopped)
            ):
                _LOG.error("the sandbox failed at %s", error.path, exc_info=error.original_error)
        return result

    def context(self, api_version: str, request_id: str = "") -> Context:
        """What resolvers get."""
        return Context(
            store=self.store,
            index=self.index,
            keys=self.keys,
            bulk=self.bulk,
            api_version=api_version,
            scopes=self.scopes,
            request_id=request_id or str(uuid.uuid4()),
        )

    def _refused(self, request: Request, *errors: dict[str, Any]) -> Answer:
        cost = self._cost(request.cost, None)
        return Answer({"errors": list(errors), "extensions": {"cost": cost}}, request.cost)

    def _cost(self, requested: int, used: int | None) -> dict[str, Any]:
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": used,
            "throttleStatus": self.bucket.status(),
        }


def _body(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [runtime_error(error, request_id) for error in result.errors]
    body["data"] = result.data
    return body


def _no_operation(name: str | None) -> dict[str, Any]:
    message = f'No operation named "{name}"' if name else "An operation name is required"
    return {"message": message}


def _throttled() -> dict[str, Any]:
    """Documented: the code and the place of its explanation; the word is that of Shopify's docs."""
    return {
        "message": "Throttled",
        "extensions": {"code": "THROTTLED", "documentation": _RATE_LIMITS},
    }


def _too_dear(cost: int) -> dict[str, Any]:
    """Documented: the code, the two numbers and the first sentence."""
    return {
        "message": f"Query cost is {cost}, which exceeds the single query max cost limit "
        f"({MAX_QUERY_COST}).",
        "extensions": {
            "code": "MAX_COST_EXCEEDED",
            "cost": cost,
            "maxCost": MAX_QUERY_COST,
            "documentation": _RATE_LIMITS,
        },
    }
