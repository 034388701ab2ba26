"""Every error that the bridge raises on purpose, in one tree.

    BridgeError
      ConfigError                  start-up and command line only: exit 78, never while serving
      RequestError                 the call is malformed: HTTP 400
      Unauthorized                 the token is wrong or missing: HTTP 401
      MappingError                 a mapping cannot give a value for this one order or row
      DeadlineExceeded             the call's time is over before this was begun
      ShopifyError
        TransportError             no reply at all
        Throttled                  refused by the cost bucket or HTTP 429: nothing was done
        ShopifyBroken              5xx, INTERNAL_SERVER_ERROR, or a reply that is not GraphQL
        AccessDenied               token, scope or protected data
        QueryRejected              the document or its variables: our bug, or another API version
        CostExceeded               one query over Shopify's 1,000 points: ask for less
        UserErrors                 the business said no
        IdempotencyConflict        Shopify knows the idempotency key, and says why that matters
      OutcomeUnknown               a write whose reply was lost: never sent again blindly
      LedgerError                  refused before any effect
        LedgerBusy                 another process holds it longer than we may wait
        StepOpen                   another step of the same effect has no outcome yet

Each class says in ``retryable`` whether sending the same thing again is safe; nothing else
in the bridge decides that. Messages name what happened and what to do; they never carry a
secret or a customer's data.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

# Characters of a source line that are shown around a mistake: three lines of a usual terminal.
# The longest shipped rule has 137.
MAX_SHOWN: Final = 240

# Findings of one file that are printed. One has three to five lines, so 20 are two screens: who has
# mended these checks again, and what is wrong 20 times is mostly one mistake in every row.
MOST_FINDINGS: Final = 20


class BridgeError(Exception):
    """The root. ``retryable``: the same request may be sent again without a second effect."""

    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake in a file that a person wrote.

    ``line`` and ``column`` count from 1; 0 means that the whole file is meant.
    ``code`` is stable (``M204``, ``C102``); ``hint`` is what to do about it, ``see`` where more
    is to be read. A warning stops nothing.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    hint: str = ""
    source: str = ""
    length: int = 1
    severity: Literal["error", "warning"] = "error"
    see: str = ""

    @property
    def place(self) -> str:
        """``file:line:column``, or the file when the whole of it is meant."""
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path

    def __str__(self) -> str:
        """One greppable line, then the source line with a caret, the hint, and where to read on."""
        out = f"{self.place}: {self.severity}[{self.code}] {self.message}"
        if self.source and self.line:
            number = str(self.line)
            pad = " " * len(number)
            text, before, length = self._excerpt()
            # A tab stays one: how wide it is only the terminal knows.
            blanks = "".join(c if c == "\t" else " " for c in text[:before])
            out += f"\n{pad} |\n{number} | {text}\n{pad} | {blanks}{'^' * max(1, length)}"
            if self.hint:
                out += f" {self.hint}"
        elif self.hint:
            out += f"\n  = {self.hint}"
        return out + (f"\n  = {self.see}" if self.see else "")

    def _excerpt(self) -> tuple[str, int, int]:
        """The source line as it is shown: (text, characters before the mistake, its length).

        Of a long line what is around the mistake; what a terminal would obey is shown as a dot.
        """
        text = "".join(c if c.isprintable() or c == "\t" else "\N{MIDDLE DOT}" for c in self.source)
        before = max(0, self.column - 1)
        if len(text) <= MAX_SHOWN:
            return text, before, self.length
        start = max(0, min(before - MAX_SHOWN // 3, len(text) - MAX_SHOWN))
        end = start + MAX_SHOWN
        head, tail = ("…" if start else ""), ("…" if end < len(text) else "")
        length = min(self.length, max(1, end - before))
        return f"{head}{text[start:end]}{tail}", before - start + len(head), length


def by_place(finding: Finding) -> tuple[str, int, int]:
    """The order of findings: by file, line and column."""
    return finding.path, finding.line, finding.column


@dataclass(frozen=True, slots=True)
class Left:
    """What is not shown of a file's findings (of a folder's, where each means a whole file)."""

    path: str
    errors: int
    warnings: int

    @property
    def message(self) -> str:
        """``and 19,980 errors and 3 warnings more``."""
        counts = ((self.errors, "error"), (self.warnings, "warning"))
        said = [f"{count:,} {name}{'s' * (count > 1)}" for count, name in counts if count]
        return f"and {' and '.join(said)} more"

    remedy: ClassVar[str] = "retailops-bridge check --json has all of them"

    def __str__(self) -> str:
        """In the place of the findings that are left out."""
        return f"{self.path}: {self.message}: {self.remedy}"


def foremost(findings: Iterable[Finding]) -> list[Finding | Left]:
    """What is shown of findings: by place, ``MOST_FINDINGS`` of each file, and how many more.

    Errors go before warnings in this choice: a file's warnings never take the place of its errors.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in sorted(dict.fromkeys(findings), key=by_place):
        folder = Path(finding.path).parent
        whole = not finding.line and folder != Path()
        whose = str(folder) if whole else finding.path
        groups.setdefault(whose, []).append(finding)
    shown: list[tuple[tuple[str, int, int], Finding | Left]] = []
    for path, found in groups.items():
        chosen = sorted(found, key=lambda f: f.severity != "error")
        kept, left = sorted(chosen[:MOST_FINDINGS], key=by_place), chosen[MOST_FINDINGS:]
        shown += [(by_place(finding), finding) for finding in kept]
        if left:
            errors = sum(f.severity == "error" for f in left)
            shown.append((by_place(kept[-1]), Left(path, errors, len(left) - errors)))
    return [one for _, one in sorted(shown, key=lambda pair: pair[0])]


class ConfigError(BridgeError):
    """The configuration or a mapping file is wrong: the bridge does not start (exit 78).

    ``findings`` are all; its text is what ``foremost`` shows of them.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(sorted(findings, key=by_place))
        super().__init__("\n\n".join(str(one) for one in foremost(self.findings)))


class RequestError(BridgeError):
    """The call cannot be read. ``pointer`` is a JSON pointer to the place, or empty."""

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        self.code = code
        self.message = message
        self.pointer = pointer
        super().__init__(f"{message} (at {pointer})" if pointer else message)


class Unauthorized(BridgeError):
    """The ``integration_auth_token`` is missing or belongs to no channel."""


class MappingError(BridgeError):
    """A mapping gave no usable value for one source. ``place`` is file:line:column.

    ``code`` is an event code (``MAPPING_MISSING``, ``MAPPING_FAILED``).
    """

    def __init__(self, code: str, target: str, place: str, message: str) -> None:
        self.code = code
        self.target = target
        self.place = place
        self.message = message
        super().__init__(f"{place}: {target}: {message}")


class DeadlineExceeded(BridgeError):
    """The call's deadline passed before this step was begun: nothing of it was done."""

    retryable = True


class ShopifyError(BridgeError):
    """Anything that went wrong between us and Shopify.

    ``request_id`` is Shopify's ``X-Request-Id``, the one thing its support asks for.
    """

    def __init__(self, message: str, *, request_id: str = "") -> None:
        self.request_id = request_id
        super().__init__(message)


class TransportError(ShopifyError):
    """No reply. ``sent`` is False when the connection was refused before a byte left."""

    retryable = True

    def __init__(self, message: str, *, sent: bool, request_id: str = "") -> None:
        self.sent = sent
        super().__init__(message, request_id=request_id)


class Throttled(ShopifyError):
    """Nothing was done. ``wait`` is Shopify's own answer to "when again", in seconds."""

    retryable = True

    def __init__(self, message: str, *, wait: float, request_id: str = "") -> None:
        self.wait = wait
        super().__init__(message, request_id=request_id)


class ShopifyBroken(ShopifyError):
    """5xx, INTERNAL_SERVER_ERROR, or no GraphQL at all. A write may have happened."""

    retryable = True


class AccessDenied(ShopifyError):
    """The token is not valid, or lacks a scope; the message says which one."""


class QueryRejected(ShopifyError):
    """Shopify refused the document or its variables. ``errors`` are its own, unaltered."""

    def __init__(
        self, message: str, *, errors: Sequence[object] = (), request_id: str = ""
    ) -> None:
        self.errors = tuple(errors)
        super().__init__(message, request_id=request_id)


class CostExceeded(ShopifyError):
    """One query would cost ``cost`` points where Shopify allows ``maximum``: ask for less."""

    def __init__(self, message: str, *, cost: int, maximum: int, request_id: str = "") -> None:
        self.cost = cost
        self.maximum = maximum
        super().__init__(message, request_id=request_id)


@dataclass(frozen=True, slots=True)
class UserError:
    """One of Shopify's ``userErrors``: ``field`` is the path into the input, may be empty."""

    field: tuple[str, ...]
    message: str
    code: str | None = None

    def __str__(self) -> str:
        """Shopify's words, with the field before them and the code behind them."""
        at = f"{'.'.join(self.field)}: " if self.field else ""
        return f"{at}{self.message}" + (f" [{self.code}]" if self.code else "")


class UserErrors(ShopifyError):
    """A mutation was understood and refused: ``errors`` in Shopify's words."""

    def __init__(self, errors: Sequence[UserError], *, request_id: str = "") -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(str(e) for e in errors), request_id=request_id)


class IdempotencyConflict(ShopifyError):
    """Shopify knows this idempotency key.

    ``code`` is Shopify's: IDEMPOTENCY_CONCURRENT_REQUEST (the first sending still runs: wait,
    same key), IDEMPOTENCY_KEY_PARAMETER_MISMATCH (our bug), IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED
    (nothing was done: read again, then a new key). ``reuse`` says whether the same key is right.
    """

    def __init__(self, message: str, *, code: str, request_id: str = "") -> None:
        self.code = code
        self.reuse = code == "IDEMPOTENCY_CONCURRENT_REQUEST"
        super().__init__(message, request_id=request_id)


class OutcomeUnknown(BridgeError):
    """A write left us and no reply came back: it may or may not have happened.

    ``step`` names the operation. It is settled by reading the store, never by sending again.
    """

    def __init__(self, step: str, message: str, *, request_id: str = "") -> None:
        self.step = step
        self.request_id = request_id
        super().__init__(f"{step}: {message}")


class LedgerError(BridgeError):
    """The ledger cannot be written or read: the call is refused before any effect."""


class LedgerBusy(LedgerError):
    """Another process holds the ledger or the same key longer than this call may wait."""

    retryable = True


class StepOpen(LedgerError):
    """Another step of the same effect has no outcome yet. ``step_id`` is that one."""

    def __init__(self, message: str, *, step_id: str = "") -> None:
        self.step_id = step_id
        super().__init__(message)
