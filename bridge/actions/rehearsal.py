"""From a test's input to what a mapping reads, by the code that an action runs in traffic.

A test beside a mapping gives what comes in from outside: an order as Shopify answers it, or a
call as RetailOps sends it. Everything between that and the expressions (prices, totals, items, a
facility's place) is the action's own work, and is done here by the action's own functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from bridge.actions import catalog_feed, order_cancel, order_complete_target, packages
from bridge.actions.inventory_wants import VARIANT, Found, Reader
from bridge.actions.order_offer import HeldBack, offer, operation_of
from bridge.actions.order_returned_target import returned
from bridge.actions.order_settle_payment_target import settlement
from bridge.actions.order_update_target import updated
from bridge.actions.rehearsal_order import pulled_order
from bridge.actions.sources import shape_from_model
from bridge.config.models import ChannelSettings, Policies
from bridge.errors import MappingError, RequestError
from bridge.mapping.cases import Given, Refused, Rehearse
from bridge.mapping.samples import complete, strangers
from bridge.mapping.trace import TracedModule
from bridge.retailops import requests
from bridge.retailops.actions import ACTIONS
from bridge.retailops.events import Code
from bridge.retailops.protocol import parse
from bridge.schema.shape import Shape
from bridge.shopify.inventory import Variant

R = TypeVar("R", bound=requests.Request)

ERRORS: Final = frozenset({"MAPPING_MISSING", "MAPPING_FAILED"}) | {
    "MONEY_MISMATCH",
    "UNSUPPORTED_CURRENCY",
    "FEED_UNREADABLE",
    "FEED_ITEM_INVALID",
}
"""The codes with which a mapping, or the action around it, refuses an input."""

# A channel for the functions that take one. Nothing is ever sent to it.
_CHANNEL: Final = {
    "id": 1,
    "shop": "example.myshopify.com",
    "auth_key": "EXAMPLE0" * 4,
    "shopify": {"client_id": "example", "client_secret": "example"},
}


def _order_pull(given: Given, module: TracedModule) -> Refused | None:
    """``input`` is an order as Shopify answers it; one with ``cancelledAt`` is a cancellation."""
    settings = _channel(given)
    policy = settings.order_pull
    pull = operation_of(module, "OrderPull")
    order = pulled_order(given, pull, shop_currency=policy.currency == "shop")
    if given.findings:
        return None
    cancel = order["cancelledAt"] is not None
    made = offer(order, settings, module, cancel=cancel)
    if isinstance(made, HeldBack):
        return Refused(made.code, made.reason, made.place)
    return None


def _inventory_push(given: Given, module: TracedModule) -> Refused | None:
    """``input`` is the call with one element in ``inventory_updates``, whose SKU is found."""
    request = _request(given, "inventory_push", requests.InventoryPushRequest)
    reader = Reader(_channel(given).inventory_push, module, known=())
    skus = reader.skus(request.inventory_updates)
    variant = _variant(given, module.sources[VARIANT], skus[0] if skus else "")
    if given.findings:
        return None
    found = Found({sku: [variant] for sku in skus}) if module.reads(VARIANT) else None
    reader.wants(request.inventory_updates, found)
    refused = [n for n in reader.out.notices if n.code == Code.MAPPING_FAILED]
    return Refused(refused[0].code, refused[0].message) if refused else None


def _variant(given: Given, shape: Shape, sku: str) -> Variant:
    """The variant in Shopify, whole; a case that says nothing of it gets one of the row's SKU."""
    written = given.value("variant") or {}
    if isinstance(written, Mapping):
        written = {"sku": sku, **written}
    made = complete(written, shape, given.report("variant"), strict=given.strict("variant"))
    fields = made if isinstance(made, Mapping) else {}
    return Variant("", sku, "", tracked=True, levels={}, fields=fields)


def _order_shipment_submit(given: Given, module: TracedModule) -> Refused | None:
    """``input`` is the call with one package; a package without ``package_items`` gets one."""
    request = _request(given, "order_shipment_submit", requests.OrderShipmentSubmitRequest)
    order = _order(given, packages.sources()["order"])
    if given.findings:
        return None
    made = packages.parcels([_filled(request.shipment)], module, order)
    refused = [n for n in made.notices if n.code == Code.MAPPING_FAILED]
    return Refused(refused[0].code, refused[0].message) if refused else None


def _filled(shipment: requests.Shipment) -> requests.Shipment:
    something = requests.PackageItem(sku="SKU-1", quantity=1)
    rows = [
        package
        if "package_items" in package.model_fields_set
        else package.model_copy(update={"package_items": (something,)})
        for package in shipment.packages
    ]
    return shipment.model_copy(update={"packages": tuple(rows)})


def _order_complete(given: Given, module: TracedModule) -> Refused | None:
    request = _request(given, "order_complete", requests.OrderCompleteRequest)
    order = _order(given, order_complete_target.sources()["order"])
    return _tried(given, lambda: order_complete_target.completed(module, request, order))


def _order_cancel(given: Given, module: TracedModule) -> Refused | None:
    request = _request(given, "order_cancel", requests.OrderCancelRequest)
    order = _order(given, order_cancel.sources()["order"])
    return _tried(given, lambda: order_cancel.cancellation(module, request, order))


def _order_returned(given: Given, module: TracedModule) -> Refused | None:
    request = _request(given, "order_returned", requests.OrderReturnedRequest)
    return _tried(given, lambda: returned(module, request))


def _order_settle_payment(given: Given, module: TracedModule) -> Refused | None:
    request = _request(given, "order_settle_payment", requests.OrderSettlePaymentRequest)
    return _tried(given, lambda: settlement(module, request.payment, request.order))


def _order_update(given: Given, module: TracedModule) -> Refused | None:
    request = _request(given, "order_update", requests.OrderUpdateRequest)
    return _tried(given, lambda: updated(module, request))


def _catalog_push(given: Given, module: TracedModule) -> Refused | None:
    """``input`` is the call; its ``template_output`` is the feed."""
    request = _request(
        given, "catalog_push", requests.CatalogPushRequest, free=("template_output",)
    )
    if given.findings:
        return None
    feed = catalog_feed.read_feed(request.template_output, module)
    wrong = [e for e in feed.events if e.code in ERRORS]
    return Refused(wrong[0].code, wrong[0].message) if wrong else None


REHEARSALS: Final[Mapping[str, Rehearse]] = {
    "order_pull": _order_pull,
    "inventory_push": _inventory_push,
    "order_shipment_submit": _order_shipment_submit,
    "order_complete": _order_complete,
    "order_cancel": _order_cancel,
    "order_returned": _order_returned,
    "order_settle_payment": _order_settle_payment,
    "order_update": _order_update,
    "catalog_push": _catalog_push,
}
"""By the name of the mapping."""

BESIDE: Final[Mapping[str, str]] = {
    "order_shipment_submit": "order",
    "order_complete": "order",
    "order_cancel": "order",
    "inventory_push": "variant",
}
"""What the tests of a mapping may have beside the call: as it is in Shopify when that comes."""


def _tried(given: Given, run: Callable[[], BaseModel]) -> Refused | None:
    """Run an action's function; what it raises of a mapping is the case's outcome."""
    if given.findings:
        return None
    try:
        run()
    except MappingError as error:
        return Refused(error.code, error.message, error.place)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        return Refused(Code.MAPPING_FAILED, f"{where}: {fault['msg']}")
    return None


# -- the parts of a case --------------------------------------------------------------------------


def _channel(given: Given) -> ChannelSettings:
    """A channel with the case's settings; everything else as by default."""
    written = given.value("settings") or {}
    try:
        text = json.dumps(_json(written), default=float)  # settings with a point are seconds
        policies = Policies.model_validate_json(text, strict=True)
    except ValidationError as error:
        for fault in error.errors(include_input=False, include_url=False):
            unknown = fault["type"] == "extra_forbidden"
            said = f'unknown setting "{fault["loc"][-1]}"' if unknown else fault["msg"]
            given.report("settings")(fault["loc"], said, "see the reference of settings")
        policies = Policies()
    return ChannelSettings.model_validate({**policies.model_dump(), **_CHANNEL})


@cache
def _known(model: type[requests.Request]) -> Shape:
    """A request's names as RetailOps spells them (``return``, not ``return_``)."""
    shape = shape_from_model(model)
    fields = {name.removesuffix("_"): inside for name, inside in shape.fields.items()}
    return Shape("object", model.__name__, nullable=False, fields=fields)


def _request(given: Given, action: str, model: type[R], free: tuple[str, ...] = ()) -> R:
    """The call as the bridge reads it. Names that no call has are a mistake of the test."""
    written = given.value("input")
    body = _json(written if isinstance(written, Mapping) else {})
    report = given.report("input")
    if not isinstance(body, dict):
        return model()
    if given.strict("input"):
        judged = {key: value for key, value in body.items() if key not in free}
        strangers(judged, _known(model), report)
    try:
        made = parse(ACTIONS[action], body)
    except RequestError as error:
        steps = error.pointer.strip("/").split("/") if error.pointer else []
        report(tuple(int(s) if s.isdigit() else s for s in steps), error.message, "")
        made = model()
    return made if isinstance(made, model) else model()


def _order(given: Given, shape: Shape) -> Mapping[str, Any]:
    """The order in Shopify, whole; a case that says nothing of it gets one nobody has made."""
    written = given.value("order") or {}
    made = complete(written, shape, given.report("order"), strict=given.strict("order"))
    return made if isinstance(made, Mapping) else {}


def _json(value: object) -> object:
    """TOML's times as JSON has them; numbers stay what ``read_body`` makes of a body's."""
    if isinstance(value, Mapping):
        return {key: _json(inside) for key, inside in value.items()}
    if isinstance(value, list):
        return [_json(inside) for inside in value]
    return value.isoformat() if isinstance(value, datetime | date) else value
