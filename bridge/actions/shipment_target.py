"""What mappings/order_shipment_submit.toml makes of one package: how it travels, who is told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class PackageTracking(BaseModel):
    """Tracking of one package.

    ``carrier`` is the name as Shopify spells it, so that it builds the link; ``url`` is the link
    where it does not. ``notify_customer``: Shopify sends its shipping e-mail.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    carrier: str | None = None
    number: str | None = None
    url: str | None = None
    notify_customer: bool = False
