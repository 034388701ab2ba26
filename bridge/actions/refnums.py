"""From RetailOps' refnums to Shopify's orders.

We send Shopify's numeric order id (or its name: ``order_refnum``) and take back the id, the GID,
the name and ``#name``. Ids are looked up as they are; names have to be searched, are matched by
prefix and token, and are not unique: every hit is compared exactly, and two orders of one name
are told, never guessed between. A name of a few seconds ago may not be found yet, an id always.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from bridge.engine import Call
from bridge.shopify.acknowledge import states
from bridge.shopify.orders import ids_by_name
from bridge.shopify.search import any_of

T = TypeVar("T")

Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, T]]]
"""Loads what the caller needs of orders by GID; an order that does not exist is left out."""

ORDER_GID: Final = "gid://shopify/Order/"

_BARE = re.compile(r"[1-9]\d{0,18}", re.ASCII)  # Shopify's ids are 64-bit integers

# One search for this many names: the page of hits is priced alike up to 250 (13 points), and
# 50 names leave room for four other orders that share a token with each of them.
NAMES_AT_ONCE: Final = 50
HITS: Final = 250


@dataclass(frozen=True, slots=True)
class Found:
    """An order that exists: its GID, its numeric id and its name in Shopify."""

    gid: str
    legacy_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Located(Generic[T]):
    """What became of refnums: what was loaded, by refnum, and names that several orders have."""

    found: Mapping[str, T] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()


def gid_of(refnum: str) -> str | None:
    """The GID that a refnum may mean (a number or a GID), without asking anyone."""
    text = refnum.strip()
    if text.startswith(ORDER_GID):
        text = text.removeprefix(ORDER_GID).partition("?")[0]
    return ORDER_GID + text if _BARE.fullmatch(text) else None


def is_gid(refnum: str) -> bool:
    """Whether the refnum can be nothing but a GID."""
    return refnum.strip().startswith("gid://")


def same_name(refnum: str, name: str) -> bool:
    """Whether an order's name is what the refnum says; one ``#`` before it does not count."""
    return bool(_bare_name(refnum)) and _bare_name(refnum) == _bare_name(name)


def _bare_name(text: str) -> str:
    return text.strip().removeprefix("#")


async def gids_by_name(call: Call, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The GIDs of all orders that have exactly this name, for each name; 13 points for 50."""
    out: dict[str, tuple[str, ...]] = {}
    waiting = [n for n in dict.fromkeys(names) if _bare_name(n)]
    groups = [waiting[i : i + NAMES_AT_ONCE] for i in range(0, len(waiting), NAMES_AT_ONCE)]
    while groups:
        group = groups.pop()
        terms = dict.fromkeys(_bare_name(n) for n in group)
        hits = await ids_by_name(
            call.channel.client, call.budget, query=any_of("name", terms), first=HITS
        )
        if len(hits) >= HITS and len(group) > 1:
            # The page was full: what is missing may lie behind it. Ask for fewer names.
            middle = len(group) // 2
            groups += [group[:middle], group[middle:]]
            continue
        for name in group:
            exact = [h["id"] for h in hits if same_name(name, h["name"])]
            out[name] = tuple(dict.fromkeys(exact))
    return out


async def locate(call: Call, refnums: Iterable[str], fetch: Fetch[T]) -> Located[T]:
    """Load the orders that refnums name, in as few requests as there can be.

    GIDs are loaded as they are. A bare number is an id or a name: what the channel sends out
    (``order_refnum``) is tried first, the other only for what was not found.
    """
    work = _Work(call, fetch)
    wanted = list(dict.fromkeys(r for r in refnums if r.strip()))
    bare = [r for r in wanted if gid_of(r) and not is_gid(r)]
    ids = [r for r in wanted if is_gid(r)]
    names = [r for r in wanted if not is_gid(r) and not gid_of(r)]
    if call.channel.settings.order_refnum == "id":
        await work.by_id(ids + bare)
        await work.by_name(names + [r for r in bare if r not in work.found])
    else:
        await work.by_name(names + bare)
        await work.by_id(ids + [r for r in bare if r not in work.found and r not in work.ambiguous])
    return Located(work.found, frozenset(work.ambiguous))


class _Work(Generic[T]):
    """One ``locate`` at work."""

    def __init__(self, call: Call, fetch: Fetch[T]) -> None:
        self._call = call
        self._fetch = fetch
        self.found: dict[str, T] = {}
        self.ambiguous: set[str] = set()

    async def by_id(self, refnums: Sequence[str]) -> None:
        await self._load({r: gid for r in refnums if (gid := gid_of(r))})

    async def by_name(self, refnums: Sequence[str]) -> None:
        if not refnums:
            return
        hits = await gids_by_name(self._call, refnums)
        self.ambiguous |= {r for r, gids in hits.items() if len(gids) > 1}
        await self._load({r: gids[0] for r, gids in hits.items() if len(gids) == 1})

    async def _load(self, gids: Mapping[str, str]) -> None:
        if not gids:
            return
        loaded = await self._fetch(list(dict.fromkeys(gids.values())))
        self.found |= {r: loaded[gid] for r, gid in gids.items() if gid in loaded}


async def resolve(call: Call, refnums: Iterable[str]) -> dict[str, Found | None]:
    """Which order each refnum means; None when there is none, or more than one of that name.

    In the order asked, blank refnums left out. 2 points for each id, 13 for 50 names.
    """
    wanted = [r for r in refnums if r.strip()]
    namespace = call.channel.settings.order_acknowledge.namespace

    async def confirm(gids: Sequence[str]) -> Mapping[str, Found]:
        known = await states(call.channel.client, call.budget, gids, namespace=namespace)
        return {gid: Found(gid, s.legacy_id, s.name) for gid, s in known.items()}

    located = await locate(call, wanted, confirm)
    return {refnum: located.found.get(refnum) for refnum in wanted}


async def find_order(call: Call, refnum: str) -> str | None:
    """The GID of the order that a refnum means, without a request where it can be.

    A bare number is taken for an id when the channel sends ids: whether that order exists is
    seen by whoever reads it. Names cost one search (13 points).
    """
    text = refnum.strip()
    gid = gid_of(text)
    if gid is not None and (is_gid(text) or call.channel.settings.order_refnum == "id"):
        return gid
    hits = await gids_by_name(call, [text])
    named = hits.get(text, ())
    return named[0] if len(named) == 1 else gid
