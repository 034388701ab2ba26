"""New mappings without a restart: SIGHUP reads them again, and only them.

All files of all channels are read and checked before any is used. If anything is wrong the old
ones go on serving, all of them, and the log, /health/ready and the metrics say so until a
reload succeeds. A call that has begun keeps the mappings that it began with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import structlog

from bridge.config.models import Settings
from bridge.engine import Engine
from bridge.errors import ConfigError, Finding, Left, foremost
from bridge.mapping.module import MappingModule
from bridge.server.health import Ping, Trouble
from bridge.wiring import all_mappings

log = structlog.get_logger()

Loaded = Literal["loaded", "refused"]
Load = Callable[[Settings], Mapping[int, Mapping[str, MappingModule]]]

# What /health/ready shows of a refusal: the first finding in one line. The log has all of them.
SHOWN_CHARACTERS: Final = 300


class Reloader:
    """Reads the mappings again when it is asked to, one time after the other.

    ``asked`` is set by whoever wants it; ``told`` learns how each attempt ended. ``findings``
    are the last attempt's.
    """

    def __init__(
        self, settings: Settings, engine: Engine, asked: asyncio.Event, *, load: Load = all_mappings
    ) -> None:
        self.told: Callable[[Loaded], None] = lambda _: None
        self._settings = settings
        self._engine = engine
        self._load = load
        self._asked = asked
        self.findings: Sequence[Finding] = ()
        self._trouble = ""

    async def keep(self) -> None:
        """Read them again whenever it is asked for; asked twice meanwhile, it does it once."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.reload()

    async def reload(self) -> bool:
        """Read and check all files, then use them or say why not. True when they are in use."""
        found: Mapping[int, Mapping[str, MappingModule]] = {}
        wrong: Sequence[Finding] = ()
        try:
            found = await asyncio.to_thread(self._load, self._settings)
        except ConfigError as error:
            wrong = error.findings
        except Exception as error:  # whatever the files hold, the old mappings go on serving
            log.exception("mapping_reload_broke")
            self.findings = ()
            return self._refused(1, f"the reload itself failed ({type(error).__name__})")
        self.findings = wrong
        for one in foremost(wrong):
            if isinstance(one, Left):
                log.error("mapping_refused", place=one.path, reason=one.message)
                continue
            log.error(
                "mapping_refused",
                code=one.code,
                place=one.place,
                reason=one.message,
            )
        if wrong:
            first = next(f for f in wrong if f.severity == "error")
            return self._refused(len(wrong), str(first).partition("\n")[0])
        self._engine.use_mappings(found)
        self._trouble = ""
        log.info("mappings_reloaded", channels=sorted(found))
        self.told("loaded")
        return True

    def _refused(self, count: int, first: str) -> bool:
        shown = first if len(first) <= SHOWN_CHARACTERS else f"{first[:SHOWN_CHARACTERS]}…"
        self._trouble = (
            f"new mappings were refused, the old ones serve; {count} finding(s): {shown}"
        )
        log.error("mappings_kept", count=count, remedy="mend the files, then send SIGHUP again")
        self.told("refused")
        return False

    @property
    def ping(self) -> Ping:
        """Degraded while newer files than those in use were refused."""
        return Ping("mappings", self._check, seconds=0.0)

    async def _check(self) -> None:
        if self._trouble:
            raise Trouble(self._trouble)
