"""Writes each call of a recorded channel as a cassette, beside the calls and never in their way.

A finished call is handed over with ``put_nowait``; one task scrubs and writes, on a thread, one
call after the other. What does not fit (too many waiting, a call too large, a folder that is
full) is dropped, and whatever fails is told to the log and the metrics: recording never costs a
call anything but memory.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import structlog

from bridge.config.models import ChannelSettings, Settings
from bridge.engine import Channel
from bridge.recording import files
from bridge.recording.cassette import Source
from bridge.recording.making import cassette_of, mapping_fingerprint, rules_of, source_of
from bridge.recording.scrub import Rules
from bridge.recording.tap import Recording, learned_of, recording

log = structlog.get_logger()

Result = Literal["written", "dropped", "failed"]
RESULTS: Final[Mapping[Result, str]] = {
    "written": "it is in its file",
    "dropped": "the call was too large, too many were waiting, or the folder is full",
    "failed": "the log has a line `not_recorded`",
}

# Calls that wait to be scrubbed. RetailOps calls a few times a minute; a burst of more than
# this is not worth the memory (at most MAX_BYTES each).
MAX_WAITING: Final = 64

SALT_BYTES: Final = 16


def name_of(one: Recording, number: int) -> str:
    """``channel-21/20261123T114502-order_pull-0007.yaml``: sorted by time."""
    at = one.started.astimezone(UTC)
    return f"channel-{one.channel}/{at:%Y%m%dT%H%M%S}-{one.action}-{number:04d}.yaml"


@dataclass(frozen=True, slots=True)
class _Target:
    """One recorded channel: how its calls are scrubbed and what stands in their headers."""

    channel: ChannelSettings
    rules: Rules
    source: Source
    fingerprint: str


@dataclass(slots=True)
class Recorder:
    """The recordings of one process. ``told`` counts what became of each.

    ``salt`` keys the stand-ins of all its recordings, and is never written: without it a
    stand-in says nothing. ``source`` and ``today`` (the header's date) are for recordings of a
    stand-in that looks like Shopify and has a clock of its own. ``name`` gives a recording's
    file within the folder.
    """

    settings: Settings
    clock: Callable[[], datetime]
    told: Callable[[Result], None] = lambda _: None
    source: Source | None = None
    today: Callable[[], datetime] | None = None
    salt: bytes = field(default_factory=lambda: os.urandom(SALT_BYTES), repr=False)
    name: Callable[[Recording, int], str] = name_of
    channels: Mapping[int, Channel] = field(default_factory=dict)
    _targets: dict[int, _Target] = field(default_factory=dict)
    _queue: asyncio.Queue[Recording] = field(
        default_factory=lambda: asyncio.Queue(maxsize=MAX_WAITING)
    )
    _number: int = 0
    _bytes: int = 0
    _full: bool = False

    @property
    def wanted(self) -> frozenset[int]:
        """The channels that are recorded."""
        return frozenset(c.id for c in self.settings.channels if c.record)

    @asynccontextmanager
    async def running(self, channels: Mapping[int, Channel]) -> AsyncIterator[None]:
        """Record the calls of this block; leaving it writes what still waits."""
        self.channels = channels
        try:
            await asyncio.to_thread(self._prepare)
        except Exception as error:
            self._failed(error)
        writing = asyncio.create_task(self._write_all())
        try:
            yield
        finally:
            try:
                async with asyncio.timeout(self.settings.server.shutdown_seconds):
                    await self._queue.join()
            except TimeoutError:
                log.warning("not_recorded", count=self._queue.qsize(), reason="the bridge ends")
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    def _prepare(self) -> None:
        for channel in self.settings.channels:
            if channel.record:
                self._targets[channel.id] = self._target(channel, mapping_fingerprint(channel))
        folder = self.settings.recording.folder
        folder.mkdir(parents=True, exist_ok=True)
        self._bytes = sum(file.stat().st_size for file in folder.rglob("*.yaml"))

    def _target(self, channel: ChannelSettings, fingerprint: str) -> _Target:
        return _Target(
            channel,
            rules_of(channel, _secrets(self.settings), self.salt),
            self.source or source_of(self.settings, channel),
            fingerprint,
        )

    @contextmanager
    def call(
        self, channel: int, action: str, request: Mapping[str, Any], request_id: str
    ) -> Iterator[Recording | None]:
        """Record one call: the block runs it and sets the recording's answer.

        None when this channel is not recorded. Never raises of itself.
        """
        one = self._begin(channel, action, request, request_id)
        if one is None:
            yield None
            return
        with recording(one):
            yield one
        self._put(one)

    def _begin(
        self, channel: int, action: str, request: Mapping[str, Any], request_id: str
    ) -> Recording | None:
        if channel not in self._targets:
            return None
        try:
            learned = learned_of(self.channels[channel].learned)
            return Recording(action, channel, request_id, request, self.clock(), learned)
        except Exception as error:
            self._failed(error)
            return None

    def _put(self, one: Recording) -> None:
        if one.too_large or self._full:
            self.told("dropped")
            return
        try:
            self._queue.put_nowait(one)
        except asyncio.QueueFull:
            self.told("dropped")
            log.warning("not_recorded", action=one.action, reason="too many calls wait for it")

    async def _write_all(self) -> None:
        while True:
            one = await self._queue.get()
            try:
                await asyncio.to_thread(self._write, one)
            except Exception as error:
                self._failed(error)
            finally:
                self._queue.task_done()

    def _write(self, one: Recording) -> None:
        target = self._targets[one.channel]
        fingerprint = mapping_fingerprint(target.channel)
        if fingerprint != target.fingerprint:  # mapping files may change while the bridge runs
            target = self._targets[one.channel] = self._target(target.channel, fingerprint)
        made = cassette_of(
            one,
            target.channel,
            target.rules,
            source=target.source,
            fingerprint=target.fingerprint,
            deadline_seconds=self.settings.server.deadline_seconds,
            settle_seconds=self.settings.ledger.settle_seconds,
            recorded_at=self.today() if self.today else one.started,
        )
        self._number += 1
        limits = self.settings.recording
        if self._bytes > limits.max_mebibytes * 2**20:
            self._full = True
            self.told("dropped")
            log.warning(
                "recordings_full",
                path=limits.folder,
                maximum=limits.max_mebibytes,
                remedy="move recordings away, or raise recording.max_mebibytes; then restart",
            )
            return
        self._bytes += files.write(made, limits.folder / self.name(one, self._number))
        self.told("written")

    def _failed(self, error: Exception) -> None:
        """Only the kind of error: its text may quote what was to be scrubbed."""
        self.told("failed")
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        log.warning("not_recorded", reason=reason, path=self.settings.recording.folder)


def _secrets(settings: Settings) -> Iterator[str]:
    for channel in settings.channels:
        shopify = channel.shopify
        for secret in (channel.auth_key, shopify.token, shopify.client_secret):
            if secret is not None:
                yield secret.get_secret_value()
        if shopify.client_id:
            yield shopify.client_id
