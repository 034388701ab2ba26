"""What the ledger remembers of an order, by name. Every kind is stated here and nowhere else."""

from __future__ import annotations

from typing import Final

ACKNOWLEDGED: Final = "acknowledged"
"""RetailOps has taken the order: it is not offered again. ``detail``: ``retailops_order_id``."""

CANCEL_OFFERED: Final = "cancel_offered"
"""RetailOps was offered the order with ``cancel: true``, after it had taken it."""

CANCEL_ACKNOWLEDGED: Final = "cancel_acknowledged"
"""RetailOps has taken the cancellation: it is not offered again."""

THE_ORDER: Final = "order"
"""The natural id of an effect that an order can have only once."""
