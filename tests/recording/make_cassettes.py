"""``make cassettes``: the shipped recordings, made anew. Only the date in them changes."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from bridge.config.models import LoggingSettings
from bridge.server import logs
from tests.recording.studio import Authority, authority, studio
from tests.recording.takes import POLICIES, SHOPIFY, STORES, TAKES

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"


async def record(name: str, folder: Path, trusted: Authority) -> list[Path]:
    """One take; the files that it made."""
    async with studio(
        folder,
        trusted,
        store=STORES.get(name),
        shopify=SHOPIFY.get(name),
        **POLICIES.get(name, {}),
    ) as w:
        await TAKES[name](w)
        return w.taken


async def make(into: Path, names: list[str]) -> int:
    """Record these takes into a folder; how many files there are.

    They replace what was there once all are made: none is lost to a take that fails.
    """
    made: list[tuple[Path, Path]] = []
    with tempfile.TemporaryDirectory() as temporary:
        trusted = authority(Path(temporary))
        for name in names:
            folder = Path(temporary) / name
            folder.mkdir()
            for file in await record(name, folder, trusted):
                made.append((file, into / file.relative_to(folder)))
        if names == list(TAKES):
            shutil.rmtree(into, ignore_errors=True)
        for file, target in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    return len(made)


def main() -> None:
    """Make all of them, or those that are named."""
    logs.configure(LoggingSettings(level="error", format="console"))
    names = sys.argv[1:] or list(TAKES)
    count = asyncio.run(make(CASSETTES, names))
    sys.stdout.write(f"{count} recordings in {CASSETTES.name}/\n")


if __name__ == "__main__":
    main()
