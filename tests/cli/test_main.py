"""The command itself: its list, its exit codes, and what it does not import."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bridge.cli import COMMANDS, function_of, main
from tests.server.process import environment, write_config


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_help_lists_every_command(capsys):
    """With nothing and with --help."""
    code, out, _ = run(capsys, "--help")
    assert code == 0
    for name in COMMANDS:
        assert name in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_help(capsys, name):
    """The summary in the list is the first line of the function's own docstring."""
    command = COMMANDS[name]
    assert (function_of(command).__doc__ or "").splitlines()[0] == command.summary
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert name in out


def test_brackets_in_help_are_shown(capsys, monkeypatch):
    """The name of a table, which a terminal would take for a colour."""
    monkeypatch.setenv("COLUMNS", "160")
    assert "schema for [select], or" in run(capsys, "--help")[1]
    assert "schema for [select], or" in run(capsys, "schema", "--help")[1]
    assert "the [select] of your mapping" in run(capsys, "fields", "--help")[1]
    assert "only when [select] names" in run(capsys, "schema", "fetch", "--help")[1]


def test_version(capsys):
    """The distribution's version."""
    code, out, _ = run(capsys, "--version")
    assert code == 0
    assert out.startswith("retailops-bridge ")


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("serve", "--nonsense"), ("serve", "x"), ("sandbox", "--plan", "x")],
    ids=" ".join,
)
def test_wrong_usage_is_2(capsys, arguments):
    """As for any Unix command."""
    assert run(capsys, *arguments)[0] == 2


def test_a_wrong_configuration_is_78(capsys, tmp_path):
    """Every finding with its place, on standard error, and no trace."""
    path = tmp_path / "config.toml"
    path.write_text('[server]\nprt = 1\n[[channels]]\nid = "x"\n')
    code, out, err = run(capsys, "serve", "--config", str(path))
    assert code == 78
    assert f"{path}:2:1: error[C201]" in err
    assert f"{path}:4:1: error[C302]" in err
    assert "Traceback" not in out + err


def test_no_configuration_file_was_named(capsys, monkeypatch):
    """What is to be done first is said: not that a table is missing in a file that there is not."""
    monkeypatch.delenv("RETAILOPS_BRIDGE_CONFIG", raising=False)
    code, _, err = run(capsys, "ledger", "list")
    assert code == 78
    assert "give --config" in err


def test_a_bad_shop_domain_is_78(capsys, tmp_path):
    """ShopifyAPI's own check, with the place in the file."""
    path = write_config(tmp_path)
    path.write_text(path.read_text().replace("example.myshopify.com", "evil.com/x.myshopify.com"))
    code, _, err = run(capsys, "serve", "--config", str(path))
    assert code == 78
    assert "error[C409]" in err


def test_a_ledger_that_cannot_be_opened_is_1(tmp_path):
    """In a process of its own, since serve sets up logging: a message, not a trace."""
    (tmp_path / "file").write_text("")
    path = write_config(tmp_path, '[ledger]\npath = "file/ledger.sqlite3"')
    done = subprocess.run(
        [sys.executable, "-m", "bridge", "serve", "--config", str(path)],
        env=dict(environment()),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "retailops-bridge: " in done.stderr
    assert "ledger.sqlite3" in done.stderr
    assert "Traceback" not in done.stderr


def test_help_imports_nothing_heavy():
    """--help answers at once: no HTTP server, no GraphQL, no models."""
    script = (
        "import sys; from bridge.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'aiohttp', 'graphql', 'pydantic', 'shopify'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
