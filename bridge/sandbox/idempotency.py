"""``@idempotent(key:)``: where it is demanded, and what a repeated key gives.

Documented: mandatory since 2026-04 for the mutations below; keys are remembered for 24 hours with
a fingerprint of the parameters; the same key with the same input gives the first result again,
which may be rebuilt from the present record; three error codes. Captured: the refusal without the
directive. Assumed: a key is one for the whole store, whatever the mutation; an attempt that ended
in ``userErrors`` gives them again; only one that broke (``INTERNAL_SERVER_ERROR``) counts as
failed; a payload whose errors have no ``code`` shows these errors at the top level.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Final

from bridge.sandbox.errors import StoreError

REQUIRED: Final = frozenset(
    {
        "refundCreate",
        "inventoryActivate",
        "inventoryAdjustQuantities",
        "inventoryMoveQuantities",
        "inventorySetOnHandQuantities",
        "inventorySetQuantities",
        "inventoryShipmentAddItems",
        "inventoryShipmentCreate",
        "inventoryShipmentCreateInTransit",
        "inventoryShipmentReceive",
        "inventoryTransferCreate",
        "inventoryTransferCreateAsReadyToShip",
        "inventoryTransferDuplicate",
        "inventoryTransferSetItems",
        "locationActivate",
        "locationDeactivate",
    }
)
"""Mutations that refuse to run without a key."""

RETENTION: Final = timedelta(hours=24)  # documented

CONCURRENT: Final = "IDEMPOTENCY_CONCURRENT_REQUEST"
MISMATCH: Final = "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"
FAILED: Final = "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"

MESSAGES: Final[Mapping[str, str]] = {
    CONCURRENT: "This request is currently in progress, please try again.",
    MISMATCH: "The same idempotency key cannot be used with different operation parameters.",
    FAILED: "The previous attempt with this idempotency key failed.",
}
"""The first two are Shopify's own words (enum descriptions), the third is assumed."""


class _State(Enum):
    RUNNING = auto()
    DONE = auto()
    BROKEN = auto()


@dataclass(slots=True)
class _Entry:
    fingerprint: str
    at: datetime
    state: _State
    result: Any = None


class Refused(Exception):
    """A key that may not run now; ``code`` is one of Shopify's three."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(MESSAGES[code])


class Keys:
    """The keys of one store."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._entries: dict[str, _Entry] = {}

    def clear(self) -> None:
        """Forget all keys."""
        self._entries.clear()

    def begin(self, key: str, mutation: str, arguments: Mapping[str, Any]) -> list[Any]:
        """An empty list when the mutation is to run; a list with the stored result otherwise.

        Raises Refused when the key was used for something else, runs at this moment, or broke.
        """
        now = self._clock()
        wanted = fingerprint(mutation, arguments)
        entry = self._entries.get(key)
        if entry is None or now - entry.at >= RETENTION:
            self._entries[key] = _Entry(wanted, now, _State.RUNNING)
            return []
        if entry.fingerprint != wanted:
            raise Refused(MISMATCH)
        if entry.state is _State.RUNNING:
            raise Refused(CONCURRENT)
        if entry.state is _State.BROKEN:
            raise Refused(FAILED)
        return [entry.result]

    def finish(self, key: str, result: object) -> None:
        """Keep what the mutation gave."""
        self._entries[key].state = _State.DONE
        self._entries[key].result = result

    def broke(self, key: str) -> None:
        """The mutation ended in an error of the server: the key is spent."""
        self._entries[key].state = _State.BROKEN

    def drop(self, key: str) -> None:
        """The request was refused before it ran: the key is free."""
        del self._entries[key]


def fingerprint(mutation: str, arguments: Mapping[str, Any]) -> str:
    """What tells two inputs apart; the order of the fields does not."""
    text = json.dumps([mutation, arguments], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def missing_directive() -> StoreError:
    """The refusal of a mutation that demands a key and has none (captured)."""
    return StoreError(
        "The @idempotent directive is required for this mutation but was not provided.",
        "BAD_REQUEST",
    )
