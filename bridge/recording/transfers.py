"""What goes to and comes from the storage that Shopify names: rows of bulk mutations, and results.

Addresses and form fields are signed: each address has a stand-in, the same one wherever it
stands in the call, and a field keeps its name only. Rows are variables, and results are replies,
of the one mutation that the bulk operation runs: they are scrubbed by its document.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bridge.recording.cassette import FORM_TYPE, Interaction
from bridge.recording.fields import Kind
from bridge.recording.scrub import SCRUBBED, Rules
from bridge.recording.walk import Leaf, as_json, document, errors_of, every
from bridge.shopify.bulk_file import encode_row
from bridge.shopify.exchange import Exchange

JSON = Any

# Chosen for a recording, which shall be the same when it is made again.
BOUNDARY: Final = "recorded"

# Of what the storage says, the bridge reads the code of a refusal.
_CODE: Final = re.compile(r"<Code>\w{1,60}</Code>")

_TORN: Final = '{"data":'


class UploadPart:
    """The form that carried the rows of a bulk mutation."""

    def __init__(self, exchange: Exchange, rules: Rules) -> None:
        self._exchange = exchange
        self._document = document(rules.schema, exchange.document, rules.namespaces)
        form = exchange.form
        self._fields = [name for name, _ in form.fields] if form else []
        self._rows = [json.loads(encode_row(row)) for row in form.rows] if form else []

    def walk(self, leaf: Leaf) -> JSON:
        """The address, the names of the fields and the rows."""
        return {
            "uri": leaf(Kind.ADDRESS, self._exchange.url),
            "fields": [leaf(Kind.KEPT, name) for name in self._fields],
            "rows": [self._document.variables(row, leaf) for row in self._rows],
        }

    def interaction(self, clean: Mapping[str, JSON]) -> Interaction:
        """As it is written."""
        exchange = self._exchange
        return Interaction(
            uri=clean["uri"],
            headers={"Content-Type": f"{FORM_TYPE}; boundary={BOUNDARY}"},
            body=form_text(clean["fields"], clean["rows"]),
            status=exchange.status or 0,
            reply_headers={},
            reply=_code(exchange.reply),
            failure=exchange.failure,
            sent=exchange.sent,
        )


class DownloadPart:
    """The results of a bulk mutation, or what came of them."""

    def __init__(self, exchange: Exchange, rules: Rules) -> None:
        self._exchange = exchange
        self._document = document(rules.schema, exchange.document, rules.namespaces)
        self._found = exchange.status == 200
        lines = exchange.reply.split(b"\n") if self._found else []
        self._lines = [as_json(line) for line in lines if line]

    def walk(self, leaf: Leaf) -> JSON:
        """The address and the lines."""
        return {
            "uri": leaf(Kind.ADDRESS, self._exchange.url),
            "lines": [self._line(line, leaf) for line in self._lines],
        }

    def _line(self, line: JSON, leaf: Leaf) -> JSON:
        if not isinstance(line, dict):
            return None
        return {name: self._member(name, value, leaf) for name, value in line.items()}

    def _member(self, name: str, value: JSON, leaf: Leaf) -> JSON:
        if name == "data":
            return self._document.data(value, {}, leaf) if value else value
        if name == "errors":
            return errors_of(value, leaf)
        return every(value, Kind.AS_IS if name == "__lineNumber" else None, leaf)

    def interaction(self, clean: Mapping[str, JSON]) -> Interaction:
        """As it is written."""
        exchange = self._exchange
        lines = [_TORN if line is None else _line_text(line) for line in clean["lines"]]
        return Interaction(
            method="GET",
            uri=clean["uri"],
            headers={},
            body="",
            status=exchange.status or 0,
            reply_headers={},
            reply="\n".join(lines) if self._found else _code(exchange.reply),
            failure=exchange.failure,
            sent=exchange.sent,
        )


def _code(answer: bytes) -> str:
    found = _CODE.search(answer.decode("utf-8", "replace"))
    return f"<Error>{found[0]}</Error>" if found else ""


def _line_text(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)


def form_text(fields: list[str], rows: list[JSON]) -> str:
    """The form, with plain ends of lines: a person shall read it, and nobody sends it again."""
    parts = [
        f'--{BOUNDARY}\nContent-Disposition: form-data; name="{name}"\n\n{SCRUBBED}\n'
        for name in fields
    ]
    file = "".join(f"{_line_text(row)}\n" for row in rows)
    return (
        "".join(parts)
        + f'--{BOUNDARY}\nContent-Disposition: form-data; name="file"\n\n{file}--{BOUNDARY}--\n'
    )


def rows_of(form: str) -> Iterator[JSON]:
    """The rows of a recorded form. Raises ValueError when one is no JSON."""
    _, _, file = form.partition('name="file"')
    for line in file.splitlines():
        if line.startswith("{"):
            yield json.loads(line)
