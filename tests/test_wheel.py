"""The wheel alone, outside of the checkout: it serves, and it has its mappings with it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import aiohttp
import pytest

from tests.server.process import bridge_process, environment, write_config

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command; its output is in the failure when it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(environment()),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def uv() -> str:
    """The uv that made this environment."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    assert found, "uv is missing: run the tests by `make test`"
    return found


@pytest.fixture(scope="module")
def wheel(uv, tmp_path_factory) -> Path:
    """The wheel, built from this checkout."""
    out = tmp_path_factory.mktemp("wheel")
    run(uv, "build", "--wheel", "--quiet", "--out-dir", out, ROOT, cwd=ROOT)
    (made,) = out.glob("*.whl")
    return made


def test_what_is_in_the_wheel(wheel):
    """All of the package, all mappings, the typing marker; no code of tests, no secrets.

    Mappings come with the tests beside them, these with their inputs and schemas.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    mappings = [path for path in (ROOT / "mappings").rglob("*") if path.is_file()]
    assert {path.parent.name for path in mappings} >= {"presets", "schemas", "examples"}
    assert any(path.name == "order_pull.test.toml" for path in mappings)
    for path in mappings:
        assert f"bridge/{path.relative_to(ROOT)}" in names
    for path in (ROOT / "bridge").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT)) in names
    assert "bridge/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        "bridge",
        "retailops_shopify_bridge",
    }


async def test_the_wheel_serves_in_a_clean_environment(uv, wheel, tmp_path):
    """Installed with the locked versions, started elsewhere: it answers with its own mappings."""
    locked = tmp_path / "locked.txt"
    export = (uv, "export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--quiet")
    locked.write_text(await asyncio.to_thread(run, *export, cwd=ROOT))
    venv = tmp_path / "venv"
    python = venv / "bin" / "python"

    def install() -> None:
        run(uv, "venv", "--quiet", "--python", sys.executable, venv, cwd=tmp_path)
        run(uv, "pip", "install", "--quiet", "--python", python, "-c", locked, wheel, cwd=tmp_path)
        asked = "from bridge.wiring import shipped_mappings as s; print(s())"
        mappings = Path(run(python, "-c", asked, cwd=tmp_path).strip())
        assert mappings.is_relative_to(venv)
        here = ROOT / "mappings"
        shipped = {path.relative_to(mappings) for path in mappings.rglob("*.toml")}
        assert shipped == {path.relative_to(here) for path in here.rglob("*.toml")}

    await asyncio.to_thread(install)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    command = str(venv / "bin" / "retailops-bridge")
    async with (
        bridge_process(write_config(folder), command, cwd=folder) as bridge,
        aiohttp.ClientSession() as http,
    ):
        call = {"integration_auth_token": "RETAILOPS_SDK"}
        async with http.post(f"{bridge.url}//catalog_get_config_v1", json=call) as response:
            assert response.status == 200
            assert await response.json() == {"sku_fanout": "related_skus"}
        async with http.get(f"{bridge.url}/health/live") as response:
            assert "order_pull" in (await response.json())["served"]
