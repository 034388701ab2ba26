"""What /health/ready asks: the ledger once, and each channel's store what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge import probes
from bridge.engine import Channel, Engine
from bridge.ledger import Ledger
from bridge.server.health import PING_SECONDS, Ping, Trouble
from bridge.shopify.budget import CallBudget, Deadline
from bridge.shopify.shop import bootstrap

# The ledger is a local file: asking costs one small write.
LEDGER_SECONDS = 5.0
# A question to the store costs points: once a minute is under 0.2 % of the smallest plan's.
STORE_SECONDS = 60.0


def standard_pings(
    engine: Engine, ledger: Ledger, *, now: Callable[[], datetime]
) -> tuple[Ping, ...]:
    """The ledger's ping, and one for each channel. ``now`` gives aware datetimes."""
    return (
        Ping("ledger", ledger.ping, seconds=LEDGER_SECONDS),
        Ping("in_doubt", _Doubts(ledger), seconds=LEDGER_SECONDS),
        *(
            Ping("shopify", _Store(channel, now), channel=id_, seconds=STORE_SECONDS)
            for id_, channel in engine.channels.items()
        ),
    )


class _Doubts:
    """Is anything waiting for a person, because nobody can tell whether it happened."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def __call__(self) -> None:
        stats = await self._ledger.stats()
        if stats.in_doubt and stats.oldest_in_doubt is not None:
            since = f"{stats.oldest_in_doubt:%Y-%m-%d %H:%M:%S} UTC"
            raise Trouble(
                f"{stats.in_doubt} step(s) in doubt, the oldest since {since}; "
                "see: retailops-bridge ledger list --doubt"
            )


class _Store:
    """Is the token valid, are its scopes enough, is the API version in its support window."""

    def __init__(self, channel: Channel, now: Callable[[], datetime]) -> None:
        self._channel = channel
        self._now = now

    async def __call__(self) -> None:
        budget = CallBudget(Deadline.after(PING_SECONDS), background=True)
        facts = await bootstrap(self._channel.client, budget)
        version = self._channel.settings.api_version
        notes = [
            *probes.scopes(facts.scopes),
            probes.api_version(version, facts.versions, self._now().date()),
        ]
        if troubles := [note.said for note in notes if note.state == "error"]:
            raise Trouble("; ".join(troubles))
