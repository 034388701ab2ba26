"""What mappings/order_update.toml makes of a call: how its edit and its returns are worded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import BaseModel, ConfigDict, Field

from bridge.actions.sources import plain_dump, shape_from_model
from bridge.mapping.module import MappingModule
from bridge.retailops.requests import OrderUpdateRequest
from bridge.schema.shape import Shape


class RmaReturn(BaseModel):
    """How one announced RMA is opened. ``reason`` is a handle of Shopify's return reasons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: str
    note: str | None = Field(None, max_length=200)


class Update(BaseModel):
    """``staff_note`` is seen by staff only."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    notify_customer: bool = False
    staff_note: str | None = Field(None, max_length=255)
    rmas: list[RmaReturn] = []


def sources() -> Mapping[str, Shape]:
    """The names that mappings/order_update.toml may use."""
    return MappingProxyType({"request": shape_from_model(OrderUpdateRequest)})


def updated(mapping: MappingModule, request: OrderUpdateRequest) -> Update:
    """The mapping's word on a call. Raises MappingError when an expression fails."""
    subject = f"order {request.order.channel_order_refnum}"
    return Update.model_validate(mapping.render({"request": plain_dump(request)}, subject=subject))
