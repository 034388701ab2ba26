"""``retailops-bridge plan``: what a request would do to the store, without doing it, and why."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from bridge.actions.rendered import about, made_from
from bridge.cli import origins
from bridge.cli.opening import Config, settings_of
from bridge.config import Settings
from bridge.engine import DryRun, Plan, Step
from bridge.errors import BridgeError, MappingError, RequestError
from bridge.mapping.expecting import said_path
from bridge.mapping.trace import Noted, Rendering, TracedModule
from bridge.retailops.actions import ACTIONS
from bridge.retailops.protocol import parse, read_body
from bridge.shopify.budget import Deadline
from bridge.wiring import assemble

# What fits a terminal that one still scrolls through: about 600 lines of mapped values, of a
# list in a mutation enough rows to see what they are like, of a text its first paragraphs.
SHOWN_VALUES: Final = 120
SHOWN_ROWS: Final = 20
SHOWN_TEXT: Final = 1_000

# A package lacks a link; a product of a feed lacks most of what a product may have: then the
# names alone say enough.
SHOWN_BLANKS: Final = 8


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the renderings that it was made from; ``mapped`` are those of each step.

    ``refused`` is why there is no plan: a mapping gave no usable value for the whole call.
    """

    action: str
    run: DryRun
    renderings: tuple[Rendering, ...]
    mapped: tuple[tuple[int, ...], ...]
    refused: MappingError | None = None

    @property
    def unsent(self) -> list[int]:
        """The renderings that made none of the mutations."""
        sent = {number for numbers in self.mapped for number in numbers}
        return [number for number in range(len(self.renderings)) if number not in sent]


def plan(
    request: Annotated[Path, typer.Argument(help="A file with one SDK request, as JSON.")],
    *,
    config: Config = None,
    action: Annotated[
        str, typer.Option(help="The action; else the request's own field of that name.")
    ] = "",
    channel: Annotated[
        int | None, typer.Option(help="The channel's id; else the request's, or the only one.")
    ] = None,
    only: origins.Only = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs: everything.")] = False,
) -> None:
    """Show the mutations that a request would send to Shopify, and send none.

    Below each stand the values that the mapping made for it, each with its expression, the
    expression's place, and the values that it read; then what was mapped and is not sent. Reads
    the store as it is now. What a later mutation depends on (a refund on what was shipped
    before) is only planned when the call really runs. Exits with 1 when a mapping refuses the
    call.
    """
    origins.chosen((), only)  # what is no path is told before the store is asked
    settings = settings_of(config)
    body = _body(request)
    name = _action(action, body)
    body.pop("integration_auth_token", None)  # nobody is let in here, and it is nothing to show
    found = asyncio.run(_dry_run(settings, name, body, _channel(settings, channel, body)))
    if as_json:
        typer.echo(json.dumps(_told(found, only), indent=1, default=str))
    else:
        _Paper(found, only).show()
    if found.refused is not None:
        raise typer.Exit(1)


def _body(path: Path) -> dict[str, Any]:
    try:
        return read_body(path.read_bytes())
    except OSError as error:
        message = f"{path}: {error.strerror}; name a file with one request"
        raise typer.BadParameter(message) from None
    except RequestError as error:
        raise BridgeError(f"{path}: {error}") from None


def _action(named: str, body: Mapping[str, Any]) -> str:
    """``order_cancel``, ``order_cancel_v1`` or RetailOps' own ``SDK.order_cancel.x``."""
    text = named or str(body.get("action") or "")
    for part in text.split("."):
        name = part.removesuffix("_v1")
        if name in ACTIONS:
            return name
    known = ", ".join(ACTIONS)
    if named:
        raise typer.BadParameter(f"{named!r} is no SDK action; it is one of {known}")
    told = f"the request's action {text!r} is no SDK action" if text else "it names no action"
    raise BridgeError(f"{told}; name one with --action: {known}")


def _channel(settings: Settings, wanted: int | None, body: Mapping[str, Any]) -> int:
    known = [c.id for c in settings.channels]
    info = body.get("channel_info")
    asked = wanted if wanted is not None else info.get("id") if isinstance(info, dict) else None
    if asked in known:
        return int(asked)
    if wanted is None and len(known) == 1:
        return known[0]
    ids = ", ".join(map(str, known))
    if wanted is not None:
        raise typer.BadParameter(f"no channel has the id {wanted}; there is {ids}")
    raise BridgeError(f"the request names none of the channels: name one of {ids} (--channel)")


async def _dry_run(
    settings: Settings, action: str, body: Mapping[str, Any], channel: int
) -> Planned:
    """Plan the call with mappings that remember."""
    refused = None
    async with assemble(settings) as parts:
        engine = parts.engine
        if action not in engine.served:
            raise BridgeError(f"this version does not serve {action} yet")
        known = engine.channels[channel].mappings
        traced = {name: TracedModule(module) for name, module in known.items()}
        engine.use_mappings({channel: traced})
        try:
            run = await engine.dry_run(
                channel,
                action,
                parse(ACTIONS[action], dict(body)),
                deadline=Deadline.after(settings.server.deadline_seconds),
            )
        except MappingError as error:
            run, refused = DryRun(Plan(), ()), error
    renderings = tuple(one for module in traced.values() for one in module.renderings)
    return Planned(action, run, renderings, made_from(run.plan.steps, renderings), refused)


# -- for programs -----------------------------------------------------------------------------


def _told(found: Planned, only: str) -> dict[str, Any]:
    """The plan as JSON.

    ``steps``: operation, kind, natural_id, variables, of a bulk mutation its ``rows``, and
    ``mapped``: which of ``mapped`` below it was made from, by number. ``more``: the store is read
    again after them. ``events``: as RetailOps would be told. ``refused``: null, or code, target,
    place and message of the mapping's error. ``mapped``: every rendering with its ``mapping``,
    ``subject``, whether one of the steps ``sent`` it, ``refused`` (as above, with the expression
    and what it read), and ``values`` and ``left_out`` as ``preview --json`` has them.
    """
    unsent = set(found.unsent)
    return {
        "action": found.action,
        "steps": [
            {
                "operation": s.operation.name,
                "kind": s.kind,
                "natural_id": s.natural_id,
                "variables": s.variables,
                **({"rows": s.rows} if s.rows else {}),
                "mapped": list(numbers),
            }
            for s, numbers in zip(found.run.plan.steps, found.mapped, strict=True)
        ],
        "more": found.run.plan.again,
        "events": [e.model_dump(mode="json") for e in found.run.events],
        "refused": None if found.refused is None else origins.error_row(found.refused),
        "mapped": [
            {
                "mapping": one.mapping,
                "subject": about(one),
                "sent": number not in unsent,
                "refused": None if one.error is None else _refused(one.error, one.failed),
                "values": [origins.row(v) for v in _chosen(one, one.made, only)],
                "left_out": [origins.row(v) for v in _chosen(one, one.blanks, only)],
            }
            for number, one in enumerate(found.renderings)
        ],
    }


def _refused(error: MappingError, failed: Noted | None) -> dict[str, object]:
    return origins.error_row(error) | ({} if failed is None else origins.rule_row(failed))


# -- for people -------------------------------------------------------------------------------


class _Paper:
    """Prints a plan, as long as a person can read."""

    def __init__(self, found: Planned, only: str) -> None:
        self._found = found
        self._only = only
        self._console = Console(highlight=False)
        self._left = SHOWN_VALUES
        self._kept_back = 0
        self._under: dict[int, int] = {}

    def show(self) -> None:
        """The mutations with what was mapped for them, the rest of what was mapped, the events."""
        plan = self._found.run.plan
        if self._found.refused is not None:
            self._say(f"{self._found.action}: nothing would be sent, its mapping refuses the call.")
            if all(one.error is None for one in self._found.renderings):
                self._say(origins.printable(f"\n{self._found.refused}"))
        else:
            self._say(
                f"{self._found.action}: {len(plan.steps)} mutation(s) would be sent; none was."
            )
        for number, (step, mapped) in enumerate(
            zip(plan.steps, self._found.mapped, strict=True), 1
        ):
            self._step(number, step, mapped)
        if plan.again:
            self._say("\nThen the store is read again, and what still differs is planned.")
        self._rest(self._found.unsent)
        if self._kept_back:
            self._say(
                f"\n{self._kept_back:,} more mapped values are not shown: --json has all of them,"
                " --only PATH has one field of each."
            )
        for event in self._found.run.events:
            self._say(origins.printable(f"\n{event.event_type} {event.code}: {event.message}"))

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)  # JSON must stay JSON in a pipe

    def _step(self, number: int, step: Step, mapped: tuple[int, ...]) -> None:
        self._say(f"\n{number}. {_title(step)}")
        self._say(json.dumps(_cut(step.rows or step.variables), indent=2, default=str))
        earlier = {self._under[n] for n in mapped if n in self._under}
        for one in mapped:
            if one not in self._under:
                self._under[one] = number
                self._rendering(self._found.renderings[one])
        if earlier:
            named = ", ".join(str(n) for n in sorted(earlier))
            self._say(f"\n  its mapped values stand under {named}")

    def _rest(self, unsent: Iterable[int]) -> None:
        """What made none of the mutations: the mapping refused it, or there is nothing to send."""
        rest = [self._found.renderings[n] for n in unsent]
        for one in rest:
            if one.error is not None:
                self._error(one, one.error)
        mapped = [one for one in rest if one.error is None and self._has(one)]
        if not mapped:
            return
        if self._found.action == "order_pull":
            self._say("\nMapped, for RetailOps and not for the store:")
        elif self._found.run.plan.again:
            self._say("\nMapped, but in none of these mutations; a later one may need it:")
        else:
            self._say("\nMapped, but nothing to send:")
        for one in mapped:
            self._rendering(one)

    def _has(self, one: Rendering) -> bool:
        made, blanks = self._chosen(one)
        return bool(made or blanks)

    def _chosen(self, one: Rendering) -> tuple[list[Noted], list[Noted]]:
        return _chosen(one, one.made, self._only), _chosen(one, one.blanks, self._only)

    def _rendering(self, one: Rendering) -> None:
        """The values of one rendering, while there is room."""
        made, blanks = self._chosen(one)
        if self._left <= 0:
            self._kept_back += len(made)
            return
        if not made and not blanks:
            return
        self._say(origins.printable(f"\n  mapped by {one.mapping}, {about(one)}:"))
        self._values(made)
        if blanks and self._left > 0:
            self._blanks(blanks)

    def _blanks(self, blanks: list[Noted]) -> None:
        if len(blanks) <= SHOWN_BLANKS or self._only:
            self._say(f"\n  {origins.LEFT_OUT}")
            self._values(blanks)
            return
        paths = list(dict.fromkeys(said_path(one.path) for one in blanks))
        more = len(paths) - SHOWN_ROWS
        named = ", ".join(paths[:SHOWN_ROWS]) + (f" and {more:,} more" if more > 0 else "")
        self._say(f"\n  {origins.LEFT_OUT} {named} (why: --only PATH)")

    def _values(self, values: list[Noted]) -> None:
        shown = values[: max(self._left, 0)]
        self._left -= len(shown)
        self._kept_back += len(values) - len(shown)
        for one in shown:
            self._say("")
            self._lines(origins.value_lines(one))

    def _error(self, one: Rendering, error: MappingError) -> None:
        self._say(origins.printable(f"\nrefused by {one.mapping}, {about(one)}:"))
        self._say(origins.printable(f"  {error.code}: {error.target}: {error.message}"))
        if one.failed is not None:
            self._lines(origins.rule_lines(one.failed))
        else:
            self._say(f"      {origins.place(error.place)}")

    def _lines(self, lines: Iterator[str]) -> None:
        for line in lines:
            self._say(f"  {line}")


def _chosen(one: Rendering, values: Iterable[Noted], only: str) -> list[Noted]:
    """The values at a path; of an item of a feed the path may begin in the item."""
    return origins.chosen(values, only, inside=2 if one.element is not None else 0)


def _title(step: Step) -> str:
    cost = step.operation.cost(step.variables)
    about_it = f", {step.kind} {step.natural_id}" if step.kind else ""
    rows = f", in bulk for {len(step.rows)} rows" if step.rows else ""
    return f"{step.operation.name} ({cost} points{about_it}{rows})"


def _cut(value: object) -> object:
    """Variables as long as a person reads them; it says so where something is cut off."""
    if isinstance(value, Mapping):
        return {key: _cut(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        cut = [_cut(one) for one in value[:SHOWN_ROWS]]
        more = len(value) - len(cut)
        return [*cut, f"… and {more:,} more; --json has all"] if more else cut
    if isinstance(value, str) and len(value) > SHOWN_TEXT:
        return f"{value[:SHOWN_TEXT]}… and {len(value) - SHOWN_TEXT:,} more; --json has all"
    return value
