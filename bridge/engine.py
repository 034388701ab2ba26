"""Runs any SDK action: claim, read, plan, apply, answer. It knows the shape, not the eleven.

An action is an object with a ``read``, a pure ``plan`` and an ``answer`` (see ``Action``). The
engine asks it for a plan, sends the plan's steps, and asks again with what came back until
the plan is empty: a plan is always the difference between what RetailOps asks for and what
is true in the store, so a repeat of a finished call plans nothing.

What escapes from ``Engine.run`` means that nothing was done, and the caller may call again:
the edge answers 503. Everything after the first effect is told in the answer, item by item.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import structlog

from bridge.config.models import ChannelSettings
from bridge.errors import (
    AccessDenied,
    BridgeError,
    CostExceeded,
    DeadlineExceeded,
    IdempotencyConflict,
    OutcomeUnknown,
    QueryRejected,
    ShopifyError,
    UserErrors,
)
from bridge.ledger import CallKey, Claimed, Effect, Ledger, Replay
from bridge.mapping.module import MappingModule
from bridge.retailops.actions import ACTIONS
from bridge.retailops.answers import Answer
from bridge.retailops.events import Code, Event, event
from bridge.retailops.protocol import encode
from bridge.retailops.requests import Request
from bridge.shopify.budget import CallBudget, Deadline, Meter
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation

log = structlog.get_logger()

Status = Literal["ok", "partial", "failed", "replayed"]

# A plan is made again after its steps were sent, for rows whose state changed in between (a
# sale between read and write). Each round leaves fewer rows; one that is still contested
# after five is sold faster than we can write, and is reported.
MAX_ROUNDS = 5

# A repeatable step whose reply was lost is sent again this often: Shopify's own advice for a
# lost reply is a handful of attempts, and the call's deadline bounds it anyhow.
MAX_SENDS = 4

# Namespace of our idempotency keys (RFC 4122, version 5); any fixed value would do.
KEYS = uuid.UUID("6f0cbd0e-51f4-5f0a-8a0e-6c0a86a4f8d1")


@dataclass(slots=True)
class Learned:
    """What a process has learnt of a store and may forget: sizes, places, when it last looked.

    Never a source of truth: losing it costs some points, nothing else.
    """

    sizes: dict[str, int] = field(default_factory=dict)
    locations: Sequence[Mapping[str, Any]] | None = None
    locations_at: datetime | None = None
    swept_at: datetime | None = None
    sweep_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One RetailOps channel at run time: its settings, its store, its compiled mappings."""

    settings: ChannelSettings
    client: ShopifyClient
    mappings: Mapping[str, MappingModule]
    learned: Learned = field(default_factory=Learned)

    @property
    def shop(self) -> str:
        """The store's domain, the first part of every effect's key."""
        return self.settings.shop


@dataclass(slots=True)
class Call:
    """One call on its way: whose it is, what it may spend, and what it has to tell."""

    channel: Channel
    ledger: Ledger
    request_id: str
    budget: CallBudget
    clock: Callable[[], datetime]
    execution: str
    events: list[Event] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        """Put one event into the answer."""
        self.events.append(event)


@dataclass(frozen=True, slots=True)
class Step:
    """One mutation that a plan wants sent.

    ``key`` is its natural key within the call. ``repeatable`` says that sending it again has
    no second effect, because Shopify deduplicates it (``idempotent``: the operation takes
    ``$idempotencyKey``) or because it only states what shall be true. ``subject`` is the
    action's own note of what the step is about.
    """

    key: str
    operation: Operation
    variables: Mapping[str, Any]
    repeatable: bool
    idempotent: bool = False
    subject: Any = None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a step: Shopify's data, or the error that ended it."""

    step: Step
    data: Mapping[str, Any] | None = None
    error: Exception | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference, as steps in their order. ``again``: read and plan once more after them.

    ``effects`` are what this call makes true by its own word (an acknowledgement), whatever
    becomes of the steps: they are in the ledger before the first step is sent.
    """

    steps: tuple[Step, ...] = ()
    again: bool = False
    effects: tuple[Effect, ...] = ()


RequestT_contra = TypeVar("RequestT_contra", bound=Request, contravariant=True)
StateT = TypeVar("StateT")


class Action(Protocol[RequestT_contra, StateT]):
    """The shape of every SDK action."""

    name: str
    background: bool

    def key(self, request: RequestT_contra) -> str | None:
        """The call's natural id, if equal calls at once shall run one after the other."""
        ...

    def serial(self, request: RequestT_contra) -> str | None:
        """The name of a lock that calls of this kind pass through in order of arrival."""
        ...

    async def read(self, call: Call, request: RequestT_contra, results: Sequence[Result]) -> StateT:
        """What is true in the store and in the ledger now."""
        ...

    def plan(
        self, call: Call, request: RequestT_contra, state: StateT, results: Sequence[Result]
    ) -> Plan:
        """Pure: what is still missing."""
        ...

    async def remember(
        self, call: Call, request: RequestT_contra, state: StateT, results: Sequence[Result]
    ) -> None:
        """Write to the ledger what later calls must know."""
        ...

    def answer(
        self, call: Call, request: RequestT_contra, state: StateT, results: Sequence[Result]
    ) -> Answer:
        """What RetailOps is told; an outcome for every item of the request."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished call: the answer's bytes, and what the log and the metrics tell of it."""

    body: bytes
    status: Status
    events: tuple[Event, ...]
    meter: Meter

    def codes(self) -> Counter[str]:
        """How many events of each code."""
        return Counter(e.code for e in self.events)


def body_hash(request: Request) -> bytes:
    """SHA-256 of the canonical request without its token."""
    body = request.model_dump(mode="json", exclude={"integration_auth_token"})
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).digest()


def idempotency_key(execution: str, step: Step, attempt: int, name: str = "idempotencyKey") -> str:
    """The same for every resend of one step of one execution; new after a definite failure.

    ``name`` is the variable that it is for: each mutation of a batch has a key of its own.
    """
    canonical = json.dumps(step.variables, sort_keys=True, separators=(",", ":"), default=str)
    return str(uuid.uuid5(KEYS, f"{execution}|{step.key}|{canonical}|{attempt}|{name}"))


class Engine:
    """All channels of one process, and the actions that they serve."""

    def __init__(
        self,
        channels: Mapping[int, Channel],
        actions: Mapping[str, Action[Any, Any]],
        ledger: Ledger,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        new_id: Callable[[], str] = lambda: uuid.uuid4().hex,
    ) -> None:
        self.channels = dict(channels)
        self.ledger = ledger
        self._actions = dict(actions)
        self._clock = clock
        self._sleep = sleep
        self._new_id = new_id

    @property
    def served(self) -> tuple[str, ...]:
        """The actions that are served, in RetailOps' order."""
        return tuple(name for name in ACTIONS if name in self._actions)

    async def run(
        self, channel_id: int, action: str, request: Request, *, request_id: str, deadline: Deadline
    ) -> Outcome:
        """Run one call to its answer. Raises only when nothing was done."""
        channel = self.channels[channel_id]
        act = self._actions[action]
        meter = Meter()
        call = Call(
            channel=channel,
            ledger=self.ledger,
            request_id=request_id,
            budget=CallBudget(deadline, background=act.background, meter=meter),
            clock=self._clock,
            execution=self._new_id(),
        )
        async with AsyncExitStack() as stack:
            lock = act.serial(request)
            if lock is not None:
                await stack.enter_async_context(
                    self.ledger.lock(
                        f"{channel.settings.id}:{lock}", wait_seconds=deadline.remaining()
                    )
                )
            claimed = await self._claim(channel, act, request, deadline)
            if isinstance(claimed, Replay):
                return Outcome(claimed.answer, "replayed", (), meter)
            body = await self._answer(act, call, request, claimed)
        return Outcome(body, _status(call.events), tuple(call.events), meter)

    async def _answer(
        self, act: Action[Any, Any], call: Call, request: Request, claimed: Claimed | None
    ) -> bytes:
        """Run to the answer's bytes; the claim ends with it, or as if it had never been."""
        try:
            answer = await self._converge(act, call, request)
            body = encode(ACTIONS[act.name], answer)
        except (BridgeError, ValueError):
            if claimed is not None:
                await self.ledger.withdraw(claimed.execution_id)
            raise
        except BaseException:
            if claimed is not None:
                await self.ledger.finish(claimed.execution_id, None, final=False)
            raise
        if claimed is not None:
            # Given to whoever waited, never replayed later: these plans converge on fresh state.
            await self.ledger.finish(claimed.execution_id, body, final=False)
        return body

    async def _claim(
        self, channel: Channel, act: Action[Any, Any], request: Request, deadline: Deadline
    ) -> Claimed | Replay | None:
        natural_id = act.key(request)
        if natural_id is None:
            return None
        key = CallKey(channel.settings.id, act.name, natural_id)
        return await self.ledger.claim(key, body_hash(request), wait_seconds=deadline.remaining())

    async def _converge(self, act: Action[Any, Any], call: Call, request: Request) -> Answer:
        results: list[Result] = []
        state = None
        for _ in range(MAX_ROUNDS):
            try:
                state = await act.read(call, request, results)
            except (ShopifyError, DeadlineExceeded) as error:
                if not ACTIONS[act.name].has_events or (error.retryable and not results):
                    raise
                call.tell(shopify_event(error))
                break
            plan = act.plan(call, request, state, results)
            if plan.effects:
                await self.ledger.record_effects(plan.effects)
            for step in plan.steps:
                results.append(await self._send(call, step))
            if not plan.steps or not plan.again:
                break
        if state is None:
            return ACTIONS[act.name].answer(events=call.events)
        await act.remember(call, request, state, results)
        return act.answer(call, request, state, results)

    async def _send(self, call: Call, step: Step) -> Result:
        """Send one step until its outcome is known or the call's time is over."""
        attempt = 0
        for sends in range(1, MAX_SENDS + 1):
            variables = dict(step.variables)
            if step.idempotent:
                for name in step.operation.variable_names:
                    if name.startswith("idempotencyKey"):
                        variables[name] = idempotency_key(call.execution, step, attempt, name)
            try:
                call.budget.deadline.check(step.operation.name)
                reply = await call.channel.client.execute(
                    step.operation, variables, budget=call.budget
                )
            except IdempotencyConflict as error:
                if error.reuse:  # the first sending still runs: same key, a little later
                    await self._sleep(min(sends, call.budget.deadline.remaining()))
                else:
                    attempt += 1
                last: Exception = error
            except OutcomeUnknown as error:
                last = error
                if not step.repeatable:
                    break
            except (ShopifyError, DeadlineExceeded) as error:
                return Result(step, error=error, request_id=getattr(error, "request_id", ""))
            else:
                return Result(step, data=reply.data, request_id=reply.request_id)
        log.warning("step_failed", step=step.key, operation=step.operation.name, cause=str(last))
        return Result(step, error=last, request_id=getattr(last, "request_id", ""))


def shopify_event(
    error: Exception, *, order_refnum: str | None = None, sku: str | None = None
) -> Event:
    """The event that tells RetailOps of an error at Shopify, with what to do about it."""
    request_id = getattr(error, "request_id", "")
    diagnostic = f"shopify request {request_id}" if request_id else ""
    code = Code.SHOPIFY_UNAVAILABLE
    if isinstance(error, AccessDenied):
        code = Code.SHOPIFY_ACCESS_DENIED
    elif isinstance(error, OutcomeUnknown):
        code = Code.IN_DOUBT
    elif isinstance(error, DeadlineExceeded):
        code = Code.NOT_REACHED
    elif isinstance(error, QueryRejected | CostExceeded | UserErrors):
        code = Code.SHOPIFY_REJECTED
    return event(
        code,
        str(error),
        event_type="error",
        diagnostic=diagnostic,
        order_refnum=order_refnum,
        sku=sku,
    )


def _status(events: Sequence[Event]) -> Status:
    kinds = {e.event_type for e in events}
    if "error" in kinds:
        return "failed" if kinds == {"error"} else "partial"
    return "partial" if "warning" in kinds else "ok"
