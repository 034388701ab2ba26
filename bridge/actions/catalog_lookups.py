"""Looking things up in batches, a few at once, for as long as the call's time allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from bridge.engine import Call
from bridge.errors import DeadlineExceeded
from bridge.ledger import Effect
from bridge.shopify.catalogue import AT_ONCE, CatalogueReader

T = TypeVar("T")
Identifier = Mapping[str, Any]

# Look-ups under way at once: enough to hide the way to Shopify, few enough that orders, which
# come first, always find points.
LOOKUPS_ABREAST: Final = 3

# Each kind of looking up stops when this part of the call's time is left, so that what was found is
# also looked at, and written: a product is written in one or two requests, and looked up in a
# fiftieth of one. The next push begins with what this one did not come to.
TIME_AFTER_SKUS: Final = 0.65
TIME_AFTER_HANDLES: Final = 0.6
TIME_AFTER_PRODUCTS: Final = 0.5
TIME_TO_WRITE: Final = 0.4


class Lookups:
    """The look-ups of one push; shares of its time are those that are left from now on."""

    def __init__(self, call: Call, store: CatalogueReader) -> None:
        self._call = call
        self._store = store
        self._time = call.budget.deadline.remaining()

    async def in_batches(
        self,
        rows: Sequence[T],
        work: Callable[[Sequence[T]], Awaitable[None]],
        *,
        until: float,
        size: int = AT_ONCE,
    ) -> None:
        """A few batches at once, one at least, until so much of the call's time is left."""
        batches = iter([rows[n : n + size] for n in range(0, len(rows), size)])

        begun = False

        async def worker() -> None:
            nonlocal begun
            for batch in batches:
                if begun and self._call.budget.deadline.remaining() <= self._time * until:
                    return
                begun = True
                try:
                    await work(batch)
                except DeadlineExceeded:  # there is no time for so many points
                    return

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(LOOKUPS_ABREAST):
                    group.create_task(worker())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def one_by_one(
        self, rows: Sequence[T], work: Callable[[T], Awaitable[None]]
    ) -> Sequence[T]:
        """What needs requests of its own, as long as there is time; those not come to."""
        done: set[int] = set()

        async def one_of(batch: Sequence[int]) -> None:
            (at,) = batch
            await work(rows[at])
            done.add(at)

        await self.in_batches(range(len(rows)), one_of, until=TIME_TO_WRITE, size=1)
        return [row for at, row in enumerate(rows) if at not in done]

    async def by_identifier(
        self, wanted: Mapping[str, Identifier], until: float
    ) -> dict[str, tuple[str, str] | None]:
        """What there is by the keys of ``wanted``; a key that was not reached is absent."""
        found: dict[str, tuple[str, str] | None] = {}

        async def look(keys: Sequence[str]) -> None:
            rows = await self._store.by_identifier([wanted[key] for key in keys])
            found.update(zip(keys, rows, strict=True))

        await self.in_batches(list(wanted), look, until=until)
        return found

    async def effects(self, kinds: Sequence[str], keys: Iterable[str]) -> list[Effect]:
        """What the ledger has of these kinds for products (GIDs) or new handles."""
        shop = self._call.channel.shop
        return await self._call.ledger.effects(shop, kinds, order_gids=list(keys))
