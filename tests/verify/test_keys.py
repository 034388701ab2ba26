"""Keys: made well, shown, and put into a file in which every other character stays."""

import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bridge.cli.keyfile import KeyRefused, install
from bridge.cli.keys import generate_auth_key, install_auth_key, new_auth_key, show_auth_key
from bridge.errors import ConfigError

OLD = "A" * 32
NEW = "0123456789abcdefABCDEF0123456789"

CONFIG = """\
# our shop
environment = "test"   # not live yet

[[channels]]
id = 21  # RetailOps' number
shop = "one.myshopify.com"
auth_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"  # old
[channels.shopify]
token = "shpat_one"

[[channels]]
id = 22
shop = "two.myshopify.com"
[channels.shopify]
token = "shpat_two"
"""

app = typer.Typer()
app.command()(generate_auth_key)
app.command()(show_auth_key)
app.command()(install_auth_key)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Two channels, one of them with a key."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    path.chmod(0o640)
    return path


def test_a_new_key_is_32_letters_and_digits() -> None:
    """Never an underscore: RetailOps cuts the channel's handle at the last one."""
    keys = {new_auth_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", key) for key in keys)


def test_generate_prints_the_key_alone() -> None:
    """So that a script can take it."""
    result = CliRunner().invoke(app, ["generate-auth-key"])
    assert result.exit_code == 0
    assert re.fullmatch(r"[A-Za-z0-9]{32}\n", result.output)


def test_installing_changes_one_value_and_nothing_else(config: Path) -> None:
    """Comments, blanks, order and permissions stay."""
    done = install(config, NEW, channel=21, environ={})
    assert config.read_text() == CONFIG.replace(OLD, NEW)
    assert (done.channel, done.path, done.overridden_by) == (21, config, "")
    assert config.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in config.parent.iterdir()] == ["config.toml"]


def test_a_channel_without_a_key_gets_one(config: Path) -> None:
    """It goes into the channel's own table, not into the table below it."""
    install(config, NEW, channel=22, environ={})
    data = tomllib.loads(config.read_text())
    assert data["channels"][1]["auth_key"] == NEW
    assert data["channels"][0]["auth_key"] == OLD
    assert config.read_text().replace(f'auth_key = "{NEW}"\n', "") == CONFIG


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[channels]]\nid = 5", f'[[channels]]\nid = 5\nauth_key = "{NEW}"'),
        (
            "[[channels]]\r\nid = 5\r\nshop = 'x'\r\n",
            f"[[channels]]\r\nid = 5\r\nauth_key = \"{NEW}\"\r\nshop = 'x'\r\n",
        ),
        (
            "channels = [{id = 5, auth_key = 'old'}]\n",
            f'channels = [{{id = 5, auth_key = "{NEW}"}}]\n',
        ),
        (
            '[[channels]]\nid = 5\nauth_key = """o\nld"""',
            f'[[channels]]\nid = 5\nauth_key = "{NEW}"',
        ),
        ("[[channels]]\nshop = 'é'\nid = 5\nauth_key=''\n", None),
    ],
    ids=["no line end", "windows", "inline", "long string", "not ascii"],
)
def test_other_ways_of_writing_a_file(tmp_path: Path, text: str, expected: str | None) -> None:
    """Line ends, inline tables and long strings are kept as they are."""
    path = tmp_path / "c.toml"
    path.write_bytes(text.encode())
    install(path, NEW, channel=None, environ={})
    changed = path.read_bytes().decode()
    assert tomllib.loads(changed)["channels"][0]["auth_key"] == NEW
    assert changed == (expected or text.replace("''", f'"{NEW}"'))


def test_a_form_that_cannot_be_edited_is_refused_and_left_alone(tmp_path: Path) -> None:
    """An inline table without an auth_key: the place is named, the file is as it was."""
    path = tmp_path / "c.toml"
    text = "channels = [{id = 5, shop = 'x'}, {id = 6}]\n"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"(?s)c\.toml:1:.*by hand") as caught:
        install(path, NEW, channel=5, environ={})
    assert "shop" not in str(caught.value)
    assert path.read_text() == text


def test_a_key_file_gets_the_key(config: Path) -> None:
    """A channel with auth_key_file keeps its key there; a new file is its owner's alone."""
    config.write_text(CONFIG.replace("id = 22", 'id = 22\nauth_key_file = "key"'))
    before = config.read_text()
    done = install(config, NEW, channel=22, environ={})
    assert config.read_text() == before
    assert done.path.read_text() == f"{NEW}\n"
    assert done.path == config.parent / "key"
    assert done.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("a_" * 16, "no underscore"),
        ("a" * 31, "32 letters and digits"),
        ("a" * 33, "32 letters and digits"),
        ("é" * 32, "32 letters and digits"),
        ("a" * 31 + "-", "32 letters and digits"),
        ("a" * 31 + '"', "32 letters and digits"),
        ("", "32 letters and digits"),
        (OLD, "channel 21 has this key"),
    ],
    ids=["underscore", "short", "long", "accents", "dash", "quote", "empty", "taken"],
)
def test_a_bad_key_is_refused(config: Path, key: str, said: str) -> None:
    """The file stays as it was."""
    with pytest.raises(KeyRefused, match=said):
        install(config, key, channel=22, environ={})
    assert config.read_text() == CONFIG


def test_the_public_key_only_in_a_test_environment(config: Path) -> None:
    """RETAILOPS_SDK: by the file, and by the environment that goes before it."""
    install(config, "RETAILOPS_SDK", channel=22, environ={})
    production = CONFIG.replace('"test"', '"production"')
    for text, environ in (
        (production, {}),
        (CONFIG.replace('environment = "test"', ""), {}),
        (CONFIG, {"RETAILOPS_BRIDGE__ENVIRONMENT": "production"}),
    ):
        config.write_text(text)
        with pytest.raises(KeyRefused, match="public key"):
            install(config, "RETAILOPS_SDK", channel=22, environ=environ)
        assert config.read_text() == text


def test_the_channel_must_be_clear(config: Path) -> None:
    """Several channels and none chosen, and one that is not there."""
    with pytest.raises(KeyRefused, match=r"several channels \(21, 22\)"):
        install(config, NEW, channel=None, environ={})
    with pytest.raises(KeyRefused, match="no channel 23"):
        install(config, NEW, channel=23, environ={})
    config.write_text("")
    with pytest.raises(KeyRefused, match=r"no \[\[channels\]\] table"):
        install(config, NEW, channel=None, environ={})


def test_an_environment_variable_that_goes_before_the_file_is_told(config: Path) -> None:
    """Otherwise a person would wonder why the new key does not work."""
    environ = {"RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY": OLD}
    done = install(config, NEW, channel=21, environ=environ)
    assert done.overridden_by == "RETAILOPS_BRIDGE__CHANNELS__21__AUTH_KEY"


def test_a_link_stays_a_link(config: Path) -> None:
    """The file behind it is written."""
    link = config.parent / "link.toml"
    link.symlink_to(config)
    install(link, NEW, channel=21, environ={})
    assert link.is_symlink()
    assert NEW in config.read_text()


def test_files_that_cannot_be_read_are_configuration_errors(tmp_path: Path) -> None:
    """Absent, not TOML, not UTF-8; a syntax error shows no line, since it may hold a secret."""
    with pytest.raises(ConfigError, match="cannot be read"):
        install(tmp_path / "absent.toml", NEW, channel=None, environ={})
    path = tmp_path / "c.toml"
    path.write_text('auth_key = "secret')
    with pytest.raises(ConfigError, match="not TOML") as caught:
        install(path, NEW, channel=None, environ={})
    assert "secret" not in str(caught.value)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="UTF-8"):
        install(path, NEW, channel=None, environ={})


def test_show_prints_the_key_of_a_channel_alone(config: Path) -> None:
    """What was installed is what is shown; with several channels each is named."""
    runner = CliRunner()
    result = runner.invoke(
        app, ["install-auth-key", NEW, "--config", str(config), "--channel", "22"]
    )
    assert result.exit_code == 0, result.output
    assert NEW not in result.output
    shown = runner.invoke(app, ["show-auth-key", "--config", str(config), "--channel", "22"])
    assert shown.output == f"{NEW}\n"
    both = runner.invoke(app, ["show-auth-key", "--config", str(config)])
    assert both.output == f"21\tone.myshopify.com\t{OLD}\n22\ttwo.myshopify.com\t{NEW}\n"


def test_mistakes_of_usage_exit_with_2(config: Path) -> None:
    """A bad key and a channel that is not there."""
    install(config, NEW, channel=22, environ={})
    runner = CliRunner()
    for arguments in (
        ["install-auth-key", "bad_key", "--config", str(config), "--channel", "21"],
        ["show-auth-key", "--config", str(config), "--channel", "9"],
    ):
        assert runner.invoke(app, arguments).exit_code == 2


def test_installing_needs_a_file() -> None:
    """Without --config and without RETAILOPS_BRIDGE_CONFIG there is nothing to write to."""
    result = CliRunner(env={"RETAILOPS_BRIDGE_CONFIG": ""}).invoke(app, ["install-auth-key", NEW])
    assert isinstance(result.exception, ConfigError)
