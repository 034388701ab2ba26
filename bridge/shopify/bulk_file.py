"""The files of bulk mutations as bytes: the form that carries rows, and the results. Pure.

A file is JSONL: one JSON object a line, the variables of one mutation. A result is one JSON object
a line too: ``data`` (and ``errors``) of that mutation's reply, and ``__lineNumber``, the number of
its row from 0 (shopify.dev, "Bulk import data"; captured). Results need not come in order.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bridge.errors import UserError
from bridge.shopify.protocol import PartialError, encode_json, partial_errors, user_errors

MAX_FILE: Final = 104_857_600  # captured: content-length-range of the upload's policy, "100 MB"
MIME_TYPE: Final = "text/jsonl"
FILENAME: Final = "bulk.jsonl"

# A result repeats what the mutation was asked to return: kilobytes. What is longer than this is
# no line of JSONL, and must not fill the memory.
MAX_LINE: Final = 8 * 1024 * 1024

# As much as is handed to the socket at once.
CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one row: ``line`` is its number in the file, from 0.

    ``payload`` is the mutation's payload (None: it did not run), with fractions as Decimal;
    ``errors`` stand beside it and mean that the request itself was refused, wholly or in part.
    """

    line: int
    payload: Mapping[str, Any] | None = field(repr=False)
    errors: tuple[PartialError, ...] = ()

    @property
    def refused(self) -> tuple[UserError, ...]:
        """The payload's user errors."""
        return user_errors(self.payload)

    @property
    def done(self) -> bool:
        """Whether Shopify did what the row asked for, without a word against it."""
        return self.payload is not None and not self.errors and not self.refused


def encode_row(variables: Mapping[str, Any]) -> bytes:
    """One line of the file; Decimal and datetime values become Shopify's scalars."""
    return encode_json(variables) + b"\n"


def read_row(raw: bytes) -> Row | None:
    """One line of the results; None for what is none (a line that was cut off)."""
    try:
        found = json.loads(raw, parse_float=Decimal)
        line = found["__lineNumber"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(line, int) or isinstance(line, bool):
        return None
    data = found.get("data")
    payloads = list(data.values()) if isinstance(data, dict) else []
    payload = payloads[0] if len(payloads) == 1 and isinstance(payloads[0], dict) else None
    return Row(line, payload, partial_errors(found))


def form_ends(fields: Iterable[tuple[str, str]], boundary: str) -> tuple[bytes, bytes]:
    """What stands before and behind the file in a ``multipart/form-data`` body (RFC 7578).

    Fields come first, in their order: the storage reads none behind the file.
    """
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{value}\r\n'
        for name, value in fields
    ]
    parts.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{FILENAME}"\r\n'
        f"Content-Type: {MIME_TYPE}\r\n\r\n"
    )
    return "".join(parts).encode(), f"\r\n--{boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def chunks(rows: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """The file in pieces, made row by row."""
    piece = bytearray()
    for row in rows:
        piece += encode_row(row)
        if len(piece) >= CHUNK:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


class Lines:
    """Cuts what comes in pieces into lines. Raises ValueError for a line over ``MAX_LINE``."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that this piece ends."""
        self._rest += piece
        *whole, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        if len(rest) > MAX_LINE:
            raise ValueError(f"a line of more than {MAX_LINE} bytes")
        return whole

    def last(self) -> bytes:
        """What came behind the last end of a line."""
        return bytes(self._rest)
