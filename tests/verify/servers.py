"""Small servers of the SDK: a right one, and through ``wrong`` every kind of mistake."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bridge.retailops.actions import ACTIONS

KEY = "RETAILOPS_SDK"

ORDER = {
    "channel_order_refnum": "5501",
    "channel_date_created": "2026-11-23T10:00:00-05:00",
    "currency_code": "USD",
    "ship_service_code": "Ground",
    "order_items": [
        {
            "channel_item_refnum": "71",
            "quantity": 2,
            "item_type": "ship",
            "currency_values": {"unit_price": 9.99, "unit_tax": 0.8241},
        }
    ],
    "payment_transactions": [
        {
            "payment_processing_type": "channel_payment",
            "transaction_type": "auth",
            "payment_type": "Visa",
            "amount": 21.63,
        }
    ],
}

EVENT = {
    "event_type": "warning",
    "code": "ORDER_NOT_FOUND",
    "message": "no such order",
    "diagnostic_data": "",
    "associations": [{"identifier_type": "order_refnum", "identifier": "1"}],
}


def right(action: str) -> dict[str, Any]:
    """An answer that RetailOps takes."""
    match action:
        case "catalog_get_config":
            return {"sku_fanout": "related_skus"}
        case "order_pull":
            return {"orders": [ORDER], "next_page_token": ""}
        case "order_cancel" | "order_complete":
            return {"status": "fail", "events": [EVENT]}
        case "order_update":
            return {"events": [], "line_items": [], "values": {"tax_amt": 1.5}}
        case _:
            return {"events": [EVENT]}


Answer = Callable[[str, dict[str, Any]], web.Response]


@dataclass
class SmallServer:
    """Serves ``served``; ``answer`` replaces what is said to a good key, for all actions."""

    served: tuple[str, ...] = tuple(ACTIONS)
    answer: Answer | None = None
    check_key: bool = True
    health: bool = True
    key: str = KEY
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        return app

    async def _handle(self, request: web.Request) -> web.Response:
        name = request.path.strip("/")
        if name == "health/ready":
            if not self.health:
                return web.Response(status=404, text="not here", content_type="text/html")
            return web.json_response({"status": "ok", "served": list(self.served)})
        action = name.removesuffix("_v1")
        body = await request.json()
        self.calls.append((request.path, body))
        if action not in self.served:
            return web.json_response({"events": [{"code": "NOT_SERVED"}]}, status=404)
        if self.check_key and body["integration_auth_token"] != self.key:
            return web.json_response({"events": []}, status=401)
        if self.answer is not None:
            return self.answer(action, body)
        return web.json_response(right(action))


def changed(change: Callable[[dict[str, Any]], Any]) -> Answer:
    """Right answers with one change."""

    def answer(action: str, _: dict[str, Any]) -> web.Response:
        body = json.loads(json.dumps(right(action)))
        replaced = change(body)
        return web.json_response(body if replaced is None else replaced)

    return answer
