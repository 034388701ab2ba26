"""catalog_get_config answers from the configuration, whatever the store does."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.actions.catalog_get_config import CatalogGetConfig
from bridge.config.models import CatalogPolicy
from bridge.engine import Plan
from bridge.retailops.requests import CatalogGetConfigRequest
from tests.actions.stock import a_call


@pytest.mark.parametrize("fanout", ["related_skus", "no_fanout"])
async def test_the_configured_fanout(fanout: Any) -> None:
    """Neither store nor ledger is asked: the call has none."""
    call = a_call(catalog=CatalogPolicy(sku_fanout=fanout))
    action, request = CatalogGetConfig(), CatalogGetConfigRequest()
    state = await action.read(call, request, [])
    assert action.plan(call, request, state, []) == Plan()
    answer = action.answer(call, request, state, [])
    assert answer.model_dump() == {"sku_fanout": fanout}
    assert action.key(request) is None
    assert action.serial(request) is None
