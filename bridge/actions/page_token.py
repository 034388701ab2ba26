"""The page token that RetailOps carries for us between two order_pull calls.

Opaque, versioned, self-contained and signed: it holds Shopify's own cursor and a fingerprint
of the search it belongs to, and an HMAC under the channel's auth key, so it survives a restart
and cannot be altered. Whatever cannot be trusted (damaged, forged, of another version, of
another search since the configuration changed) is no error: the pull begins again at the
oldest order that is not acknowledged, which is always right.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from functools import lru_cache

VERSION = 1
_ENCODER = json.JSONEncoder(separators=(",", ":"))
DIGEST_BYTES = 16  # 128 bits: a forged token would only restart or skip within this shop's orders


def _digest(key: str, body: bytes) -> bytes:
    signer = _signer(key).copy()
    signer.update(body)
    return signer.digest()[:DIGEST_BYTES]


@lru_cache(maxsize=64)  # a channel has one key
def _signer(key: str) -> hmac.HMAC:
    return hmac.new(key.encode(), b"order_pull page token", "sha256")


@lru_cache(maxsize=64)  # a channel has one search at a time
def fingerprint(query: str) -> str:
    """A short name of the search that a cursor belongs to."""
    return hashlib.sha256(query.encode()).hexdigest()[:16]


def encode(cursor: str, query: str, *, key: str) -> str:
    """The token for the page after ``cursor`` of ``query``."""
    body = _ENCODER.encode([VERSION, fingerprint(query), cursor]).encode()
    return base64.urlsafe_b64encode(_digest(key, body) + body).decode().rstrip("=")


def decode(token: str, query: str, *, key: str) -> str | None:
    """The cursor, or None when the token is blank or cannot be trusted."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    if not body or not hmac.compare_digest(digest, _digest(key, body)):
        return None
    version, search, cursor = json.loads(body)
    if version != VERSION or search != fingerprint(query):
        return None
    return str(cursor)


def resigned(token: str, *, key: str, by: str) -> str | None:
    """The same token signed with ``by``, for recordings; None when ``key`` did not sign it."""
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return None
    digest, body = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    if not body or not hmac.compare_digest(digest, _digest(key, body)):
        return None
    return base64.urlsafe_b64encode(_digest(by, body) + body).decode().rstrip("=")
