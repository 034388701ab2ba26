"""What the ledger remembers of an order, by name. Every kind is stated here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bridge.ledger import Effect

ACKNOWLEDGED: Final = "acknowledged"
"""RetailOps has taken the order: it is not offered again. Natural id: ``THE_ORDER``, and of a
further channel that has taken it, too, ``by_channel``. ``detail``: ``order_id`` (RetailOps' own),
``channel``."""

CANCEL_OFFERED: Final = "cancel_offered"
"""RetailOps was offered the order with ``cancel: true``, after it had taken it. Natural id:
``by_channel``. ``detail``: ``channel``."""

CANCEL_ACKNOWLEDGED: Final = "cancel_acknowledged"
"""RetailOps has taken the cancellation: it is not offered again."""

FULFILLMENT: Final = "fulfillment"
"""A package was shipped. Natural id: ``<package>@<location>/<method>``. ``detail``: ``package``,
``shipment``, ``fulfillment`` (GID), ``lines`` {line GID: units}, ``tracking`` (number)."""

TRACKING: Final = "tracking"
"""A package's tracking was changed. Natural id: the fulfillment's, and what it was set to."""

UNSHIPPED: Final = "unshipped"
"""Units that will not be shipped were taken off. Natural id: each line's number and how many of it
are off in all. ``detail``: ``refund`` (GID), ``lines`` {line GID: units}, ``marker``."""

CLOSED: Final = "closed"
"""The order was archived by order_complete."""

CAPTURE: Final = "capture"
"""Money was taken from an authorisation, or Shopify took the order to do so (PENDING).
``detail``: ``transaction``, ``authorization`` (GIDs), ``amount``, ``currency``, ``series``,
``status``."""

REFUND: Final = "refund"
"""A return was recorded, with or without money. ``detail``: ``amount`` (given back),
``currency``, ``refund`` or ``return`` (GIDs), ``store_credit`` (what RetailOps is answered),
``unpaid`` (what Shopify could not give back)."""

CANCELLED: Final = "cancelled"
"""The order was cancelled by order_cancel: not offered to RetailOps as cancelled. ``detail``:
``job`` (GID)."""

EDIT: Final = "edit"
"""An order edit was committed. Natural id: the call's execution. ``detail``: ``adding``
{order_item_id: {sku, quantity}}, ``before`` (line numbers that were there)."""

LINE_ADDED: Final = "line_added"
"""A line that RetailOps made stands on the order. Natural id: its order_item_id. ``detail``:
``line`` (GID)."""

RMA: Final = "rma"
"""A return was opened for an announced RMA. Natural id: the RMA's. ``detail``: ``return`` (GID)."""

THE_ORDER: Final = "order"
"""The natural id of an effect that an order can have only once."""

MEDIA_SENT: Final = "media_sent"
"""An image was about to be sent to a product (``order_gid`` is the product's). Natural id: the
hash of its address, and the how manyth time. It is there before the request, so that a reply
that is lost does not become a second image."""

MEDIA_MADE: Final = "media_made"
"""Shopify made an image of an address. Natural id: the hash of its address, and the image's GID.
``detail``: ``media`` (GID)."""

VARIANT_MOVED: Final = "variant_moved"
"""A variant was about to be moved away from a product (``order_gid`` is the product's). Natural
id: the variant's GID. Whatever is left of it there is to be deleted."""

PRODUCT_SENT: Final = "product_sent"
"""A new product was about to be sent under a handle (``order_gid`` is ``product <handle>``).
Natural id: the how manyth time. Until it is answered, or a minute is over, it may still come."""

PRODUCT_ANSWERED: Final = "product_answered"
"""Shopify has made the product, or has refused it. Natural id: that of what was sent."""


def by_channel(channel: int) -> str:
    """The natural id of what a second channel of a store does to an order."""
    return f"channel {channel}"


def is_by(effect: Effect, channel: int) -> bool:
    """Whether a channel has done it. One that does not say who did it may be everyone's."""
    return bool(effect.detail.get("channel", channel) == channel)


def taken_elsewhere(effects: Iterable[Effect], channel: int) -> frozenset[str]:
    """GIDs of orders that other channels of the store have taken, and this one has not."""
    own: set[str] = set()
    others: set[str] = set()
    for effect in effects:
        if effect.kind == ACKNOWLEDGED:
            (own if is_by(effect, channel) else others).add(effect.order_gid)
    return frozenset(others - own)
