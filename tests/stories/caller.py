"""What the stories share: RetailOps' side of a conversation, and people in Shopify's admin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal as D
from typing import Any

from bridge.config.models import ChannelSettings
from bridge.ledger import HeldBack
from tests.support import CHANNEL, KEY, World

PLAIN = "TEE-TRL-S-MOSS"  # a tracked SKU of the seed, stocked in Albany
TAG = "retailops-acknowledged"

Order = dict[str, Any]


async def pull(w: World, token: str = "", **fields: Any) -> tuple[list[Order], str]:
    """One call: its orders and the token for the next page."""
    answer = await w.post("order_pull", page_token=token, **fields)
    assert answer.status == 200, answer.body
    return answer.body["orders"], answer.body["next_page_token"]


async def pull_all(w: World) -> list[Order]:
    """Follow the tokens from a blank one to the end."""
    token, orders = "", []
    while True:
        more, token = await pull(w, token)
        orders += more
        if not token:
            return orders


def refnums(orders: Iterable[Mapping[str, Any]]) -> list[str]:
    """The orders' refnums, in their order."""
    return [o["channel_order_refnum"] for o in orders]


async def acknowledge(w: World, *wanted: str) -> None:
    """RetailOps takes these orders; nothing may be wrong with it."""
    rows = [{"channel_order_refnum": r, "retailops_order_id": 70 + n} for n, r in enumerate(wanted)]
    answer = await w.post("order_acknowledge", orders=rows)
    assert answer.status == 200
    assert answer.events == []


async def orders_of(w: World) -> dict[str, Order]:
    """The store's own orders by numeric id."""
    return {o["id"]: o for o in (await w.state())["orders"]}


async def one_of_kind(w: World, kind: str) -> Order:
    """The seeded order of a kind."""
    return next(o for o in (await w.state())["orders"] if o["kind"] == kind)


async def placed(w: World, **order: Any) -> Order:
    """An order of a shopper that is ready, and known to the index if that does not lag too far."""
    made = await w.place(**order)
    await w.advance(5)  # fulfillment orders come after a second, the index learns after two
    return made


async def held_back(w: World) -> dict[str, HeldBack]:
    """What the ledger lists as not to be sent, by refnum."""
    return {h.refnum: h for h in await w.bridge.parts.ledger.held_back(CHANNEL)}


async def reconfigure(w: World, *, server: Mapping[str, Any] | None = None, **channel: Any) -> None:
    """Another configuration of the channel, by a restart on the same ledger file."""
    (old,) = w.settings.channels
    kept = {name: getattr(old, name) for name in old.model_fields_set}
    changed = ChannelSettings.model_validate({**kept, **channel})
    update: dict[str, Any] = {"channels": (changed,)}
    if server is not None:
        update["server"] = w.settings.server.model_copy(update=dict(server))
    w.settings = w.settings.model_copy(update=update)
    await w.restart()


async def post_to(w: World, url: str, action: str, **fields: Any) -> dict[str, Any]:
    """Call a further bridge; its answer must be HTTP 200."""
    body = {"integration_auth_token": KEY, **fields}
    async with w.http.post(f"{url}/{action}_v1", json=body) as reply:
        assert reply.status == 200
        answer: dict[str, Any] = await reply.json()
        return answer


def drain(w: World, left: float = 0.0) -> None:
    """Another program has used the app's points: the bridge knows nothing of it."""
    bucket = w.store.sandbox.engine.bucket
    assert bucket.take(int(bucket.available() - left))


def added_up(order: Mapping[str, Any]) -> D:
    """What RetailOps adds up, in exact decimals."""
    total = D(0)
    for item in order["order_items"]:
        money = {k: D(str(v)) for k, v in item["currency_values"].items()}
        total += item["quantity"] * (money["unit_price"] + money.get("unit_tax", D(0)))
        total -= money.get("discount_amt", D(0))
    money = {k: D(str(v)) for k, v in order["currency_values"].items()}
    total += money.get("tax_amt", D(0)) + money.get("shipping_amt", D(0))
    return total - money.get("discount_amt", D(0))
