"""``/docs``: the API's description to read and to try, by the vendored Swagger UI.

Everything comes from this process. The page's policy (CSP) lets it load and call nothing else, so
that it works without the internet and a key that is typed into it stays here.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

FOLDER: Final = Path(str(files("bridge.server"))) / "swagger_ui"
# What a system guesses from an ending differs, and nosniff makes a wrong guess a dead page.
ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
}

# Swagger UI sets styles inline and draws its icons as data: images.
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

_PAGE: Final = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<base href="{base}">
<title>RetailOps bridge: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> does not.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""


async def page(request: web.Request) -> web.Response:
    """The page. Its links are relative, so that they hold behind a prefix and any proxy."""
    base = "../" if request.path.endswith("/") else "./"
    return web.Response(
        text=_PAGE.format(base=base),
        content_type="text/html",
        headers={"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY", **_HEADERS},
    )


def asset(name: str) -> Handler:
    """The handler of one file; a browser keeps it for a day, and asks after that."""

    async def handle(_request: web.Request) -> web.StreamResponse:
        headers = {"Content-Type": ASSETS[name], "Cache-Control": "max-age=86400", **_HEADERS}
        return web.FileResponse(FOLDER / name, headers=headers)

    return handle


ROUTES: Final = (
    ("/docs", page),
    *((f"/docs/{name}", asset(name)) for name in ASSETS),
)
"""The paths of GET and their handlers."""
