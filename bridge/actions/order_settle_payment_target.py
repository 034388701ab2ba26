"""What mappings/order_settle_payment.toml makes of a settlement: when, and whose money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from bridge.actions.sources import plain_dump, shape_from_model
from bridge.mapping.module import MappingModule
from bridge.retailops.requests import Payment, WritebackOrder
from bridge.schema.shape import Shape

CaptureAt = Literal["settle", "ship", "complete", "never"]
Taken = Literal["capture", "checkout", "retailops"]

SOURCES: Final[Mapping[str, Shape]] = MappingProxyType(
    {"payment": shape_from_model(Payment), "order": shape_from_model(WritebackOrder)}
)
"""The names that mappings/order_settle_payment.toml may use."""


class Tender(BaseModel):
    """One row of the settlement. ``type`` is RetailOps' name of it, ``amount`` its own money."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str | None = None
    taken: Taken
    amount: Decimal | None = None


class Settlement(BaseModel):
    """When money is captured, and who takes the money of which row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    capture_at: CaptureAt
    tenders: list[Tender] = []


def sources() -> Mapping[str, Shape]:
    """``SOURCES``, for the table of mappings."""
    return SOURCES


def settlement(
    mapping: MappingModule,
    payment: Payment | None = None,
    order: WritebackOrder | None = None,
    *,
    subject: str = "",
) -> Settlement:
    """The mapping's word on a settlement; without one only ``capture_at`` means something.

    Raises MappingError when an expression fails or gives no such value.
    """
    scope = {
        "payment": plain_dump(payment or Payment()),
        "order": plain_dump(order or WritebackOrder()),
    }
    return Settlement.model_validate(mapping.render(scope, subject=subject))
