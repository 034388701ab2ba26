"""Every colour of the style sheet against what it stands on, computed as WCAG 2.2 says (1.4.3)."""

from __future__ import annotations

import re

import pytest

from bridge.server.console.render import HERE

CSS = (HERE / "static" / "console.css").read_text("utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
)

# Text on what it is put on, 4.5:1 or more.
TEXT = [
    *((ink, ground) for ink in ("text", "quiet", "link") for ground in ("page", "panel")),
    ("button-text", "button"),
    ("good", "good-back"),
    ("fair", "fair-back"),
    ("bad", "bad-back"),
]
# What is told by a shape alone, 3:1 or more (1.4.11): borders of fields, the focus, the plot.
SHAPES = [
    ("edge", "panel"),
    ("edge", "page"),
    ("focus", "panel"),
    ("focus", "page"),
    ("level", "panel"),
    ("level", "area"),
    ("bar", "panel"),
    ("throttled", "panel"),
]
# Seen through, and never the only sign of anything.
ORNAMENT = {"line", "area"}


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb``."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_the_arithmetic():
    """Black on white is 21; the lightest grey that is readable on white is #767676."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT, ids=" on ".join)
def test_text_can_be_read(scheme, ink, ground):
    """4.5:1, in both schemes."""
    assert contrast(scheme[ink], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), SHAPES, ids=" on ".join)
def test_shapes_can_be_seen(scheme, ink, ground):
    """3:1, in both schemes."""
    assert contrast(scheme[ink], scheme[ground]) >= 3


def test_no_colour_is_left_out():
    """Both schemes have the same names; each is in a pair above; no rule has its own colour."""
    assert LIGHT.keys() == DARK.keys()
    paired = {name for pair in (*TEXT, *SHAPES) for name in pair}
    assert set(LIGHT) == paired | ORNAMENT
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl|opacity", rules.replace("#pause", ""))
    assert set(re.findall(r"var\(--([a-z-]+)\)", rules)) == set(LIGHT)


def test_nothing_moves_for_those_who_do_not_want_it():
    """The only movement is asked for by the person's own setting."""
    assert "animation" not in CSS
    assert "transition" not in CSS
    moving = re.search(r"no-preference\) \{(.*?)\n\}", CSS, re.DOTALL)
    assert moving is not None
    assert "scroll-behavior" in moving[1]
    assert CSS.count("scroll-behavior") == 1
