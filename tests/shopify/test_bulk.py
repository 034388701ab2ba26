"""Bulk mutations over HTTP to the embedded store: begun, followed, read; and what goes wrong."""

from collections.abc import AsyncIterator

import pytest
from graphql import parse

from bridge.errors import (
    DeadlineExceeded,
    OutcomeUnknown,
    QueryRejected,
    ShopifyBroken,
    TransportError,
    UserErrors,
)
from bridge.sandbox.server import StoreSettings
from bridge.shopify import bulk, bulk_file
from bridge.shopify.documents import Operation, operation
from tests.shopify.bulk_world import NAME, TAG, BulkWorld, bulk_world


@pytest.fixture
async def world() -> AsyncIterator[BulkWorld]:
    """A seeded store and a client."""
    async with bulk_world() as made:
        yield made


async def test_two_thousand_rows_are_done_for_a_handful_of_points(world: BulkWorld) -> None:
    """Every row is done once, and told once; the points are those of beginning and looking.

    The first look comes after a second, then the waits grow, to ten seconds and no further.
    """
    rows = world.rows(2000)
    run = await world.start(rows)
    end = await world.follow(run)
    assert (end.status, end.rows_done, end.partial) == ("COMPLETED", 2000, False)
    told = await world.results(end)
    assert sorted(row.line for row in told) == list(range(2000))
    assert all(row.done for row in told)
    for product in world.products():
        mine = [tag for row in rows if row["id"] == product for tag in row["tags"]]
        assert set(mine) <= set(world.tags(product))
    spent = await world.operations()
    looks = [each for each in spent if each["operation"] == "BulkState"]
    assert [each["operation"] for each in spent[:2]] == ["BulkStage", "BulkRun"]
    assert len(looks) <= 8, "the pauses grow"
    assert (world.slept[0], world.slept[-1]) == (1.0, 10.0)
    assert world.slept == sorted(world.slept)
    assert sum(each["actual_cost"] for each in spent) == 11 + 10 + len(looks)


async def test_products_are_made_in_bulk(world: BulkWorld) -> None:
    """The catalog's own mutation, as it is shipped: one product a row, a bad one among them."""
    rows = [
        {
            "identifier": {"handle": f"bulk-{number}"},
            "input": {"handle": f"bulk-{number}", "title": f"Bulk {number}", "status": "DRAFT"},
            "synchronous": True,
            "withMedia": False,
        }
        for number in range(10)
    ]
    rows[4]["input"] = {"handle": "bulk-4", "title": ""}
    run = await bulk.start(
        world.client, world.budget(), operation("ProductSet"), rows, client_identifier=NAME
    )
    told = await world.results(await world.follow(run))
    assert [row.line for row in told if not row.done] == [4]
    assert told[4].refused
    made = {row.payload["product"]["handle"] for row in told if row.done and row.payload}
    assert made == {f"bulk-{number}" for number in range(10)} - {"bulk-4"}


async def test_a_row_that_is_refused_is_one_result(world: BulkWorld) -> None:
    """The row has its user errors, under its own number; the others are done."""
    run = await world.start(world.rows(5, broken=(3,)))
    told = await world.results(await world.follow(run))
    assert [row.line for row in told if not row.done] == [3]
    assert [(e.field, e.message) for e in told[3].refused] == [(("id",), "Product does not exist")]


async def test_a_row_with_bad_variables_is_one_result(world: BulkWorld) -> None:
    """What is refused before it runs has no payload, and its error is told."""
    rows = world.rows(3)
    rows[1] = {"id": rows[1]["id"], "tags": None}
    told = await world.results(await world.follow(await world.start(rows)))
    assert [row.done for row in told] == [True, False, True]
    assert told[1].payload is None
    assert [error.code for error in told[1].errors] == ["INVALID_VARIABLE"]


async def test_an_operation_that_fails_midway_tells_what_it_has(world: BulkWorld) -> None:
    """FAILED with its code; the results of the rows that have one; the others stay unknown."""
    await world.control("bulk", {"fail_after": 7, "told": 5})
    rows = world.rows(20)
    run = await world.start(rows)
    end = await world.follow(run)
    assert (end.status, end.error_code, end.partial) == ("FAILED", "INTERNAL_SERVER_ERROR", True)
    assert str(end) == (
        f"bulk operation {run.id.rsplit('/', 1)[-1]} is FAILED (INTERNAL_SERVER_ERROR) after 7 rows"
    )
    assert [row.line for row in await world.results(end)] == list(range(5))
    done = [row["tags"][0] in world.tags(row["id"]) for row in rows]
    assert done == [True] * 7 + [False] * 13, "two were done and not told"


async def test_an_operation_that_fails_at_once_has_no_results(world: BulkWorld) -> None:
    """Nothing to read is no error."""
    await world.control("bulk", {"fail_after": 0, "error_code": "TIMEOUT"})
    end = await world.follow(await world.start(world.rows(3)))
    assert (end.status, end.error_code, end.address) == ("FAILED", "TIMEOUT", None)
    assert await world.results(end) == []


async def test_a_token_without_the_scope_fails_the_operation() -> None:
    """The inner mutation's scope is Shopify's to check: the operation ends with ACCESS_DENIED."""
    async with bulk_world(StoreSettings(scopes=("read_products",))) as world:
        end = await world.follow(await world.start(world.rows(2)))
    assert (end.status, end.error_code) == ("FAILED", "ACCESS_DENIED")


async def test_the_deadline_leaves_it_running(world: BulkWorld) -> None:
    """The call's time ends first: told so, nothing is stopped, a later call reads the results."""
    run = await world.start(world.rows(2000))
    with pytest.raises(
        DeadlineExceeded, match=r"is RUNNING after \d+ rows, and goes on at Shopify"
    ):
        await world.follow(run, seconds=6.0)
    assert sum(world.slept) <= 6.0
    (found,) = await bulk.running(world.client, world.budget(), client_identifier=NAME)
    assert found.id == run.id
    end = await world.follow(run)
    assert len(await world.results(end)) == 2000


async def test_a_repeated_call_finds_the_running_one(world: BulkWorld) -> None:
    """By identifier and by mutation, and only while it runs; others' are not ours."""
    first = await world.start(world.rows(3), "catalog-21-first")
    await world.start(world.rows(3), "catalog-22-other")
    budget = world.budget()
    found = await bulk.running(world.client, budget, client_identifier="catalog-21-first")
    assert [each.id for each in found] == [first.id]
    assert len(await bulk.running(world.client, budget, operation=TAG)) == 2
    assert await bulk.running(world.client, budget, operation=operation("TagsRemove")) == []
    assert await bulk.running(world.client, budget, client_identifier="catalog-2") == []
    await world.follow(first)
    assert await bulk.running(world.client, budget) == []
    told = await bulk.newest(world.client, budget)
    assert [each.client_identifier for each in told] == ["catalog-22-other", "catalog-21-first"]
    assert told[1].address is not None


async def test_the_sixth_is_refused_and_can_come_again(world: BulkWorld) -> None:
    """Five run at once; what the sixth was to do was not begun."""
    for number in range(5):
        await world.start(world.rows(3), f"catalog-21-{number}")
    with pytest.raises(bulk.TooManyRunning, match="already in progress") as caught:
        await world.start(world.rows(3), "catalog-21-6")
    assert caught.value.retryable
    await world.sleep(5.0)
    await world.start(world.rows(3), "catalog-21-6")


@pytest.mark.parametrize("fault", ["drop_reply", "http_502_after"])
async def test_a_lost_reply_is_an_unknown_outcome_and_can_be_found(
    world: BulkWorld, fault: str
) -> None:
    """It was begun and nobody said so: raised as such, never begun twice, found by its name."""
    await world.fault("BulkRun", fault)
    with pytest.raises(OutcomeUnknown, match="BulkRun"):
        await world.start(world.rows(3))
    assert len(world.store.sandbox.engine.bulk.operations) == 1
    (found,) = await bulk.newest(world.client, world.budget())
    assert found.client_identifier == NAME


async def test_an_upload_that_goes_wrong_is_made_again(world: BulkWorld) -> None:
    """Each try has a place of its own, so that whatever happened to the first does not matter."""
    operations = world.store.sandbox.engine.bulk.operations
    for step in ("stagedUpload", "BulkStage"):
        for fault in ("drop_reply", "http_502_before", "http_502_after"):
            before = len(operations)
            await world.fault(step, fault)
            run = await world.start(world.rows(3))
            assert world.store.sandbox.faults.waiting() == []
            assert len(operations) == before + 1, (step, fault)
            assert (await world.follow(run)).status == "COMPLETED"


async def test_an_upload_that_never_works_is_given_up(world: BulkWorld) -> None:
    """Four tries, then the failure; nothing was begun."""
    for _ in range(4):
        await world.fault("stagedUpload", "http_502_before")
    with pytest.raises(ShopifyBroken, match="refused the rows of a bulk mutation \\(HTTP 502\\)"):
        await world.start(world.rows(3))
    assert world.store.sandbox.engine.bulk.operations == []


async def test_results_that_break_off_are_read_again(world: BulkWorld) -> None:
    """Each row is told once, however often the reading begins."""
    end = await world.follow(await world.start(world.rows(1500)))
    for fault in ("half_body", "drop_reply", "http_502_before"):
        await world.fault("bulkResults", fault)
    told = await world.results(end)
    assert world.store.sandbox.faults.waiting() == []
    assert [row.line for row in told] == list(range(1500))


async def test_results_that_always_break_off_are_an_error(world: BulkWorld) -> None:
    """Never a shorter list that looks whole."""
    end = await world.follow(await world.start(world.rows(30)))
    for _ in range(4):
        await world.fault("bulkResults", "half_body")
    with pytest.raises(TransportError, match="broke off"):
        await world.results(end)


async def test_results_are_kept_for_seven_days(world: BulkWorld) -> None:
    """Afterwards they are gone, and that is told."""
    end = await world.follow(await world.start(world.rows(1)))
    await world.sleep(7 * 86_400)
    with pytest.raises(QueryRejected, match="has no results of a bulk mutation for us"):
        await world.results(end)


async def test_shopifys_token_stays_with_shopify(world: BulkWorld) -> None:
    """The storage is another host: the sandbox's refuses the token, and it never came."""
    end = await world.follow(await world.start(world.rows(1)))
    assert end.address is not None
    token = {"X-Shopify-Access-Token": "shpat_sandbox"}
    async with world.http.get(end.address, headers=token) as reply:
        assert reply.status == 400
    assert "Signature" not in repr(end)
    assert len(await world.results(end)) == 1


async def test_an_unknown_operation_is_told(world: BulkWorld) -> None:
    """Following what is not there ends at once."""
    with pytest.raises(QueryRejected, match="knows no bulk operation"):
        await bulk.follow(world.client, world.budget(), "gid://shopify/BulkOperation/1")


async def test_what_shopify_refuses_is_told_in_its_words(world: BulkWorld) -> None:
    """Two mutations in one document: user errors, nothing begun."""
    text = """mutation Two($id: ID!) {
      a: tagsAdd(id: $id, tags: ["a"]) { node { id } }
      b: tagsAdd(id: $id, tags: ["b"]) { node { id } }
    }"""
    two = Operation("Two", "mutation", parse(text, no_location=True))
    with pytest.raises(UserErrors, match="single top level mutation"):
        await bulk.start(world.client, world.budget(), two, [{"id": "1"}], client_identifier=NAME)


async def test_what_can_never_be_begun_never_leaves(
    world: BulkWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad name, no rows, too many bytes, a query, too long a mutation: nothing is sent."""
    for name in ("short", "with a blank in it", "x" * 256, "line\nbreak-here"):
        with pytest.raises(ValueError, match="cannot name a bulk operation"):
            await world.start(world.rows(1), name)
    with pytest.raises(ValueError, match="without rows"):
        await world.start([])
    with pytest.raises(ValueError, match="is no mutation"):
        bulk.marked(operation("BulkState"), NAME)
    fields = " ".join(f"n{n}: __typename" for n in range(5000))
    long = Operation("Long", "mutation", parse(f"mutation Long {{ {fields} }}", no_location=True))
    with pytest.raises(ValueError, match="longer than 65535 bytes"):
        bulk.marked(long, NAME)
    rows = world.rows(1000)
    size = len(bulk_file.encode_row(rows[0]))
    monkeypatch.setattr(bulk, "MAX_FILE", size * 900)
    with pytest.raises(ValueError, match=r"the first 901 of 1000 rows are over"):
        await world.start(rows)
    assert await world.operations() == []


async def test_no_time_to_begin_means_nothing_was_done(world: BulkWorld) -> None:
    """A deadline that is over sends nothing."""
    with pytest.raises(DeadlineExceeded):
        await bulk.start(
            world.client, world.budget(0.0), TAG, world.rows(1), client_identifier=NAME
        )
    assert await world.operations() == []
