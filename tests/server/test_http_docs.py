"""docs/reference/http.md has every route, every status and every code of the edge."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.retailops.actions import ACTIONS
from bridge.retailops.events import CODES
from bridge.server.app import create_app
from bridge.server.openapi import document
from tests.server import tiny

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/http.md").read_text("utf-8")


def test_every_route_is_documented():
    """The table has exactly the routes of the application."""
    app = create_app(tiny.settings(), engine=tiny.TinyEngine())
    routes = set()
    for route in app.router.routes():
        info = route.resource.get_info() if route.resource else {}
        path = str(info.get("path", ""))
        for name in ACTIONS:
            path = path.replace(f"/{name}", "/{action}")
        method = "POST" if route.method == "*" else route.method
        routes.add(f"{method} {path}")
    assert set(re.findall(r"^\| `((?:GET|POST) [^`]+)`", PAGE, re.M)) == routes


def test_every_described_status_is_documented():
    """400, 401 … as OpenAPI has them."""
    described = document(tiny.SERVED)["paths"]["/inventory_push_v1"]["post"]["responses"]
    for status in described:
        assert status in PAGE


def test_codes_are_real():
    """No code that does not exist."""
    named = set(re.findall(r"`([A-Z]+_[A-Z_]+)`", PAGE))
    assert named
    assert named <= {str(code) for code in CODES}
