"""The reference of the event codes, written from the table that the code itself uses."""

from __future__ import annotations

from pathlib import Path

from bridge.retailops.events import CODES

_HEAD = """\
# Event codes

<!-- Written by bridge.retailops.reference.events_markdown(); a test compares. -->

An answer's `events` tell what was not done, or deserves a look. Each has an `event_type`
(`error`: something asked for was not done; `warning`: a person should look; `info`: all is
well), a `code` from this list, a `message` for people, the `associations` that name the order,
line or SKU, and `diagnostic_data` with Shopify's request id where there is one. Codes never
change their meaning. A single event may carry another type than its code's usual one, such as
a warning where nothing was lost.

A malformed call is answered with the HTTP status named below and the same form of `events`.
"""


def events_markdown() -> str:
    """The whole of ``docs/reference/events.md``: every code with its meaning and remedy."""
    parts = [_HEAD]
    for code, doc in CODES.items():
        parts.append(f"## `{code.value}`\n\n*{doc.event_type}* — {doc.meaning}\n")
        parts.append(f"**What to do:** {doc.remedy}\n")
    return "\n".join(parts)


def main() -> None:
    """Write the page into the source tree that this module lies in."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "events.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(events_markdown(), "utf-8")


if __name__ == "__main__":
    main()
