"""Structured logs: one JSON object a line, on an allow-list of keys.

What a caller sends is never logged, so customer data has no way in but a mistake. Against
that mistake a key that is not in ``KEYS`` loses its value (its name is kept under
``dropped``), every text is searched for what looks like a token or an e-mail address, and
an exception that is not the bridge's own is logged by its type and place only: pydantic's,
for one, quotes its input.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bridge.config.models import LoggingSettings, Settings
from bridge.errors import BridgeError


@contextmanager
def bound(**values: object) -> Iterator[None]:
    """Have log lines of the block, and of the tasks that it begins, say these values too.

    As structlog's ``bound_contextvars``, without a look at all that is bound already: the values
    of an outer block come back by the variables' own tokens.
    """
    tokens = structlog.contextvars.bind_contextvars(**values)
    try:
        yield
    finally:
        structlog.contextvars.reset_contextvars(**tokens)


# What a log line may say. None of these holds what a customer typed.
KEYS = (
    frozenset({"event", "level", "trace_id", "timestamp", "logger", "dropped", "exception"})
    # the call
    | {"request_id", "action", "channel", "outcome", "status", "ms", "events", "body_bytes"}
    # Shopify
    | {"shop", "operation", "shopify_request", "shopify_requests", "points", "throttled"}
    | {"retries", "waited_ms", "cost", "requested_cost", "actual_cost", "available", "attempt"}
    | {"api_version", "wait", "size", "scopes", "maximum", "seconds_left", "points_left"}
    | {"asked", "answered", "remedy", "copies", "bytes", "milliseconds", "failure"}
    | {"shopify_request_id", "points_without"}
    # what it is about: RetailOps' and Shopify's numbers, not people
    | {"order", "refnum", "order_gid", "sku", "item", "location", "page", "orders", "rows"}
    | {"several_of_that_name"}
    | {"step", "key", "code", "place", "reason", "cause", "filter"}
    # the process
    | {"host", "port", "url", "version", "served", "channels", "signal", "seconds", "path"}
    | {"count", "pid"}
)

# A pattern is only tried on a text that has its mark, in small letters: most have none.
_PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("shp", re.compile(r"\bshp[a-z]{2,3}_[A-Za-z0-9_]+"), "[token]"),
    ("bearer", re.compile(r"(?i)\bbearer\s+\S+"), "[token]"),
    ("@", re.compile(r"[^\s@<>\"'=,;:]+@[^\s@<>\"',;:]+\.[A-Za-z]{2,}"), "[e-mail]"),
)

# Where an exception came through: enough to find the line, short enough for one log line.
MAX_FRAMES = 12


class Scrubber:
    """The processors that keep secrets and people out, for one set of known secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longest first: a secret that contains another one is replaced whole.
        known = sorted({s for s in secrets if s}, key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """Keep what is allowed, and clean its texts."""
        kept = {key: self.clean(value) for key, value in line.items() if key in KEYS}
        if dropped := sorted(self.text(key) for key in line.keys() - KEYS):
            kept["dropped"] = dropped
        return kept

    def clean(self, value: object) -> object:
        """The value as JSON knows it; an object of any other kind by its type's name only."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.clean(one) for key, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.clean(one) for one in value]
        if isinstance(value, str | Path | Decimal | date | BridgeError):
            return self.text(str(value))
        return f"<{type(value).__name__}>"

    def text(self, text: str) -> str:
        """The text without tokens and e-mail addresses."""
        if self._secrets:
            text = self._secrets.sub("[secret]", text)
        small = text.lower()
        for mark, pattern, instead in _PATTERNS:
            if mark in small:
                text = pattern.sub(instead, text)
        return text


def describe_exception(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """``exc_info`` as type, place and, for the bridge's own errors, message."""
    info = line.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        line["exception"] = list(_chain(error))
    return line


def _chain(error: BaseException | None) -> Iterable[str]:
    while error is not None:
        frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
        way = " > ".join(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
        said = f": {error}" if isinstance(error, BridgeError) else ""
        yield f"{type(error).__name__}{said} at {way or 'unknown'}"
        error = error.__cause__ or error.__context__


def secrets_of(settings: Settings) -> Iterable[str]:
    """Every secret of the configuration, as plain text."""
    if settings.console.password is not None:
        yield settings.console.password.get_secret_value()
    for channel in settings.channels:
        yield channel.auth_key.get_secret_value()
        for secret in (channel.shopify.token, channel.shopify.client_secret):
            if secret is not None:
                yield secret.get_secret_value()


def configure(
    logging_settings: LoggingSettings,
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    for_good: bool = False,
) -> None:
    """Set up logging for the whole process: structlog's, and the standard library's through it.

    ``for_good``: a logger keeps what it finds at its first line, and later lines cost less.
    """
    out = stream or sys.stderr
    level = logging.getLevelNamesMapping()[logging_settings.level.upper()]
    if logging_settings.format == "json":
        renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=out.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            describe_exception,
            Scrubber(secrets),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=for_good,
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(max(level, logging.WARNING))  # others' chatter is theirs


class _Forward(logging.Handler):
    """Hands the standard library's records (aiohttp's, asyncio's) to structlog.

    The first line only: asyncio's further ones quote the exception with what is in it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        log: Any = structlog.get_logger()
        said = record.getMessage().partition("\n")[0]
        log.log(record.levelno, said, logger=record.name, exc_info=record.exc_info)
