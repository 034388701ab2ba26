"""The words of the engine: call, plan, step, result, verdict, and the shape of an action.

An action is an object with a ``read``, a pure ``plan`` and an ``answer``. The engine asks it
for a plan, sends the plan's steps, and asks again with what came back until the plan is empty:
a plan is always the difference between what RetailOps asks for and what is true in the store,
so a repeat of a finished call plans nothing.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from bridge.config.models import ChannelSettings
from bridge.ledger import Effect, EndedStep, Ledger, StepRow
from bridge.mapping.module import MappingModule
from bridge.retailops.answers import Answer
from bridge.retailops.events import Event
from bridge.retailops.requests import Request
from bridge.shopify.budget import CallBudget, Meter
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import Operation
from bridge.shopify.places import KnownPlaces

Status = Literal["ok", "partial", "failed", "replayed"]


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
    sweep_owed: bool = False
    suspects: dict[str, datetime] = field(default_factory=dict)
    places: KnownPlaces | None = None
    stocked: Sequence[str] = ()
    catalog_from: str = ""


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
    """One call on its way: whose it is, what it may spend, and what it has to tell.

    ``order_gid`` is set for the actions that write to one order. ``memo`` is the action's own
    memory between the rounds of this one call. ``ended`` are convergent steps whose end goes
    into the ledger with the beginning of the next one.
    """

    channel: Channel
    ledger: Ledger
    request_id: str
    budget: CallBudget
    clock: Callable[[], datetime]
    execution: str
    events: list[Event] = field(default_factory=list)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    order_gid: str = ""
    memo: dict[str, Any] = field(default_factory=dict)
    ended: list[EndedStep] = field(default_factory=list)

    def tell(self, event: Event) -> None:
        """Put one event into the answer."""
        self.events.append(event)

    async def effects(self, kinds: Iterable[str]) -> list[Effect]:
        """What is known to have been done to this call's order, oldest first."""
        return await self.ledger.effects(
            self.channel.shop, tuple(kinds), order_gids=[self.order_gid]
        )


Detail = Mapping[str, Any]


def nothing_made(_: Mapping[str, Any]) -> Detail | None:
    """The ``effect`` of steps that are no effect of their own."""
    return {}


@dataclass(frozen=True, slots=True)
class Step:
    """One mutation that a plan wants sent.

    ``key`` is its natural key within the call. ``repeatable`` says that sending it again has
    no second effect, because Shopify deduplicates it (``idempotent``: the operation takes
    ``$idempotencyKey``) or because it only states what shall be true. ``subject`` is the
    action's own note of what the step is about.

    Every step is in the ledger before it is sent. One without a ``kind`` is convergent: it only
    says what shall be true (or prepares what another step does), so a lost reply costs nothing
    but a fresh read. A step with a ``kind`` is an effect on the call's order, unique by (shop,
    order, kind, ``natural_id``). ``pre_image`` says what was there
    before, ``expect`` how its effect will look in a fresh read: both are JSON without customer
    data, and all that is known of it after a crash. ``effect`` makes the effect's detail from
    the mutation's data; None when Shopify refused it (userErrors), which is a definite no.

    Steps with a ``lane`` are sent beside those of other lanes, and in their order within their
    own; they are convergent. A lane ends at a step that failed, and at a ``vital`` one that
    Shopify refused: what stands behind it would make no sense.

    ``rows`` makes a bulk mutation of it: ``operation`` runs once with the variables of each, and
    ``variables`` are not sent (see ``engine.bulk``).
    """

    key: str
    operation: Operation
    variables: Mapping[str, Any]
    repeatable: bool
    idempotent: bool = False
    subject: Any = None
    kind: str = ""
    natural_id: str = ""
    pre_image: Detail = field(default_factory=dict)
    expect: Detail = field(default_factory=dict)
    effect: Callable[[Mapping[str, Any]], Detail | None] = nothing_made
    lane: str = ""
    vital: bool = False
    rows: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a step.

    ``data`` is Shopify's answer, also when it carries userErrors. ``detail`` is the effect's,
    when there is one. ``in_doubt``: it was sent and nobody can say yet whether it happened.
    ``error`` is why there is no data.
    """

    step: Step
    data: Mapping[str, Any] | None = None
    error: Exception | None = None
    request_id: str = ""
    detail: Detail | None = None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The difference, as steps in their order. ``again``: read and plan once more after them.

    ``abreast``: so many lanes of steps are under way at once.

    ``effects`` are what this call makes true by its own word (an acknowledgement), whatever
    becomes of the steps: they are in the ledger before the first step is sent.
    """

    steps: tuple[Step, ...] = ()
    again: bool = False
    effects: tuple[Effect, ...] = ()
    abreast: int = 1


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a call would do now: its plan, and the events it would tell already."""

    plan: Plan
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """A fresh read shows the step's own effect; ``detail`` as the step would have made it."""

    detail: Detail


@dataclass(frozen=True, slots=True)
class NotApplied:
    """A fresh read shows that it did not happen; it counts once the settle window is over."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """A fresh read cannot tell; ``reason`` is for the person who will decide."""

    reason: str


Verdict = Applied | NotApplied | Unclear


RequestT = TypeVar("RequestT", bound=Request)
RequestT_contra = TypeVar("RequestT_contra", bound=Request, contravariant=True)
StateT = TypeVar("StateT")


class Settler(Protocol[StateT]):
    """Knows a family of effects in a fresh read of the store."""

    kinds: frozenset[str]

    async def look(self, call: Call) -> StateT:
        """Read what is needed to judge; ``call.order_gid`` is the order."""
        ...

    def judge(self, step: StepRow, state: StateT) -> Verdict:
        """Pure: did this step happen?"""
        ...


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


class OrderAction(ABC, Generic[RequestT, StateT]):
    """An action that writes to one order: claimed, serialised by order, settled, replayed."""

    name: str
    background = False
    ends_offers = False
    """Whether order_pull has nothing more to offer of an order once this action is through."""

    @abstractmethod
    def refnum(self, request: RequestT) -> str | None:
        """The order's ``channel_order_refnum``; the engine finds the order."""

    @abstractmethod
    def key(self, request: RequestT) -> str | None:
        """What, beside the order, makes two calls the same; None: only calls in flight are."""

    @abstractmethod
    async def read(self, call: Call, request: RequestT, results: Sequence[Result]) -> StateT:
        """What is true in the store and in the ledger now."""

    @abstractmethod
    def plan(self, call: Call, request: RequestT, state: StateT, results: Sequence[Result]) -> Plan:
        """Pure: what is still missing."""

    @abstractmethod
    def answer(
        self, call: Call, request: RequestT, state: StateT, results: Sequence[Result]
    ) -> Answer:
        """What RetailOps is told; an outcome for every item of the request."""

    @abstractmethod
    def refused(self, call: Call, request: RequestT) -> Answer:
        """The answer when nothing could be done; ``call.events`` says why."""

    def rounds(self, request: RequestT) -> int:
        """How many rounds beyond the engine's usual ones: for what is reckoned one by one."""
        return 0

    def final(self, call: Call) -> bool:
        """Whether every item was applied or already so: the answer is kept for every repeat."""
        return not any(e.event_type == "error" for e in call.events)


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
