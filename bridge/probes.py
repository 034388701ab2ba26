"""What can be asked before RetailOps calls: of a store, its token, the clock; and how to mend it.

``ask`` is the only function that sends anything, at most 30 points; the others judge what it
brought, each one subject, as notes. ``doctor``, ``check --online`` and /health/ready say the same
because they ask here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, get_args

import aiohttp

from bridge.actions.locations import Node, find, first, named
from bridge.config.models import ChannelSettings
from bridge.retailops.answers import CurrencyCode
from bridge.shopify.budget import CallBudget
from bridge.shopify.client import ShopifyClient
from bridge.shopify.documents import names, operation
from bridge.shopify.exchange import Exchange
from bridge.shopify.session import missing_scopes, support_window
from bridge.shopify.shop import ShopFacts, bootstrap, locations

State = Literal["ok", "warning", "error"]

# Shopify releases a version each quarter: within the last one of a version there is time to try
# the next.
SOON_DAYS: Final = 90

# Beyond half a minute the log's times mislead; beyond half of reserve_minutes (ten by default) an
# acknowledged order's stock is given back too early or too late.
SKEW_WARNING_SECONDS: Final = 30.0
SKEW_ERROR_SECONDS: Final = 300.0

_PULL: Final = "order_pull"
_PUSH: Final = "inventory_push"
_CATALOG: Final = "catalog_push"
_SHIP: Final = "order_shipment_submit"
_COMPLETE: Final = "order_complete"
_RETURNED: Final = "order_returned"
_UPDATE: Final = "order_update"
_OF_ORDERS: Final = (
    _PULL,
    "order_acknowledge",
    _SHIP,
    "order_settle_payment",
    _COMPLETE,
    _RETURNED,
    _UPDATE,
    "order_cancel",
)

NEEDED_BY: Final[Mapping[str, Collection[str]]] = {
    "read_customers": (_PULL,),
    "read_inventory": (_PUSH, _CATALOG),
    "read_locations": (_PUSH, _RETURNED),
    "read_merchant_managed_fulfillment_orders": (_PULL, _PUSH, _SHIP, _COMPLETE),
    "read_orders": (*_OF_ORDERS, _PUSH),
    "read_products": (_PUSH, _CATALOG, _UPDATE),
    "read_publications": (_CATALOG,),
    "read_returns": (_COMPLETE, _RETURNED, _UPDATE),
    "write_files": (_CATALOG,),
    "write_inventory": (_PUSH, _CATALOG),
    "write_merchant_managed_fulfillment_orders": (_SHIP, _COMPLETE),
    "write_order_edits": (_UPDATE,),
    "write_orders": tuple(one for one in _OF_ORDERS if one not in {_PULL, _UPDATE}),
    "write_products": (_CATALOG,),
    "write_publications": (_CATALOG,),
    "write_returns": (_RETURNED, _UPDATE),
}
"""Which actions cannot work without a scope; a test makes the example calls and compares."""


@dataclass(frozen=True, slots=True)
class Note:
    """One finding: what was looked at, how it is, and what to do where it is not well."""

    subject: str
    state: State
    said: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class StoreWord:
    """What a store answered.

    ``hidden`` are the fields of customers that it refused to show, ``orders`` how many orders there
    were to look at, at most five, and ``shown`` those of which anything of the customer could be
    read. ``ahead`` is by how much this machine's clock is ahead of Shopify's, None
    when no reply had a date.
    """

    facts: ShopFacts
    locations: Sequence[Node]
    hidden: tuple[str, ...]
    orders: int
    shown: int
    ahead: timedelta | None


def needed_scopes(actions: Collection[str] | None = None) -> tuple[str, ...]:
    """The access scopes that the shipped operations state in their ``# scopes:`` lines.

    With ``actions``: only those that one of these needs.
    """
    stated = {scope for name in names() for scope in operation(name).scopes}
    if actions is not None:
        stated = {scope for scope in stated if set(actions) & set(NEEDED_BY[scope])}
    return tuple(sorted(stated))


async def ask(
    channel: ChannelSettings,
    http: aiohttp.ClientSession,
    *,
    budget: CallBudget,
    now: Callable[[], datetime],
) -> StoreWord:
    """Ask a channel's store. Raises ShopifyError, and ValueError for a bad configuration.

    A token without ``read_locations`` or ``read_orders`` brings no locations and no order.
    """
    dates: list[timedelta] = []

    def observe(exchange: Exchange) -> None:
        told = exchange.headers.get("Date")
        if told is not None:
            dates.append(_ahead(told, now(), exchange.seconds))

    client = ShopifyClient.for_channel(channel, http, observe=observe)
    facts = await bootstrap(client, budget)
    lacking = missing_scopes(facts.scopes, ("read_locations", "read_orders", "read_customers"))
    known = [] if "read_locations" in lacking else await locations(client, budget)
    hidden: tuple[str, ...] = ()
    orders = shown = 0
    if not {"read_orders", "read_customers"} & set(lacking):
        hidden, orders, shown = await _customer_data(client, budget)
    return StoreWord(facts, known, hidden, orders, shown, min(dates, key=abs, default=None))


def _ahead(told: str, now: datetime, seconds: float) -> timedelta:
    """A Date header has whole seconds, cut off, of about the middle of the exchange."""
    theirs = parsedate_to_datetime(told)
    theirs = theirs if theirs.tzinfo is not None else theirs.replace(tzinfo=UTC)
    return now - timedelta(seconds=seconds / 2) - theirs - timedelta(seconds=0.5)


async def _customer_data(
    client: ShopifyClient, budget: CallBudget
) -> tuple[tuple[str, ...], int, int]:
    reply = await client.execute(operation("CustomerData"), {}, budget=budget)
    denied = {str(error.path[-1]) for error in reply.errors if error.path}
    nodes: Sequence[Mapping[str, Any]] = reply.data["orders"]["nodes"]
    return tuple(sorted(denied)), len(nodes), sum(any(_told(node)) for node in nodes)


def _told(order: Mapping[str, Any]) -> Iterator[bool]:
    customer = order["customer"] or {}
    for name in ("email", "phone", "shippingAddress", "billingAddress"):
        yield order[name] is not None
    for name in ("firstName", "lastName", "defaultEmailAddress"):
        yield customer.get(name) is not None


def scopes(granted: Iterable[str], actions: Collection[str] | None = None) -> list[Note]:
    """The token's scopes against what the actions need; all actions when none are named."""
    granted = set(granted)
    lacking = missing_scopes(granted, needed_scopes(actions))
    if not lacking:
        count = len(needed_scopes(actions))
        notes = [Note("scopes", "ok", f"all {count} that are needed")]
    else:
        hit = {name for scope in lacking for name in NEEDED_BY[scope]}
        hit &= set(actions) if actions is not None else hit
        notes = [
            Note(
                "scopes",
                "error",
                f"the token lacks {', '.join(lacking)}",
                f"{', '.join(sorted(hit))} will fail: add them to the app's access scopes in the"
                " Dev Dashboard, release a version, and accept it in the store's admin",
            )
        ]
    if actions is not None and _PULL not in actions:
        return notes
    if missing_scopes(granted, ("read_all_orders",)):
        notes.append(
            Note(
                "old orders",
                "warning",
                "the token lacks read_all_orders: Shopify hides orders older than 60 days",
                "enough if RetailOps takes and finishes every order within 60 days; else request"
                " it in the Dev Dashboard (API access requests)",
            )
        )
    return notes


def api_version(version: str, offered: Collection[str], today: date) -> Note:
    """The configured API version against Shopify's support window and the store's own list."""
    window = support_window(version, today)
    span = f"Shopify serves it from {window.opens} until {window.closes}"
    if window.state != "supported":
        said = f"API version {version} is {window.state}: {span}"
        return Note("API version", "error", said, "set api_version")
    if version not in offered:
        listed = ", ".join(offered)
        said = f"the store does not support API version {version}, only {listed}"
        return Note("API version", "error", said, "set api_version")
    if window.days_left < SOON_DAYS:
        said = f"{version} until {window.closes}, in {window.days_left} days"
        return Note("API version", "warning", said, "set a later api_version, and run check")
    return Note("API version", "ok", f"{version} until {window.closes}")


def shop(channel: ChannelSettings, facts: ShopFacts) -> list[Note]:
    """Which shop answers, and whether RetailOps knows its money."""
    notes = [Note("shop", "ok", f"{facts.name}, plan {facts.plan}, {facts.currency}")]
    if channel.shop != facts.domain and channel.shopify.endpoint is None:
        said = f"{channel.shop} is a name of {facts.domain}"
        notes.append(Note("shop", "warning", said, f'set shop = "{facts.domain}"'))
    if facts.currency not in get_args(CurrencyCode):
        own = channel.order_pull.currency == "shop"
        said = f"RetailOps does not know the shop's currency {facts.currency}"
        remedy = (
            'no order can be sent: set order_pull.currency = "presentment"'
            if own
            else "orders that are placed in it are held back (orders unsendable)"
        )
        notes.append(Note("currency", "error" if own else "warning", said, remedy))
    return notes


def places(channel: ChannelSettings, known: Sequence[Node]) -> list[Note]:
    """The locations that the settings name against those that the store has."""
    push = channel.inventory_push
    wanted = [("inventory_push.location", push.location)] if push.location else []
    wanted += [(f'inventory_push.facilities "{k}"', v) for k, v in push.facilities.items()]
    wanted += [("order_pull.locations", v) for v in channel.order_pull.locations]
    notes = [
        Note(
            "locations",
            "error",
            f'{setting} is "{place}", and the store has no such active location',
            f"name one of: {named(known)}",
        )
        for setting, place in wanted
        if find(known, place) is None
    ]
    if notes:
        return notes
    if not known:
        remedy = "add one, or activate it, in the store's admin"
        return [Note("locations", "error", "the store has no active location", remedy)]
    if push.facilities:
        told = ", ".join(f"{k} → {v}" for k, v in push.facilities.items())
        return [Note("locations", "ok", f"facilities: {told}")]
    chosen = find(known, push.location) if push.location else first(known)
    name = chosen["name"] if chosen is not None else ""
    if len(known) > 1 and not push.location:
        return [
            Note(
                "locations",
                "warning",
                f"the store has {len(known)}, and all stock is set at {name}",
                "name another in inventory_push.location, or map RetailOps' facilities in"
                " inventory_push.facilities",
            )
        ]
    return [Note("locations", "ok", f"all stock is set at {name}")]


_REQUEST: Final = (
    "request protected customer data (name, address, email, phone) in the Dev Dashboard"
    " (API access requests)"
)


def customer_data(word: StoreWord) -> Note:
    """May the app read who ordered, and where it goes.

    Shopify refuses a field with an error, or leaves it empty without a word.
    """
    subject = "customer data"
    if word.hidden:
        held = "shippingAddress" in word.hidden or "billingAddress" in word.hidden
        loss = "orders with an address are held back" if held else "RetailOps is not sent them"
        said = f"Shopify hides {', '.join(word.hidden)} from the app"
        return Note(subject, "error" if held else "warning", said, f"{loss}: {_REQUEST}")
    if not word.orders:
        return Note(subject, "ok", "nothing is refused, but there is no order yet to tell by")
    if not word.shown:
        said = f"nothing of the customer is to be seen in the newest {word.orders} order(s)"
        return Note(subject, "warning", said, f"unless they have none: {_REQUEST}")
    return Note(subject, "ok", "names, addresses, e-mails and phones can be read")


def clock(ahead: timedelta | None) -> Note:
    """This machine's clock against Shopify's."""
    if ahead is None:
        return Note("clock", "warning", "no reply of Shopify's had a date", "compare it by hand")
    seconds = ahead.total_seconds()
    way = "ahead of" if seconds > 0 else "behind"
    said = f"{abs(seconds):.0f} s {way} Shopify's"
    remedy = "let the machine take its time from a server (NTP, chrony, systemd-timesyncd)"
    if abs(seconds) >= SKEW_ERROR_SECONDS:
        return Note("clock", "error", f"the clock is {said}", remedy)
    if abs(seconds) >= SKEW_WARNING_SECONDS:
        return Note("clock", "warning", f"the clock is {said}", remedy)
    return Note("clock", "ok", "within some seconds of Shopify's" if abs(seconds) > 2 else "right")
