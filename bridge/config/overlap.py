"""Channels of one shop that can take the same orders.

What is known of an order is the shop's, so that one which either channel has acknowledged is
offered by neither again. Until then every channel offers it whose filters let it through, and
RetailOps imports it for each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Final

from bridge.config.models import ChannelSettings, OrderPullPolicy, Settings

REMEDY: Final = (
    "what one has in tags_include, the other needs in tags_exclude; or each has sources of its own"
)


def overlapping(settings: Settings) -> Iterator[tuple[int, int]]:
    """Pairs of channels, by their places in ``settings.channels``, that can take the same orders.

    It cannot be told whether RetailOps pulls orders from both: every channel serves order_pull.
    """
    for (first, one), (second, other) in combinations(enumerate(settings.channels), 2):
        same = one.shop.casefold() == other.shop.casefold()
        if same and not disjoint(one.order_pull, other.order_pull):
            yield first, second


def said(one: ChannelSettings, other: ChannelSettings) -> str:
    """A pair in a sentence."""
    return (
        f"channels {one.id} and {other.id} of {one.shop} can take the same orders: RetailOps would "
        "import them twice"
    )


def disjoint(one: OrderPullPolicy, other: OrderPullPolicy) -> bool:
    """Whether no order can ever pass both filters.

    By tags, if every order of one bears a tag that the other excludes; two different tags prove
    nothing, since an order can bear both. By sources, since an order has exactly one. Not by
    locations: an order can have work at several. All else lets through the same orders, sooner or
    later.
    """
    sources = bool(one.sources and other.sources) and set(one.sources).isdisjoint(other.sources)
    return sources or _kept_from(one, other) or _kept_from(other, one)


def _kept_from(one: OrderPullPolicy, other: OrderPullPolicy) -> bool:
    """Whether each order of ``one`` bears a tag that ``other`` excludes."""
    borne = _plain(one.tags_include) - _plain(one.tags_exclude)
    return bool(one.tags_include) and borne <= _plain(other.tags_exclude)


def _plain(tags: Iterable[str]) -> frozenset[str]:
    """Tags as order_pull compares them: Shopify's are the same in capitals."""
    return frozenset(tag.casefold() for tag in tags)
