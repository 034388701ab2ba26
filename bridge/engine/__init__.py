"""Runs any SDK action: claim, read, plan, apply, answer. It knows the shape, not the eleven."""

from bridge.engine.model import (
    Action,
    Applied,
    Call,
    Channel,
    DryRun,
    Learned,
    NotApplied,
    OrderAction,
    Outcome,
    Plan,
    Result,
    Settler,
    Status,
    Step,
    Unclear,
    Verdict,
)
from bridge.engine.run import Engine
from bridge.engine.telling import shopify_event

__all__ = [
    "Action",
    "Applied",
    "Call",
    "Channel",
    "DryRun",
    "Engine",
    "Learned",
    "NotApplied",
    "OrderAction",
    "Outcome",
    "Plan",
    "Result",
    "Settler",
    "Status",
    "Step",
    "Unclear",
    "Verdict",
    "shopify_event",
]
