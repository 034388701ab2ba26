"""Write the answers of the example calls anew: ``python -m tests.retailops.make_examples``."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.retailops.actions import ACTIONS
from bridge.retailops.examples import examples
from tests.support import world

FOLDER = Path(__file__).resolve().parents[2] / "bridge" / "retailops" / "examples"


async def answers(folder: Path) -> Mapping[str, list[dict[str, Any]]]:
    """What a bridge in front of a new embedded store answers, action by action, in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with world(folder) as w:
        for action in ACTIONS:
            found[action] = []
            for example in examples(action):
                answer = await w.post(action, **example.request)
                assert answer.status == 200, (action, example.title, answer.body)
                found[action].append(answer.body)
    return found


def main() -> None:
    """Write the files."""
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(answers(Path(folder)))
    for action, bodies in found.items():
        calls = {
            example.title: {"request": example.request, "answer": body}
            for example, body in zip(examples(action), bodies, strict=True)
        }
        text = json.dumps(calls, indent=2, ensure_ascii=False) + "\n"
        (FOLDER / f"{action}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
