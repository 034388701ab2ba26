"""Events: what an answer tells a person at RetailOps, under a code that never changes.

An event is ``event_type`` (error, warning, info), ``code``, ``message``, ``diagnostic_data``
and ``associations``: source, the ``events`` of every per-action schema. ``error`` means that
something asked for was not done, ``warning`` that a person should look, ``info`` that all is
well and worth saying. ``diagnostic_data`` is short (Shopify's request id), never a trace.

The codes are in ``codes``, their meanings and remedies in ``code_docs``, from where
``docs/reference/events.md`` is written.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bridge.retailops.code_docs import CODES, CodeDoc, EventType
from bridge.retailops.codes import Code

__all__ = [
    "CODES",
    "DIAGNOSTIC_LENGTH",
    "Association",
    "Code",
    "CodeDoc",
    "Event",
    "EventType",
    "event",
]

# Long enough for a request id and a path, short enough for RetailOps' event list.
DIAGNOSTIC_LENGTH = 200


class Association(BaseModel):
    """What an event is about; both are text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    identifier_type: Literal[
        "order_id",
        "order_refnum",
        "orderitem_id",
        "orderitem_refnum",
        "shipment_id",
        "shipmentitem_id",
        "product_id",
        "sku_number",
    ]
    identifier: str


class Event(BaseModel):
    """One event. ``code`` is text: RetailOps refuses a number."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        revalidate_instances="always",
        hide_input_in_errors=True,
    )

    event_type: EventType
    code: str = Field(min_length=1)
    message: str
    diagnostic_data: str = ""
    associations: Annotated[tuple[Association, ...], Field(strict=False)] = ()


def event(
    code: Code,
    message: str,
    *,
    event_type: EventType | None = None,
    diagnostic: str = "",
    order_refnum: str | int | None = None,
    order_id: str | int | None = None,
    sku: str | None = None,
    item_refnum: str | int | None = None,
    item_id: str | int | None = None,
    shipment_id: str | int | None = None,
    product_id: str | int | None = None,
) -> Event:
    """An event with the code's usual type and an association for everything that is named.

    Ids of 0 and blank names are left out: they identify nothing. ``diagnostic`` is cut to
    200 characters.
    """
    named: tuple[tuple[str, str | int | None], ...] = (
        ("order_refnum", order_refnum),
        ("order_id", order_id),
        ("orderitem_refnum", item_refnum),
        ("orderitem_id", item_id),
        ("shipment_id", shipment_id),
        ("product_id", product_id),
        ("sku_number", sku),
    )
    return Event.model_validate(
        {
            "event_type": event_type or CODES[code].event_type,
            "code": code.value,
            "message": message,
            "diagnostic_data": diagnostic[:DIAGNOSTIC_LENGTH],
            "associations": [
                {"identifier_type": kind, "identifier": str(identifier)}
                for kind, identifier in named
                if identifier not in (None, "", 0, "0")
            ],
        }
    )
