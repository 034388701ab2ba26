"""``retailops-bridge replay``: what today's code and mappings would do with recorded calls."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from bridge.cli.opening import console, settings_of
from bridge.config import CONFIG_VARIABLE, ChannelSettings, Settings
from bridge.config.models import LoggingSettings
from bridge.recording import files
from bridge.recording.age import EXPIRED, expired_version
from bridge.recording.cassette import Call, Cassette, CassetteError
from bridge.recording.difference import Difference
from bridge.recording.replay import Replayed, Replayer, Verdict
from bridge.server import logs
from bridge.server.replaying import run_as_served

# A value of more letters is cut in the report; --json has all of it.
LONGEST_VALUE: Final = 300

# A difference that every order of a page has is told for the first of them.
MOST_SHOWN: Final = 40


def replay(
    paths: Annotated[
        list[Path], typer.Argument(help="Recordings, or folders of them.", show_default=False)
    ],
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help="Replay with this configuration's policies and mappings; else as recorded, with"
            " the shipped mappings.",
            envvar=CONFIG_VARIABLE,
        ),
    ] = None,
    channel: Annotated[
        int | None,
        typer.Option("--channel", help="The configured channel to replay on; else the recorded."),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write today's answers into the recordings.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Run recorded calls through today's code and mappings, and show what differs.

    The answers to RetailOps and the requests to Shopify are compared with the recorded ones,
    field by field. Nothing is sent anywhere: a request that the recording has no answer for is
    shown, and ends its call. Exit 0 when nothing differs, 1 when something does.
    """
    if channel is not None and config is None:
        raise typer.BadParameter("--channel names a channel of a configuration: add --config")
    settings = settings_of(config) if config is not None else None
    if settings is None:
        logs.configure(LoggingSettings(level="error", format="console"))
    found = asyncio.run(_all(files.found(paths), settings, channel))
    if accept:
        found = [_accepted(one) for one in found]
    if as_json:
        typer.echo(json.dumps([_told(one) for one in found], indent=1, ensure_ascii=False))
    else:
        show(found, console())
    if any(one.verdict == "different" for one in found):
        raise typer.Exit(1)


async def _all(
    paths: Sequence[Path], settings: Settings | None, channel: int | None
) -> list[Replayed]:
    replayers: dict[int | None, Replayer] = {}
    out = []
    for path in paths:
        cassette = files.read(path)
        configured = _configured(settings, channel, cassette)
        key = configured.id if configured is not None else None
        replayer = replayers.setdefault(key, Replayer(run_as_served, configured))
        try:
            out.append(await replayer.replay(cassette))
        except CassetteError as error:
            raise CassetteError(f"{path}: {error}") from None
    return out


def _configured(
    settings: Settings | None, wanted: int | None, cassette: Cassette
) -> ChannelSettings | None:
    if settings is None:
        return None
    known = {one.id: one for one in settings.channels}
    asked = wanted if wanted is not None else cassette.header.channel
    if asked in known:
        return known[asked]
    if wanted is None and len(known) == 1:
        return next(iter(known.values()))
    ids = ", ".join(map(str, known))
    raise typer.BadParameter(f"no channel has the id {asked}; name one of {ids} (--channel)")


def _accepted(one: Replayed) -> Replayed:
    """The recording with today's answer; requests stay as they were recorded."""
    told = [d for d in one.differences if d.where == "answer"]
    if not told or one.cassette.path is None:
        return one
    cassette = one.cassette
    call = Call(request=cassette.call.request, status=one.status, answer=one.answer)
    path = cassette.path
    files.write(Cassette(cassette.header, call, cassette.interactions), Path(str(path)))
    left = tuple(d for d in one.differences if d.where != "answer")
    verdict: Verdict = "different" if left else "same"
    return Replayed(cassette, verdict, left, status=one.status, answer=one.answer)


# -- what is printed ------------------------------------------------------------------------------


def warnings_of(cassette: Cassette, today: datetime) -> list[str]:
    """What a person should know of a recording before trusting it."""
    said = expired_version(cassette.header.api_version, today.date())
    return [f"[{EXPIRED}] {said}: record it anew"] if said else []


def _told(one: Replayed) -> dict[str, Any]:
    header = one.cassette.header
    return {
        "cassette": one.cassette.name,
        "action": header.action,
        "recorded_at": header.recorded_at.isoformat(),
        "source": header.source,
        "verdict": one.verdict,
        "why": one.why,
        "warnings": warnings_of(one.cassette, datetime.now(UTC)),
        "differences": [d.as_json() for d in one.differences],
    }


def show(found: Sequence[Replayed], out: Console) -> None:
    """Each recording that differs with its differences, then one line of all."""
    for one in found:
        for warning in warnings_of(one.cassette, datetime.now(UTC)):
            out.print(Text(f"{one.cassette.name}: warning: {warning}", "yellow"), soft_wrap=True)
        if one.verdict == "skipped":
            out.print(Text(f"{one.cassette.name}: skipped: {one.why}", "yellow"), soft_wrap=True)
        if one.verdict == "different":
            _show_differences(one, out)
    counts = Counter(one.verdict for one in found)
    said = ", ".join(f"{counts[v]} {v}" for v in ("same", "different", "skipped") if counts[v])
    out.print(
        Text(f"{len(found)} recorded calls: {said}", "red" if counts["different"] else "green")
    )


def _show_differences(one: Replayed, out: Console) -> None:
    header = one.cassette.header
    at = f"{header.recorded_at:%Y-%m-%d %H:%M:%S}"
    out.print(Text(f"{one.cassette.name}  {header.action}, recorded {at}", "bold"), soft_wrap=True)
    where = ""
    for difference in one.differences[:MOST_SHOWN]:
        if difference.where != where:
            where = difference.where
            out.print(Text(f"  {where}{_whole(difference)}"), soft_wrap=True)
        if difference.path:
            out.print(Text(f"    {difference.path}"), soft_wrap=True)
        if difference.change != "added":
            out.print(Text(f"      - {_value(difference.recorded)}", "red"), soft_wrap=True)
        if difference.change != "removed":
            out.print(Text(f"      + {_value(difference.now)}", "green"), soft_wrap=True)
    more = len(one.differences) - MOST_SHOWN
    if more > 0:
        out.print(Text(f"    and {more} more; --json has all of them"))
    out.print()


def _whole(difference: Difference) -> str:
    if difference.path:
        return ""
    return {
        "added": ": not in the recording; it was not sent, and the call ended there",
        "removed": ": no longer sent",
        "changed": "",
    }[difference.change]


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
