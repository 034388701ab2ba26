"""The console of a bridge, put together. Imported only where it is on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.errors import ConfigError, Finding
from bridge.server.console.access import Access
from bridge.server.console.history import History
from bridge.server.console.pages import Console
from bridge.server.console.view import Watched
from bridge.server.mappings import MappingStates
from bridge.wiring import Parts


def open_console(parts: Parts, *, now: Callable[[], datetime]) -> Console:
    """The console of an assembled bridge. ConfigError when it has no password."""
    settings = parts.settings.console
    if settings.password is None or not settings.password.get_secret_value():
        raise ConfigError([Finding("configuration", 0, 0, "C413", "console.password is missing")])
    channels = parts.engine.channels
    buckets = {id_: channel.client.bucket for id_, channel in channels.items()}
    return Console(
        Watched(
            settings=parts.settings,
            channels=channels,
            ledger=parts.ledger,
            history=History(buckets, keep=settings.calls),
            mappings=MappingStates((c.settings for c in channels.values()), now=now),
        ),
        Access(
            settings.password.get_secret_value(),
            session_seconds=settings.session_minutes * 60,
            now=lambda: now().timestamp(),
        ),
        now=now,
    )
