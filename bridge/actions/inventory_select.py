"""``[select]`` of inventory_push.toml: the look-up of SKUs with a merchant's further fields.

Dear fields make the look-ups smaller, down to ``FEWEST``: what costs more than Shopify takes even
then is refused before the start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Final

from bridge.actions.inventory_wants import sources
from bridge.actions.selecting import Place, Priced, Selectable, compose
from bridge.config.models import Policies
from bridge.mapping.select import Select, Slot
from bridge.schema.stored import Schemas
from bridge.shopify.documents import BODY, Operation, operation
from bridge.shopify.inventory import PAGE, at_locations, longest_page

SLOTS: Final[Mapping[str, Slot]] = {
    slot.name: slot
    for slot in (
        Slot("variant", "ProductVariant", "variant", has_metafields=True),
        Slot("product", "Product", "variant.product", has_metafields=True),
    )
}

_NODES: Final = ("productVariants", "nodes")
_PLACES: Final[Mapping[str, Place]] = {
    "variant": Place(BODY, _NODES),
    "product": Place(BODY, (*_NODES, "product")),
}

# Each location's level is asked for under a name of its own: level0, level1 and so on.
_OWN: Final = re.compile(r"level\d*")

# Rows that a look-up must be able to ask for. A request of 1,000 points takes ten seconds of what
# Shopify restores (100 points a second): with fewer rows, 1,000 SKUs took a quarter of an hour.
FEWEST: Final = 10


def inventory_select(policies: Policies, schemas: Schemas) -> Select:
    """What ``[select]`` of inventory_push.toml may have, for a channel with these settings."""
    into = Selectable(
        operations=("VariantsBySku", "NewestVariants"),
        places=_PLACES,
        sources=sources,
        price=partial(_price, policies),
        hint="select less: fewer fields, or a smaller first: of a connection",
    )
    return Select(SLOTS, partial(compose, into=into, schemas=schemas), own=_OWN)


def _price(policies: Policies, operations: Mapping[str, Operation]) -> Priced:
    """At the locations that the settings name, for as many rows as a request can ask for."""
    policy = policies.inventory_push
    locations = max(1, len(set(policy.facilities.values())))
    costs, rows = {}, {}
    for name, made in operations.items():
        most = policy.lookup_size if name == "VariantsBySku" else PAGE
        size = max(longest_page(made, locations, most), min(FEWEST, most))
        before = at_locations(operation(name), locations).cost({"first": most})
        costs[name] = before, at_locations(made, locations).cost({"first": size})
        if size < most:
            rows[name] = most, size
    return Priced(costs, rows)
