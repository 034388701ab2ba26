"""The storage around bulk mutations over HTTP, and their part of ``/_sandbox``.

``POST /staged-uploads/`` takes a form whose fields come before its file (captured; as for Google's
storage, what follows the file is not looked at), ``GET /bulk-operation-outputs/…`` gives results.
Both stand for hosts that are not Shopify's, so that a request with Shopify's token is refused
(ours): a client must not give it away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final
from xml.sax.saxutils import escape

from aiohttp import BodyPartReader, web

from bridge.sandbox.bulk import ERROR_CODES, Bulk, Failure
from bridge.sandbox.faults import Fault
from bridge.sandbox.service import SANDBOX
from bridge.sandbox.staging import BUCKET, MAX_FILE, StorageRefused, Target, too_large

_FIELD_BYTES: Final = 8 * 1024  # Google's policies take less than 2 KB
_CHUNK: Final = 256 * 1024
_HEAD: Final = "<?xml version='1.0' encoding='UTF-8'?>"
UPLOAD, DOWNLOAD = "stagedUpload", "bulkResults"
"""What faults call the two; Shopify has no names for them."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_bulk_routes(app: web.Application) -> None:
    """Add the storage and ``/_sandbox/bulk``; every request tells the store its own address."""
    app.middlewares.append(_origin)
    app.router.add_post("/staged-uploads/", _upload)
    app.router.add_get("/bulk-operation-outputs/{token}", _download)
    app.router.add_get("/_sandbox/bulk", _operations)
    app.router.add_post("/_sandbox/bulk", _plan_failure)


@web.middleware
async def _origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    request.app[SANDBOX].engine.bulk.origin = str(request.url.origin())
    return await handler(request)


async def _upload(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    staging = sandbox.engine.bulk.staging
    try:
        _check_no_token(request)
        target, content = await _form(request)
        struck = sandbox.faults.strike([UPLOAD])
        if struck is not None and struck.fault not in {Fault.DROP_REPLY, Fault.HTTP_502_AFTER}:
            return _bad_gateway()
        staging.store(target, content)
    except StorageRefused as refused:
        return _refusal(refused)
    if struck is not None:
        return _cut(request) if struck.fault is Fault.DROP_REPLY else _bad_gateway()
    tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    key = escape(target.key)
    body = (
        f"{_HEAD}<PostResponse><Location>{request.url.origin()}/{BUCKET}/{key}</Location>"
        f"<Bucket>{BUCKET}</Bucket><Key>{key}</Key><ETag>&quot;{tag}&quot;</ETag></PostResponse>"
    )
    return web.Response(text=body, status=201, content_type="application/xml")


async def _form(request: web.Request) -> tuple[Target, bytes]:
    """The place that the fields open, and the file. Raises StorageRefused."""
    if request.content_type != "multipart/form-data":
        raise StorageRefused(400, "InvalidArgument", "A multipart/form-data body is expected.")
    fields: dict[str, str] = {}
    reader = await request.multipart()
    while (part := await reader.next()) is not None:
        if not isinstance(part, BodyPartReader):
            break
        if part.name == "file":
            target = request.app[SANDBOX].engine.bulk.staging.check(fields)
            return target, await _read(part, MAX_FILE)
        fields[part.name or ""] = (await _read(part, _FIELD_BYTES)).decode()
    raise StorageRefused(400, "InvalidArgument", "The form has no field named file.")


async def _read(part: BodyPartReader, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        content += chunk
        if len(content) > limit:
            raise too_large()
    return bytes(content)


async def _download(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    sandbox.apply_late()
    try:
        _check_no_token(request)
        content = _output(sandbox.engine.bulk, request.match_info["token"])
    except StorageRefused as refused:
        return _refusal(refused)
    struck = sandbox.faults.strike([DOWNLOAD])
    if struck is None:
        return web.Response(body=content, content_type="application/jsonl")
    if struck.fault is not Fault.HALF_BODY:
        return _cut(request) if struck.fault is Fault.DROP_REPLY else _bad_gateway()
    response = web.StreamResponse()
    response.content_length = len(content)
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    return _cut(request, response)


def _output(bulk: Bulk, token: str) -> bytes:
    content = bulk.output(token)
    if content is None:
        raise StorageRefused(400, "ExpiredToken", "The provided token has expired.")
    return content


def _check_no_token(request: web.Request) -> None:
    if "X-Shopify-Access-Token" in request.headers:
        raise StorageRefused(400, "InvalidArgument", "The storage was given Shopify's token.")


def _refusal(refused: StorageRefused) -> web.Response:
    body = (
        f"{_HEAD}<Error><Code>{refused.code}</Code>"
        f"<Message>{escape(str(refused))}</Message></Error>"
    )
    return web.Response(text=body, status=refused.status, content_type="application/xml")


def _bad_gateway() -> web.Response:
    return web.Response(text="<html><body>502</body></html>", status=502, content_type="text/html")


def _cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return response or web.Response()


async def _operations(request: web.Request) -> web.Response:
    """The operations as they are now, and the failures that wait for one."""
    sandbox = request.app[SANDBOX]
    sandbox.apply_late()
    bulk = sandbox.engine.bulk
    operations = [
        {
            "id": one.id,
            "status": one.status,
            "rows": len(one.lines),
            "done": one.object_count,
            "client_identifier": one.client_identifier,
            "error_code": one.error_code,
        }
        for one in bulk.operations
    ]
    return web.json_response({"operations": operations, "failures": len(bulk.failures)})


async def _plan_failure(request: web.Request) -> web.Response:
    """``{"fail_after": rows, "told": rows, "error_code": …}``, for the next operation."""
    try:
        failure = _failure(json.loads(await request.read() or b"{}"))
    except ValueError as error:
        return web.json_response({"error": str(error)}, status=400)
    request.app[SANDBOX].engine.bulk.failures.append(failure)
    body = {"fail_after": failure.after, "told": failure.told, "error_code": failure.code}
    return web.json_response(body, status=201)


def _failure(spec: object) -> Failure:
    if not isinstance(spec, dict) or set(spec) - {"fail_after", "told", "error_code"}:
        raise ValueError("the members are 'fail_after' (rows), 'told' (rows) and 'error_code'")
    after = _rows(spec, "fail_after", 0)
    told = _rows(spec, "told", after)
    code = spec.get("error_code", "INTERNAL_SERVER_ERROR")
    if told > after:
        raise ValueError("'told' must not be more than 'fail_after'")
    if code not in ERROR_CODES:
        raise ValueError(f"'error_code' must be one of {', '.join(ERROR_CODES)}")
    return Failure(after, told, code)


def _rows(spec: dict[str, Any], name: str, default: int) -> int:
    value = spec.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"'{name}' must be 0 or more rows")
    return value
