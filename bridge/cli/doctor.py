"""``retailops-bridge doctor``: everything that a bridge needs, line by line, with the remedies."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.text import Text

from bridge.cli import EXIT_CONFIG, EXIT_FAILED, examining
from bridge.cli.opening import (
    AsJson,
    Config,
    OnlyChannel,
    console,
    print_json,
    settings_of,
)
from bridge.cli.verify import named_actions
from bridge.config import ChannelSettings, Settings
from bridge.errors import MOST_FINDINGS
from bridge.probes import Note

MARKS: Final = {
    "ok": ("ok     ", "green"),
    "warning": ("warning", "yellow"),
    "error": ("ERROR  ", "bold red"),
}

# A store that is not there is asked again until then, and a person waits. Shopify's bucket is
# full again within 20 s.
STORE_SECONDS: Final = 20.0

Section = tuple[int | None, str, list[Note]]
"""A channel's id (None: this machine), the section's heading, and what was found."""


def doctor(
    *,
    config: Config = None,
    channel: OnlyChannel = None,
    actions: Annotated[
        str,
        typer.Option("--actions", help="What RetailOps calls, parted by commas; else all eleven."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Look at everything that a bridge needs, and tell the remedy of what is not well.

    Of this machine: configuration, secrets, ledger, disk. Of each channel: mappings, token,
    scopes, API version, locations, customer data, clock; its store is asked and nothing in it is
    changed. Exits with 1 when there is an error, with 78 when it is in the configuration or in
    a mapping.
    """
    wanted = named_actions(actions) or None
    settings = settings_of(config)
    chosen = [one for one in settings.channels if channel in (None, one.id)]
    if not chosen:
        ids = ", ".join(str(one.id) for one in settings.channels)
        raise typer.BadParameter(f"no channel has the id {channel}; there is {ids}")
    sections = asyncio.run(examine(settings, chosen, config=config, actions=wanted))
    if as_json:
        print_json(
            [{"channel": id_, **asdict(note)} for id_, _, notes in sections for note in notes]
        )
    else:
        show(sections)
    failed = {note.subject for *_, notes in sections for note in notes if note.state == "error"}
    if failed:
        raise typer.Exit(EXIT_CONFIG if "mappings" in failed else EXIT_FAILED)


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def examine(
    settings: Settings,
    channels: Sequence[ChannelSettings],
    *,
    config: Path | None = None,
    actions: Collection[str] | None = None,
    seconds: float = STORE_SECONDS,
    now: Callable[[], datetime] = _utc_now,
) -> list[Section]:
    """All sections: first this machine, then each channel; the stores are asked side by side."""
    count = len(settings.channels)
    here = [
        Note("configuration", "ok", f"{config or 'the environment'}: {count} channel(s)"),
        *examining.environment(settings),
        *examining.overlaps(settings, channels),
        examining.secrets(config),
        *await examining.ledger(settings),
    ]
    told = await asyncio.gather(
        *(examining.store(one, actions, seconds=seconds, now=now) for one in channels)
    )
    sections: list[Section] = [(None, "this machine", here)]
    for one, notes in zip(channels, told, strict=True):
        heading = f"channel {one.id}, {one.shop}"
        sections.append((one.id, heading, [*examining.mappings(one, settings.channels), *notes]))
    return sections


def show(sections: Sequence[Section]) -> None:
    """Print the sections, of each subject ``MOST_FINDINGS`` lines."""
    printed = console()
    for _, heading, notes in sections:
        printed.print(Text(heading, style="bold"))
        by_subject: dict[str, list[Note]] = {}
        for note in notes:
            by_subject.setdefault(note.subject, []).append(note)
        for about in by_subject.values():
            for note in about[:MOST_FINDINGS]:
                mark, style = MARKS[note.state]
                printed.print(Text.assemble("  ", (mark, style), f" {note.subject}: {note.said}"))
                if note.state != "ok" and note.remedy:
                    printed.print(Text(f"          → {note.remedy}"))
            if left := len(about[MOST_FINDINGS:]):
                printed.print(Text(f"          and {left:,} more: --json has all of them"))
    counts = Counter(note.state for *_, notes in sections for note in notes)
    printed.print(f"{counts['ok']} ok, {counts['warning']} warning(s), {counts['error']} error(s)")
