"""``retailops-bridge schema mapping``: a JSON Schema of mapping files, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bridge.actions.rehearsal import BESIDE, ERRORS
from bridge.actions.table import MAPPINGS
from bridge.cli.mapping_files import action_name
from bridge.config.models import Policies
from bridge.mapping.editor import mapping_schema, tests_schema
from bridge.mapping.targets import target_of
from bridge.schema.stored import Schemas


def mapping(
    action: Annotated[str, typer.Argument(help="The mapping, such as order_pull.")],
    *,
    tests: Annotated[
        bool, typer.Option("--tests", help="Of the test file beside it instead.")
    ] = False,
) -> None:
    """Print a JSON Schema of a mapping file, for completion in an editor.

    Save it beside your file and name it in its first line: #:schema ./order_pull.schema.json
    (Even Better TOML, Taplo).
    """
    typer.echo(schema_text(action_name(action), tests=tests), nl=False)


def schema_text(name: str, *, tests: bool = False) -> str:
    """The schema as it is saved."""
    spec = MAPPINGS[name]
    if tests:
        made = tests_schema(name, ERRORS, beside=BESIDE.get(name, ""))
    else:
        slots = spec.select(Policies(), Schemas()).slots if spec.select is not None else {}
        made = mapping_schema(name, spec.root, target_of(spec.target), slots)
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schemas of the shipped mappings beside them."""
    folder = Path(__file__).resolve().parents[2] / "mappings" / "schemas"
    folder.mkdir(exist_ok=True)
    for name in MAPPINGS:
        (folder / f"{name}.json").write_text(schema_text(name), "utf-8")
        (folder / f"{name}.test.json").write_text(schema_text(name, tests=True), "utf-8")


if __name__ == "__main__":
    main()
