"""Filters of installed packages: found by their entry point, checked like the shipped ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.errors import ConfigError, MappingError
from bridge.mapping.filters import FILTERS
from bridge.mapping.module import load_module
from bridge.mapping.plugins import GROUP, filter_of, installed, read_plugins
from bridge.mapping.work import MAX_FOREIGN
from bridge.wiring import load_mapping, shipped_mappings
from tests.cli.terminal import Terminal, write_config
from tests.mapping.support import SOURCES, Order, an_order
from tests.stories.caller import PLAIN, pull
from tests.support import world

CODE = '''
import datetime, decimal, time

def slow(value: str) -> str:
    """Takes its time."""
    time.sleep(1.1 if value == "stuck" else 0.015)
    return value

def sku(value: str, prefix: str = "A", *, upper: bool = True) -> str:
    """The SKU as our warehouse writes it.

    More of no interest here.
    """
    return prefix + "-" + (value.upper() if upper else value)

def half(value: decimal.Decimal) -> decimal.Decimal | None:
    """Half of it; nothing of zero."""
    return value / 2 if value else None

def words(value: list[str]) -> list[str]:
    """Each word once."""
    return sorted(set(value))

def weekend(value: datetime.datetime) -> bool:
    """Whether it is Saturday or Sunday."""
    return value.weekday() > 4

def broken(value: str) -> str:
    """Breaks on anything."""
    return value / 0

def lying(value: str) -> str:
    """Says text and gives a float."""
    return 0.5

def undocumented(value: str) -> str:
    return value

def untyped(value):
    """No types."""

def many(value: str, *more: str) -> str:
    """Any number of arguments."""

def nothing() -> str:
    """No value."""

def must(value: str, *, key: str) -> str:
    """A keyword without default."""

NUMBER = 3
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch) -> Iterator[object]:
    """Installs a package with these entry points, as pip leaves one behind."""
    folder = tmp_path / "site"
    info = folder / "acme_filters-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-filters\nVersion: 1.2\n")
    (folder / "acme_filters.py").write_text(CODE)
    (folder / "acme_breaks.py").write_text("raise SystemError")
    monkeypatch.syspath_prepend(str(folder))
    installed.cache_clear()

    def install(**points: str) -> None:
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n" + "\n".join(lines) + "\n")
        installed.cache_clear()

    yield install
    installed.cache_clear()
    for name in ("acme_filters", "acme_breaks"):
        sys.modules.pop(name, None)


def value(folder: Path, expression: str, field: str = "created_text", **order: object) -> object:
    """What an expression with the installed filters gives."""
    file = folder / "order.toml"
    file.write_text(f'[order]\nrefnum = "order.name"\n{field} = "{expression}"\n')
    made = load_module(
        "order", [file], target=Order, sources=SOURCES, extra_filters=installed().filters
    )
    return made.render({"order": an_order(**order), "price": {}}).get(field)


GOOD = {
    "acme_sku": "acme_filters:sku",
    "acme_half": "acme_filters:half",
    "acme_words": "acme_filters:words",
    "acme_weekend": "acme_filters:weekend",
    "acme_broken": "acme_filters:broken",
    "acme_lying": "acme_filters:lying",
}


def test_filters_are_found_and_typed(package, tmp_path) -> None:
    """A function's value comes as the type that it says; arguments and keywords as written."""
    package(**GOOD)
    assert value(tmp_path, "order.name | acme_sku") == "A-#1001"
    assert value(tmp_path, "'ab' | acme_sku: 'B', upper: false") == "B-ab"
    assert value(tmp_path, "'5' | acme_half") == "2.5"
    assert value(tmp_path, "'0' | acme_half | default: 'none'") == "none"
    assert value(tmp_path, "'b a b' | split: ' ' | acme_words | join: '+'") == "a+b"
    assert value(tmp_path, "'2026-11-22T10:00:00+00:00' | acme_weekend") == "true"
    assert value(tmp_path, "order.note | acme_sku", note=None) is None


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("order.tags | acme_sku", "M303"),
        ("order.name | acme_words", "M303"),
        ("order.name | acme_sku: 1, 2", "M303"),
        ("order.name | acme_sku: lower: true", "M303"),
        ("order.name | acme_skuu", "M202"),
        ("order.tags | acme_words", "M301"),
    ],
)
def test_their_use_is_checked_at_load(package, tmp_path, expression, code) -> None:
    """Types, arguments and names of plugin filters are linted like those of shipped ones."""
    package(**GOOD)
    with pytest.raises(ConfigError) as caught:
        value(tmp_path, expression)
    assert caught.value.findings[0].code == code


@pytest.mark.parametrize(
    ("name", "said"),
    [("acme_broken", "raised TypeError"), ("acme_lying", "not what it says that it gives")],
)
def test_what_a_filter_does_wrong_fails_one_value(package, tmp_path, name, said) -> None:
    """An exception or a result of another type is this order's failure, with the line."""
    package(**GOOD)
    with pytest.raises(MappingError, match=said) as caught:
        value(tmp_path, f"order.name | {name}")
    assert caught.value.code == "MAPPING_FAILED"


@pytest.mark.parametrize(
    ("name", "value_", "said"),
    [
        ("upcase", "acme_filters:sku", "the name of a shipped filter"),
        ("Acme", "acme_filters:sku", "no expression can write"),
        ("acme", "acme_filters:gone", "cannot be imported: AttributeError"),
        ("acme", "acme_breaks:x", "cannot be imported: SystemError"),
        ("acme", "acme_filters:NUMBER", "is no function"),
        ("acme", "acme_filters:undocumented", "has no docstring"),
        ("acme", "acme_filters:untyped", "does not say the types"),
        ("acme", "acme_filters:many", "any number of arguments"),
        ("acme", "acme_filters:nothing", "takes no value"),
        ("acme", "acme_filters:must", "keyword argument without a default"),
    ],
)
def test_what_is_no_filter_stops_the_start(package, name, value_, said) -> None:
    """The finding names the package, the entry point and what is wrong with it."""
    package(**{name: value_})
    (finding,) = read_plugins(entry_points(group=GROUP)).findings
    assert (finding.code, finding.path) == ("M107", "acme-filters 1.2")
    assert said in finding.message
    with pytest.raises(ConfigError, match="M107"):
        load_mapping("order_pull", [shipped_mappings() / "order_pull.toml"])


def test_two_packages_with_one_name_are_told(package) -> None:
    """Which of them would win is nobody's guess."""
    package(acme="acme_filters:sku")
    points = entry_points(group=GROUP)
    (finding,) = read_plugins([*points, *points]).findings
    assert "is given twice" in finding.message


def test_fields_lists_them_with_their_summary(package, tmp_path, capsys) -> None:
    """`fields --filters` shows the shipped ones, and these with words and package."""
    package(**GOOD)
    config = write_config(tmp_path, ledger=tmp_path / "l", endpoint="http://127.0.0.1:9")
    terminal = Terminal(capsys, config)
    told = terminal.json("fields", "--filters")
    assert set(FILTERS) | set(GOOD) == set(told)
    assert told["acme_sku"]["summary"] == ("The SKU as our warehouse writes it. (acme-filters 1.2)")
    assert (told["acme_sku"]["takes"], told["acme_sku"]["gives"]) == ("text", "text")
    _, out, _ = terminal("fields", "--filters", "acme_half")
    assert "Half of it; nothing of zero. (acme-filters 1.2)" in out


def test_a_mapping_of_a_merchant_uses_one(package, tmp_path) -> None:
    """Loaded as the bridge loads it, over the shipped mapping."""
    package(**GOOD)
    own = tmp_path / "order_pull.toml"
    own.write_text(
        '[order.order_items]\nsku = "line.sku | acme_sku | default: policy.missing_sku"\n'
    )
    load_mapping("order_pull", [shipped_mappings() / "order_pull.toml", own])


# -- how long they take ---------------------------------------------------------------------------


async def test_a_slow_filter_is_told_and_one_that_takes_too_long_fails_its_order(
    package, tmp_path
) -> None:
    """Over HTTP: a line with filter and place for each order; one is held back, others come."""
    package(acme_slow="acme_filters:slow")
    own = tmp_path / "own"
    own.mkdir()
    text = '[order]\ngift_message = "order.note | acme_slow"\n'
    (own / "order_pull.toml").write_text(text)
    async with world(tmp_path, mappings_dir=own) as w:
        line = {"sku": PLAIN, "quantity": 1}
        made = [await w.place(lines=[line], note=note) for note in ("gift", "stuck")]
        with capture_logs() as logs:
            orders, _ = await pull(w, specific_orders=[o["id"] for o in made])
    assert [o["gift_message"] for o in orders] == ["gift"]
    told = [e for e in logs if e["event"] == "filter_slow"]
    place = f"{own / 'order_pull.toml'}:2:16"
    assert {(e["filter"], e["place"], e["log_level"]) for e in told} == {
        ("acme_slow", place, "warning")
    }
    assert sorted(e["milliseconds"] > MAX_FOREIGN * 1000 for e in told) == [False, True]
    (held,) = [e for e in logs if e["event"] == "order_held_back"]
    assert "filters of other packages took more than 1 s" in held["reason"]


def test_the_time_of_a_rendering_is_counted_together(tmp_path) -> None:
    """Many calls that are each bearable are not; what fails takes its time too, `when` as well."""
    now = [0.0]

    def steady(value: str) -> str:
        """A quarter of the limit."""
        now[0] += MAX_FOREIGN / 4
        if value == "no":
            raise ValueError
        return value

    def render(count: int, last: str = "'a'") -> object:
        chain = " | acme_steady" * (count - 1)
        file = tmp_path / "order.toml"
        file.write_text(
            f"""[order]
refnum = "order.name{chain}"
created_text = "{last} | acme_steady"
"""
        )
        filters = {"acme_steady": filter_of("acme_steady", steady, clock=lambda: now[0])}
        made = load_module("order", [file], target=Order, sources=SOURCES, extra_filters=filters)
        return made.render({"order": an_order(), "price": {}})

    with capture_logs() as logs:
        assert render(4)
    assert [(e["filter"], e["place"][-5:], e["milliseconds"]) for e in logs] == [
        ("acme_steady", ":2:10", 250.0),
        ("acme_steady", ":3:16", 250.0),
    ]
    with pytest.raises(MappingError, match="took more than 1 s in one rendering") as failed:
        render(5)
    assert failed.value.code == "MAPPING_FAILED"
    assert failed.value.place.endswith("order.toml:3:16")
    with pytest.raises(MappingError, match="took more than 1 s"):
        render(5, "'no'")
    with pytest.raises(MappingError, match="raised ValueError"):
        render(4, "'no'")
