"""What holds for every request: an id, JSON errors, and never a 500."""

from __future__ import annotations

import re
import secrets

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bridge.retailops.events import Code, event
from bridge.server import replies
from bridge.server.keys import ENGINE, REQUEST_ID
from bridge.server.logs import bound

log = structlog.get_logger()

HEADER = "X-Request-Id"

# A caller's own id is kept when it is harmless in a log line and a header.
_SAFE_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


@web.middleware
async def request_id(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id, in the log lines and in the answer's X-Request-Id."""
    given = request.headers.get(HEADER, "")
    chosen = given if _SAFE_ID.fullmatch(given) else secrets.token_hex(16)
    request[REQUEST_ID] = chosen
    with bound(request_id=chosen):
        response = await _answer(request, handler)
    response.headers[HEADER] = chosen
    return response


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _as_json(request, error)
    except Exception:
        log.exception("request_broke")
        told = event(
            Code.INTERNAL_ERROR,
            f"The bridge failed; its log says more under request id {request[REQUEST_ID]}",
            event_type="error",
        )
        again = str(replies.RETRY_SECONDS)
        return replies.refused(503, "error", told, Retry_After=again).response()


def _as_json(request: web.Request, error: web.HTTPException) -> web.Response:
    """Turn aiohttp's own refusals (404, 405 …) into ours."""
    served = request.app[ENGINE].served
    if isinstance(error, web.HTTPNotFound):
        said = f"There is nothing at this path. POST /{{action}}_v1 for {', '.join(served)}"
    elif isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        said = f"This path does not take {request.method[:20]}, only {allowed}"
    else:
        said = error.reason
    told = event(Code.NOT_SERVED, said, event_type="error")
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
    body = replies.problem([told], served=served)
    return replies.Reply(error.status, body, "not_served", headers=headers).response()
