"""Images: taken in, processed by the store's clock, attached to products and variants.

Captured: UPLOADED in the payload, PROCESSING in the next read, later READY; ``image`` is null
until then. Assumed: READY after three seconds; a source whose address has ``broken`` in it cannot
be loaded and ends FAILED; that the file stays in the shop when it is taken off a product is
documented.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from bridge.sandbox.model import Product
from bridge.sandbox.model_products import MediaImage
from bridge.sandbox.naming import basename, free_filename

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

PROCESSING_SECONDS: Final = 3.0  # recordings show READY a few seconds after the upload
_BROKEN: Final = "broken"
_FAILURE: Final = {
    "code": "IMAGE_DOWNLOAD_FAILURE",
    "message": "Media processing failed: the image could not be downloaded.",
    "details": "The source URL did not answer with an image.",
}


def is_address(source: str) -> bool:
    """Whether an image can be loaded from it."""
    parts = urlsplit(source)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def take_in(
    store: Store,
    source: str,
    alt: str | None,
    *,
    filename: str | None = None,
) -> MediaImage:
    """A new file from an address, UPLOADED; it is processed as time goes by."""
    now = store.clock()
    number = store.new_id("MediaImage")
    taken = {file.filename for file in store.files.values()}
    image = MediaImage(
        number_id=number,
        original_url=source,
        filename=free_filename(filename or basename(source), taken, f"{number}"),
        created_at=now,
        updated_at=now,
        alt=alt or None,
    )
    store.keep(image)

    def processing(_at: datetime) -> None:
        image.status = "PROCESSING"

    def done(at: datetime) -> None:
        image.updated_at = at
        if _BROKEN in source.casefold():
            image.status, image.errors = "FAILED", [dict(_FAILURE)]
        else:
            image.status = "READY"

    store.later(now, processing)
    store.later(now + timedelta(seconds=PROCESSING_SECONDS), done)
    return image


def take_off(product: Product, image: MediaImage) -> None:
    """Off the product and its variants; the file stays."""
    product.media_list = [one for one in product.media_list if one is not image]
    for variant in product.variant_list:
        variant.media_list = [one for one in variant.media_list if one is not image]
