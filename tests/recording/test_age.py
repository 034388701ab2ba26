"""C501: ``check`` tells of recordings that have outlived their API version, with their place."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from bridge.cli import main
from bridge.recording import files
from bridge.recording.age import outlived
from tests.recording.test_cassettes import CASSETTES, FILES

PAGE = CASSETTES / "order_pull" / "page.yaml"


def old(path: Path) -> Path:
    """A recording of years ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(PAGE.read_text("utf-8").replace("api_version: 2026-10", "api_version: 2024-01"))
    return path


def check(*arguments: str) -> int:
    """The command; its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(["check", *arguments])
    return ended.value.code if isinstance(ended.value.code, int) else 1


def test_check_tells_of_the_configurations_folder(tmp_path, capsys):
    """A warning, at the version's line and column; others in the folder are not told of."""
    folder = tmp_path / "recordings"
    file = old(folder / "channel-21" / "a.yaml")
    shutil.copy(PAGE, folder)
    (folder / "notes.yaml").write_text("api_version: 2024-01\n")
    config = tmp_path / "config.toml"
    config.write_text(
        f"""environment = "test"
        [recording]
        folder = "{folder}"
        [[channels]]
        id = 21
        shop = "example.myshopify.com"
        auth_key = "{"k" * 32}"
        shopify = {{ token = "shpat_x" }}
        """
    )
    assert check("--config", str(config), "--json") == 0
    stages = {s["stage"]: s for s in json.loads(capsys.readouterr().out)["stages"]}
    assert stages["recordings"]["state"] == "warning"
    assert stages["recordings"]["summary"] == "2 recorded call(s)"
    (finding,) = stages["recordings"]["findings"]
    line = file.read_text("utf-8").splitlines().index("  api_version: 2024-01") + 1
    assert Path(finding["path"]).name == "a.yaml"
    assert (finding["code"], finding["line"], finding["column"]) == ("C501", line, 16)
    assert check("--config", str(config), "--deny-warnings") == 78
    said = capsys.readouterr().out
    assert f"a.yaml:{line}:16: warning[C501] Shopify no longer supports 2024-01" in said
    assert "record the call anew" in said


def test_check_of_named_recordings(tmp_path, capsys):
    """Files and folders; what is not there, or no recording, is an error."""
    file = old(tmp_path / "old" / "a.yaml")
    stranger = tmp_path / "b.yaml"
    stranger.write_text("a: 1\n")
    named = ["--recordings", str(file), "--recordings", str(file.parent)]
    assert check(str(tmp_path), *named) == 0
    assert "warning recordings: 1 warning(s); 1 recorded call(s)" in capsys.readouterr().out
    named = ["--recordings", str(stranger), "--recordings", str(tmp_path / "nowhere")]
    assert check(str(tmp_path), *named) == 78
    said = capsys.readouterr().out
    assert f"{stranger}: this is no recording of a call" in said
    assert f"{tmp_path / 'nowhere'}: no such file or folder" in said


def test_explain_has_its_page(capsys):
    """What it means, and what to do."""
    with pytest.raises(SystemExit):
        main(["explain", "C501"])
    assert "Record the call anew" in capsys.readouterr().out


def test_shipped_recordings_are_as_old_as_their_version_allows():
    """No false alarm: not on the day they were made, nor on the last one that Shopify supports."""
    made = max(files.read(file).header.recorded_at.date() for file in FILES)
    assert list(outlived(FILES, made)) == []
    assert list(outlived(FILES, date(2027, 9, 30))) == []
    assert len(list(outlived(FILES, date(2027, 10, 1)))) == len(FILES)
