"""SQLite: what makes every effect happen once."""

from bridge.ledger.ledger import Ledger
from bridge.ledger.model import (
    CallKey,
    CallRow,
    Claimed,
    Effect,
    EndedStep,
    EndState,
    HeldBack,
    NewStep,
    Pruned,
    Replay,
    Standing,
    Stats,
    StepRow,
)

__all__ = [
    "CallKey",
    "CallRow",
    "Claimed",
    "Effect",
    "EndState",
    "EndedStep",
    "HeldBack",
    "Ledger",
    "NewStep",
    "Pruned",
    "Replay",
    "Standing",
    "Stats",
    "StepRow",
]
