"""Cassettes as files: YAML as vcrpy writes it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import ValidationError

from bridge.recording.cassette import (
    FAILURE,
    FORMAT,
    SENT,
    Call,
    Cassette,
    CassetteError,
    Header,
    Interaction,
)

VCR_VERSION: Final = 1

# Long lines are for programs; a person reads the literal blocks.
WIDTH: Final = 110

# What RetailOps sends is nested 64 levels deep at most (retailops.protocol.MAX_DEPTH), and what
# Shopify answers stands in texts.
DEEPEST: Final = 500


class _Dumper(yaml.CSafeDumper):  # in C: a page of orders is some 2 MiB
    """Multi-line texts as literal blocks, nothing by reference."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(
        "tag:yaml.org,2002:str", value, style="|" if "\n" in value else None
    )


_Dumper.add_representer(str, _text)


def dumps(cassette: Cassette) -> str:
    """The file's text."""
    document = {
        "bridge": cassette.header.model_dump(mode="json", exclude_defaults=True),
        "call": cassette.call.model_dump(mode="json"),
        "interactions": [_interaction(one) for one in cassette.interactions],
        "version": VCR_VERSION,
    }
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH
    )
    return text


def _interaction(one: Interaction) -> dict[str, Any]:
    headers = dict(one.reply_headers)
    if one.failure:
        headers |= {FAILURE: one.failure, SENT: str(one.sent).lower()}
    return {
        "request": {
            "method": one.method,
            "uri": one.uri,
            "body": one.body or None,
            "headers": {name: [value] for name, value in one.headers.items()},
        },
        "response": {
            "status": {"code": one.status, "message": _reason(one.status)},
            "headers": {name: [value] for name, value in headers.items()},
            "body": {"string": one.reply},
        },
    }


def _reason(status: int) -> str:
    reasons = {0: "no reply", 200: "OK", 401: "Unauthorized", 429: "Too Many Requests"}
    return reasons.get(status, "")


def write(cassette: Cassette, path: Path) -> int:
    """Write the file, whole or not at all, readable by its owner only; its size in bytes."""
    raw = dumps(cassette).encode("utf-8", "replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
    return len(raw)


def read(path: Path) -> Cassette:
    """A cassette from its file. CassetteError when it is none."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise CassetteError(f"{path}: {reason}") from None
    return loads(text, path)


def loads(text: str, path: Path | None = None) -> Cassette:
    """A cassette from its text. CassetteError when it is none."""
    where = path or "cassette"
    try:
        _shallow(text, where)
        document = yaml.CSafeLoader(text).get_single_data()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise CassetteError(f"{where}{at}: this is no YAML") from None
    if not isinstance(document, dict) or not {"bridge", "call"} <= document.keys():
        raise CassetteError(
            f"{where}: this is no recording of a call: it has no `bridge` and `call`, which "
            "retailops-bridge record writes"
        )
    try:
        header = Header.model_validate(document["bridge"])
        call = Call.model_validate(document["call"])
        interactions = tuple(_read(one) for one in document.get("interactions") or ())
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        raise CassetteError(f"{where}: {place}: {fault['msg']}") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise CassetteError(f"{where}: an interaction is not as vcrpy writes it") from None
    if header.format > FORMAT:
        raise CassetteError(
            f"{where}: written by a later version of the bridge ({header.bridge_version}); "
            "replay it with that one"
        )
    return Cassette(header, call, interactions, path)


def _shallow(text: str, where: object) -> None:
    """CassetteError for lists in lists without end: libyaml's loader ends the process with them."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise CassetteError(f"{where}: this is no recording: it is nested too deeply")


def _read(one: Mapping[str, Any]) -> Interaction:
    request, response = one["request"], one["response"]
    headers = _first(response.get("headers") or {})
    failure, sent = headers.pop(FAILURE, ""), headers.pop(SENT, "true")
    return Interaction(
        uri=str(request["uri"]),
        headers=_first(request.get("headers") or {}),
        body=str(request.get("body") or ""),
        status=int(response["status"]["code"]),
        reply_headers=headers,
        reply=str((response.get("body") or {}).get("string") or ""),
        failure=failure,
        sent=sent == "true",
        method=str(request.get("method") or "POST"),
    )


def _first(headers: Mapping[str, Any]) -> dict[str, str]:
    return {
        str(name): str(value[0] if isinstance(value, list) else value)
        for name, value in headers.items()
    }


def found(paths: Sequence[Path]) -> list[Path]:
    """The cassettes of files and folders, sorted within a folder. CassetteError when none is."""
    out: list[Path] = []
    for path in paths:
        inside = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        if not inside:
            raise CassetteError(f"{path}: there is no recording (*.yaml) in this folder")
        out += inside
    return out
