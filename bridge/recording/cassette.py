"""One recorded call as a file: vcrpy's YAML, with the call and a header beside the interactions.

``interactions`` and ``version`` are vcrpy's, and vcrpy's own serializer reads them; it passes
over ``bridge`` (the header) and ``call`` (RetailOps' side). A request without a reply has the
status 0 and two headers that say what happened (``FAILURE``, ``SENT``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bridge.errors import BridgeError

FORMAT: Final = 1

FORM_TYPE: Final = "multipart/form-data"

FAILURE: Final = "Recorded-Failure"
SENT: Final = "Recorded-Sent"


class CassetteError(BridgeError):
    """A file that is no cassette, or one that this version cannot read."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


Source = Literal["live", "sandbox"]
"""Where the traffic is from: a store of Shopify's, or a stand-in for one."""


class Clock(_Part):
    """The times that the call was told: the first, and how many microseconds later the others."""

    start: datetime
    reads: tuple[int, ...] = ()

    @classmethod
    def of(cls, start: datetime, reads: Sequence[datetime]) -> Clock:
        """The clock of a recording; equal times, as a test's, are left out."""
        after = tuple((at - start) // timedelta(microseconds=1) for at in reads)
        return cls(start=start, reads=after if any(after) else ())

    def times(self) -> Iterator[datetime]:
        """The times in their order."""
        for after in self.reads:
            yield self.start + timedelta(microseconds=after)


class State(_Part):
    """What bridge and ledger knew beforehand, and the call made use of."""

    learned: dict[str, Any] = Field(default_factory=dict)
    effects: list[dict[str, Any]] = Field(default_factory=list)
    held: list[dict[str, Any]] = Field(default_factory=list)
    steps: list[dict[str, Any]] = Field(default_factory=list)
    born: datetime | None = None


class Header(_Part):
    """Whose call it was, and of what time."""

    format: int
    bridge_version: str
    api_version: str
    recorded_at: datetime
    source: Source
    action: str
    request_id: str
    channel: int
    shop: str
    outcome: str
    mapping: str
    deadline_seconds: float = 240.0
    timeout_seconds: float = 30.0
    settle_seconds: float = 60.0
    policies: dict[str, Any] = Field(default_factory=dict)
    clock: Clock
    state: State = State()


class Call(_Part):
    """RetailOps' side: its request, and what it was answered."""

    request: dict[str, Any]
    status: int
    answer: Any = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request to the store or its storage, and the reply.

    ``failure`` names why there was none, or why it broke off.
    """

    uri: str
    headers: Mapping[str, str]
    body: str
    status: int
    reply_headers: Mapping[str, str]
    reply: str
    failure: str = ""
    sent: bool = True
    method: str = "POST"

    @property
    def is_upload(self) -> bool:
        """Whether it carried the rows of a bulk mutation."""
        return self.headers.get("Content-Type", "").startswith(FORM_TYPE)

    @property
    def is_download(self) -> bool:
        """Whether it fetched the results of a bulk mutation."""
        return self.method == "GET"

    @property
    def is_token(self) -> bool:
        """Whether it fetched an access token."""
        return self.uri.endswith("/oauth/access_token")

    @property
    def asked(self) -> dict[str, Any]:
        """The GraphQL request: ``operationName``, ``query``, ``variables``."""
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Cassette:
    """One recorded call."""

    header: Header
    call: Call
    interactions: tuple[Interaction, ...] = ()
    path: Path | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """For reports."""
        return str(self.path) if self.path is not None else self.header.action
