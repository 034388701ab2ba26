"""What mappings/order_complete.toml makes of a call: what a merchant wants done at the end."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bridge.actions.sources import plain_dump, shape_from_model
from bridge.engine import Call
from bridge.errors import MappingError
from bridge.mapping.module import MappingModule
from bridge.retailops.events import Code, Event, event
from bridge.retailops.requests import OrderCompleteRequest
from bridge.schema.shape import Shape
from bridge.shopify.documents import operation

MAPPING: Final = "order_complete"


class Completion(BaseModel):
    """What is done with units that will not be shipped, and with the order.

    ``refund_unshipped``: give their money back; ``refund_shipping``: the shipping too, when
    nothing was shipped. ``note`` is for staff, behind the words by which the refund is known.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    refund_unshipped: bool = True
    refund_shipping: Literal["nothing_shipped", "never"] = "nothing_shipped"
    note: str | None = Field(None, max_length=200)
    notify_customer: bool = False
    close: bool = True


@cache
def sources() -> Mapping[str, Shape]:
    """What mappings/order_complete.toml may name."""
    return {
        "request": shape_from_model(OrderCompleteRequest),
        "order": operation("ShipmentState").shape(["order"]),
    }


def completed(
    mapping: MappingModule, request: OrderCompleteRequest, order: Mapping[str, Any]
) -> Completion:
    """The mapping's word on a call.

    Raises MappingError when an expression fails, ValidationError when it gives no such value.
    """
    scope = {"request": plain_dump(request), "order": order}
    subject = f"order {request.order.channel_order_refnum}"
    return Completion.model_validate(mapping.render(scope, subject=subject))


def completion(
    call: Call, request: OrderCompleteRequest, order: Mapping[str, Any]
) -> Completion | Event:
    """The mapping's word, or the event that says why it has none."""
    refnum = request.order.channel_order_refnum
    what = f"units of order {refnum} that are not shipped are left as they are"
    try:
        return completed(call.channel.mappings[MAPPING], request, order)
    except MappingError as error:
        code, words = Code(error.code), str(error)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        code, words = Code.MAPPING_FAILED, f"the mapping's {where}: {fault['msg']}"
    return event(code, f"{what}: {words}", event_type="error", order_refnum=refnum)
