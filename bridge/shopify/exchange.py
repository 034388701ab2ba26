"""What went over the wire to a store, for whoever records it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply as they went over the wire, for recording and for tests.

    The access token is not in it, but for the request that fetches one: its ``operation`` is
    empty, and secrets stand in ``request`` and ``reply``. ``status`` is None when no reply came;
    then ``failure`` names why, and ``sent`` is False when nothing had left for the store.
    """

    operation: str
    url: str
    request: bytes = field(repr=False)
    status: int | None
    headers: Mapping[str, str] = field(repr=False)
    reply: bytes = field(repr=False)
    seconds: float
    failure: str = ""
    sent: bool = True


Observe = Callable[[Exchange], None]
