"""Which orders RetailOps is offered. Pure: the order as it is, the policy, the time.

The rules are those of ``[order_pull]``. Search narrows them (``search_query``), ``verdict``
decides them on the order itself, because Shopify's search index lags behind the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from bridge.config.models import OrderPullPolicy
from bridge.shopify.search import any_of, quoted

Node = Mapping[str, Any]

# OrderDisplayFinancialStatus of orders whose money is there or promised.
PAYABLE: Final = frozenset({"PAID", "PARTIALLY_PAID", "AUTHORIZED", "PARTIALLY_REFUNDED"})

# Nothing is left to be paid or shipped by anyone; never offered, not even with pull_unpaid.
FINISHED: Final = frozenset({"REFUNDED", "VOIDED", "EXPIRED"})

# OrderDisplayFulfillmentStatus with work left that may be done now; the others are done, on
# hold, scheduled or refused. Shopify adds values: an unknown one is looked at on the order.
DONE: Final = frozenset({"FULFILLED", "FULFILLMENT_NOT_REQUIRED", "RESTOCKED"})
WAITING: Final = frozenset({"ON_HOLD", "SCHEDULED", "REQUEST_DECLINED"})

POINT_OF_SALE = "pos"


def since(policy: OrderPullPolicy) -> datetime | None:
    """``pull_since`` as an instant; a bare date is midnight UTC."""
    value = policy.pull_since
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


def _either(field: str, values: Iterable[str]) -> str:
    return f"({any_of(field, values)})"


@lru_cache(maxsize=64)  # one a channel; a page of orders is asked for with the same all day
def search_query(policy: OrderPullPolicy, *, tag: str) -> str:
    """The search that narrows a shop's orders to those that may be ready.

    It may find too much, which ``verdict`` puts right; what it misses, the sweep finds. Every
    value is quoted: an unquoted timestamp is split at its colons (captured).
    """
    terms = [f"-tag:{quoted(tag)}", "-status:cancelled", "test:false"]
    if policy.pull_unpaid:
        terms += [f"-financial_status:{s.lower()}" for s in sorted(FINISHED)]
    else:
        terms.append(_either("financial_status", sorted(s.lower() for s in PAYABLE)))
    if policy.pull_fulfilled != "all":
        shipping = ["fulfillment_status:unfulfilled", "fulfillment_status:partial"]
        if policy.pull_fulfilled == "pos":
            shipping.append(f"source_name:{quoted(POINT_OF_SALE)}")
        terms.append("(" + " OR ".join(shipping) + ")")
    start = since(policy)
    if start is not None:
        terms.append(f"created_at:>={quoted(start.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ'))}")
    if policy.tags_include:
        terms.append(_either("tag", policy.tags_include))
    terms += [f"-tag:{quoted(t)}" for t in policy.tags_exclude]
    if policy.sources:
        terms.append(_either("source_name", policy.sources))
    return " AND ".join(terms)


def cancelled_query(*, tag: str, cancel_tag: str) -> str:
    """Orders that RetailOps took and Shopify has since cancelled, as far as search knows."""
    return f"status:cancelled AND tag:{quoted(tag)} AND -tag:{quoted(cancel_tag)}"


def header_verdict(order: Node, policy: OrderPullPolicy, now: datetime) -> str | None:
    """Why the order is not offered by what every listing carries, or None."""
    financial = order["displayFinancialStatus"]
    if order["cancelledAt"] is not None:
        return "cancelled"
    if order["test"]:
        return "a test order"
    if financial in FINISHED or (financial not in PAYABLE and not policy.pull_unpaid):
        return f"financial status {financial}"
    start = since(policy)
    if start is not None and order["createdAt"] < start:
        return "older than pull_since"
    if now - order["createdAt"] < timedelta(minutes=policy.minimum_age_minutes):
        return "younger than minimum_age_minutes"
    return _filter_verdict(order, policy) or _work_verdict(order, policy)


def _filter_verdict(order: Node, policy: OrderPullPolicy) -> str | None:
    tags = {t.casefold() for t in order["tags"]}
    if policy.tags_include and tags.isdisjoint(t.casefold() for t in policy.tags_include):
        return "none of tags_include"
    if not tags.isdisjoint(t.casefold() for t in policy.tags_exclude):
        return "one of tags_exclude"
    if policy.sources and order["sourceName"] not in policy.sources:
        return "not one of sources"
    return None


def _work_verdict(order: Node, policy: OrderPullPolicy) -> str | None:
    status = order["displayFulfillmentStatus"]
    if status in WAITING:
        return f"fulfillment status {status}"
    if status in DONE and not _finished_wanted(order, policy):
        return "nothing left to ship"
    return None


def _finished_wanted(order: Node, policy: OrderPullPolicy) -> bool:
    return policy.pull_fulfilled == "all" or (
        policy.pull_fulfilled == "pos" and order["sourceName"] == POINT_OF_SALE
    )


def to_ship(line: Node) -> int:
    """Units of a line that someone still has to ship."""
    if not line["requiresShipping"] or line["isGiftCard"]:
        return 0
    return max(0, min(int(line["currentQuantity"]), int(line["unfulfilledQuantity"])))


def verdict(order: Node, policy: OrderPullPolicy, now: datetime) -> str | None:
    """Why this whole order (all its lines) is not offered now, or None when it is ready."""
    reason = header_verdict(order, policy, now)
    if reason is not None:
        return reason
    if any(to_ship(line) for line in order["lineItems"]):
        return _open_work_verdict(order, policy)
    return None if _finished_wanted(order, policy) else "nothing left to ship"


def _open_work_verdict(order: Node, policy: OrderPullPolicy) -> str | None:
    work = [f for f in order["fulfillmentOrders"] if f["status"] not in {"CLOSED", "CANCELLED"}]
    if not work:
        # Shopify makes fulfillment orders a moment after the order: none means "later".
        return "no fulfillment order yet"
    if any(f["status"] == "ON_HOLD" or f["fulfillmentHolds"] for f in work):
        return "on hold"
    if all(f["status"] == "SCHEDULED" for f in work):
        return "scheduled for later"
    if policy.locations and not any(_at(f, policy.locations) for f in work):
        return "no work at one of locations"
    return None


def _at(fulfillment_order: Node, locations: Iterable[str]) -> bool:
    place = fulfillment_order["assignedLocation"]
    gid = (place["location"] or {}).get("id", "")
    return any(x in {place["name"], gid, gid.rsplit("/", 1)[-1]} for x in locations)
