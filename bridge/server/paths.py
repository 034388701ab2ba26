"""Paths as callers write them: doubled slashes, a slash at the end, a prefix or none.

RetailOps' verifier joins a base URL that ends in a slash with ``/order_pull_v1`` and so asks
for ``//order_pull_v1``. A redirect would lose its POST, so the path is read tolerantly.
"""

from __future__ import annotations

import re

from aiohttp import web

_SLASHES = re.compile("/{2,}")


def canonical(path: str, prefix: str) -> str:
    """``//retailops//order_pull_v1/`` behind ``/retailops`` → ``/order_pull_v1``.

    What does not begin with the prefix is taken as it is: a proxy may have removed it.
    """
    path = "/" + _SLASHES.sub("/", path).strip("/")
    prefix = normal_prefix(prefix)
    return path.removeprefix(prefix) if path.startswith(f"{prefix}/") else path


def normal_prefix(prefix: str) -> str:
    """``retailops/`` → ``/retailops``; empty and ``/`` → empty."""
    inner = _SLASHES.sub("/", prefix).strip("/")
    return f"/{inner}" if inner else ""


class TolerantResource(web.PlainResource):
    """A resource that is found under every spelling of its path."""

    def __init__(self, path: str, prefix: str) -> None:
        super().__init__(path)
        self._prefix = prefix

    @property
    def canonical(self) -> str:
        """The root: aiohttp looks resources up by this, and asks those at the root last."""
        return "/"

    def _match(self, path: str) -> dict[str, str] | None:
        return {} if canonical(path, self._prefix) == self._path else None
