"""HTML from the templates beside this: all that is put in is escaped, no name may be missing."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from bridge.errors import foremost
from bridge.server.console import plot, view

HERE: Final = Path(str(resources.files("bridge.server.console")))

# What each outcome means for a person: its colour; the word itself is always there too.
GOOD: Final = frozenset({"ok", "replayed"})
FAIR: Final = frozenset({"partial", "degraded"})


def environment() -> Environment:
    """The templates, ready to render."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(when=when, number=number, tone=tone, admin=admin, foremost=foremost)
    made.globals.update(drawing=plot, MOST_ROWS=view.MOST_ROWS)
    return made


def when(at: datetime, form: str = "%Y-%m-%d %H:%M:%S") -> Markup:
    """A ``<time>`` in UTC."""
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.isoformat(timespec="seconds"), utc.strftime(form)
    )


def number(value: float) -> str:
    """``12,345``; whole."""
    return f"{value:,.0f}"


def tone(word: str) -> str:
    """The class of an outcome or a status."""
    return "good" if word in GOOD else "fair" if word in FAIR else "bad"


def admin(shop: str) -> str:
    """The address of a store's admin."""
    return f"https://{shop}/admin"
