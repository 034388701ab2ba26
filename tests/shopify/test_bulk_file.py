"""The files of bulk mutations as bytes, without a network; and the storage's address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import DeadlineExceeded, QueryRejected, ShopifyBroken
from bridge.recording.tap import Recording
from bridge.shopify import bulk_file
from bridge.shopify.budget import Deadline
from bridge.shopify.bulk_file import Lines, chunks, encode_row, form_ends, read_row
from bridge.shopify.exchange import Exchange, Form, Observe
from bridge.shopify.storage import Storage


def test_a_row_is_one_line_whatever_is_in_it() -> None:
    """Line ends inside a text are escaped; numbers and times become Shopify's scalars."""
    row = {"a": "x\ny", "price": Decimal("1.50"), "at": datetime(2026, 11, 23, tzinfo=UTC)}
    assert encode_row(row) == b'{"a":"x\\ny","price":"1.50","at":"2026-11-23T00:00:00Z"}\n'


@given(st.lists(st.dictionaries(st.text(), st.text(max_size=99), max_size=3), max_size=9))
def test_the_pieces_are_the_file(rows: list[dict[str, str]]) -> None:
    """What is sent in pieces is every row once, in order: what was measured is what is sent."""
    assert b"".join(chunks(rows)) == b"".join(map(encode_row, rows))


@given(st.lists(st.binary(max_size=30)), st.data())
def test_lines_are_the_same_however_they_come(lines: list[bytes], data: st.DataObject) -> None:
    """Cutting a file elsewhere changes no line."""
    whole = b"\n".join(line.replace(b"\n", b"") for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    cutter, found = Lines(), []
    for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        found += cutter.feed(whole[start:stop])
    assert b"\n".join([*found, cutter.last()]) == whole


def test_an_endless_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is none must not fill the memory."""
    monkeypatch.setattr(bulk_file, "MAX_LINE", 10)
    with pytest.raises(ValueError, match="a line of more than 10 bytes"):
        Lines().feed(b"x" * 11)


def test_a_result_as_shopify_writes_it() -> None:
    """The captured line of a bulk productCreate, escaped slashes and all."""
    raw = (
        b'{"data":{"productCreate":{"product":{"id":"gid:\\/\\/shopify\\/Product\\/10231722869042"},'
        b'"userErrors":[]}},"__lineNumber":0}'
    )
    row = read_row(raw)
    assert row is not None
    assert (row.line, row.done) == (0, True)
    assert row.payload is not None
    assert row.payload["product"]["id"] == "gid://shopify/Product/10231722869042"


@pytest.mark.parametrize(
    ("raw", "payload", "errors"),
    [
        ('{"data":{"m":null},"errors":[{"message":"no"}],"__lineNumber":2}', False, 1),
        ('{"errors":[{"message":"no","extensions":{"code":"X"}}],"__lineNumber":2}', False, 1),
        ('{"data":{"m":{"userErrors":[]}},"errors":[{"message":"no"}],"__lineNumber":2}', True, 1),
        ('{"data":null,"__lineNumber":2}', False, 0),
    ],
)
def test_a_row_that_was_not_done(raw: str, payload: bool, errors: int) -> None:
    """Nothing but a payload without any error counts as done."""
    row = read_row(raw.encode())
    assert row is not None
    assert not row.done
    assert (row.payload is not None, len(row.errors)) == (payload, errors)


@pytest.mark.parametrize("raw", ["", "{", "[]", "7", "{}", '{"__lineNumber":"1"}', "\udcff"])
def test_what_is_no_result(raw: str) -> None:
    """A torn line, or something else, is told apart from a result."""
    assert read_row(raw.encode(errors="surrogateescape")) is None


def test_the_form_has_its_fields_before_the_file() -> None:
    """RFC 7578, and the storage's own rule: nothing behind the file counts."""
    head, tail = form_ends([("key", "tmp/1"), ('a"b', "c")], "BOUND")
    assert head == (
        b'--BOUND\r\nContent-Disposition: form-data; name="key"\r\n\r\ntmp/1\r\n'
        b'--BOUND\r\nContent-Disposition: form-data; name="a%22b"\r\n\r\nc\r\n'
        b'--BOUND\r\nContent-Disposition: form-data; name="file"; filename="bulk.jsonl"\r\n'
        b"Content-Type: text/jsonl\r\n\r\n"
    )
    assert tail == b"\r\n--BOUND--\r\n"


@asynccontextmanager
async def storage(
    answer: web.Response, *, secure: bool = False, observe: Observe | None = None
) -> AsyncIterator[tuple[Storage, str, list[web.Request]]]:
    """A storage that always answers so; its address; the requests that came."""
    seen: list[web.Request] = []

    async def reply(request: web.Request) -> web.Response:
        seen.append(request)
        await request.read()
        return answer

    async def no_sleep(_seconds: float) -> None:
        return

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", reply)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        made = Storage(http, secure=secure, sleep=no_sleep, observe=observe)
        yield made, str(server.make_url("/file")), seen


async def send(made: Storage, url: str) -> None:
    """Upload one small row."""
    await made.upload(url, [("key", "k")], [{"a": 1}], 8, deadline=Deadline.after(5))


async def test_only_https_will_do_where_the_store_is_https() -> None:
    """An address that is not https is not asked: rows and results are the merchant's."""
    async with storage(web.Response(), secure=True) as (made, url, seen):
        with pytest.raises(ShopifyBroken, match="not https"):
            await send(made, url)
        with pytest.raises(ShopifyBroken, match="not https"):
            assert [line async for line in made.lines(url, deadline=Deadline.after(5))] == []
    assert seen == []


async def test_only_what_belongs_to_an_upload_is_sent() -> None:
    """Length, form and who we are; no token, no cookie, nothing in pieces of unknown length."""
    async with storage(web.Response(status=204)) as (made, url, seen):
        await send(made, url)
    headers = seen[0].headers
    assert "Transfer-Encoding" not in headers
    assert set(headers) == {
        "Host", "Content-Type", "Content-Length", "User-Agent", "Accept", "Accept-Encoding",
    }  # fmt: skip


async def test_who_observes_sees_files_but_no_address_in_a_log() -> None:
    """Rows as they are, results as they came, whose they are; signed parts are out of ``repr``."""
    seen: list[Exchange] = []
    rows, text, deadline = [{"a": 1}], "mutation", Deadline.after(5)
    async with storage(web.Response(status=201), observe=seen.append) as (made, url, _):
        there = f"{url}?signature=hush"
        await made.upload(there, [("key", "k")], rows, 8, deadline=deadline, document=text)
    answer = web.Response(text='{"a": 1}\n{"b"')
    async with storage(answer, observe=seen.append) as (made, url, _):
        here = f"{url}?signature=hush"
        lines = [line async for line in made.lines(here, deadline=deadline, document=text)]
    assert [(one.via, one.status, one.url, one.document, one.whole) for one in seen] == [
        ("upload", 201, there, text, True),
        ("download", 200, here, text, True),
    ]
    assert seen[0].form == Form((("key", "k"),), rows, 8)
    assert seen[1].reply == b"\n".join(lines)
    assert "hush" not in repr(seen)


async def test_a_file_that_no_recording_holds_is_read_and_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who observes is told that it is not whole; the lines come all the same."""
    monkeypatch.setattr("bridge.shopify.storage.MOST_KEPT", 10)
    seen: list[Exchange] = []
    text = '{"a": 1}\n' * 3
    async with storage(web.Response(text=text), observe=seen.append) as (made, url, _):
        assert len([line async for line in made.lines(url, deadline=Deadline.after(5))]) == 3
    (one,) = seen
    assert (one.whole, len(one.reply) <= 10, one.status) == (False, True, 200)
    recorded = Recording("catalog_push", 21, "1", {}, datetime(2026, 11, 23, tzinfo=UTC))
    recorded.take(one)
    assert recorded.too_large


async def test_a_refusal_is_told_by_its_code_only() -> None:
    """The storage's own words may hold signed addresses; its code is enough."""
    xml = "<Error><Code>ExpiredToken</Code><Message>secret=1</Message></Error>"
    async with storage(web.Response(status=400, text=xml)) as (made, url, _):
        with pytest.raises(QueryRejected) as caught:
            await send(made, url)
    assert "HTTP 400 ExpiredToken" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_redirect_is_not_followed() -> None:
    """Signed addresses lead nowhere else."""
    moved = web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
    async with storage(moved) as (made, url, seen):
        with pytest.raises(QueryRejected, match="HTTP 302"):
            await send(made, url)
    assert len(seen) == 1


async def test_nothing_is_sent_after_the_deadline() -> None:
    """Neither way."""
    async with storage(web.Response()) as (made, url, seen):
        over = Deadline.after(0)
        with pytest.raises(DeadlineExceeded):
            await made.upload(url, [], [{}], 3, deadline=over)
        with pytest.raises(DeadlineExceeded):
            assert [line async for line in made.lines(url, deadline=over)] == []
    assert seen == []
