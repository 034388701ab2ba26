"""Which of the shop's locations a setting means: by name, numeric id or GID."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from bridge.engine import Call
from bridge.shopify.shop import locations

Node = Mapping[str, Any]

# A shop changes its locations a few times a year; ten minutes of an old name cost nothing.
KNOWN_FOR: Final = timedelta(minutes=10)


async def shop_locations(call: Call) -> Sequence[Node]:
    """The shop's active locations (9 points), remembered for ten minutes."""
    learned = call.channel.learned
    now = call.clock()
    fresh = learned.locations_at is not None and now - learned.locations_at < KNOWN_FOR
    if learned.locations is None or not fresh:
        learned.locations = await locations(call.channel.client, call.budget)
        learned.locations_at = now
    return learned.locations


def find(known: Sequence[Node], wanted: str) -> Node | None:
    """The location of this GID, numeric id or name; a name in another case if only one has it."""
    text = wanted.strip()
    for location in known:
        if text in {location["id"], str(location["legacyResourceId"]), location["name"]}:
            return location
    alike = [n for n in known if n["name"].casefold() == text.casefold()]
    return alike[0] if len(alike) == 1 else None


def first(known: Sequence[Node]) -> Node | None:
    """The shop's only or first location; one that fulfills online orders comes before others."""
    online = [n for n in known if n["fulfillsOnlineOrders"]]
    return next(iter(online or known), None)


def named(known: Sequence[Node]) -> str:
    """The locations' names, for a message."""
    return ", ".join(sorted(n["name"] for n in known)) or "none"
