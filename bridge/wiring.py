"""From settings to a running engine: opens what must be opened, closes it in the right order.

    async with assemble(settings) as parts:
        app = create_app(settings, engine=parts.engine, …)

Everything that can be wrong with the configuration or a mapping is found here, before the
first call: ConfigError with every finding.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from bridge.actions.refnums import find_order
from bridge.actions.table import MAPPINGS, SERVED, SETTLERS
from bridge.config.models import ChannelSettings, Policies, Settings
from bridge.config.overlap import REMEDY, overlapping
from bridge.engine import Channel, Engine
from bridge.errors import ConfigError, Finding, Left, foremost
from bridge.ledger import Ledger
from bridge.mapping.module import MappingModule, load_module
from bridge.mapping.plugins import installed
from bridge.schema import API_VERSION
from bridge.schema.stored import Schemas, file_name
from bridge.shopify.client import ShopifyClient
from bridge.shopify.exchange import Observe
from bridge.shopify.pacing import CostBucket
from bridge.strangers import buried_in, strangers_in

log = structlog.get_logger()

# Connections to one store at once. Shopify's bucket holds 2,000 points and a cheap mutation
# costs 10: more than some dozens of requests in flight can never be paid for.
CONNECTIONS = 32

Connect = Callable[[ChannelSettings, aiohttp.ClientSession], ShopifyClient]
"""Makes the client of a channel's store."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What ``assemble`` opened."""

    settings: Settings
    engine: Engine
    ledger: Ledger


def shipped_mappings() -> Path:
    """The folder of the shipped mapping files: inside the wheel, or beside it in a checkout."""
    inside = Path(str(resources.files("bridge"))) / "mappings"
    if inside.is_dir():
        return inside
    return Path(str(resources.files("bridge"))).parent / "mappings"


def load_mappings(channel: ChannelSettings) -> Mapping[str, MappingModule]:
    """The compiled mappings of one channel: the shipped file or preset, the merchant's over it."""
    modules: dict[str, MappingModule] = {}
    findings: list[Finding] = list(strangers_in(channel.mappings_dir))
    for name in MAPPINGS:
        try:
            modules[name] = load_mapping(
                name, layers_of(name, channel, channel.mappings_dir), channel
            )
        except ConfigError as error:
            findings += error.findings
    if findings:
        raise ConfigError(findings)
    return modules


def layers_of(name: str, policies: Policies, folder: Path | None) -> tuple[Path, ...]:
    """The files of a mapping: the shipped one or the chosen preset, then the merchant's, if any."""
    chosen = MAPPINGS[name].preset(policies)
    shipped = shipped_mappings() / (f"presets/{chosen}" if chosen else f"{name}.toml")
    own = folder / f"{name}.toml" if folder is not None else None
    return (shipped, own) if own is not None and is_there(own) else (shipped,)


def is_there(file: Path) -> bool:
    """Whether it is a file; also no in a folder that may not be entered: ``strangers_in`` tells."""
    try:
        return file.is_file()
    except OSError:
        return False


def schemas_of(policies: Policies) -> Schemas:
    """What is known of Shopify's schema: for a channel also what was fetched from its store."""
    if not isinstance(policies, ChannelSettings):
        return Schemas()
    return Schemas(policies.schema_dir / file_name(policies.shop, policies.api_version))


def load_mapping(
    name: str, layers: Sequence[Path], policies: Policies | None = None
) -> MappingModule:
    """One compiled mapping, for a channel or for the policies that there are without one.

    Raises ConfigError with every finding.
    """
    spec = MAPPINGS[name]
    known = policies or Policies()
    select = spec.select(known, schemas_of(known)) if spec.select is not None else None
    plugins = installed()
    if plugins.findings:
        raise ConfigError(plugins.findings)
    return load_module(
        name,
        layers,
        extra_filters=plugins.filters,
        target=spec.target,
        sources=spec.sources(),
        root=spec.root,
        select=select,
        later=spec.later,
        api_version=known.api_version if isinstance(known, ChannelSettings) else API_VERSION,
    )


def buried(folder: Path | None, channels: Iterable[ChannelSettings] = ()) -> Iterator[Finding]:
    """Warnings of what lies in subfolders of a merchant's folder and is read for no channel."""
    presets = shipped_mappings() / "presets"
    return buried_in(folder, [presets, *(channel.mappings_dir for channel in channels)])


def _utc_now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def assemble(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = _utc_now,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    observe: Observe | None = None,
    hook: Callable[[str], None] | None = None,
    connect: Connect | None = None,
    ledger_type: type[Ledger] = Ledger,
) -> AsyncIterator[Parts]:
    """Open the ledger and the stores, run the block, and close both.

    ``observe`` sees every exchange with a store, if ``connect`` does not make the clients;
    ``hook`` is called with a name around every write to the ledger and every request to a store,
    for tests that kill the process there.
    """
    _tell_overlaps(settings)
    mappings = all_mappings(settings)
    ledger = await ledger_type.open(
        settings.ledger.path,
        busy_seconds=settings.ledger.busy_seconds,
        answer_hours=settings.ledger.answer_hours,
        effect_days=settings.ledger.effect_days,
        clock=clock,
        hook=hook,
    )
    try:
        connector = aiohttp.TCPConnector(limit_per_host=CONNECTIONS)
        jar = aiohttp.DummyCookieJar()  # a token says who asks: no cookie of Shopify's is kept
        async with aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http:
            buckets: dict[tuple[str, str], CostBucket] = {}
            channels = {
                c.id: Channel(
                    c,
                    connect(c, http) if connect else _client(c, http, observe, hook, buckets),
                    mappings[c.id],
                )
                for c in settings.channels
            }
            actions: Mapping[str, Any] = {name: make() for name, make in SERVED.items()}
            engine = Engine(
                channels,
                actions,
                ledger,
                find_order=find_order,
                clock=clock,
                sleep=sleep,
                settlers=[make() for make in SETTLERS],
                settle_window=timedelta(seconds=settings.ledger.settle_seconds),
            )
            yield Parts(settings, engine, ledger)
    finally:
        await ledger.close()


def all_mappings(settings: Settings) -> dict[int, Mapping[str, MappingModule]]:
    """The compiled mappings of every channel. Raises ConfigError with every finding, once."""
    found: dict[int, Mapping[str, MappingModule]] = {}
    findings: dict[Finding, None] = {}
    for channel in settings.channels:
        try:
            found[channel.id] = load_mappings(channel)
        except ConfigError as error:
            findings |= dict.fromkeys(error.findings)  # channels share the shipped files
    if findings:
        raise ConfigError(tuple(findings))
    nobodys = [f for c in settings.channels for f in buried(c.mappings_dir, settings.channels)]
    modules = (module for of_channel in found.values() for module in of_channel.values())
    _tell_warnings([*nobodys, *(one for module in modules for one in module.warnings)])
    _tell_costs(found)
    return found


def _tell_warnings(findings: Iterable[Finding]) -> None:
    """What stops nothing, as ``check`` shows it; channels that share a file are told once."""
    for one in foremost(findings):
        if isinstance(one, Left):
            log.warning("mapping_warning", place=one.path, reason=one.message, remedy=one.remedy)
            continue
        log.warning(
            "mapping_warning",
            code=one.code,
            place=one.place,
            reason=one.message,
            remedy=one.hint,
        )


def _tell_overlaps(settings: Settings) -> None:
    """Which channels can take the same orders, as ``check`` warns of them (C415)."""
    for pair in overlapping(settings):
        one, other = (settings.channels[index] for index in pair)
        ids = [one.id, other.id]
        log.warning("channels_overlap", code="C415", channels=ids, shop=one.shop, remedy=REMEDY)


def _tell_costs(mappings: Mapping[int, Mapping[str, MappingModule]]) -> None:
    """What each channel's ``[select]`` adds to the points of a query, at its largest."""
    for channel, modules in mappings.items():
        for module in modules.values():
            for operation, (before, now) in module.composed.costs.items():
                log.info(
                    "fields_selected",
                    channel=channel,
                    operation=operation,
                    points=now,
                    points_without=before,
                )


def _client(
    channel: ChannelSettings,
    http: aiohttp.ClientSession,
    observe: Observe | None,
    hook: Callable[[str], None] | None,
    buckets: dict[tuple[str, str], CostBucket],
) -> ShopifyClient:
    """The channel's client. Shopify counts points by app and store, so channels share buckets."""
    token, app = channel.shopify.token, channel.shopify.client_id
    one = (
        channel.shopify.endpoint or channel.shop,
        app or (token.get_secret_value() if token is not None else ""),
    )
    try:
        made = ShopifyClient.for_channel(
            channel, http, observe=observe, hook=hook, bucket=buckets.get(one)
        )
    except ValueError as error:
        raise ConfigError(
            [Finding("configuration", 0, 0, "C301", f"channel {channel.id}: {error}")]
        ) from error
    buckets.setdefault(one, made.bucket)
    return made
