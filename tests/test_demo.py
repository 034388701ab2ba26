"""`retailops-bridge demo`: the first thing that a newcomer sees."""

from __future__ import annotations

import re
import socket

from tests.test_verify_bridge import command

DAY = {"catalog_get_config", "inventory_push", "order_pull", "order_acknowledge"}
DEMO = ("demo", "--once", "--port", "0", "--store-port", "0")


async def test_a_day_runs_through() -> None:
    """Exit 0; every call with its outcome, Shopify calls, points and milliseconds; none failed."""
    code, said = await command(*DEMO)
    assert code == 0, said
    rows = [line for line in said.splitlines() if line.split()[:1] and line.split()[0] in DAY]
    assert {row.split()[0] for row in rows} == DAY
    for row in rows:
        assert re.search(r" (ok|partial) .* \d+ +\d+ +\d+\s*$", row), row
    pulls = [int(n) for n in re.findall(r"page \d+: (\d+) orders", said)]
    assert sum(pulls) > 40
    assert pulls[-1] == 1  # the order that a shopper placed meanwhile
    taken = [int(n) for n in re.findall(r"(\d+) orders taken", said)]
    assert taken == [n for n in pulls if n]
    assert re.search(r"\d+ calls of RetailOps, \d+ requests to Shopify, \d+ points; 0 failed", said)
    assert "Traceback" not in said


async def test_a_port_that_is_taken() -> None:
    """Not a trace but which port, and a code that is not 0."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, said = await command("demo", "--once", "--port", "0", "--store-port", port)
    assert code == 1
    assert port in said
    assert "--store-port" in said
    assert "Traceback" not in said
