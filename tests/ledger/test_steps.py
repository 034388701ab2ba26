"""Steps: written before they are sent, ended once, settled by reading or by a person."""

import asyncio
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from bridge.errors import LedgerError, StepOpen
from bridge.ledger import CallKey, Claimed, Ledger, NewStep, steps
from bridge.ledger.faults import explain
from tests.ledger.support import BODY, GID, SHOP, START, Clock, effect_of, opened, step


async def test_step_comes_back_as_it_went_in(ledger: Ledger) -> None:
    """Every field, with its times and who is sending it."""
    new = step(
        execution_id="e1",
        key="ship p1",
        operation="FulfillmentCreate",
        idempotency_key="k",
        pre_image=MappingProxyType({"ids": ["gid://f/1"], "ü": None}),
        expect={"quantities": {"gid://l/1": 2}, "amount": "19.90"},
    )
    step_id = await ledger.begin_step(new)
    row = await ledger.step(step_id)
    assert {name: getattr(row, name) for name in NewStep.__slots__} == {
        name: getattr(new, name) for name in NewStep.__slots__
    }
    assert (row.id, row.state, row.sent_at) == (step_id, "sending", START)
    assert (row.doubt_at, row.ended_at, row.request_id, row.note) == (None, None, "", "")
    assert row.owner


async def test_completed_step_and_its_effect(ledger: Ledger, clock: Clock) -> None:
    """Both at once: the step is done, the effect is known, nothing is open."""
    step_id = await ledger.begin_step(step())
    clock.pass_by(seconds=2)
    done = effect_of(step(), {"fulfillment": "gid://f/2"}, at=clock.now)
    await ledger.complete_step(step_id, done, request_id="r-1")
    row = await ledger.step(step_id)
    assert (row.state, row.ended_at, row.request_id) == ("done", clock.now, "r-1")
    assert await ledger.effects(SHOP, "fulfillment") == [done]
    assert await ledger.open_steps(SHOP, GID) == []


async def test_first_effect_is_kept(ledger: Ledger) -> None:
    """A second step towards a known effect is completed; what is known stays as it is."""
    first = effect_of(step(), {"n": 1})
    await ledger.record_effects([first])
    step_id = await ledger.begin_step(step())
    await ledger.complete_step(step_id, effect_of(step(), {"n": 2}))
    assert (await ledger.step(step_id)).state == "done"
    assert await ledger.effects(SHOP, "fulfillment") == [first]


async def test_another_effect_is_refused(ledger: Ledger) -> None:
    """A mistake of the caller: nothing of it is written."""
    step_id = await ledger.begin_step(step())
    with pytest.raises(ValueError, match=f"step {step_id} is fulfillment p1"):
        await ledger.complete_step(step_id, effect_of(step(natural_id="p2")))
    assert (await ledger.step(step_id)).state == "sending"
    assert await ledger.effects(SHOP, "fulfillment") == []


async def test_effect_that_is_not_json_ends_nothing(ledger: Ledger) -> None:
    """Both or neither: the step stays open when its effect cannot be stored."""
    step_id = await ledger.begin_step(step())
    with pytest.raises(TypeError):
        await ledger.complete_step(step_id, effect_of(step(), {"at": START}))
    assert (await ledger.step(step_id)).state == "sending"
    assert (await ledger.stats()).owed == 0


# -- one open step an effect --------------------------------------------------------------------


async def test_second_open_step_of_an_effect_is_refused(ledger: Ledger) -> None:
    """Being sent or in doubt: the message names the effect and the step that is open."""
    step_id = await ledger.begin_step(step())
    for _ in range(2):
        with pytest.raises(StepOpen) as refused:
            await ledger.begin_step(step(execution_id="e2", key="other"))
        assert refused.value.step_id == step_id
        assert isinstance(refused.value, LedgerError)
        for part in ("fulfillment", '"p1"', GID, SHOP, step_id, "settle that one first"):
            assert part in str(refused.value)
        await ledger.doubt_step(step_id, note="lost")
    assert [row.id for row in await ledger.steps()] == [step_id]


@pytest.mark.parametrize(
    "other",
    [
        {"shop": "two.myshopify.com"},
        {"order_gid": "gid://shopify/Order/2"},
        {"kind": "refund"},
        {"natural_id": "p2"},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_other_effects_are_free(ledger: Ledger, other: dict) -> None:
    """Shop, order, kind and natural id each make another effect."""
    await ledger.begin_step(step())
    await ledger.begin_step(step(**other))
    assert len(await ledger.steps()) == 2


async def test_ended_step_makes_room(ledger: Ledger) -> None:
    """After a failure the same effect is tried again, also after a success."""
    first = await ledger.begin_step(step())
    await ledger.fail_step(first, note="refused by Shopify")
    second = await ledger.begin_step(step())
    await ledger.complete_step(second, effect_of(step()))
    await ledger.begin_step(step())
    assert [row.state for row in await ledger.steps()] == ["sending", "done", "failed"]


async def test_index_guards_what_the_question_missed(ledger: Ledger, path: Path) -> None:
    """Whoever writes into the file, two open steps of one effect cannot be in it."""
    await ledger.begin_step(step())
    row = steps.row_of(step(), "other", 0, "someone")
    with pytest.raises(LedgerError, match="UNIQUE"):
        await ledger._writer.write("test", lambda c: c.execute(steps.INSERT, row))


# -- doubt, failure, notes ----------------------------------------------------------------------


async def test_step_in_doubt(ledger: Ledger, clock: Clock) -> None:
    """It keeps when it was sent and first doubted; the newest note counts."""
    step_id = await ledger.begin_step(step())
    clock.pass_by(seconds=5)
    await ledger.doubt_step(step_id, note="time-out")
    doubted = clock.now
    clock.pass_by(seconds=5)
    await ledger.doubt_step(step_id, note="time-out again")
    await ledger.note_step(step_id, "not seen yet")
    (row,) = await ledger.open_steps(SHOP, GID)
    assert (row.state, row.sent_at, row.doubt_at) == ("doubt", START, doubted)
    assert row.note == "not seen yet"


@pytest.mark.parametrize("end", ["done", "failed"])
async def test_ended_step_stays_as_it_ended(ledger: Ledger, clock: Clock, end: str) -> None:
    """A late doubt, note or failure changes nothing."""
    step_id = await ledger.begin_step(step())
    if end == "done":
        await ledger.complete_step(step_id, effect_of(step()))
    else:
        await ledger.fail_step(step_id, note="no")
    before = await ledger.step(step_id)
    clock.pass_by(hours=1)
    await ledger.doubt_step(step_id, note="late")
    await ledger.fail_step(step_id, note="late")
    await ledger.note_step(step_id, "late")
    assert await ledger.step(step_id) == before
    assert before.state == end


async def test_completing_twice_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    """An owed completion that was settled meanwhile does no harm."""
    step_id = await ledger.begin_step(step())
    await ledger.complete_step(step_id, effect_of(step(), {"n": 1}), request_id="r-1")
    before = await ledger.step(step_id)
    clock.pass_by(hours=1)
    await ledger.complete_step(step_id, effect_of(step(), {"n": 2}), request_id="r-2")
    assert await ledger.step(step_id) == before
    assert [e.detail for e in await ledger.effects(SHOP, "fulfillment")] == [{"n": 1}]


async def test_reply_that_came_after_all(ledger: Ledger) -> None:
    """What was taken for not done and then proves done is done: no effect is ever lost."""
    step_id = await ledger.begin_step(step())
    await ledger.fail_step(step_id, note="read back: it did not happen")
    await ledger.complete_step(step_id, effect_of(step()))
    row = await ledger.step(step_id)
    assert row.state == "done"
    assert row.note == "read back: it did not happen; its reply came after all"
    assert len(await ledger.effects(SHOP, "fulfillment")) == 1


async def test_unknown_step_is_told(ledger: Ledger) -> None:
    """No id is taken silently."""
    for action in (
        ledger.step("x"),
        ledger.complete_step("x", effect_of(step())),
        ledger.fail_step("x", note=""),
        ledger.doubt_step("x", note=""),
        ledger.note_step("x", ""),
        ledger.resolve_step("x", applied=False, who="me", note=""),
    ):
        with pytest.raises(LedgerError, match="no step x"):
            await action
    assert await ledger.effects(SHOP, "fulfillment") == []


async def test_cancelled_before_it_was_sent(ledger: Ledger) -> None:
    """A caller that goes away while its step is written leaves nothing open."""
    task = asyncio.create_task(ledger.begin_step(step()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await ledger.ping()
    assert await ledger.open_steps(SHOP, GID) == []
    await ledger.begin_step(step())


# -- what may be stored -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pre_image", "expect"])
@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"at": START}, TypeError),
        ({"n": float("nan")}, ValueError),
        ({"x": "y" * steps.LARGEST_JSON}, ValueError),
    ],
    ids=["datetime", "nan", "large"],
)
async def test_odd_json_is_refused(ledger: Ledger, name: str, value: dict, error: type) -> None:
    """Mistakes of the caller, told before anything is written."""
    with pytest.raises(error):
        await ledger.begin_step(step(**{name: value}))
    assert await ledger.steps() == []


async def test_json_up_to_its_limit(ledger: Ledger) -> None:
    """64 KiB are taken, one byte more is not, and the message has both numbers."""
    room = steps.LARGEST_JSON - len('{"x":""}')
    await ledger.begin_step(step(pre_image={"x": "y" * room}))
    with pytest.raises(ValueError, match=r"pre_image of step ship has 65537 bytes; .* 65536"):
        await ledger.begin_step(step(natural_id="p2", pre_image={"x": "y" * (room + 1)}))


# -- looking ------------------------------------------------------------------------------------


async def test_open_steps_of_an_order_include_what_was_left_sending(ledger: Ledger) -> None:
    """Who holds the order's lock sees every open step of it, oldest first."""
    first = await ledger.begin_step(step())
    second = await ledger.begin_step(step(natural_id="p2"))
    third = await ledger.begin_step(step(natural_id="p3"))
    await ledger.begin_step(step(order_gid="gid://shopify/Order/2"))
    await ledger.doubt_step(third, note="lost")
    await ledger.fail_step(second, note="no")
    assert [row.id for row in await ledger.open_steps(SHOP, GID)] == [first, third]


async def test_open_steps_of_a_shop_leave_out_what_is_being_sent(ledger: Ledger) -> None:
    """Without the lock only doubts count; every shop when none is named."""
    await ledger.begin_step(step())
    two = await ledger.begin_step(step(natural_id="p2"))
    other = await ledger.begin_step(step(shop="two.myshopify.com"))
    await ledger.doubt_step(other, note="lost")
    await ledger.doubt_step(two, note="lost")
    assert [row.id for row in await ledger.open_steps(SHOP)] == [two]
    assert [row.id for row in await ledger.open_steps()] == [two, other]


async def test_what_a_closed_ledger_was_sending_is_in_doubt(path: Path, clock: Clock) -> None:
    """It is listed, and counted with its time, once nobody sends it any more."""
    async with opened(path, clock=clock) as ledger:
        async with opened(path, clock=clock) as other:
            step_id = await other.begin_step(step())
            assert await ledger.open_steps() == []
            assert (await ledger.stats()).in_doubt == 0
        assert [row.id for row in await ledger.open_steps()] == [step_id]
        clock.pass_by(minutes=5)
        doubted = await ledger.begin_step(step(natural_id="p2"))
        await ledger.doubt_step(doubted, note="lost")
        stats = await ledger.stats()
        assert (stats.in_doubt, stats.oldest_in_doubt) == (2, START)


async def test_listing(ledger: Ledger) -> None:
    """Newest first; channel, shop, order and state narrow it; as many as asked for."""
    a = await ledger.begin_step(step())
    b = await ledger.begin_step(step(natural_id="p2", channel=22))
    c = await ledger.begin_step(step(order_gid="gid://shopify/Order/2"))
    d = await ledger.begin_step(step(shop="two.myshopify.com"))
    await ledger.fail_step(b, note="no")

    async def ids(**ask: object) -> list[str]:
        return [row.id for row in await ledger.steps(**ask)]

    assert await ids() == [d, c, b, a]
    assert await ids(limit=2) == [d, c]
    assert await ids(channel=22) == [b]
    assert await ids(shop=SHOP) == [c, b, a]
    assert await ids(order_gid=GID, shop=SHOP) == [b, a]
    assert await ids(states=["failed"]) == [b]
    assert await ids(states=["sending", "doubt"]) == [d, c, a]
    assert await ids(states=[]) == []


# -- a person's word ----------------------------------------------------------------------------


async def test_resolved_as_applied(ledger: Ledger, clock: Clock) -> None:
    """The step is done, its effect recorded with the detail given; who said so is kept."""
    step_id = await ledger.begin_step(step())
    await ledger.doubt_step(step_id, note="lost")
    clock.pass_by(hours=3)
    row = await ledger.resolve_step(
        step_id, applied=True, who="ann", note="seen in admin", effect_detail={"id": "gid://f/9"}
    )
    assert (row.state, row.ended_at) == ("done", clock.now)
    assert row.note == "applied, says ann: seen in admin"
    assert await ledger.effects(SHOP, "fulfillment") == [
        effect_of(step(), {"id": "gid://f/9"}, at=clock.now)
    ]
    assert await ledger.open_steps() == []


async def test_resolved_as_not_applied(ledger: Ledger) -> None:
    """The step failed, there is no effect, and it may be sent again."""
    step_id = await ledger.begin_step(step())
    await ledger.doubt_step(step_id, note="lost")
    row = await ledger.resolve_step(step_id, applied=False, who="ann", note="not there")
    assert (row.state, row.note) == ("failed", "not applied, says ann: not there")
    assert await ledger.effects(SHOP, "fulfillment") == []
    await ledger.begin_step(step())


@pytest.mark.parametrize("applied", [True, False])
async def test_ended_step_cannot_be_resolved(ledger: Ledger, applied: bool) -> None:
    """The refusal says how and when it ended; nothing changes."""
    step_id = await ledger.begin_step(step())
    await ledger.fail_step(step_id, note="refused by Shopify")
    with pytest.raises(LedgerError, match=r"ended already, 2026-10-01 12:00:00 UTC: it is failed"):
        await ledger.resolve_step(step_id, applied=applied, who="ann", note="")
    assert await ledger.effects(SHOP, "fulfillment") == []
    assert (await ledger.step(step_id)).note == "refused by Shopify"


async def test_step_on_its_way_is_resolved_by_the_holder_of_the_lock_only(ledger: Ledger) -> None:
    """Its reply may come any moment, unless the order's lock says that nobody sends."""
    step_id = await ledger.begin_step(step())
    with pytest.raises(LedgerError, match="being sent just now"):
        await ledger.resolve_step(step_id, applied=False, who="ann", note="")
    async with ledger.order_lock(SHOP, GID, wait_seconds=1):
        row = await ledger.resolve_step(step_id, applied=False, who="ann", note="", alone=True)
    assert row.state == "failed"


async def test_resolution_that_is_not_json_changes_nothing(ledger: Ledger) -> None:
    """Both or neither, here too."""
    step_id = await ledger.begin_step(step())
    await ledger.doubt_step(step_id, note="lost")
    with pytest.raises(TypeError):
        await ledger.resolve_step(
            step_id, applied=True, who="ann", note="", effect_detail={"at": START}
        )
    assert (await ledger.step(step_id)).state == "doubt"


# -- upkeep -------------------------------------------------------------------------------------


async def test_prune_keeps_open_steps_for_ever(ledger: Ledger, clock: Clock) -> None:
    """Ended ones go with the answers; what is open stays; effects have their own age."""
    done = await ledger.begin_step(step())
    failed = await ledger.begin_step(step(natural_id="p2"))
    sending = await ledger.begin_step(step(natural_id="p3"))
    doubt = await ledger.begin_step(step(natural_id="p4"))
    clock.pass_by(hours=1)
    await ledger.complete_step(done, effect_of(step(), at=clock.now))
    await ledger.fail_step(failed, note="no")
    await ledger.doubt_step(doubt, note="lost")
    clock.pass_by(hours=72)
    assert (await ledger.prune()).steps == 0
    clock.pass_by(seconds=1)
    assert (await ledger.prune()).steps == 2
    clock.pass_by(days=300)
    assert (await ledger.prune()).steps == 0
    assert [row.id for row in await ledger.steps()] == [doubt, sending]
    assert len(await ledger.effects(SHOP, "fulfillment")) == 1


async def test_age_of_the_file(path: Path, clock: Clock) -> None:
    """It is when the file was made, whoever opens it later; a new file is younger."""
    async with opened(path, clock=clock) as ledger:
        assert await ledger.born() == START
    clock.pass_by(days=1)
    async with opened(path, clock=clock) as ledger:
        assert await ledger.born() == START
    async with opened(path.with_name("new"), clock=clock) as ledger:
        assert await ledger.born() == START + timedelta(days=1)


async def test_calls_are_listed_without_their_answers(ledger: Ledger, path: Path, clock) -> None:
    """Newest first, with what became of them; channel and state narrow it."""

    async def claim(where: Ledger, key: CallKey) -> str:
        clock.pass_by(seconds=1)
        got = await where.claim(key, BODY, wait_seconds=0)
        assert isinstance(got, Claimed)
        return got.execution_id

    async with opened(path, clock=clock) as other:
        dead = await claim(other, CallKey(21, "order_cancel", "1"))
    done = await claim(ledger, CallKey(21, "order_cancel", "2"))
    await ledger.finish(done, b"secret answer", final=True)
    silent = await claim(ledger, CallKey(22, "order_cancel", "3"))
    await ledger.finish(silent, None, final=False)
    running = await claim(ledger, CallKey(21, "order_cancel", "4"))
    found = await ledger.calls()
    assert [(c.execution_id, c.state, c.final) for c in found] == [
        (running, "running", False),
        (silent, "left", False),
        (done, "finished", True),
        (dead, "left", False),
    ]
    assert found[2].claimed_at == START + timedelta(seconds=2)
    assert found[2].finished_at == START + timedelta(seconds=2)
    assert found[1].previous == silent
    assert "secret" not in repr(found)
    assert [c.execution_id for c in await ledger.calls(states=["left"], limit=1)] == [silent]
    assert [c.execution_id for c in await ledger.calls(channel=22)] == [silent]


# -- the seam of the crash tests ----------------------------------------------------------------


async def test_hook_is_told_of_every_commit(path: Path) -> None:
    """Before and after each, with the names of what it holds."""
    told: list[str] = []
    async with opened(path, hook=told.append) as ledger:
        assert told == ["ledger:before open", "ledger:after open"]
        told.clear()
        step_id = await ledger.begin_step(step())
        assert told == ["ledger:before begin_step", "ledger:after begin_step"]
        told.clear()
        await ledger.steps()
        assert told == []
        await asyncio.gather(ledger.note_step(step_id, "a"), ledger.note_step(step_id, "b"))
        assert "".join(told).count("note_step") == 4


async def test_hook_that_fails_before_a_commit_undoes_it(path: Path) -> None:
    """What is not committed is not there; what is owed is written all the same, later."""
    failing: list[str] = []

    def hook(name: str) -> None:
        if failing and name == f"ledger:before {failing[-1]}":
            failing.pop()
            raise OSError(28, "no space")

    async with opened(path, hook=hook) as ledger:
        failing.append("begin_step")
        with pytest.raises(LedgerError, match="the disk is full"):
            await ledger.begin_step(step())
        assert await ledger.steps() == []
        step_id = await ledger.begin_step(step())
        failing.append("complete_step")
        with pytest.raises(LedgerError, match="the disk is full"):
            await ledger.complete_step(step_id, effect_of(step()))
        await ledger.ping()
        assert (await ledger.step(step_id)).state == "done"
        assert await ledger.effects(SHOP, "fulfillment") == [effect_of(step())]


def test_step_open_can_be_told_to_several() -> None:
    """Each caller gets an error of its own, with the id of the step that is open."""
    error = StepOpen("open", step_id="7")
    told = explain(error, Path("l"), 1)
    assert told is not error
    assert isinstance(told, StepOpen)
    assert (str(told), told.step_id) == ("open", "7")
