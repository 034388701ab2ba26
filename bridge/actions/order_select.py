"""``[select]`` of order_pull.toml: OrderPull and OrderLines with a merchant's further fields.

The fields go to the end of the fragments that both operations share, so that an order is the same
whether it came with the page, by its id, or its lines came later.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from bridge.actions.order_offer import sources
from bridge.actions.selecting import Place, Priced, Selectable, compose
from bridge.config.models import Policies
from bridge.mapping.select import Select, Slot
from bridge.schema.stored import Schemas
from bridge.shopify.documents import Operation, operation
from bridge.shopify.orders import pull_variables

SLOTS: Final[Mapping[str, Slot]] = {
    slot.name: slot
    for slot in (
        Slot("order", "Order", "order", has_metafields=True),
        Slot("customer", "Customer", "order.customer", has_metafields=True),
        Slot("shipping_line", "ShippingLine", "order.shippingLines"),
        Slot("line", "LineItem", "line"),
        Slot("variant", "ProductVariant", "line.variant", has_metafields=True),
        Slot("product", "Product", "line.product", has_metafields=True),
    )
}

_PLACES: Final[Mapping[str, Place]] = {
    "order": Place("PulledOrder"),
    "customer": Place("PulledOrder", ("customer",)),
    "shipping_line": Place("PulledOrder", ("shippingLines", "nodes")),
    "line": Place("PulledLine"),
    "variant": Place("PulledLine", ("variant",)),
    "product": Place("PulledLine", ("product",)),
}

# Money in the currency that is pulled, and an address: written out once, in our document.
_FRAGMENTS: Final = frozenset({"Money", "Address"})
_VARIABLES: Final = frozenset({"presentment"})


def order_select(policies: Policies, schemas: Schemas) -> Select:
    """What ``[select]`` of order_pull.toml may have, for a channel with these settings."""
    into = Selectable(
        operations=("OrderPull", "OrderLines"),
        places=_PLACES,
        sources=sources,
        price=partial(_price, policies),
        hint="select less, or lower page_size or lines_per_order in [order_pull]",
    )
    return Select(SLOTS, partial(compose, into=into, schemas=schemas), _FRAGMENTS, _VARIABLES)


def _price(policies: Policies, operations: Mapping[str, Operation]) -> Priced:
    """As large as the channel asks for them."""
    costs = {}
    for name, made in operations.items():
        variables: Mapping[str, Any] = {"id": "", "presentment": True}
        if name == "OrderPull":
            variables = pull_variables(
                first=policies.order_pull.page_size, lines=policies.order_pull.lines_per_order
            )
        costs[name] = operation(name).cost(variables), made.cost(variables)
    return Priced(costs, {})
