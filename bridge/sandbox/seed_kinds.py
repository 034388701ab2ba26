"""What a seeded order is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Play:
    """One seeded order: its kind, how it is placed, and what is done to it afterwards."""

    kind: str
    spec: Mapping[str, Any]
    then: tuple[tuple[str, Mapping[str, Any]], ...] = ()


def row(sku: str | None, quantity: int = 1, **more: object) -> dict[str, object]:
    """One line of an order."""
    return {"sku": sku, "quantity": quantity, **more}
