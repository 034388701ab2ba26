"""The console's settings: a password of its own, or none."""

import pytest

from bridge.config import load
from bridge.server.logs import secrets_of
from tests.config.test_load import GOOD, KEY, codes, findings, write

SECRET = "twelve-chars"


def console(*lines: str) -> str:
    """A good configuration with a [console] table."""
    return "\n".join(["[console]", *lines, GOOD])


def test_it_is_off_and_needs_nothing(tmp_path):
    """Nobody who does not ask for the console gets one."""
    settings = load(write(tmp_path, GOOD), {})
    assert (settings.console.enabled, settings.console.password) == (False, None)


def test_the_password_is_a_secret_like_the_others(tmp_path):
    """From a file or the environment; in no repr; known to the log's scrubber."""
    (tmp_path / "console").write_text(f"{SECRET}\n", "utf-8")
    for text, environ in (
        (console("enabled = true", 'password_file = "console"'), {}),
        (console("enabled = true"), {"RETAILOPS_BRIDGE__CONSOLE__PASSWORD": SECRET}),
        (
            console("enabled = true"),
            {"RETAILOPS_BRIDGE__CONSOLE__PASSWORD_FILE": str(tmp_path / "console")},
        ),
    ):
        settings = load(write(tmp_path, text), environ)
        assert settings.console.password is not None
        assert settings.console.password.get_secret_value() == SECRET
        assert SECRET not in repr(settings)
        assert SECRET in set(secrets_of(settings))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["enabled = true"], "is missing"),
        (["enabled = true", 'password = "letmein"'], "at least 12 characters"),
        (["enabled = true", f'password = "{KEY}"'], "a channel's secret"),
        (["enabled = true", 'password = "shpat_verysecret"'], "a channel's secret"),
    ],
)
def test_a_bad_password_stops_the_start(tmp_path, lines, says):
    """No password, a short one, or one that opens something else."""
    error = findings(tmp_path, console(*lines))
    assert codes(error) == ["C413"]
    assert says in str(error)
    assert "letmein" not in str(error)


def test_a_short_one_will_do_in_a_test(tmp_path):
    """`sandbox` has a password that can be typed."""
    text = 'environment = "test"\n' + console("enabled = true", 'password = "sandbox"')
    assert load(write(tmp_path, text), {}).console.enabled
