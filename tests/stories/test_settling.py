"""order_settle_payment over HTTP on both sides: the money is taken once, and what is left is told.

Told in prose in docs/explanation/stories/settling.md.
"""

from decimal import Decimal as D
from pathlib import Path

import pytest

from tests.stories.caller import PLAIN, reconfigure
from tests.stories.money import FAULTS, authorised, captured, placed, settle, shipped, tender
from tests.support import world

MULTI = [{"kind": "AUTHORIZATION", "multi_capturable": True}]


async def test_all_of_an_authorisation_is_captured(tmp_path) -> None:
    """One read, one capture, no event, and at most 50 points."""
    async with world(tmp_path) as w:
        order = await authorised(w)
        await w.spent()
        assert (await settle(w, order, tender(100))).events == []
        spent = await w.spent()
        assert spent.operations == ["PaymentState", "OrderCapture"]
        assert spent.points <= 50
        assert await captured(w, order) == [D(100)]


async def test_two_parts_of_a_multi_capture_authorisation(tmp_path) -> None:
    """Two series accumulate: 60 and then 40 of 100."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=MULTI)
        assert (await settle(w, order, tender(60), series=1)).events == []
        assert (await settle(w, order, tender(40), series=2)).events == []
        assert await captured(w, order) == [D(60), D(40)]
        assert (await settle(w, order, tender(40), series=3)).codes == ["NOT_CAPTURABLE"]
        assert await captured(w, order) == [D(60), D(40)]


async def test_a_series_grows(tmp_path) -> None:
    """The amount of a series is a target: 60, then 70 of the same series takes 10 more."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=MULTI)
        for target in (60, 70, 50, 70):
            await settle(w, order, tender(target), series=1)
        assert await captured(w, order) == [D(60), D(10)]


async def test_two_parts_of_an_authorisation_that_captures_once(tmp_path) -> None:
    """The first part releases the rest, which is told; the second finds nothing."""
    async with world(tmp_path) as w:
        order = await authorised(w)
        first = await settle(w, order, tender(60), series=1)
        assert first.codes == ["AUTH_REMAINDER_RELEASED"]
        assert "40.00 USD" in first.events[0]["message"]
        second = await settle(w, order, tender(40), series=2)
        assert second.codes == ["NOT_CAPTURABLE"]
        assert second.events[0]["event_type"] == "error"
        assert second.about("NOT_CAPTURABLE") == [order["id"]]
        assert await captured(w, order) == [D(60)]


@pytest.mark.parametrize("series", [7, 0, None], ids=["a series", "series 0", "no series"])
async def test_settled_again(tmp_path, series: int | None) -> None:
    """The same call is replayed; another body about the same money finds it taken."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=MULTI)
        first = await settle(w, order, tender(80), series=series)
        again = await settle(w, order, tender(80), series=series)
        assert again.body == first.body
        assert again.headers["Idempotent-Replayed"] == "true"
        await w.spent()
        other = await settle(w, order, tender("80.0"), series=series, grand_total=80)
        assert other.codes == ["ALREADY_APPLIED"]
        assert (await w.spent()).points <= 3
        assert await captured(w, order) == [D(80)]


async def test_settled_again_after_a_restart_without_its_answer(tmp_path) -> None:
    """After 72 hours the answer is forgotten, and the effect is not."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=MULTI)
        await settle(w, order, tender(60))
        await w.advance(5 * 24 * 3600)
        await w.restart()
        await settle(w, order, tender(60), grand_total=60)
        assert await captured(w, order) == [D(60)]


async def test_without_a_series_the_target_is_the_orders(tmp_path) -> None:
    """Whatever was captured counts, by whomever."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=MULTI)
        await settle(w, order, tender(60), series=None)
        w.store.sandbox.store.happen(order["id"], "capture", {"amount": "15.00"})
        await settle(w, order, tender(90), series=None)
        assert await captured(w, order) == [D(60), D(15), D(15)]


async def test_an_expired_authorisation(tmp_path) -> None:
    """Nothing is sent, and the event says what is wrong."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=[{"kind": "AUTHORIZATION", "expires_in": 3600}])
        await w.advance(3700)
        await w.spent()
        answer = await settle(w, order, tender(100))
        assert answer.codes == ["AUTH_EXPIRED"]
        assert answer.events[0]["event_type"] == "error"
        assert (await w.spent()).operations == ["PaymentState"]
        assert await captured(w, order) == []


async def test_two_authorisations_oldest_first(tmp_path) -> None:
    """A target over two cards takes the older whole and the rest of the younger."""
    cards = [
        {"kind": "AUTHORIZATION", "amount": "30.00"},
        {"kind": "AUTHORIZATION", "multi_capturable": True},
    ]
    async with world(tmp_path) as w:
        order = await authorised(w, payment=cards)
        assert (await settle(w, order, tender(75))).events == []
        assert await captured(w, order) == [D(30), D(45)]


async def test_gift_card_and_card(tmp_path) -> None:
    """The gift card was taken when the order was placed: only the card's row is captured."""
    tenders = [{"gateway": "gift_card", "amount": "20.00"}, {"kind": "AUTHORIZATION"}]
    async with world(tmp_path) as w:
        order = await authorised(w, payment=tenders)
        rows = tender(20, "channel_giftcert"), tender(80)
        assert (await settle(w, order, *rows)).events == []
        assert await captured(w, order) == [D(80)]


async def test_a_gift_card_alone(tmp_path) -> None:
    """Nothing has to be taken, and that is no error."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment=[{"gateway": "gift_card"}])
        answer = await settle(w, order, tender(100, "channel_giftcert"))
        assert answer.codes == ["ALREADY_APPLIED"]
        answer = await settle(w, order, tender(100, "channel_giftcert"), grand_total=100, series=2)
        assert answer.codes == ["ALREADY_APPLIED"]


async def test_the_grand_total_where_there_are_no_rows(tmp_path) -> None:
    """Without rows of the channel the target is the grand total less the other tenders."""
    tenders = [{"gateway": "gift_card", "amount": "20.00"}, {"kind": "AUTHORIZATION"}]
    async with world(tmp_path) as w:
        order = await authorised(w, payment=tenders)
        await settle(w, order, tender(20, "channel_giftcert"), grand_total=100)
        assert await captured(w, order) == [D(80)]
        bare = await authorised(w)
        assert (await settle(w, bare)).codes == ["INVALID_FIELD"]
        assert await captured(w, bare) == []


async def test_rows_that_retailops_takes_itself(tmp_path) -> None:
    """authorize.net is told and left alone."""
    async with world(tmp_path) as w:
        order = await authorised(w)
        answer = await settle(w, order, tender(40, "authorize.net"), tender(60))
        assert answer.codes == ["PAYMENT_NOT_OURS", "AUTH_REMAINDER_RELEASED"]
        assert await captured(w, order) == [D(60)]


async def test_an_order_that_was_paid_at_once(tmp_path) -> None:
    """A sale counts as captured: nothing to do, nothing wrong."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        assert (await settle(w, order, tender(100))).codes == ["ALREADY_APPLIED"]
        assert (await w.journal("orderCapture")) == []


async def test_more_than_was_authorised(tmp_path) -> None:
    """What there is is captured, and what is not is told."""
    async with world(tmp_path) as w:
        order = await authorised(w)
        answer = await settle(w, order, tender(130))
        assert answer.codes == ["NOT_CAPTURABLE"]
        assert "30.00 USD of 130.00 USD" in answer.events[0]["message"]
        assert await captured(w, order) == [D(100)]


async def test_cash_on_delivery_is_not_captured(tmp_path) -> None:
    """A promise is not money: RetailOps is told to have it marked as paid."""
    async with world(tmp_path) as w:
        cash = [{"gateway": "manual", "kind": "SALE", "status": "PENDING"}]
        order = await authorised(w, payment=cash)
        answer = await settle(w, order, tender(100))
        assert answer.codes == ["NOT_CAPTURABLE"]
        assert "mark it as paid" in answer.events[0]["message"]


async def test_foreign_currency(tmp_path) -> None:
    """The customer's money, with its currency, as order_pull told it."""
    async with world(tmp_path) as w:
        order = await authorised(w, currency="EUR", rate="1.10")
        assert (await settle(w, order, tender(100), currency="EUR")).events == []
        (effect,) = await w.journal("orderCapture")
        assert (effect["detail"]["amount"], effect["detail"]["currency"]) == ("100.00", "EUR")


async def test_yen(tmp_path) -> None:
    """A currency without cents."""
    async with world(tmp_path) as w:
        lines = [{"sku": PLAIN, "quantity": 1, "price": "5200"}]
        order = await authorised(w, currency="JPY", lines=lines, payment=MULTI)
        assert (await settle(w, order, tender(5000), currency="JPY")).events == []
        assert await captured(w, order) == [D(5000)]


async def test_shop_currency_is_converted_by_the_orders_own_ratio(tmp_path) -> None:
    """order_pull told 110.00 USD for 100.00 EUR: 110.00 USD takes 100.00 EUR, not a cent less."""
    async with world(tmp_path, order_pull={"currency": "shop"}) as w:
        order = await authorised(w, currency="EUR", rate="1.10", payment=MULTI)
        assert (await settle(w, order, tender("55.00"), currency="USD", series=1)).events == []
        assert (await settle(w, order, tender("55.00"), currency=None, series=2)).events == []
        assert await captured(w, order) == [D(50), D(50)]


async def test_shop_currency_code_with_presentment_amounts(tmp_path) -> None:
    """A peer's bug: the code decides what the amounts are, and a third code moves no money."""
    async with world(tmp_path) as w:
        order = await authorised(w, currency="EUR", rate="1.10")
        answer = await settle(w, order, tender(100), currency="GBP")
        assert answer.codes == ["CURRENCY_MISMATCH"]
        assert await captured(w, order) == []


async def test_money_that_is_taken_elsewhere(tmp_path) -> None:
    """capture_at other than 'settle': an info, no request, no money."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "order_settle_payment.toml").write_text("[settle]\ncapture_at = \"'ship'\"\n")
    async with world(tmp_path, mappings_dir=own) as w:
        order = await authorised(w)
        await w.spent()
        answer = await settle(w, order, tender(100))
        assert answer.codes == ["CAPTURED_ELSEWHERE"]
        assert (await w.spent()).requests == 0


async def test_a_pending_capture_counts_until_it_fails(tmp_path) -> None:
    """PENDING is told and not asked for again; the answer is not kept, so a failure is seen."""
    async with world(tmp_path) as w:
        card = [{"kind": "AUTHORIZATION", "captures": "PENDING", "multi_capturable": True}]
        order = await authorised(w, payment=card)
        assert (await settle(w, order, tender(60))).codes == ["PAYMENT_PENDING"]
        again = await settle(w, order, tender(60))
        assert "Idempotent-Replayed" not in again.headers
        assert again.codes == ["ALREADY_APPLIED"]
        assert len(await w.journal("orderCapture")) == 1


async def test_a_declined_capture_is_told_and_may_be_tried_again(tmp_path) -> None:
    """A FAILURE is no capture; the next call asks again and does not take it for done."""
    async with world(tmp_path) as w:
        card = [{"kind": "AUTHORIZATION", "captures": "FAILURE"}]
        order = await authorised(w, payment=card)
        for _ in range(2):
            answer = await settle(w, order, tender(100))
            assert answer.codes == ["PAYMENT_FAILED"]
        assert await captured(w, order) == []


async def test_an_order_that_is_not_there(tmp_path) -> None:
    """An event, never an HTTP error."""
    async with world(tmp_path) as w:
        answer = await settle(w, {"id": "999999999"}, tender(1))
        assert answer.codes == ["ORDER_NOT_FOUND"]
        assert answer.events[0]["event_type"] == "error"


@pytest.mark.parametrize("fault", FAULTS)
async def test_money_is_taken_once_whatever_happens_to_the_reply(tmp_path, fault: str) -> None:
    """Called until it is well: one capture, of the right amount, and no error at the end."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await authorised(w, payment=MULTI)
        await w.fault("OrderCapture", fault, delay=30.0)
        first = await settle(w, order, tender(60))
        if FAULTS[fault] or fault == "throttle":
            assert [e for e in first.events if e["event_type"] == "error"] == []
        else:
            assert "IN_DOUBT" in first.codes
            await w.advance(10)
            soon = await settle(w, order, tender(60))
            assert soon.codes == ["IN_DOUBT"], "nothing is sent while Shopify may still apply it"
        await w.advance(61)
        last = await settle(w, order, tender(60))
        assert [e for e in last.events if e["event_type"] == "error"] == []
        assert await captured(w, order) == [D(60)]


async def test_another_series_after_a_lost_reply(tmp_path) -> None:
    """What is in doubt is settled before anything else is taken from the order."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await authorised(w, payment=MULTI)
        await w.fault("OrderCapture", "apply_late", delay=5.0)
        await settle(w, order, tender(60), series=1)
        assert (await settle(w, order, tender(40), series=2)).codes == ["IN_DOUBT"]
        await w.advance(10)
        assert (await settle(w, order, tender(40), series=2)).events == []
        await settle(w, order, tender(60), series=1)
        assert await captured(w, order) == [D(60), D(40)]


async def test_a_merchants_own_tender(tmp_path) -> None:
    """A processing type that the merchant's table knows is captured like the channel's."""
    own = Path(tmp_path) / "mappings"
    own.mkdir()
    (own / "order_settle_payment.toml").write_text('[tables.taken]\nown_card = "capture"\n')
    async with world(tmp_path) as w:
        order = await placed(w, payment="authorized", shipping=None)
        strange = await settle(w, order, tender(1, "own_card"))
        assert strange.codes == ["PAYMENT_NOT_OURS", "ALREADY_APPLIED"]
        await reconfigure(w, mappings_dir=own)
        await settle(w, order, tender(1, "own_card"), series=9)
        assert await captured(w, order) == [D(1)]


@pytest.mark.parametrize("amounts", [(None,), ("50.00", None), ("-5.00",)])
async def test_a_row_without_an_amount_is_no_settlement(tmp_path, amounts) -> None:
    """RetailOps must not be told that the money is taken when the call names none."""
    async with world(tmp_path) as w:
        made = await authorised(w)
        answer = await settle(w, made, *(tender(amount) for amount in amounts))
        assert answer.codes == ["INVALID_FIELD"]
        assert await captured(w, made) == []


async def test_the_grand_total_where_rows_have_no_amount(tmp_path) -> None:
    """It says what the rows do not."""
    async with world(tmp_path) as w:
        made = await authorised(w)
        assert (await settle(w, made, tender(None), grand_total="100.00")).events == []
        assert await captured(w, made) == [D("100.00")]
