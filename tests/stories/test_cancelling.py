"""order_cancel over HTTP: once, refunded, followed, refused when shipped."""

import asyncio

import pytest

from tests.support import World, world


async def by_kind(w: World, kind: str) -> dict:
    """A seeded order."""
    return next(o for o in (await w.state())["orders"] if o["kind"] == kind)


async def cancel(w: World, refnum: str):
    """Call order_cancel as RetailOps does."""
    return await w.post(
        "order_cancel", order={"channel_order_refnum": refnum, "retailops_order_id": 0}
    )


async def order(w: World, number: str) -> dict:
    """An order as it is now."""
    return next(o for o in (await w.state())["orders"] if o["id"] == number)


@pytest.mark.parametrize("kind", ["plain_paid", "gift_card_and_card", "tax_included_eur", "jpy"])
async def test_a_paid_order_is_cancelled_and_refunded_once(tmp_path, kind: str) -> None:
    """Every tender gets its money back; a repeat is answered from the ledger."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, kind))["id"]
        answer = await cancel(w, number)
        assert (answer.status, answer.body) == (200, {"status": "success", "events": []})
        assert (await order(w, number))["financial_status"] == "REFUNDED"
        again = await cancel(w, number)
        assert again.body == answer.body
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(await w.journal("orderCancel")) == 1


async def test_an_authorised_order_is_released(tmp_path) -> None:
    """Nothing was taken, so nothing goes back: the authorisation is voided."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "authorized"))["id"]
        assert (await cancel(w, number)).body["status"] == "success"
        assert (await order(w, number))["financial_status"] == "VOIDED"


async def test_an_unpaid_order_is_cancelled(tmp_path) -> None:
    """There is no money in it, and that is no obstacle."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "unpaid"))["id"]
        assert (await cancel(w, number)).body["status"] == "success"
        assert (await order(w, number))["cancelled_at"] is not None


async def test_what_was_shipped_is_not_cancelled(tmp_path) -> None:
    """Fail with a code and the way out; the store is not asked to."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "partly_fulfilled"))["id"]
        answer = await cancel(w, number)
        assert (answer.body["status"], answer.codes) == ("fail", ["ALREADY_SHIPPED"])
        assert await w.journal("orderCancel") == []


async def test_cancelled_by_somebody_else_is_success(tmp_path) -> None:
    """It is as RetailOps wants it: success, and said so."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "cancelled_refunded"))["id"]
        answer = await cancel(w, number)
        assert (answer.body["status"], answer.codes) == ("success", ["ALREADY_APPLIED"])


async def test_an_unknown_order_fails(tmp_path) -> None:
    """No such order: fail, with its refnum."""
    async with world(tmp_path) as w:
        answer = await cancel(w, "424242424242")
        assert (answer.body["status"], answer.codes) == ("fail", ["ORDER_NOT_FOUND"])


async def test_twice_at_once_is_once(tmp_path) -> None:
    """Ten equal calls at once, while the job runs: one cancellation, ten equal answers."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "two_tenders"))["id"]
        answers = await asyncio.gather(*(cancel(w, number) for _ in range(10)))
        assert {a.status for a in answers} == {200}
        assert all(a.body == answers[0].body for a in answers)
        assert answers[0].body["status"] == "success"
        assert len(await w.journal("orderCancel")) == 1


@pytest.mark.parametrize("fault", ["drop_reply", "http_502_after", "half_body", "garbage"])
async def test_a_lost_reply_cancels_once(tmp_path, fault: str) -> None:
    """The cancellation is seen in the store at once: success, without a second one."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "plain_paid"))["id"]
        await w.fault("OrderCancel", fault)
        answer = await cancel(w, number)
        assert answer.body["status"] == "success", answer.body
        await w.advance(60)
        assert (await cancel(w, number)).body["status"] == "success"
        assert len(await w.journal("orderCancel")) == 1


async def test_a_cancellation_that_comes_late_is_once(tmp_path) -> None:
    """Not seen yet: IN_DOUBT, and nothing is sent again; once it is seen: success."""
    async with world(tmp_path, timeout_seconds=1.0) as w:
        number = (await by_kind(w, "plain_paid"))["id"]
        await w.fault("OrderCancel", "apply_late", delay=30)
        answer = await cancel(w, number)
        assert (answer.body["status"], answer.codes) == ("fail", ["IN_DOUBT"])
        again = await cancel(w, number)
        assert (again.body["status"], again.codes) == ("fail", ["IN_DOUBT"])
        await w.advance(40)
        settled = await cancel(w, number)
        assert settled.body["status"] == "success", settled.body
        assert len(await w.journal("orderCancel")) == 1


async def test_a_cancellation_that_never_came_is_sent_again(tmp_path) -> None:
    """Past the settle window a read that shows nothing counts: it is sent once more."""
    async with world(tmp_path, timeout_seconds=1.0) as w:
        number = (await by_kind(w, "plain_paid"))["id"]
        await w.fault("OrderCancel", "timeout")
        assert (await cancel(w, number)).codes == ["IN_DOUBT"]
        await w.advance(61)
        answer = await cancel(w, number)
        assert answer.body["status"] == "success", answer.body
        assert len(await w.journal("orderCancel")) == 1


async def test_our_own_cancellation_is_not_offered_back(tmp_path) -> None:
    """RetailOps cancelled it: it is not told of it as news."""
    async with world(tmp_path) as w:
        number = (await by_kind(w, "plain_paid"))["id"]
        await w.post(
            "order_acknowledge",
            orders=[{"channel_order_refnum": number, "retailops_order_id": 5}],
        )
        await cancel(w, number)
        await w.advance(60)
        pulled = await w.post("order_pull", page_token="")
        assert number not in {o["channel_order_refnum"] for o in pulled.body["orders"]}
