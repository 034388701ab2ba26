"""A merchant at the terminal: a configuration with mappings of their own, and a command."""

from __future__ import annotations

from bridge.cli import main
from tests.server.process import write_config


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


def merchant(tmp_path, **files: str) -> str:
    """A configuration of one channel with these files in its mappings_dir."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name.replace('__', '.')}.toml").write_text(text, "utf-8")
    path = write_config(tmp_path)
    path.write_text(path.read_text().replace("[[channels]]", '[[channels]]\nmappings_dir = "mine"'))
    return str(path)
