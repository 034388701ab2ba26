"""Thousands of products in one push: equal mutations as one bulk operation, and back. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bridge.engine import Result, Step
from bridge.errors import OutcomeUnknown, QueryRejected
from bridge.shopify.bulk_file import MAX_FILE, Row, encode_row

LANE = "bulk"


def in_bulk(lanes: Sequence[Sequence[Step]], bulk_from: int) -> list[Step]:
    """All steps; where ``bulk_from`` products need one and the same mutation, as one step.

    Only products that need nothing else: what must come in an order cannot be in bulk, because
    Shopify runs the rows of a bulk operation in any order.
    """
    alone = Counter(lane[0].operation.name for lane in lanes if len(lane) == 1)
    bulky = {name for name, count in alone.items() if count >= bulk_from}
    gathered: dict[str, list[Step]] = {}
    out: list[Step] = []
    for lane in lanes:
        if len(lane) == 1 and lane[0].operation.name in bulky:
            gathered.setdefault(lane[0].operation.name, []).append(lane[0])
        else:
            out += lane
    files = [(name, part) for name, found in gathered.items() for part in _files(found)]
    for number, (name, steps) in enumerate(files):
        out.append(
            Step(
                f"{LANE}:{name}:{number}",
                steps[0].operation,
                {},
                repeatable=all(step.repeatable for step in steps),
                subject=tuple(steps),
                lane=f"{LANE}:{name}:{number}",
                rows=tuple(step.variables for step in steps),
            )
        )
    return out


def _files(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """As many steps as one file may hold."""
    part: list[Step] = []
    size = 0
    for step in steps:
        more = len(encode_row(step.variables))
        if part and size + more > MAX_FILE:
            yield part
            part, size = [], 0
        part.append(step)
        size += more
    if part:
        yield part


def each_row(results: Iterable[Result]) -> Iterator[Result]:
    """The results as if every step had been sent by itself."""
    for result in results:
        if not result.step.rows:
            yield result
            continue
        steps: tuple[Step, ...] = result.step.subject
        if result.data is None:
            yield from (replace(result, step=step) for step in steps)
            continue
        rows: tuple[Row | None, ...] = result.data["rows"]
        # The mutation's field: a document of ours has one. Thousands of rows have the same.
        root = next(iter(result.step.operation.shape().fields))
        for step, row in zip(steps, rows, strict=True):
            yield _of_row(step, row, root, result.request_id)


def _of_row(step: Step, row: Row | None, root: str, request_id: str) -> Result:
    if row is None:
        lost = OutcomeUnknown(step.operation.name, "the bulk operation ended before it: push again")
        return Result(step, error=lost, request_id=request_id)
    if row.payload is None:
        words = "; ".join(error.message for error in row.errors) or "Shopify gave no result"
        return Result(step, error=QueryRejected(words), request_id=request_id)
    return Result(step, {root: row.payload}, request_id=request_id)
