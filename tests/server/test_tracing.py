"""Traces: a span a call, one below it a request, and nothing of a customer in any."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id
from structlog.testing import capture_logs

from bridge.config import load
from bridge.errors import ConfigError
from bridge.server import keys
from bridge.server.running import serving
from bridge.server.tracing import Tracing, open_tracing
from tests.config.test_load import GOOD, write
from tests.server.conftest import body
from tests.stories.catalogue import product, variant
from tests.support import CHANNEL, KEY, World, world

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Kept:
    """Traces that are kept for a test."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Tracing(provider)

    def spans(self) -> list[ReadableSpan]:
        """What was sent, in the order in which it ended."""
        return list(self.exporter.get_finished_spans())

    def one(self, name: str) -> ReadableSpan:
        """The only span of a name."""
        (found,) = [s for s in self.spans() if s.name == name]
        return found


async def call(w: World, kept: Kept, **calls: dict[str, object]) -> None:
    """Calls, by their action, to a traced bridge on the world's ledger and store."""
    async with serving(w.settings, now=w.clock, tracing=kept.tracing) as bridge:
        for action, fields in calls.items():
            given = {"integration_auth_token": KEY, **fields}
            url = f"{bridge.url}/{action}_v1"
            async with w.http.post(url, json=given, headers={"traceparent": PARENT}) as reply:
                await reply.read()


async def test_a_call_and_its_requests(tmp_path: Path):
    """The caller's trace goes on; the request's span lies below the call's, with its own time."""
    kept = Kept()
    async with world(tmp_path) as w:
        await w.stop()
        with capture_logs():
            await call(w, kept, order_pull={})
    span, request = kept.one("order_pull"), kept.one("OrderPull")
    assert span.kind is SpanKind.SERVER
    assert span.parent is not None
    assert format_trace_id(span.context.trace_id) == PARENT.split("-")[1]
    assert format_span_id(span.parent.span_id) == PARENT.split("-")[2]
    said = dict(span.attributes or {})
    assert said["retailops.channel"] == CHANNEL
    assert said["retailops.outcome"] == "ok"
    assert said["shopify.requests"] == 1
    assert said["shopify.points"] > 100
    assert span.status.status_code is StatusCode.UNSET
    assert request.kind is SpanKind.CLIENT
    assert request.parent is not None
    assert request.parent.span_id == span.context.span_id
    assert (request.attributes or {})["http.response.status_code"] == 200
    assert span.start_time <= request.start_time <= request.end_time <= span.end_time


async def test_what_went_wrong_is_an_error(tmp_path: Path):
    """A store that is not there, with its failure; a caller's own mistake is none of ours."""
    kept = Kept()
    async with world(tmp_path) as w:
        await w.stop()
        await w.store.stop()
        await call(
            w,
            kept,
            catalog_get_config={"integration_auth_token": "wrong"},
            order_pull={},
        )
    refused = kept.one("catalog_get_config")
    assert (refused.attributes or {})["retailops.outcome"] == "unauthorized"
    assert refused.status.status_code is StatusCode.UNSET
    span = kept.one("order_pull")
    assert span.status.status_code is StatusCode.ERROR
    requests = [s for s in kept.spans() if s.kind is SpanKind.CLIENT]
    assert requests
    for request in requests:
        assert request.status.status_code is StatusCode.ERROR
        assert (request.attributes or {})["error.type"] == "ClientConnectorError"


async def test_files_of_a_bulk_mutation_have_their_spans(tmp_path: Path):
    """Below the call's, with the storage's host and no signed address; a cut one is an error."""
    kept = Kept()
    feed = {"products": [product(f"p-{n}", variant(f"P-{n}", "1.50")) for n in range(3)]}
    async with world(tmp_path, catalog={"bulk_from": 3}) as w:
        await w.fault("bulkResults", "half_body")
        await w.stop()
        await call(w, kept, catalog_push={"template_output": feed})
    span, upload = kept.one("catalog_push"), kept.one("upload")
    cut, whole = (s for s in kept.spans() if s.name == "download")
    for one in (upload, cut, whole):
        assert one.parent is not None
        assert one.parent.span_id == span.context.span_id
        said = dict(one.attributes or {})
        assert (said["server.address"], said["graphql.operation.name"]) == ("127.0.0.1", "")
        assert "outputs" not in str(said)
    assert cut.status.status_code is StatusCode.ERROR
    assert (cut.attributes or {})["error.type"] == "ClientPayloadError"
    assert whole.status.status_code is upload.status.status_code is StatusCode.UNSET


async def test_no_customer_and_no_secret_is_in_a_span(tmp_path: Path):
    """Neither of the seed's shoppers nor of what a caller writes where it does not belong."""
    kept = Kept()
    async with world(tmp_path) as w:
        state = await w.state()
        names = {str(o.get("email")) for o in state["orders"]} - {"None", ""}
        await w.stop()
        await call(
            w,
            kept,
            order_pull={"note": "Zebedee"},
            order_update={"channel_order_refnum": "Zebedee Quackenbush"},
        )
    told = "".join(span.to_json() for span in kept.spans())
    assert "order_update" in told
    for text in (*names, "Zebedee", "shpat_", KEY):
        assert text not in told


async def test_log_lines_name_the_trace(serve, log_lines, monkeypatch):
    """So that one leads to the other; without tracing there is no such key."""
    client = await serve()
    await client.post("/order_pull_v1", json=body())
    assert "trace_id" not in log_lines()[-1]
    kept = Kept()
    monkeypatch.setitem(client.app._state, keys.TRACING, kept.tracing)
    await client.post("/order_pull_v1", json=body(), headers={"traceparent": PARENT})
    (line,) = [line for line in log_lines() if "trace_id" in line and line["event"] == "call"]
    assert line["trace_id"] == PARENT.split("-")[1]


async def test_it_is_sent_to_a_collector(tmp_path: Path, aiohttp_server, monkeypatch):
    """Over HTTP, in OTLP, when the bridge ends at the latest; the service has its name."""
    taken: list[ExportTraceServiceRequest] = []

    async def take(request: web.Request) -> web.Response:
        raw = await request.read()
        if request.headers.get("Content-Encoding") == "gzip" and raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        taken.append(ExportTraceServiceRequest.FromString(raw))
        return web.Response(content_type="application/x-protobuf")

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    collector = await aiohttp_server(app)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", str(collector.make_url("")).rstrip("/"))
    async with world(tmp_path) as w:
        await w.stop()
        tracing = w.settings.tracing.model_copy(update={"enabled": True})
        w.settings = w.settings.model_copy(update={"tracing": tracing})
        await w.start()
        await w.post("order_pull")
    resources = [r for one in taken for r in one.resource_spans]
    spans = {s.name for r in resources for scope in r.scope_spans for s in scope.spans}
    assert {"order_pull", "OrderPull"} <= spans
    attributes = {a.key: a.value.string_value for a in resources[0].resource.attributes}
    assert attributes["service.name"] == "retailops-bridge"


def test_the_service_may_be_named_otherwise(monkeypatch):
    """By OpenTelemetry's own variable."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "bridge-of-ann")
    tracing = open_tracing()
    try:
        assert tracing._provider.resource.attributes["service.name"] == "bridge-of-ann"
    finally:
        tracing.close()


def test_without_the_libraries_the_start_says_so(tmp_path: Path, monkeypatch):
    """C414, at the key; and nothing of a bridge imports them unless it traces."""
    text = "[tracing]\nenabled = true\n" + GOOD
    assert load(write(tmp_path, text), {}).tracing.enabled
    monkeypatch.setattr("bridge.config.checks.find_spec", lambda _: None)
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text), {})
    (finding,) = caught.value.findings
    assert (finding.code, finding.line) == ("C414", 2)
    check = (
        "import sys, bridge.server.running; "
        "print([m for m in sys.modules if m.split('.')[0] in {'opentelemetry', 'jinja2'}])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
