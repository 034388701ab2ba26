"""Which of a product's images is which of the feed's, decided without ever guessing twice.

Shopify does not say from which address an image came. What is known, the surest first:

1. the ledger: this address was sent, and became this image;
2. the file's name, which Shopify keeps in the address of what it made;
3. an image that is still being made and belongs to nothing else; one that could not be made only
   where it is known that an image was sent and not what became of it: the merchant's uploads fail
   too.

An address of which none is true is a new image, unless it was sent a moment ago and Shopify may
still be about to take it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bridge.actions.catalog_target import WantedImage
from bridge.actions.catalog_text import file_name
from bridge.shopify.catalogue import StoreMedia

# A request that we gave up on may still be carried out; after this long it will not be
# (the settle window of everything else, design: 60 s).
MAY_STILL_COME = timedelta(seconds=60)


FAILED: Final = "FAILED"


@dataclass(frozen=True, slots=True)
class Sent:
    """What the ledger knows of one address of a product: how often it was sent, and the last."""

    times: int = 0
    at: datetime | None = None
    media: frozenset[str] = frozenset()


@dataclass(slots=True)
class Gallery:
    """A product's images beside the feed's.

    ``known`` is {address: image}; ``new`` are addresses to be sent; ``waiting`` those that may
    still come; ``strange`` the store's images that the feed does not mention.
    """

    known: dict[str, StoreMedia] = field(default_factory=dict)
    new: list[WantedImage] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    strange: list[StoreMedia] = field(default_factory=list)


def address_key(url: str) -> str:
    """An address as the ledger keeps it: it may carry a signature that is nobody's business."""
    return hashlib.sha256(url.encode()).hexdigest()[:32]


def compare(
    wanted: Sequence[WantedImage],
    have: Sequence[StoreMedia],
    sent: Mapping[str, Sent],
    now: datetime,
) -> Gallery:
    """The images of one product; ``sent`` by ``address_key``. Pure."""
    out = Gallery()
    left = {media.gid: media for media in have}
    images = list({image.original_source: image for image in wanted}.values())

    def claim(image: WantedImage, found: Iterable[StoreMedia]) -> bool:
        media = next((m for m in found if m.gid in left), None)
        if media is None:
            return False
        out.known[image.original_source] = left.pop(media.gid)
        return True

    def memory(image: WantedImage) -> Sent:
        return sent.get(address_key(image.original_source), Sent())

    rest = [i for i in images if not claim(i, [m for m in have if m.gid in memory(i).media])]
    rest = [i for i in rest if not claim(i, [m for m in have if _named(m, i.original_source)])]
    rest = [
        i for i in rest if not claim(i, [m for m in have if m.url is None and m.status != FAILED])
    ]

    def lost(image: WantedImage) -> bool:
        return memory(image).times > len(memory(image).media)

    failed = [m for m in have if m.status == FAILED]
    rest = [i for i in rest if not (lost(i) and claim(i, failed))]
    for image in rest:
        last = memory(image)
        if lost(image) and last.at is not None and now - last.at < MAY_STILL_COME:
            out.waiting.append(image.original_source)
        else:
            out.new.append(image)
    out.strange = list(left.values())
    return out


def _named(media: StoreMedia, address: str) -> bool:
    name = file_name(address)
    return bool(name) and media.url is not None and file_name(media.url) == name


def shown(address: str) -> str:
    """An address for a message: without its query, which may be a signature."""
    return address.split("?", 1)[0].split("#", 1)[0][:200]
