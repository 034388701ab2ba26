"""The search index: it learns of a write some time after the write.

Captured: after a tag was added the object shows it at once and a search for it finds nothing for
some seconds; after it was removed the search still finds the object, which then shows its new
tags. Deleted objects vanish from searches at once, and lists without a query do not depend on the
index. Shopify states no bound; two seconds, the default, is assumed.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

from bridge.sandbox.documents import Document, document

DEFAULT_LAG: Final = 2.0  # seconds; recorders of the captures polled every 2 s, at most 12 times


class Source(Protocol):
    """What the index reads objects from."""

    def find(self, identifier: str) -> object:
        """The object of a global id, or None."""


class LaggedIndex:
    """Documents by kind, each as it was ``lag`` seconds ago or earlier.

    ``touch`` only notes that something was written; ``flush``, called at the end of each request,
    takes the snapshots, so that a request's last state is what counts.
    """

    def __init__(self, clock: Callable[[], datetime], lag: float = DEFAULT_LAG) -> None:
        self.clock = clock
        self.lag = timedelta(seconds=lag)
        self._source: Source | None = None
        self._live: dict[str, dict[str, Document]] = {}
        self._touched: dict[tuple[str, str], datetime] = {}
        self._coming: list[tuple[datetime, int, str, Document]] = []
        self._count = 0

    def rebuild(self, source: Source, tables: dict[str, Iterable[object]]) -> None:
        """Take everything in at once: the state that a store starts from."""
        self._source = source
        self._touched.clear()
        self._coming.clear()
        self._live = {}
        for kind, nodes in tables.items():
            found = (document(node) for node in nodes)
            self._live[kind] = {doc.gid: doc for doc in found if doc is not None}

    def touch(self, kind: str, gid: str) -> None:
        """An object of GraphQL type ``kind`` was written just now."""
        self._touched[kind, gid] = self.clock()

    def flush(self) -> None:
        """Take the snapshots of what was touched; they show ``lag`` after the touch."""
        for (kind, gid), at in self._touched.items():
            doc = document(self._source.find(gid)) if self._source is not None else None
            if doc is not None:
                self._count += 1
                heapq.heappush(self._coming, (at + self.lag, self._count, kind, doc))
        self._touched.clear()

    def documents(self, kind: str) -> list[Document]:
        """What a search sees now, without what was deleted."""
        self.flush()
        now = self.clock()
        while self._coming and self._coming[0][0] <= now:
            _, _, of_kind, doc = heapq.heappop(self._coming)
            self._live.setdefault(of_kind, {})[doc.gid] = doc
        source = self._source
        if source is None:
            return []
        return [
            doc for doc in self._live.get(kind, {}).values() if source.find(doc.gid) is not None
        ]
