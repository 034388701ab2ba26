"""The steps and events of one product, as they are collected while it is planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bridge.actions.catalog_state import Target, tell
from bridge.engine import Step
from bridge.retailops.events import Code, Event
from bridge.shopify.catalogue import StoreVariant
from bridge.shopify.documents import operation

# A second sending of these is refused ("already exists", "does not exist"), which would be told as
# a failure of what was done: after a lost reply the next push reads what became of them.
ONCE: Final = frozenset({"ProductVariantsCreate", "ProductVariantsDelete", "ProductOptionsCreate"})

# Shopify takes no longer list of anything.
ROWS_AT_ONCE: Final = 250


@dataclass(frozen=True, slots=True)
class Part:
    """What a step is about: a product, the rows of its input, the images that it sends.

    ``moves`` are variants of other products: those that a step takes off there, or that are to be
    taken off once a step has made the product. ``times``: so often was it sent before, with
    metafields that Shopify refused.
    """

    target: Target
    rows: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    creates: bool = False
    times: int = 0
    moves: tuple[StoreVariant, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is missing of one product. ``images`` are addresses about to be sent."""

    steps: tuple[Step, ...] = ()
    events: tuple[Event, ...] = ()
    images: tuple[str, ...] = ()
    moves: tuple[StoreVariant, ...] = ()


class Steps:
    """Collects them, in their order."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.steps: list[Step] = []
        self.events: list[Event] = []

    def add(
        self,
        name: str,
        document: str,
        variables: Mapping[str, Any],
        *,
        rows: Sequence[str] = (),
        images: Sequence[str] = (),
        moves: Sequence[StoreVariant] = (),
        vital: bool = False,
        repeatable: bool = True,
    ) -> None:
        """One mutation; ``name`` is its own within the product."""
        self.steps.append(
            Step(
                f"{self.target.key}:{name}",
                operation(document),
                variables,
                repeatable=repeatable and document not in ONCE,
                subject=Part(self.target, tuple(rows), tuple(images), moves=tuple(moves)),
                lane=self.target.key,
                vital=vital,
            )
        )

    def take_off(self, moved: Iterable[StoreVariant]) -> None:
        """Delete variants where they were, each by itself: one refusal would refuse them all."""
        for variant in moved:
            variables = {"productId": variant.product, "variantsIds": [variant.gid]}
            self.add(
                f"moved:{variant.gid}",
                "ProductVariantsDelete",
                variables,
                rows=(variant.sku,),
                moves=(variant,),
            )

    def tell(
        self, code: Code, message: str, skus: Sequence[str] = (), *, warning: bool = False
    ) -> None:
        """An event about some of the product's SKUs, or about all of them."""
        named = list(skus) or self.target.skus
        text = f"{self.target.name}: {message}"
        self.events.append(tell(code, text, named, event_type="warning" if warning else "error"))


def in_parts(rows: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """As many rows as Shopify takes at once."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield tuple(rows[start : start + ROWS_AT_ONCE])
