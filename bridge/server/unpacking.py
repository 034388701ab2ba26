"""Bodies as their Content-Encoding says (RFC 9110, 8.4): which are read, and how. Pure.

aiohttp answers a coding whose library is not there with a text of its own before any handler is
asked, and passes one that it does not know. So it leaves bodies as they came (``app.py``), and
the edge has them unpacked here, up to its limit.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import hdrs, web

from bridge.errors import RequestError
from bridge.retailops.events import Code

ACCEPTED: Final = "gzip, deflate"
IDENTITY: Final = "identity"

_GZIP: Final = 16 + zlib.MAX_WBITS
_MEMBERS: Final = 16  # of a gzip body: each costs a copy of all that is behind it
# "x-gzip" is an old name of gzip (RFC 9110, 8.4.1.3).
_CODINGS: Final[Mapping[str, str]] = MappingProxyType(
    {"": IDENTITY, IDENTITY: IDENTITY, "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
)
_SHOWN: Final = 40  # characters of a coding in a message


class Overlong(Exception):
    """What was unpacked is over the limit."""


def damaged() -> RequestError:
    """What to say of a body that cannot be unpacked, or did not come whole."""
    message = "The body breaks off, or is not compressed as its Content-Encoding says"
    return RequestError(Code.INVALID_JSON, message)


def coding_of(request: web.BaseRequest) -> str:
    """``identity``, ``gzip`` or ``deflate``. Raises RequestError (``UNKNOWN_CODING``)."""
    if hdrs.CONTENT_ENCODING not in request.headers:
        return IDENTITY
    named = ", ".join(request.headers.getall(hdrs.CONTENT_ENCODING)).strip()
    coding = _CODINGS.get(named.lower())
    if coding is None:
        raise RequestError(
            Code.UNKNOWN_CODING,
            f"The body's Content-Encoding is {named[:_SHOWN]}, and the bridge reads {ACCEPTED} and"
            " identity: send it in one of these, or as it is",
        )
    return coding


def unpacked(packed: bytes, coding: str, limit: int) -> bytes:
    """The body, of at most ``limit`` bytes. Raises Overlong and RequestError."""
    if not packed:
        return packed
    try:
        return _gunzipped(packed, limit) if coding == "gzip" else _inflated(packed, limit)
    except zlib.error:
        raise damaged() from None


def _gunzipped(packed: bytes, limit: int) -> bytes:
    """One member or a few, one behind the other (RFC 1952, 2.2)."""
    parts: list[bytes] = []
    rest = packed
    for _ in range(_MEMBERS):
        member = zlib.decompressobj(_GZIP)
        parts.append(_once(member, rest, limit - sum(map(len, parts))))
        rest = member.unused_data
        if not rest:
            return b"".join(parts)
    raise damaged()


def _inflated(packed: bytes, limit: int) -> bytes:
    """With zlib's header, as the standard has it, or without, as some send it."""
    headed = packed[0] & 0x0F == zlib.DEFLATED
    stream = zlib.decompressobj(zlib.MAX_WBITS if headed else -zlib.MAX_WBITS)
    whole = _once(stream, packed, limit)
    if stream.unused_data:
        raise damaged()
    return whole


def _once(stream: zlib._Decompress, packed: bytes, limit: int) -> bytes:
    whole = stream.decompress(packed, limit + 1)  # one more byte tells that there is more
    if len(whole) > limit:
        raise Overlong
    if not stream.eof:
        raise damaged()
    return whole
