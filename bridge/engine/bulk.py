"""Sends one step for thousands of rows, as a bulk mutation of Shopify.

Each row states what shall be true, as every step without an effect does: a bulk mutation whose
end nobody saw costs a fresh read, and the next call finds it running by its identifier.
"""

from __future__ import annotations

from typing import Any

from bridge.engine.model import Call, Result, Step
from bridge.errors import DeadlineExceeded, OutcomeUnknown, ShopifyError
from bridge.shopify import bulk
from bridge.shopify.bulk_file import Row


def identifier(call: Call) -> str:
    """The name under which a channel's bulk mutations are found again."""
    return f"retailops-bridge-{call.channel.settings.id}"


async def send_rows(call: Call, step: Step) -> Result:
    """Run a step's rows to their end. ``data`` is ``{"rows": (Row or None, …)}``, one for each.

    None stands for a row of which Shopify gave no result: it ended early, and whether the row was
    done must be read. An ``error`` means that nothing is known of any row.
    """
    client, budget = call.channel.client, call.budget
    try:
        run = await bulk.start(
            client, budget, step.operation, step.rows, client_identifier=identifier(call)
        )
        end = await bulk.follow(client, budget, run.id, sleep=call.sleep)
        found: dict[int, Row] = {}
        async for row in bulk.results(client, budget, end, step.operation):
            found[row.line] = row
    except (ShopifyError, OutcomeUnknown, DeadlineExceeded) as error:
        return Result(step, error=error, request_id=getattr(error, "request_id", ""))
    data: dict[str, Any] = {"rows": tuple(found.get(n) for n in range(len(step.rows)))}
    return Result(step, data, request_id=end.id)


async def wait_for_running(call: Call) -> None:
    """Wait for what an earlier call of this channel has begun and did not see the end of.

    Raises DeadlineExceeded when that takes longer than this call has time.
    """
    client, budget = call.channel.client, call.budget
    for found in await bulk.running(client, budget, client_identifier=identifier(call)):
        await bulk.follow(client, budget, found.id, sleep=call.sleep)
