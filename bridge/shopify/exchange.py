"""What went over the wire to a store, for whoever records it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

# A file of results may have 100 MB and more. What is longer than this is told without its end:
# no recording holds so much.
MOST_KEPT: Final = 32 * 2**20

Via = Literal["graphql", "token", "upload", "download"]
"""What kind of request it was: to the store, or to the storage that it names."""


@dataclass(frozen=True, slots=True)
class Form:
    """An uploaded form: its fields in their order, and the rows of its file of ``size`` bytes."""

    fields: tuple[tuple[str, str], ...]
    rows: Sequence[Mapping[str, Any]]
    size: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply as they went over the wire, for recording and for tests.

    The access token is not in it, but for the request that fetches one (``via`` token): its
    ``operation`` is empty, and secrets stand in ``request`` and ``reply``. ``status`` is None when
    no reply came; then ``failure`` names why, and ``sent`` is False when nothing had left for the
    store.

    An upload has ``form`` in the place of ``request``; a download that broke off has a status, a
    ``failure`` and what had come. Their ``url`` and ``form.fields`` are signed: secrets, too.
    ``document`` is the text of the mutation that their rows are of. ``whole``: nothing was left
    out of ``reply``.
    """

    operation: str
    url: str = field(repr=False)
    request: bytes = field(repr=False)
    status: int | None
    headers: Mapping[str, str] = field(repr=False)
    reply: bytes = field(repr=False)
    seconds: float
    failure: str = ""
    sent: bool = True
    via: Via = "graphql"
    form: Form | None = field(default=None, repr=False)
    document: str = field(default="", repr=False)
    whole: bool = True


Observe = Callable[[Exchange], None]
