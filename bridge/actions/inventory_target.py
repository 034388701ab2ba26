"""What mappings/inventory_push.toml makes of one update: where stock is set, and to what."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FacilityStock(BaseModel):
    """One detail of an update.

    ``location`` is the Shopify location (name or id) that stands for the facility; absent: the
    facility is not mapped. ``counted``: whether units of this quantity type can be sold there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    facility: str | None = None
    location: str | None = None
    quantity: int | None = None
    counted: bool = True


class Stock(BaseModel):
    """One SKU's stock: in all, for one location, or by facility.

    ``quantity`` is what can be sold in all, units of *available*; ``safety_stock`` is kept back
    at every location that is written. ``location`` (name or id) is where the quantity is set
    when ``by_facility`` is false; absent: the configured or the shop's first location.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sku: str
    quantity: int | None = None
    location: str | None = None
    safety_stock: int = Field(0, ge=0)
    by_facility: bool = False
    facilities: list[FacilityStock] = []
