"""catalog_get_config: tells RetailOps how the channel wants its catalogue. No Shopify call.

Source: RetailOps' ``catalog_get_config_v1`` schema; ``sku_fanout = "related_skus"`` makes one push
carry a product's whole family, which Shopify's product-wise mutations want.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.config.models import CatalogPolicy
from bridge.engine import Call, Plan, Result
from bridge.retailops.answers import Answer, CatalogGetConfigAnswer
from bridge.retailops.requests import CatalogGetConfigRequest


class CatalogGetConfig:
    """The action; see ``bridge.engine.Action`` for its shape."""

    name = "catalog_get_config"
    background = False

    def key(self, request: CatalogGetConfigRequest) -> str | None:
        """A read: nothing to claim."""
        return None

    def serial(self, request: CatalogGetConfigRequest) -> str | None:
        """Nothing to wait for."""
        return None

    async def read(
        self, call: Call, request: CatalogGetConfigRequest, results: Sequence[Result]
    ) -> CatalogPolicy:
        """The answer is configuration."""
        return call.channel.settings.catalog

    def plan(
        self,
        call: Call,
        request: CatalogGetConfigRequest,
        state: CatalogPolicy,
        results: Sequence[Result],
    ) -> Plan:
        """Nothing to send."""
        return Plan()

    async def remember(
        self,
        call: Call,
        request: CatalogGetConfigRequest,
        state: CatalogPolicy,
        results: Sequence[Result],
    ) -> None:
        """Nothing to remember."""

    def answer(
        self,
        call: Call,
        request: CatalogGetConfigRequest,
        state: CatalogPolicy,
        results: Sequence[Result],
    ) -> Answer:
        """``sku_fanout`` as configured."""
        return CatalogGetConfigAnswer(sku_fanout=state.sku_fanout)
