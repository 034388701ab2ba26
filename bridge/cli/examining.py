"""What ``doctor`` looks at: the files of this machine, and each channel's store by ``probes``."""

from __future__ import annotations

import os
import shutil
import stat
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import aiohttp

from bridge import probes
from bridge.config import ChannelSettings, Settings
from bridge.config.overlap import REMEDY, overlapping, said
from bridge.errors import AccessDenied, BridgeError, ConfigError, LedgerError, by_place
from bridge.ledger import Ledger
from bridge.mapping.module import MappingModule
from bridge.probes import Note
from bridge.shopify.budget import CallBudget, Deadline
from bridge.wiring import buried, load_mappings

# The ledger grows by some 2 kB a call: 50 MB are a day of a busy shop, 200 MB some days.
DISK_ERROR_BYTES: Final = 50 * 10**6
DISK_WARNING_BYTES: Final = 200 * 10**6

# SQLite's write-ahead log needs memory that all processes share (sqlite.org, "WAL").
NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "fuse.sshfs", "fuse.s3fs"}
)
SECRET_KEYS: Final = frozenset({"auth_key", "token", "client_secret", "password"})
MOUNTS: Final = Path("/proc/self/mounts")


def secrets(config: Path | None) -> Note:
    """Can others on this machine read the file, or those that it names."""
    if config is None:
        return Note("secrets", "ok", "all settings come from the environment")
    files = sorted({file for file in _with_secrets(config) if file.is_file()})
    # A group of the bridge's own may be meant; everyone is not.
    loose = [str(file) for file in files if file.stat().st_mode & stat.S_IRWXO]
    if loose:
        said = f"everyone on this machine can read {', '.join(loose)}"
        return Note("secrets", "warning", said, f"chmod o-rwx {' '.join(loose)}")
    return Note("secrets", "ok", f"{len(files)} file(s), none of them open to everyone")


def _with_secrets(path: Path) -> Iterator[Path]:
    """The files in which secrets stand: this one, if it has some itself, and those it names."""

    def walk(node: object) -> Iterator[Path]:
        if isinstance(node, list):
            for one in node:
                yield from walk(one)
        elif isinstance(node, dict):
            for key, value in node.items():
                plain = key.removesuffix("_file")
                if isinstance(value, str) and plain in SECRET_KEYS:
                    yield path if key == plain else path.parent / value
                else:
                    yield from walk(value)

    yield from walk(tomllib.loads(path.read_text("utf-8")))


async def ledger(settings: Settings) -> list[Note]:
    """Can it be written, is there room, and does anything in it wait for a person."""
    path = settings.ledger.path
    folder = path.parent
    if not path.is_file():
        if folder.is_dir() and os.access(folder, os.W_OK):
            return [Note("ledger", "ok", f"{path}: made at the first start"), *_disk(folder)]
        remedy = "make the folder, owned by the user that the bridge runs as"
        return [Note("ledger", "error", f"{path}: the folder cannot be written", remedy)]
    try:
        opened = await Ledger.open(path, busy_seconds=settings.ledger.busy_seconds)
        try:
            await opened.ping()
            stats = await opened.stats()
        finally:
            await opened.close()
    except LedgerError as error:
        remedy = "run doctor as the user that the bridge runs as, and look at the folder's rights"
        return [Note("ledger", "error", str(error), remedy), *_disk(folder)]
    size = f"{stats.file_bytes / 1e6:.1f} MB"
    notes = [Note("ledger", "ok", f"{path}, {size}, {stats.finished} answers"), *_disk(folder)]
    if stats.in_doubt:
        said = f"{stats.in_doubt} step(s) whose outcome nobody knows"
        notes.append(
            Note("in doubt", "warning", said, "retailops-bridge ledger list --doubt shows them")
        )
    if stats.held_back:
        said = f"{stats.held_back} order(s) cannot be sent to RetailOps"
        notes.append(
            Note("held back", "warning", said, "retailops-bridge orders unsendable says why")
        )
    return notes


def _disk(folder: Path) -> Iterator[Note]:
    kind = file_system(folder)
    if kind in NETWORK:
        said = f"{folder} is on a network file system ({kind}): SQLite loses writes there"
        yield Note("disk", "error", said, "put [ledger] path on a local disk")
    free = shutil.disk_usage(folder).free
    if free < DISK_WARNING_BYTES:
        state: probes.State = "error" if free < DISK_ERROR_BYTES else "warning"
        said = f"{free / 1e6:.0f} MB are free in {folder}"
        yield Note("disk", state, said, "make room: a ledger that cannot grow refuses every call")


def file_system(folder: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system that a folder is on; empty where that cannot be told."""
    try:
        lines = mounts.read_text("utf-8").splitlines()
    except OSError:
        return ""
    here = folder.resolve()
    best, kind = -1, ""
    for line in lines:
        _, point, found, *_ = [*line.split(" "), "", "", ""]
        place = Path(point.replace("\\040", " "))
        if here.is_relative_to(place) and len(place.parts) >= best:
            best, kind = len(place.parts), found
    return kind


def mappings(channel: ChannelSettings, channels: Sequence[ChannelSettings]) -> list[Note]:
    """The mistakes in a channel's mapping files, which stop the start; else what is only doubtful.

    ``channels`` are all of the configuration's.
    """
    found = [*buried(channel.mappings_dir, channels)]
    modules: Mapping[str, MappingModule] = {}
    try:
        modules = load_mappings(channel)
        found += [finding for module in modules.values() for finding in module.warnings]
    except ConfigError as error:
        found += error.findings
    notes = [
        Note("mappings", f.severity, str(f).splitlines()[0], f"retailops-bridge explain {f.code}")
        for f in sorted(found, key=lambda f: (f.severity != "error", by_place(f)))
    ]
    own = str(channel.mappings_dir) if channel.mappings_dir is not None else "no file of your own"
    return notes or [Note("mappings", "ok", f"{len(modules)} mapping(s), {own}")]


async def store(
    channel: ChannelSettings,
    actions: Collection[str] | None,
    *,
    seconds: float,
    now: Callable[[], datetime],
) -> list[Note]:
    """All that a channel's store tells. A store that tells nothing is one error."""
    kind = "a static token" if channel.shopify.token is not None else "client id and secret"
    budget = CallBudget(Deadline.after(seconds))
    try:
        async with aiohttp.ClientSession() as http:
            word = await probes.ask(channel, http, budget=budget, now=now)
    except AccessDenied as error:
        remedy = (
            "copy the token again from the store's admin (Settings, Apps), or use client_id and"
            " client_secret of an app made in the Dev Dashboard"
            if channel.shopify.token is not None
            else "compare client_id and client_secret with the Dev Dashboard, and install the app"
            " on the store"
        )
        return [Note("token", "error", str(error), remedy)]
    except (BridgeError, ValueError) as error:
        remedy = f"is {channel.shop} right, and may this machine reach it on port 443?"
        return [Note("token", "error", str(error), remedy)]
    notes = [
        Note("token", "ok", f"valid, by {kind}"),
        *probes.shop(channel, word.facts),
        *probes.scopes(word.facts.scopes, actions),
        probes.api_version(channel.api_version, word.facts.versions, now().date()),
    ]
    if actions is None or {"inventory_push", "order_pull"} & set(actions):
        notes += probes.places(channel, word.locations)
    if actions is None or "order_pull" in actions:
        notes.append(probes.customer_data(word))
    return [*notes, probes.clock(word.ahead)]


def environment(settings: Settings) -> list[Note]:
    """Is a store that is not a stand-in served with the verifier's rules."""
    real = [one.shop for one in settings.channels if one.shopify.endpoint is None]
    if settings.environment == "test" and real:
        said = f'environment = "test" with {", ".join(real)}: the public key may be accepted'
        return [Note("environment", "warning", said, 'set environment = "production"')]
    return [Note("environment", "ok", settings.environment)]


def overlaps(settings: Settings, chosen: Collection[ChannelSettings]) -> Iterator[Note]:
    """Two channels of one shop by which RetailOps may import an order twice; ``chosen`` only."""
    ids = {one.id for one in chosen}
    for pair in overlapping(settings):
        one, other = (settings.channels[index] for index in pair)
        if ids & {one.id, other.id}:
            yield Note("orders", "warning", said(one, other), REMEDY)
