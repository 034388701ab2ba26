"""Handles and file names: how Shopify makes them, and what it does when one is taken."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Container
from typing import Final
from urllib.parse import unquote, urlsplit

_OTHER: Final = re.compile(r"[^a-z0-9]+")
_NUMBERED: Final = re.compile(r"(.*)-(\d+)", re.DOTALL)
_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]+")
# What Shopify's name for a file starts from when the address ends in nothing usable; assumed.
_NO_NAME: Final = "image"


def handle_of(text: str, fallback: str = "product") -> str:
    """``weird-handle-100`` for ``  Weird Handle / 100%  ``; ``product`` for ``%%%`` (captured).

    Letters lose their accents (assumed); what is in no Latin script falls out (assumed).
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _OTHER.sub("-", plain).strip("-") or fallback


def free_handle(handle: str, taken: Container[str]) -> str:
    """The handle, or the same with the next number that is free (captured: ``x``, ``x-1``)."""
    while handle in taken:
        found = _NUMBERED.fullmatch(handle)
        handle = f"{found[1]}-{int(found[2]) + 1}" if found else f"{handle}-1"
    return handle


def basename(address: str) -> str:
    """The file's name in an address, in the characters that Shopify's CDN has.

    Without an extension one is added, as captured: ``…/600x400/png`` becomes ``png.png``; that it
    is always ``png`` is assumed.
    """
    name = unquote(urlsplit(address).path).rstrip("/").rsplit("/", 1)[-1]
    name = _UNFIT.sub("_", name).strip("_.") or _NO_NAME
    return name if "." in name else f"{name}.png"


def free_filename(name: str, taken: Container[str], seed: str) -> str:
    """The name, or the same with a UUID when it is taken (captured: ``png_75ae795b-….png``).

    The UUID follows from ``seed``, so that a store is the same each time it is played.
    """
    if name not in taken:
        return name
    stem, dot, extension = name.rpartition(".")
    return f"{stem}_{uuid.uuid5(uuid.NAMESPACE_URL, seed)}{dot}{extension}"
