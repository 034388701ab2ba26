"""Tests beside a mapping: what is run, what fails, and what they cover, through the command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.cli.mapping_tests import shipped_reports
from bridge.wiring import shipped_mappings
from tests.server.process import environment

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = (ROOT / "docs" / "reference" / "mapping.md").read_text("utf-8")


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def folder(tmp_path):
    """A merchant's folder; ``write(name, text)`` puts a file into it."""

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return str(path)

    return write


def case(text: str) -> str:
    """A test file with one case."""
    return f'[[case]]\nname = "it"\n{text}\n'


def lines_of(capsys, folder, text: str) -> list[str]:
    """What a test file of order_pull prints when it fails, without empty lines."""
    path = folder("order_pull.test.toml", text)
    code, out, _ = run(capsys, "test", str(Path(path).parent))
    assert code == 1
    return [line.replace(path, "T") for line in out.splitlines() if line.strip()]


def test_every_shipped_mapping_is_covered_by_its_tests() -> None:
    """All rules of all shipped mappings and presets: each has a test file, and all pass."""
    reports = list(shipped_reports())
    mappings = [p for p in shipped_mappings().rglob("*.toml") if not p.stem.endswith(".test")]
    assert {r.path for r in reports} == {str(p.with_name(f"{p.stem}.test.toml")) for p in mappings}
    for report in reports:
        assert report.passed, [r.failures + r.findings for r in report.results] + [report.findings]
        assert not report.gaps, [(g.rule.place, g.why) for g in report.gaps]


def test_the_example_of_the_reference_passes(capsys, folder) -> None:
    """The tests shown in the documentation run, and hold."""
    (text,) = re.findall(r"```toml test\n(.*?)```", REFERENCE, re.DOTALL)
    path = folder("order_pull.test.toml", text)
    code, out, _ = run(capsys, "test", str(Path(path).parent))
    assert code == 0, out
    assert "1 file(s), 3 case(s)" in out


def test_a_merchants_tests_run_against_the_merchants_mapping(capsys, folder) -> None:
    """Their file of the same name is in effect, with the shipped one below it."""
    folder("order_pull.toml", '[tables.ship_service]\nExpress = "2DAY"\n')
    lines = 'input.shippingLines = [{ title = "Express" }]\nexpect.ship_service_code = "2DAY"'
    path = folder("order_pull.test.toml", case(lines))
    assert run(capsys, "test", str(Path(path).parent))[0] == 0
    Path(path).with_name("order_pull.toml").unlink()
    assert run(capsys, "test", str(Path(path).parent))[0] == 1


def test_a_failing_case_shows_place_difference_and_output(capsys, folder) -> None:
    """file:line:column of the expectation, both values, the rule behind it, all of the output."""
    text = case(
        'input.note = "Hello"\nexpect.gift_message = "Hallo"\nexpect.cancel = { absent = true }'
    )
    printed = lines_of(capsys, folder, text)
    assert printed[:4] == [
        "FAILED T:1:3: it",
        "  T:4:8: gift_message",
        '    - expected  "Hallo"',
        '    + actual    "Hello"',
    ]
    assert re.fullmatch(r"      made by   \S*order_pull\.toml:\d+:\d+: order\.note", printed[4])
    assert printed[5] == "  the whole output:"
    assert '      "channel_order_refnum": "1001",' in printed
    assert (
        printed[-1]
        == "1 file(s), 1 case(s), 2 expectation(s): 0 passed, 1 failed, 0 that cannot be run"
    )


@pytest.mark.parametrize(
    ("lines", "wanted", "actual"),
    [
        ("expect.order_items = { count = 2 }", "2 element(s)", None),
        ("expect.gift_message = { absent = false }", "something", "nothing"),
        ("expect.ship_service_code = { absent = true }", "nothing", '"Standard"'),
        ('expect.currency_code = { contains = "EU" }', 'something that contains "EU"', '"USD"'),
        ('expect."order_items[0].quantity" = "1"', '"1"', "1"),
        ('expect."order_items[3].sku" = "A"', '"A"', "nothing"),
        ("expect.tags = []", "[]", "nothing"),
        ('expect_error = "MAPPING_FAILED"', "the error MAPPING_FAILED", "the input is mapped"),
        (
            'input.presentmentCurrencyCode = "TRY"\nexpect_error = "M401"',
            "the error MAPPING_MISSING",
            None,
        ),
        ('input.presentmentCurrencyCode = "TRY"\nexpect.cancel = true', "an output", None),
    ],
)
def test_what_does_not_hold_fails(capsys, folder, lines, wanted, actual) -> None:
    """Every way of expecting can fail, and says what it wanted and what came."""
    printed = lines_of(capsys, folder, case(lines))
    assert f"    - expected  {wanted}" in printed
    assert actual is None or f"    + actual    {actual}" in printed


def test_numbers_and_times_are_equal_by_value(capsys, folder) -> None:
    """9.990 is 9.99 and 2 is 2.0; a time is equal in another offset, as text and as TOML time."""
    text = case(
        """input.createdAt = "2026-10-01T14:00:00+02:00"
input.lineItems = [{ quantity = 2, originalUnitPriceSet = "9.99" }]
expect.channel_date_created = 2026-10-01T12:00:00Z
expect."order_items[0].quantity" = 2.0
expect."order_items[0].currency_values.unit_price" = 9.990"""
    )
    path = folder("order_pull.test.toml", text)
    code, out, _ = run(capsys, "test", str(Path(path).parent))
    assert code == 0, out


def test_an_order_as_shopify_answers_it_is_taken(capsys, folder) -> None:
    """A file with connections, strings for money and fields beyond ours is an input."""
    money = {"presentmentMoney": {"amount": "9.99", "currencyCode": "EUR"}}
    both = {**money, "shopMoney": {"amount": "11.00", "currencyCode": "USD"}}
    line = {"id": "gid://shopify/LineItem/5", "sku": "A", "originalUnitPriceSet": both, "x": 1}
    order = {
        "presentmentCurrencyCode": "EUR",
        "lineItems": {"nodes": [line], "pageInfo": {}},
        "unknown": True,
    }
    folder("orders/one.json", json.dumps(order))
    text = case(
        'input.file = "orders/one.json"\nexpect.currency_code = "EUR"\n'
        'expect."order_items[0]" = { contains = { sku = "A", channel_item_refnum = "5", '
        "currency_values = { unit_price = 9.99 } } }"
    )
    path = folder("order_pull.test.toml", text)
    code, out, _ = run(capsys, "test", str(Path(path).parent))
    assert code == 0, out


def test_nothing_to_run_is_a_failure(capsys, tmp_path) -> None:
    """An empty folder has not passed."""
    code, out, err = run(capsys, "test", str(tmp_path))
    assert code == 1
    assert "no test was found" in err
    assert "0 case(s)" in out


def test_a_broken_mapping_fails_with_tests_or_without(capsys, folder) -> None:
    """Its finding as check prints it, exit 1; the tests of sound mappings run all the same."""
    path = Path(folder("order_pull.toml", '[order]\ngift_mesage = "order.note"\n'))
    folder("order_cancel.test.toml", case('expect = { reason = "OTHER" }'))
    folder("ordr_update.toml", "")
    folder("tests/order_pull.test.toml", "")
    for _ in range(2):
        code, out, err = run(capsys, "test", str(path.parent))
        assert (code, err) == (1, "")
        _, checked, _ = run(capsys, "check", str(path.parent))
        for finding in ("order_pull.toml:2:1: error[M201]", "ordr_update.toml: error[M101]"):
            (block,) = [b for b in checked.split("\n\n") if f"{path.parent}/{finding}" in b]
            assert block.rstrip() in out
        assert f"{path.parent}/tests/order_pull.test.toml: warning[M606]" in out
        assert "1 file(s), 1 case(s), 1 expectation(s): 1 passed, 0 failed, " in out
        assert out.endswith("; 2 error(s) in mappings\n")
        told = json.loads(run(capsys, "test", str(path.parent), "--json")[1])
        assert (told["passed"], len(told["findings"])) == (False, 3)
        folder("order_pull.test.toml", case("expect.tags = []"))
    code, out, _ = run(capsys, "test", "order_pull")
    assert (code, "M201" in out) == (0, False)  # of the shipped one


def test_an_unknown_mapping_is_told_with_the_nearest(capsys) -> None:
    """A misspelt name runs nothing and fails."""
    code, _, err = run(capsys, "test", "order_pul")
    assert code == 1
    assert 'did you mean "order_pull"?' in err


def test_coverage_names_what_no_test_expects(capsys, folder) -> None:
    """Each rule without a test with its place, and why; 100 % of the others."""
    path = folder("order_cancel.test.toml", case('expect = { reason = "OTHER", refund = true }'))
    code, out, _ = run(capsys, "test", str(Path(path).parent), "--coverage")
    assert code == 0
    assert "1 passed, 2 of 5 rules covered" in out
    assert "cancellation.staff_note: no case expects its value" in out
    folder("order_update.test.toml", case("expect.notify_customer = false"))
    _, out, _ = run(capsys, "test", str(Path(path).parent), "--coverage")
    assert "update.rmas[].reason: no case makes a value of it" in out
    assert "update.rmas[].each: no case gives it an element" in out


def test_coverage_of_an_overlay_names_the_merchants_own_rules(capsys, folder) -> None:
    """What the merchant wrote is listed; what the bridge ships, and tests itself, is counted."""
    folder("order_cancel.toml", "[cancellation]\nstaff_note = \"'by RetailOps'\"\n")
    path = folder("order_cancel.test.toml", case('expect = { reason = "OTHER" }'))
    code, out, _ = run(capsys, "test", str(Path(path).parent), "--coverage")
    assert code == 0
    gaps = [line for line in out.splitlines() if line.startswith("  ")]
    assert len(gaps) == 2
    assert "order_cancel.toml:2:14: cancellation.staff_note: no case expects its value" in gaps[0]
    assert gaps[1] == "  and 3 rule(s) of the shipped mapping, which has tests of its own"


def test_json_has_the_same(capsys, folder) -> None:
    """For programs: cases, failures, outputs, errors, and uncovered rules with their places."""
    text = case(
        'input.cancelledAt = 2026-10-01T12:00:00Z\nexpect = { cancel = true, tags = ["x"] }'
    )
    path = folder("order_pull.test.toml", text)
    code, out, _ = run(capsys, "test", str(Path(path).parent), "--json")
    told = json.loads(out)
    assert (code, told["passed"]) == (1, False)
    (file,) = told["files"]
    (result,) = file["cases"]
    assert (file["path"], file["mapping"], file["rules"]) == (path, "order_pull", 68)
    assert result["output"]["cancel"] is True
    assert len(result["failures"]) == 1
    assert {"target", "place", "why"} == set(file["uncovered"][0])


def test_it_runs_as_a_command_of_its_own() -> None:
    """In a process: the shipped tests of one mapping, exit 0."""
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "test", "order_cancel"],
        env=dict(environment()),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed, 0 failed" in done.stdout
