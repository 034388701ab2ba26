"""What the console shows, gathered: from the rings of this process, its stores, and the ledger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bridge.actions import effects
from bridge.config.models import Settings
from bridge.engine import Channel
from bridge.errors import LedgerError
from bridge.ledger import HeldBack, Ledger, Stats, StepRow
from bridge.server.console.history import CallSeen, History
from bridge.server.console.plot import Plot, plot_of
from bridge.server.health import Health, Readiness, Status, worst
from bridge.server.mappings import MappingState, MappingStates

# Where an effect keeps the id of what was made (docs/how-to/settle-what-is-in-doubt.md).
DETAIL_KEYS: Final[Mapping[str, str]] = {
    effects.FULFILLMENT: "fulfillment",
    effects.CAPTURE: "transaction",
    effects.REFUND: "refund",
    effects.UNSHIPPED: "refund",
    effects.RMA: "return",
}

# What a person can work through on one page; the command line lists all.
MOST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Doubt:
    """A step that waits for a person. ``from_when`` on a "not applied" can be trusted."""

    step: StepRow
    from_when: datetime
    too_early: bool
    pre_image: str
    expect: str

    @property
    def thing(self) -> str:
        """What it is about: ``order``, ``product``."""
        return self.step.order_gid.rpartition("/")[0].rpartition("/")[2].lower() or "order"

    @property
    def number(self) -> str:
        """The thing's number, as it stands in the addresses of Shopify's admin."""
        return self.step.order_gid.rpartition("/")[2]

    @property
    def detail_key(self) -> str:
        """What the effect calls the new object; empty when it makes none."""
        return DETAIL_KEYS.get(self.step.kind, "")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A store's points now."""

    level: int
    maximum: int
    rate: int
    waiting: int


@dataclass(frozen=True, slots=True)
class ChannelView:
    """One channel. ``changed``: its mapping files differ from what was loaded."""

    id: int
    shop: str
    api_version: str
    status: Status
    bucket: Bucket
    calls: tuple[CallSeen, ...]
    plot: Plot | None
    held: tuple[HeldBack, ...]
    mapping: MappingState
    changed: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the ledger says; ``trouble`` is why it says nothing, and then the rest is empty."""

    stats: Stats | None = None
    doubts: tuple[Doubt, ...] = ()
    held: Mapping[int, tuple[HeldBack, ...]] | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything on the page, as of ``at``."""

    at: datetime
    health: Health
    waiting: Waiting
    channels: tuple[ChannelView, ...]
    refused: tuple[CallSeen, ...]


@dataclass(frozen=True, slots=True)
class Watched:
    """What the console looks at."""

    settings: Settings
    channels: Mapping[int, Channel]
    ledger: Ledger
    history: History
    mappings: MappingStates

    async def snapshot(self, readiness: Readiness, now: datetime) -> Snapshot:
        """Gather it all. Whatever is broken is said in its place and hides nothing else."""
        health = await readiness.ask()
        waiting = await self._waiting(now)
        changed = await asyncio.to_thread(self._changed)
        return Snapshot(
            at=now,
            health=health,
            waiting=waiting,
            channels=tuple(
                self._channel(id_, now, health, (waiting.held or {}).get(id_, ()), changed[id_])
                for id_ in self.channels
            ),
            refused=tuple(self.history.refused()),
        )

    async def _waiting(self, now: datetime) -> Waiting:
        window = timedelta(seconds=self.settings.ledger.settle_seconds)
        try:
            return Waiting(
                stats=await self.ledger.stats(),
                doubts=tuple(
                    doubt_of(step, now, window) for step in await self.ledger.open_steps()
                ),
                held={id_: tuple(await self.ledger.held_back(id_)) for id_ in self.channels},
            )
        except LedgerError as error:
            return Waiting(trouble=str(error))

    def _changed(self) -> dict[int, bool]:
        return {id_: self.mappings.changed(id_) for id_ in self.channels}

    def _channel(
        self,
        id_: int,
        now: datetime,
        health: Health,
        held: tuple[HeldBack, ...],
        changed: bool,
    ) -> ChannelView:
        channel = self.channels[id_]
        bucket = channel.client.bucket
        return ChannelView(
            id=id_,
            shop=channel.shop,
            api_version=channel.settings.api_version,
            status=worst(*(one.status for one in health.results if one.channel == id_)),
            bucket=Bucket(
                level=round(bucket.available()),
                maximum=round(bucket.maximum),
                rate=round(bucket.restore_rate),
                waiting=bucket.waiting(),
            ),
            calls=tuple(self.history.calls(id_)),
            plot=plot_of(self.history.samples(id_), now),
            held=held,
            mapping=self.mappings.of(id_),
            changed=changed,
        )


def doubt_of(step: StepRow, now: datetime, window: timedelta) -> Doubt:
    """A step as the page shows it. Shopify may still apply it until ``window`` has passed."""
    from_when = step.sent_at + window
    return Doubt(
        step=step,
        from_when=from_when,
        too_early=now < from_when,
        pre_image=_pretty(step.pre_image),
        expect=_pretty(step.expect),
    )


def _pretty(value: Mapping[str, object]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True)
