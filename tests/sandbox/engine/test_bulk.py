"""Bulk mutations of the embedded store: what the recordings show, and what else it promises."""

import base64
import json
from typing import Any

import aiohttp
import pytest

from bridge.sandbox import bulk_http, staging
from bridge.sandbox.mutations import bulk as bulk_mutations
from tests.sandbox.engine.harness import TOKEN, Direct, Http, direct
from tests.shared import SHARED, needs_shared

ALL = (
    "id status type errorCode createdAt completedAt objectCount rootObjectCount fileSize url "
    "partialDataUrl query"
)
STAGE = """mutation ($input: [StagedUploadInput!]!) { stagedUploadsCreate(input: $input) {
  stagedTargets { url resourceUrl parameters { name value } } userErrors { field message } } }"""
RUN = f"""mutation ($mutation: String!, $path: String!, $name: String) {{
  bulkOperationRunMutation(mutation: $mutation, stagedUploadPath: $path, clientIdentifier: $name) {{
    bulkOperation {{ {ALL} }} userErrors {{ field message code }} }} }}"""
CANCEL = f"""mutation ($id: ID!) {{ bulkOperationCancel(id: $id) {{
  bulkOperation {{ {ALL} }} userErrors {{ field message }} }} }}"""
ONE = f"query ($id: ID!) {{ bulkOperation(id: $id) {{ {ALL} }} }}"
TAG = """#graphql
mutation Tag($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""
WANTED = {
    "filename": "rows.jsonl",
    "mimeType": "text/jsonl",
    "resource": "BULK_MUTATION_VARIABLES",
    "httpMethod": "POST",
}


def product(shop: Direct) -> str:
    """The first product."""
    return next(iter(shop.store.products.values())).id


def uploaded(shop: Direct, content: bytes) -> str:
    """The path of a file that lies in the storage."""
    target = shop.engine.bulk.staging.offer(1, "rows.jsonl", "text/jsonl")
    target.content = content
    return target.key


def rows(shop: Direct, count: int) -> str:
    """The path of a file that tags the first product ``count`` times."""
    lines = [json.dumps({"id": product(shop), "tags": [f"b{n}"]}) for n in range(count)]
    return uploaded(shop, ("\n".join(lines) + "\n").encode())


def run(shop: Direct, path: str, mutation: str = TAG, name: str | None = None) -> Any:
    """The payload of bulkOperationRunMutation."""
    variables = {"mutation": mutation, "path": path, "name": name}
    return shop.data(RUN, variables)["bulkOperationRunMutation"]


def started(shop: Direct, count: int) -> str:
    """The id of an operation that has begun."""
    identifier: str = run(shop, rows(shop, count))["bulkOperation"]["id"]
    return identifier


def state(shop: Direct, identifier: str) -> Any:
    """An operation as it is now."""
    return shop.data(ONE, {"id": identifier})["bulkOperation"]


def results(shop: Direct) -> list[bytes]:
    """The lines of the first operation's results."""
    found = shop.engine.bulk.output(shop.engine.bulk.operations[0].token)
    assert found is not None
    return found.splitlines()


def test_a_place_has_the_captured_parameters(shop: Direct) -> None:
    """Names in their order, key and policy as recorded; eleven points."""
    answer = shop.ask(STAGE, {"input": [WANTED]})
    (target,) = answer.body["data"]["stagedUploadsCreate"]["stagedTargets"]
    names = [each["name"] for each in target["parameters"]]
    assert names == [
        "Content-Type", "success_action_status", "acl", "key", "x-goog-date", "x-goog-credential",
        "x-goog-algorithm", "x-goog-signature", "policy",
    ]  # fmt: skip
    fields = {each["name"]: each["value"] for each in target["parameters"]}
    assert fields["key"].startswith("tmp/")
    assert fields["key"].endswith("/rows.jsonl")
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert ["content-length-range", 1, 104857600] in policy["conditions"]
    assert policy["expiration"] == "2026-11-24T12:00:00Z"
    assert answer.actual_cost == 11


@pytest.mark.parametrize(
    "change", [{"resource": "IMAGE"}, {"httpMethod": "PUT"}, {"mimeType": "text/csv"}]
)
def test_other_uploads_are_refused(shop: Direct, change: dict[str, str]) -> None:
    """What is not modelled says so."""
    (error,) = shop.errors(STAGE, {"input": [{**WANTED, **change}]})
    assert error["extensions"]["code"] == "SANDBOX_NOT_MODELLED"


@pytest.mark.parametrize(
    ("mutation", "field", "message", "code"),
    [
        (
            "mutation { not parseable",
            None,
            "Failed to parse the mutation - syntax error, unexpected end of file at [1, 16]",
            "INVALID_MUTATION",
        ),
        (
            "query { products { edges { node { id } } } }",
            None,
            "Invalid operation type. Only `mutation` operations are supported.",
            "INVALID_MUTATION",
        ),
        (
            "mutation A($p: ProductCreateInput!, $u: ProductUpdateInput!) {"
            " productCreate(product: $p) { product { id } }"
            " productUpdate(product: $u) { product { id } } }",
            ["mutation"],
            "You must specify a single top level mutation.",
            None,
        ),
        (
            "mutation P($m: String!, $s: String!) { bulkOperationRunMutation(mutation: $m,"
            " stagedUploadPath: $s) { bulkOperation { id } userErrors { field message } } }",
            ["mutation"],
            "You must use an allowed mutation name.",
            None,
        ),
        (
            "mutation T($id: ID!) { tagsAdd(id: $id, tags: []) { node { ... on Product {"
            " a: variants(first: 1) { nodes { id } }"
            " b: variants(first: 1) { nodes { id } } } } } }",
            ["mutation"],
            "Bulk mutations cannot contain more than 1 connection.",
            None,
        ),
        (
            "mutation T { nothingLikeIt { id } }",
            ["mutation"],
            "Field 'nothingLikeIt' doesn't exist on type 'Mutation'"
            " (or the sandbox does not model it: GET /_sandbox/limits)",
            "INVALID_MUTATION",
        ),
        (
            "mutation T { " + "x" * 65_535 + " { id } }",
            ["mutation"],
            "is too long (maximum is 65535 bytes)",
            "INVALID_MUTATION",
        ),
    ],
)
def test_a_mutation_that_cannot_run(
    shop: Direct, mutation: str, field: Any, message: str, code: str | None
) -> None:
    """The recorded texts and codes; the file is not looked at."""
    answer = run(shop, "valid", mutation)
    assert answer["bulkOperation"] is None
    assert answer["userErrors"] == [{"field": field, "message": message, "code": code}]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("abc", "is too short (minimum is 10 characters)"),
        ("x" * 256, "is too long (maximum is 255 characters)"),
    ],
)
def test_identifiers_have_a_length(shop: Direct, name: str, message: str) -> None:
    """As recorded."""
    (error,) = run(shop, rows(shop, 1), name=name)["userErrors"]
    wanted = {"field": ["clientIdentifier"], "message": message, "code": "INVALID_MUTATION"}
    assert error == wanted


@pytest.mark.parametrize("content", [b"[1]\n", b"{\n}\n", b"{}\n\n{}\n", b"\xff\n"])
def test_a_file_that_is_no_jsonl(shop: Direct, content: bytes) -> None:
    """Every line is a JSON object, or nothing runs."""
    (error,) = run(shop, uploaded(shop, content))["userErrors"]
    assert error["message"] == "Unexpected file structure - expected JSONL"
    assert error["code"] == "INVALID_STAGED_UPLOAD_FILE"


def test_a_file_that_cannot_be_used(shop: Direct, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not there, empty, too big: as recorded."""
    found = [run(shop, "tmp/1/none")["userErrors"], run(shop, uploaded(shop, b""))["userErrors"]]
    monkeypatch.setattr(bulk_mutations, "MAX_FILE", 4)
    found.append(run(shop, uploaded(shop, b'{"a":1}\n'))["userErrors"])
    assert [(e["field"], e["message"], e["code"]) for (e,) in found] == [
        (
            None,
            "The JSONL file could not be found. Try uploading the file again, and check that you've"
            " entered the URL correctly for the stagedUploadPath mutation argument.",
            "NO_SUCH_FILE",
        ),
        (None, "The input file is empty.", "INVALID_STAGED_UPLOAD_FILE"),
        (
            None,
            "The input file size exceeds the maximum allowed size of 100 MB.",
            "INVALID_STAGED_UPLOAD_FILE",
        ),
    ]


def test_five_run_at_once(shop: Direct) -> None:
    """The sixth is refused with the others' ids; a missing file is told before that (recorded)."""
    ids = [started(shop, 3) for _ in range(5)]
    (error,) = run(shop, rows(shop, 3))["userErrors"]
    assert error == {
        "field": None,
        "message": "A bulk mutation operation for this app and shop is already in progress: "
        f"{', '.join(ids)}.",
        "code": "OPERATION_IN_PROGRESS",
    }
    assert run(shop, "tmp/1/none")["userErrors"][0]["code"] == "NO_SUCH_FILE"
    shop.clock.advance(2)
    assert run(shop, rows(shop, 3))["userErrors"] == []


def test_a_life_by_the_clock(shop: Direct) -> None:
    """CREATED, RUNNING, COMPLETED with the fields that the recordings show."""
    created = run(shop, rows(shop, 2))["bulkOperation"]
    assert created == {
        "id": created["id"],
        "status": "CREATED",
        "type": "MUTATION",
        "errorCode": None,
        "createdAt": "2026-11-23T12:00:00Z",
        "completedAt": None,
        "objectCount": "0",
        "rootObjectCount": "0",
        "fileSize": None,
        "url": None,
        "partialDataUrl": None,
        "query": TAG,
    }
    assert state(shop, created["id"]) == created
    shop.clock.advance(0.51)
    half = state(shop, created["id"])
    assert (half["status"], half["objectCount"], half["url"]) == ("RUNNING", "1", None)
    shop.clock.advance(0.6)
    end = state(shop, created["id"])
    assert (end["status"], end["objectCount"]) == ("COMPLETED", "2")
    assert end["completedAt"] == "2026-11-23T12:00:01Z"
    escaped = product(shop).replace("/", "\\/")
    lines = results(shop)
    assert lines[0].decode() == (
        f'{{"data":{{"tagsAdd":{{"node":{{"id":"{escaped}"}},"userErrors":[]}}}},"__lineNumber":0}}'
    )
    assert end["fileSize"] == str(sum(len(line) + 1 for line in lines))
    assert end["url"].startswith("http")
    assert {"b0", "b1"} <= set(shop.store.find(product(shop)).tags)


def test_no_points_are_taken(shop: Direct) -> None:
    """A thousand lines: only the request that looks is paid for."""
    identifier = started(shop, 1000)
    shop.clock.advance(60)
    assert state(shop, identifier)["status"] == "COMPLETED"
    assert shop.engine.bucket.available() == 1999


def test_what_was_cancelled_keeps_what_was_done(shop: Direct) -> None:
    """CANCELING, then CANCELED without completedAt; results if there are any (recorded)."""
    early, late = started(shop, 3), started(shop, 300)
    for identifier, passed in ((early, 0.1), (late, 1.0)):
        shop.clock.advance(passed)
        answer = shop.data(CANCEL, {"id": identifier})["bulkOperationCancel"]
        assert (answer["bulkOperation"]["status"], answer["userErrors"]) == ("CANCELING", [])
        shop.clock.advance(0.5)
    ends = [state(shop, identifier) for identifier in (early, late)]
    assert [end["status"] for end in ends] == ["CANCELED", "CANCELED"]
    assert [end["completedAt"] for end in ends] == [None, None]
    assert ends[0]["url"] is None
    assert 0 < int(ends[1]["objectCount"]) < 300
    assert ends[1]["url"] is not None
    assert ends[1]["fileSize"] is None


def test_what_cannot_be_cancelled(shop: Direct) -> None:
    """A finished one, and one that is not there."""
    identifier = started(shop, 1)
    shop.clock.advance(5)
    answer = shop.data(CANCEL, {"id": identifier})["bulkOperationCancel"]
    message = "A bulk operation cannot be canceled when it is completed"
    assert answer["userErrors"] == [{"field": None, "message": message}]
    answer = shop.data(CANCEL, {"id": "gid://shopify/BulkOperation/1"})["bulkOperationCancel"]
    assert answer["bulkOperation"] is None
    assert answer["userErrors"] == [{"field": ["id"], "message": "Bulk operation does not exist"}]


def listed(shop: Direct, arguments: str) -> list[str]:
    """Ids of bulkOperations."""
    found = shop.data(f"{{ bulkOperations({arguments}) {{ nodes {{ id }} }} }}")
    return [node["id"] for node in found["bulkOperations"]["nodes"]]


def test_lists_of_operations(shop: Direct) -> None:
    """Newest first, reverse turned round, by end with the unfinished last; filters."""
    ids = []
    for _ in range(3):
        ids.append(started(shop, 1))
        shop.clock.advance(0.6)
    first, second, third = ids
    assert listed(shop, "first: 9") == [third, second, first]
    assert listed(shop, "first: 9, reverse: true") == ids
    assert listed(shop, "first: 9, sortKey: COMPLETED_AT") == [second, first, third]
    assert listed(shop, 'first: 9, query: "status:completed AND operation_type:mutation"') == [
        second,
        first,
    ]
    assert listed(shop, 'first: 9, query: "operation_type:query"') == []
    number = second.rsplit("/", 1)[-1]
    assert listed(shop, f'first: 9, query: "id:{number}"') == [second]


@pytest.mark.parametrize(
    ("query", "rows", "message"),
    [
        ("status:EXPIRED", 0, "Input `EXPIRED` is not an accepted value."),
        ("operation_type:EXPORT", 0, "Input `EXPORT` is not an accepted value."),
        ("made_up:value", 1, "Invalid search field for this query."),
    ],
)
def test_filters_that_are_wrong(shop: Direct, query: str, rows: int, message: str) -> None:
    """A value gives nothing, a name everything, both with a warning (recorded)."""
    started(shop, 1)
    answer = shop.ask(f'{{ bulkOperations(first: 9, query: "{query}") {{ nodes {{ id }} }} }}')
    assert len(answer.body["data"]["bulkOperations"]["nodes"]) == rows
    (search,) = answer.body["extensions"]["search"]
    assert [warning["message"] for warning in search["warnings"]] == [message]


def test_reading_one(shop: Direct) -> None:
    """The id of another type is an error, an unknown one null (recorded); node finds it too."""
    (error,) = shop.errors(ONE, {"id": "gid://shopify/Product/1"})
    assert error["message"] == "Invalid id: gid://shopify/Product/1"
    assert state(shop, "gid://shopify/BulkOperation/0") is None
    identifier = started(shop, 1)
    text = "query ($id: ID!) { node(id: $id) { ... on BulkOperation { status } } }"
    assert shop.data(text, {"id": identifier})["node"] == {"status": "CREATED"}


def test_a_line_that_adds_operations_does_not_run_twice(shop: Direct) -> None:
    """Running lines is not begun again from within a line."""
    started(shop, 50)
    shop.clock.advance(30)
    shop.engine.settle()
    shop.engine.settle()
    tagged = [e for e in shop.store.journal if e["mutation"] == "tagsAdd"]
    assert len(tagged) == 50


def test_missing_scopes_end_it() -> None:
    """FAILED with ACCESS_DENIED, nothing done, nothing told."""
    shop = direct(scopes=("read_products",))
    identifier = started(shop, 2)
    shop.clock.advance(5)
    end = state(shop, identifier)
    assert (end["status"], end["errorCode"]) == ("FAILED", "ACCESS_DENIED")
    assert (end["objectCount"], end["url"], end["partialDataUrl"]) == ("0", None, None)


@needs_shared
def test_the_recorded_reply_has_the_same_members(shop: Direct) -> None:
    """The recorded document of a completed operation, played here: same members, same formats."""
    file = SHARED / "shopify" / "captures" / "bulkOperation__completed.json"
    capture = json.loads(file.read_text("utf-8"))
    identifier = started(shop, 1)
    shop.clock.advance(5)
    mine = shop.data(capture["document"], {"id": identifier})["bulkOperation"]
    theirs = capture["response"]["data"]["bulkOperation"]
    assert list(mine) == list(theirs)
    assert {k: type(v) for k, v in mine.items()} == {k: type(v) for k, v in theirs.items()}


# ---- the storage over HTTP


async def stage(http: Http) -> tuple[str, dict[str, str]]:
    """A place: its address and its fields."""
    body = {"query": STAGE, "variables": {"input": [WANTED]}}
    _, answer = await http.post("/admin/api/2026-10/graphql.json", body, headers=TOKEN)
    (target,) = answer["data"]["stagedUploadsCreate"]["stagedTargets"]
    return target["url"], {each["name"]: each["value"] for each in target["parameters"]}


async def send(
    http: Http, url: str, fields: dict[str, str], content: bytes, *, token: bool = False
) -> tuple[int, str]:
    """Upload a file: status and text."""
    form = aiohttp.FormData()
    for name, value in fields.items():
        form.add_field(name, value)
    form.add_field("file", content, filename="rows.jsonl", content_type="text/jsonl")
    async with http.session.post(url, data=form, headers=TOKEN if token else {}) as reply:
        return reply.status, await reply.text()


async def test_an_upload_as_recorded(http: Http) -> None:
    """201, and XML with place and key; a second file for the same place is refused."""
    url, fields = await stage(http)
    assert url == f"{http.running.url}/staged-uploads/"
    status, text = await send(http, url, fields, b"{}\n")
    assert status == 201
    assert f"<Key>{fields['key']}</Key>" in text
    assert http.running.sandbox.engine.bulk.staging.file(fields["key"]) == b"{}\n"
    status, text = await send(http, url, fields, b"{}\n")
    assert (status, "AccessDenied" in text) == (403, True)


async def test_uploads_that_are_refused(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong key, changed field, missing field, token, nothing, too much, too late, no form."""
    url, fields = await stage(http)
    fewer = {name: value for name, value in fields.items() if name != "policy"}
    monkeypatch.setattr(bulk_http, "MAX_FILE", 100)
    tries = [
        await send(http, url, {**fields, "key": "tmp/other"}, b"{}\n"),
        await send(http, url, {**fields, "acl": "public-read"}, b"{}\n"),
        await send(http, url, fewer, b"{}\n"),
        await send(http, url, fields, b"{}\n", token=True),
        await send(http, url, fields, b""),
        await send(http, url, fields, b"x" * 101),
    ]
    http.running.sandbox.clock.advance(86_400)
    tries.append(await send(http, url, fields, b"{}\n"))
    async with http.session.post(url, data=b"{}\n") as reply:
        tries.append((reply.status, await reply.text()))
    codes = [
        "AccessDenied", "AccessDenied", "AccessDenied", "InvalidArgument", "EntityTooSmall",
        "EntityTooLarge", "ExpiredToken", "InvalidArgument",
    ]  # fmt: skip
    assert [(s, t.split("<Code>")[1].split("<")[0]) for s, t in tries] == [
        (403 if code == "AccessDenied" else 400, code) for code in codes
    ]
    assert http.running.sandbox.engine.bulk.staging.file(fields["key"]) is None


def test_the_limit_is_shopifys() -> None:
    """What the policy says is what is held to."""
    assert staging.MAX_FILE == bulk_http.MAX_FILE == 104_857_600


async def test_failures_are_planned_over_http(http: Http) -> None:
    """What makes no sense is refused with a sentence; a reset forgets what waits."""
    for wrong in ({"fail": 1}, {"fail_after": -1}, {"told": 2}, {"error_code": "X"}, []):
        status, answer = await http.post("/_sandbox/bulk", wrong)
        assert (status, list(answer)) == (400, ["error"])
    status, answer = await http.post("/_sandbox/bulk", {"fail_after": 3})
    wanted = {"fail_after": 3, "told": 3, "error_code": "INTERNAL_SERVER_ERROR"}
    assert (status, answer) == (201, wanted)
    assert await http.get("/_sandbox/bulk") == {"operations": [], "failures": 1}
    await http.post("/_sandbox/reset", {})
    assert await http.get("/_sandbox/bulk") == {"operations": [], "failures": 0}
