"""SQLite: what makes every effect happen once."""

from bridge.ledger.ledger import Ledger
from bridge.ledger.model import CallKey, Claimed, Effect, HeldBack, Pruned, Replay, Stats

__all__ = [
    "CallKey",
    "Claimed",
    "Effect",
    "HeldBack",
    "Ledger",
    "Pruned",
    "Replay",
    "Stats",
]
