"""What mappings/order_returned.toml makes of a return: how much, to whom, and which units."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from bridge.actions.sources import plain_dump, shape_from_model
from bridge.mapping.module import MappingModule
from bridge.retailops.requests import OrderReturnedRequest, Return, WritebackOrder
from bridge.schema.shape import Shape

SOURCES: Final[Mapping[str, Shape]] = MappingProxyType(
    {"return": shape_from_model(Return), "order": shape_from_model(WritebackOrder)}
)
"""The names that mappings/order_returned.toml may use."""


class ReturnedLine(BaseModel):
    """One returned line. ``location`` (name or id) is only used with ``RETURN``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refnum: str | None = None
    sku: str | None = None
    quantity: int | None = None
    restock: Literal["NO_RESTOCK", "RETURN"] = "NO_RESTOCK"
    location: str | None = None


class Returned(BaseModel):
    """A return as it shall be done in Shopify.

    ``action`` absent: a name that the mapping does not know. ``amount`` is the whole amount in
    the currency that the order was pulled in, ``shipping`` the part of it that is for shipping.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["refund", "storecredit"] | None = None
    amount: Decimal | None = None
    shipping: Decimal | None = None
    store_credit: Literal["shopify", "retailops"] = "shopify"
    notify_customer: bool = False
    note: str | None = None
    discrepancy_reason: Literal["RESTOCK", "DAMAGE", "CUSTOMER", "OTHER"] | None = None
    lines: list[ReturnedLine] = []


def sources() -> Mapping[str, Shape]:
    """``SOURCES``, for the table of mappings."""
    return SOURCES


def returned(mapping: MappingModule, request: OrderReturnedRequest) -> Returned:
    """The mapping's word on a return. Raises MappingError when an expression fails."""
    scope = {"return": plain_dump(request.return_), "order": plain_dump(request.order)}
    subject = f"return {request.return_.retailops_return_id}"
    return Returned.model_validate(mapping.render(scope, subject=subject))
