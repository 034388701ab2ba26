"""Traces for OpenTelemetry: a span for each call, and one below it for each request to a store.

Imported only with ``tracing.enabled``, because the libraries are an extra
(``retailops-shopify-bridge[otel]``). Spans say what the log says: names, numbers, codes; never a
body, a message or a token. docs/reference/tracing.md names every attribute.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bridge import __version__
from bridge.server.replies import Reply
from bridge.shopify.exchange import Exchange

NAME: Final = "retailops-bridge"

# The outcomes that are the bridge's or the store's fault; what a caller did wrong is not.
FAULTS: Final = frozenset({"failed", "unavailable", "error"})


class Tracing:
    """Makes the spans. ``provider`` sends them, and is closed by ``close``."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer(NAME, __version__)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def call(
        self, action: str, headers: Mapping[str, str], request_id: str
    ) -> Iterator[Callable[[Reply], None]]:
        """The span of one call, below the caller's if ``headers`` name one (W3C traceparent).

        What it yields is told the answer.
        """
        with self._tracer.start_as_current_span(
            action,
            context=self._propagator.extract(headers),
            kind=SpanKind.SERVER,
            attributes={"retailops.action": action, "retailops.request_id": request_id},
            record_exception=False,  # its message may quote an order
            set_status_on_exception=False,
        ) as span:
            trace = format_trace_id(span.get_span_context().trace_id)
            with structlog.contextvars.bound_contextvars(trace_id=trace):
                yield lambda reply: _answered(span, reply)

    def observe(self, exchange: Exchange) -> None:
        """The span of one request to a store, below the call's that sent it."""
        end = time.time_ns()
        span = self._tracer.start_span(
            exchange.operation or "access_token",
            kind=SpanKind.CLIENT,
            start_time=end - int(exchange.seconds * 1e9),
            attributes={
                "graphql.operation.name": exchange.operation if exchange.via == "graphql" else "",
                "server.address": urlsplit(exchange.url).hostname or "",
                "http.response.body.size": len(exchange.reply),
                "shopify.request_id": exchange.headers.get("X-Request-Id", ""),
            },
        )
        if exchange.status is not None:
            span.set_attribute("http.response.status_code", exchange.status)
        if exchange.failure or exchange.status is None or exchange.status >= 400:
            span.set_attribute("error.type", exchange.failure or str(exchange.status))
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    def close(self) -> None:
        """Send what is left, and end. Waits for the collector: not for the event loop."""
        self._provider.shutdown()


def _answered(span: Span, reply: Reply) -> None:
    meter = reply.meter
    span.set_attributes(
        {
            "http.response.status_code": int(reply.status),
            "retailops.outcome": reply.outcome,
            "retailops.events": [
                f"{code} {count}" for code, count in Counter(e.code for e in reply.events).items()
            ],
            "shopify.requests": meter.requests,
            "shopify.points": meter.points,
            "shopify.throttled": meter.throttled,
            "shopify.retries": meter.retries,
            "shopify.waited_seconds": meter.waited_seconds,
        }
    )
    if reply.channel is not None:
        span.set_attribute("retailops.channel", reply.channel)
    if reply.outcome in FAULTS:
        span.set_status(Status(StatusCode.ERROR))


def open_tracing() -> Tracing:
    """Traces to where OpenTelemetry's own variables say, OTEL_EXPORTER_OTLP_ENDPOINT among them."""
    told = "OTEL_SERVICE_NAME" in os.environ or "service.name=" in os.environ.get(
        "OTEL_RESOURCE_ATTRIBUTES", ""
    )
    name = {} if told else {"service.name": NAME}
    provider = TracerProvider(resource=Resource.create({**name, "service.version": __version__}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)
