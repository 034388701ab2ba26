"""Prometheus metrics, in a registry of their own. docs/reference/metrics.md names each.

Labels are drawn from fixed sets (the eleven actions, the outcomes below, the event codes),
so that no caller can make new series.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from bridge.recording.recorder import RESULTS, Result
from bridge.server.reload import Loaded
from bridge.server.replies import Reply

# From a call that asks Shopify nothing (some ms) to the default deadline of 240 s.
SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30, 60, 120, 240, 300)

OUTCOMES: dict[str, str] = {
    "ok": "everything that was asked for is so",
    "partial": "some items of the call have a warning or an error event",
    "failed": "the call has only error events",
    "replayed": "an earlier answer was given again",
    "bad_request": "HTTP 400",
    "unauthorized": "HTTP 401",
    "not_served": "HTTP 404 for an action that this version does not serve",
    "too_slow": "HTTP 408",
    "too_large": "HTTP 413",
    "unknown_coding": "HTTP 415",
    "unavailable": "HTTP 503: nothing was done",
    "error": "the bridge itself failed; its log has a line `call_broke`",
}


class Metrics:
    """The bridge's counters, gauges and histograms."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._calls = Counter(
            "retailops_bridge_calls",
            "RetailOps calls, by action and outcome",
            ["action", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "retailops_bridge_call_seconds",
            "From the first byte of a call to its answer",
            ["action"],
            buckets=SECONDS,
            registry=registry,
        )
        self._running = 0  # asked for now and then, and changed twice a call
        Gauge(
            "retailops_bridge_calls_in_flight", "Calls that are running now", registry=registry
        ).set_function(lambda: self._running)
        self._events = Counter(
            "retailops_bridge_events",
            "Events in answers, by action and code",
            ["action", "code"],
            registry=registry,
        )
        self._requests = Counter(
            "retailops_bridge_shopify_requests",
            "Requests sent to Shopify, by action",
            ["action"],
            registry=registry,
        )
        self._points = Counter(
            "retailops_bridge_shopify_points",
            "Points that Shopify charged, by action",
            ["action"],
            registry=registry,
        )
        self._throttled = Counter(
            "retailops_bridge_shopify_throttled",
            "Requests that Shopify refused for their cost or rate, by action",
            ["action"],
            registry=registry,
        )
        self._retries = Counter(
            "retailops_bridge_shopify_retries",
            "Requests that were sent again, by action",
            ["action"],
            registry=registry,
        )
        self._waited = Counter(
            "retailops_bridge_shopify_wait_seconds",
            "Seconds spent waiting for the cost bucket, by action",
            ["action"],
            registry=registry,
        )

        self._recordings = Counter(
            "retailops_bridge_recordings",
            "Calls of recorded channels, by what became of their recording",
            ["result"],
            registry=registry,
        )
        for result in RESULTS:
            self._recordings.labels(result)  # there from the start, as zero

        self._reloads = Counter(
            "retailops_bridge_mapping_reloads",
            "Times that SIGHUP had the mappings read again, by what became of it",
            ["result"],
            registry=registry,
        )
        self._reloads.labels("loaded")
        self._reloads.labels("refused")
        self._stale = Gauge(
            "retailops_bridge_mappings_refused",
            "1 while newer mappings were refused and older ones serve",
            registry=registry,
        )

    def reloaded(self, result: Loaded) -> None:
        """Count an attempt to use new mappings."""
        self._reloads.labels(result).inc()
        self._stale.set(result == "refused")

    def recorded(self, result: Result) -> None:
        """Count a call of a recorded channel."""
        self._recordings.labels(result).inc()

    def begun(self) -> None:
        """A call runs, until ``ended``."""
        self._running += 1

    def ended(self) -> None:
        """A call that was ``begun`` is over, whatever became of it."""
        self._running -= 1

    def finished(self, action: str, reply: Reply, seconds: float) -> None:
        """Count a finished call and what it cost."""
        self._calls.labels(action, reply.outcome).inc()
        self._seconds.labels(action).observe(seconds)
        for told in reply.events:
            self._events.labels(action, told.code).inc()
        meter = reply.meter
        self._requests.labels(action).inc(meter.requests)
        self._points.labels(action).inc(meter.points)
        self._throttled.labels(action).inc(meter.throttled)
        self._retries.labels(action).inc(meter.retries)
        self._waited.labels(action).inc(max(0.0, meter.waited_seconds))

    def exposition(self) -> tuple[bytes, str]:
        """The text that Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST
