"""The pytest plugin, as its page tells: the page's own files, run by pytest."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.recording.test_cassettes import CASSETTES

pytest_plugins = "pytester"

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "test-your-mapping-in-pytest.md"


@pytest.fixture(autouse=True)
def ours_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other plugins of this environment are not a merchant's; ours comes by its entry point."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, passed: int) -> None:
    """Run the tests in another process, warnings as errors."""
    done = pytester.runpytest_subprocess("-W", "error", "-p", "retailops_bridge")
    done.assert_outcomes(passed=passed)


def test_the_page_works(pytester: pytest.Pytester) -> None:
    """Every block of the page, written to its file beside some recordings, passes."""
    blocks = re.findall(r"^```\w+ file=(\S+)\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)
    assert [name for name, _ in blocks] == [
        "conftest.py",
        "mappings/order_pull.toml",
        "test_orders.py",
        "test_last_month.py",
    ]
    for name, text in blocks:
        file = pytester.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
    for name in ("order_pull/specific.yaml", "order_shipment_submit/package.yaml"):
        file = pytester.path / "recordings" / name
        file.parent.mkdir(parents=True)
        shutil.copy(CASSETTES / name, file)
    run(pytester, 5)


def test_a_difference_is_told(pytester: pytest.Pytester) -> None:
    """assert_same names the field with both values; a wrong mapping names its place."""
    pytester.makeconftest(
        """
        from pathlib import Path
        import pytest

        @pytest.fixture
        def retailops_mappings():
            return Path(__file__).parent / "mappings"
        """
    )
    (pytester.path / "mappings").mkdir()
    mapping = pytester.path / "mappings" / "order_pull.toml"
    mapping.write_text("[order]\nship_service_code = \"'Express'\"\n")
    recorded = str(CASSETTES / "order_pull" / "specific.yaml")
    pytester.makepyfile(
        f"""
        from bridge.errors import ConfigError
        import pytest

        def test_it(retailops_cassette):
            (replay,) = retailops_cassette({recorded!r})
            assert not replay.same
            with pytest.raises(AssertionError, match="ship_service_code: .* is now 'Express'"):
                replay.assert_same()

        def test_wrong(retailops_cassette, retailops_mappings):
            file = retailops_mappings / "order_pull.toml"
            file.write_text('[order]\\ncancel = "order.nonsense"\\n')
            with pytest.raises(ConfigError, match="order_pull.toml:2:"):
                retailops_cassette({recorded!r})
        """
    )
    run(pytester, 2)


def test_it_costs_nothing_who_does_not_use_it(pytester: pytest.Pytester) -> None:
    """Pytest loads the plugin in every run: nothing of the bridge may come with it."""
    pytester.makepyfile(
        """
        import sys

        def test_it():
            ours = {name for name in sys.modules if name.split(".")[0] == "bridge"}
            assert ours <= {"bridge", "bridge.pytest_plugin"}
        """
    )
    run(pytester, 1)
    assert "bridge.pytest_plugin" in sys.modules  # it is the installed one that ran here too
