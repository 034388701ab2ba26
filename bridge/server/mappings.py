"""What mappings each channel serves with: from which files, since when, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from bridge.actions.table import MAPPINGS
from bridge.config.models import ChannelSettings
from bridge.errors import Finding
from bridge.recording.making import mapping_fingerprint
from bridge.wiring import layers_of


@dataclass(frozen=True, slots=True)
class Refused:
    """A reload that was not taken: the mappings before it serve on."""

    at: datetime
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class MappingState:
    """A channel's mappings. ``files`` are each mapping's, the shipped one first.

    ``fingerprint`` is the one that recordings carry. ``refused`` is a newer reload that was bad.
    """

    files: tuple[tuple[str, tuple[Path, ...]], ...]
    fingerprint: str
    loaded_at: datetime
    refused: Refused | None = None

    @property
    def own(self) -> int:
        """How many of the merchant's own files are in effect."""
        return sum(len(layers) > 1 for _, layers in self.files)


class MappingStates:
    """Of all channels. ``now`` gives aware datetimes. Whoever loads mappings tells it."""

    def __init__(self, channels: Iterable[ChannelSettings], *, now: Callable[[], datetime]) -> None:
        self._channels = {channel.id: channel for channel in channels}
        self._now = now
        self._states = {channel: self._read(channel) for channel in self._channels}

    def of(self, channel: int) -> MappingState:
        """The state of a channel's mappings."""
        return self._states[channel]

    def loaded(self) -> None:
        """All files were read again, and serve from now on."""
        self._states = {channel: self._read(channel) for channel in self._channels}

    def refused(self, findings: Sequence[Finding]) -> None:
        """All files were read again, and some are bad; what was loaded before serves on."""
        refused = Refused(self._now(), tuple(findings))
        self._states = {
            channel: replace(state, refused=refused) for channel, state in self._states.items()
        }

    def changed(self, channel: int) -> bool:
        """Whether the files differ from what was loaded. Reads them: not for the event loop."""
        now = mapping_fingerprint(self._channels[channel])
        return now != self._states[channel].fingerprint

    def _read(self, channel: int) -> MappingState:
        settings = self._channels[channel]
        return MappingState(
            files=tuple(
                (name, layers_of(name, settings, settings.mappings_dir)) for name in MAPPINGS
            ),
            fingerprint=mapping_fingerprint(settings),
            loaded_at=self._now(),
        )
