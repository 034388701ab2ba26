"""A bridge in a process of its own, as it runs in production."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

# Longer than anything takes on the busiest machine: whoever waits so long waits for ever. What is
# waited for is always an event, never a time.
PATIENCE = 120.0


@dataclass
class Running:
    """The process, where it listens, and the log lines so far."""

    process: asyncio.subprocess.Process
    url: str = ""
    lines: list[dict[str, object]] = field(default_factory=list)

    async def until(self, event: str) -> dict[str, object]:
        """Read the log up to the line of this event."""
        assert self.process.stderr is not None
        async with asyncio.timeout(PATIENCE):
            while raw := await self.process.stderr.readline():
                try:
                    line = json.loads(raw)
                except ValueError:
                    line = {"event": raw.decode()}
                self.lines.append(line)
                if line["event"] == event:
                    return line
        raise AssertionError(f"no line {event!r}, only {self.lines}")


def environment(**more: str) -> Mapping[str, str]:
    """This process's environment without settings of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RETAILOPS_BRIDGE")}
    return kept | more


@asynccontextmanager
async def bridge_process(
    config: Path, *command: str, cwd: Path | None = None
) -> AsyncIterator[Running]:
    """``serve --config`` in a child process that listens; killed at the end if still there."""
    program = command or (sys.executable, "-m", "bridge")
    process = await asyncio.create_subprocess_exec(
        *program,
        "serve",
        "--config",
        str(config),
        cwd=cwd,
        env=environment(),
        stderr=asyncio.subprocess.PIPE,
    )
    running = Running(process)
    try:
        running.url = str((await running.until("listening"))["url"])
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def write_config(folder: Path, extra: str = "", *, endpoint: str = "http://127.0.0.1:9") -> Path:
    """A test configuration with the verifier's key, on any free port."""
    path = folder / "config.toml"
    path.write_text(
        f"""
environment = "test"
[server]
port = 0
deadline_seconds = {PATIENCE}
shutdown_seconds = {2 * PATIENCE}
{extra}
[[channels]]
id = 21
shop = "example.myshopify.com"
auth_key = "RETAILOPS_SDK"
[channels.shopify]
token = "shpat_sandbox"
endpoint = "{endpoint}"
timeout_seconds = {PATIENCE}
""",
        "utf-8",
    )
    return path
