"""order_returned over HTTP on both sides: money goes back once, and never more than there is.

Told in prose in docs/explanation/stories/returning.md.
"""

from decimal import Decimal as D

import pytest

from tests.stories.caller import PLAIN, orders_of, reconfigure
from tests.stories.money import FAULTS, authorised, give_back, refunded, refunds_of, shipped
from tests.support import world

SOME = "someone@example.com"


async def test_a_return(tmp_path) -> None:
    """One read and one refund, at most 215 points; the note names the return, nothing restocks."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await w.spent()
        answer = await give_back(w, order, 50)
        assert answer.body == {"events": []}
        spent = await w.spent()
        assert spent.operations == ["RefundState", "RefundCreate"]
        assert spent.points <= 215
        (refund,) = await refunds_of(w, order)
        assert refund["note"] == "RetailOps return 87"
        (effect,) = await w.journal("refundCreate")
        (line,) = effect["detail"]["lines"]
        assert (line["quantity"], line["restock_type"]) == (1, "NO_RESTOCK")
        assert await refunded(w, order) == [D(50)]


async def test_a_return_less_a_fee(tmp_path) -> None:
    """refund_amt is the whole amount: less than the goods were worth is right."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        assert (await give_back(w, order, "42.50")).events == []
        assert await refunded(w, order) == [D("42.50")]


async def test_shipping_is_inside_the_amount(tmp_path) -> None:
    """A part of the money is said to be for shipping; the money does not grow by it."""
    shipping = {"title": "Standard", "price": "10.00"}
    async with world(tmp_path) as w:
        order = await shipped(w, shipping=shipping)
        assert (await give_back(w, order, 55, shipping_amt=5)).events == []
        assert await refunded(w, order) == [D(55)]
        (effect,) = await w.journal("refundCreate")
        assert D(effect["detail"]["shipping"]) == 5


async def test_shipping_counted_twice_in_store_credit(tmp_path) -> None:
    """A peer's bug: the credit is refund_amt, in which the shipping is."""
    shipping = {"title": "Standard", "price": "10.00"}
    async with world(tmp_path) as w:
        order = await shipped(w, shipping=shipping, email=SOME)
        answer = await give_back(w, order, 60, shipping_amt=10, action="storecredit")
        assert answer.body["return"] == {"channel_store_credit_amount": 60}
        assert await refunded(w, order) == [D(60)]


async def test_store_credit_of_shopify(tmp_path) -> None:
    """The customer's account gets it, RetailOps is told how much, and told again by a repeat."""
    async with world(tmp_path) as w:
        order = await shipped(w, email=SOME)
        first = await give_back(w, order, "45.50", action="storecredit")
        assert first.body == {"events": [], "return": {"channel_store_credit_amount": 45.5}}
        (effect,) = await w.journal("refundCreate")
        (paid,) = effect["detail"]["transactions"]
        assert paid["gateway"] == "shopify_store_credit"
        again = await give_back(w, order, "45.5", action="storecredit", product_amt=45.5)
        assert again.codes == ["ALREADY_APPLIED"]
        assert again.body["return"] == {"channel_store_credit_amount": 45.5}
        assert await refunded(w, order) == [D("45.50")]


async def test_store_credit_of_retailops(tmp_path) -> None:
    """RetailOps keeps the credit: the units are recorded, and Shopify moves no money."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "order_returned.toml").write_text("[returned]\nstore_credit = \"'retailops'\"\n")
    async with world(tmp_path, mappings_dir=own) as w:
        order = await shipped(w)
        for _ in range(2):
            answer = await give_back(w, order, 50, action="storecredit")
            assert answer.body["return"] == {"channel_store_credit_amount": 50}
        assert await refunded(w, order) == []
        assert len(await refunds_of(w, order)) == 1
        nothing = await give_back(w, order, 7, action="storecredit", number=88, units=0)
        assert nothing.body["return"] == {"channel_store_credit_amount": 7}
        assert len(await refunds_of(w, order)) == 1


async def test_store_credit_without_a_customer(tmp_path) -> None:
    """No account, no money, and a reason."""
    async with world(tmp_path) as w:
        order = await shipped(w, email=None)
        answer = await give_back(w, order, 50, action="storecredit")
        assert answer.codes == ["STORE_CREDIT_REFUSED"]
        assert "return" not in answer.body
        assert await refunds_of(w, order) == []


async def test_returned_again(tmp_path) -> None:
    """The same call is replayed; another body of the same return moves nothing."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        first = await give_back(w, order, 50)
        again = await give_back(w, order, 50)
        assert again.body == first.body
        assert again.headers["Idempotent-Replayed"] == "true"
        await w.spent()
        other = await give_back(w, order, 60)
        assert other.codes == ["ALREADY_APPLIED"]
        assert "50.00 USD" in other.events[0]["message"]
        assert (await w.spent()).requests == 0
        assert await refunded(w, order) == [D(50)]


async def test_infinite_refund_loop(tmp_path) -> None:
    """A peer's bug: a return is sent every hour for a week, restarts between, and paid once."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        for hour in range(8):
            await give_back(w, order, 50, product_amt=hour)
            await w.advance(24 * 3600)
            await w.restart()
        assert await refunded(w, order) == [D(50)]
        assert len(await refunds_of(w, order)) == 1


async def test_refund_per_line_instead_of_once(tmp_path) -> None:
    """A peer's bug: three lines are one refund of the whole amount."""
    lines = [
        {"sku": PLAIN, "quantity": 1, "price": "10.00"},
        {"sku": "KNIFE-FLD-M", "quantity": 1, "price": "20.00"},
        {"title": "Custom", "quantity": 1, "price": "30.00"},
    ]
    async with world(tmp_path) as w:
        order = await shipped(w, lines=lines)
        items = [
            {"channel_item_refnum": line["id"], "quantity": 1, "credit_amt": 60}
            for line in order["lines"]
        ]
        assert (await give_back(w, order, 60, items=items)).events == []
        (effect,) = await w.journal("refundCreate")
        assert len(effect["detail"]["lines"]) == 3
        assert await refunded(w, order) == [D(60)]


async def test_the_ledger_was_lost(tmp_path) -> None:
    """The refund's note tells that the return was paid."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await give_back(w, order, 50)
        await w.stop()
        for file in tmp_path.glob("ledger.sqlite3*"):
            if file.is_file():
                file.unlink()
        await w.start()
        answer = await give_back(w, order, 50)
        assert answer.codes == ["ALREADY_APPLIED"]
        assert (await give_back(w, order, 10, number=8)).events == [], "8 is not 87"
        assert await refunded(w, order) == [D(50), D(10)]


async def test_more_than_can_be_refunded(tmp_path) -> None:
    """What is left is given back, and both amounts are told."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await give_back(w, order, 70)
        answer = await give_back(w, order, 50, number=88)
        assert answer.codes == ["OVER_REFUND"]
        assert answer.events[0]["event_type"] == "warning"
        assert "50.00 USD" in answer.events[0]["message"]
        assert "30.00 USD" in answer.events[0]["message"]
        nothing = await give_back(w, order, 5, number=89, units=0)
        assert nothing.codes == ["OVER_REFUND"]
        assert nothing.events[0]["event_type"] == "error"
        assert await refunded(w, order) == [D(70), D(30)]


async def test_more_units_than_can_be_refunded(tmp_path) -> None:
    """Units are capped as money is."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        answer = await give_back(w, order, 90, units=3)
        assert answer.codes == ["OVER_REFUND"]
        (effect,) = await w.journal("refundCreate")
        assert effect["detail"]["lines"][0]["quantity"] == 2
        assert await refunded(w, order) == [D(90)]


async def test_money_that_was_never_taken(tmp_path) -> None:
    """An order that is authorised only has nothing to give back."""
    async with world(tmp_path) as w:
        order = await authorised(w)
        answer = await give_back(w, order, 50)
        assert answer.codes == ["OVER_REFUND"]
        assert answer.events[0]["event_type"] == "error"
        assert await refunds_of(w, order) == []


async def test_two_tenders_with_a_gift_card(tmp_path) -> None:
    """The gift card first, as Shopify suggests; the parts make up the amount exactly."""
    tenders = [{"gateway": "gift_card", "amount": "30.00"}, {}]
    async with world(tmp_path) as w:
        order = await shipped(w, payment=tenders)
        assert (await give_back(w, order, "45.01")).events == []
        (effect,) = await w.journal("refundCreate")
        parts = [(t["gateway"], D(t["amount"])) for t in effect["detail"]["transactions"]]
        assert parts == [("gift_card", D(30)), ("shopify_payments", D("15.01"))]
        assert (await give_back(w, order, 20, number=88)).events == []
        assert sum(await refunded(w, order)) == D("65.01")


async def test_amount_zero(tmp_path) -> None:
    """The units are recorded, and no money moves."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        for _ in range(2):
            assert (await give_back(w, order, 0)).events == []
        (refund,) = await refunds_of(w, order)
        assert refund["note"] == "RetailOps return 87"
        assert await refunded(w, order) == []
        assert (await give_back(w, order, 0, number=88, units=0)).events == []
        assert len(await refunds_of(w, order)) == 1


@pytest.mark.parametrize("action", ["exchange", "", None, "REFUND!"])
async def test_an_unknown_action(tmp_path, action: str | None) -> None:
    """Anything but what the table knows moves no money."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        await w.spent()
        answer = await give_back(w, order, 50, action=action)
        assert answer.codes == ["REFUND_ACTION_UNKNOWN"]
        assert answer.events[0]["event_type"] == "error"
        assert (await w.spent()).requests == 0


@pytest.mark.parametrize("number", [None, 0, "0", ""], ids=["null", "0", "text 0", "blank"])
async def test_no_id(tmp_path, number: object) -> None:
    """Without an id a repeat could not be told from a second return."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        for _ in range(2):
            assert (await give_back(w, order, 50, number=number)).codes == ["RETURN_ID_MISSING"]
        assert await refunds_of(w, order) == []


@pytest.mark.parametrize("amount", [None, -5])
async def test_no_amount(tmp_path, amount: object) -> None:
    """An amount that is absent or negative is not guessed."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        assert (await give_back(w, order, amount)).codes == ["INVALID_FIELD"]
        assert await refunds_of(w, order) == []


async def test_foreign_currency(tmp_path) -> None:
    """The customer's money with its currency."""
    async with world(tmp_path) as w:
        order = await shipped(w, currency="EUR", rate="1.10", email=SOME)
        assert (await give_back(w, order, "45.50")).events == []
        credit = await give_back(w, order, 10, number=88, action="storecredit")
        assert credit.body == {"events": [], "return": {"channel_store_credit_amount": 10}}
        currencies = {e["detail"]["currency"] for e in await w.journal("refundCreate")}
        assert currencies == {"EUR"}
        assert await refunded(w, order) == [D("45.50"), D(10)]


async def test_shop_currency(tmp_path) -> None:
    """Pulled in shop money: converted by the order's own ratio, and the credit back again."""
    async with world(tmp_path, order_pull={"currency": "shop"}) as w:
        order = await shipped(w, currency="EUR", rate="1.10", email=SOME)
        assert (await give_back(w, order, 55)).events == []
        credit = await give_back(w, order, 11, number=88, action="storecredit")
        assert credit.body["return"] == {"channel_store_credit_amount": 11}
        assert await refunded(w, order) == [D(50), D(10)]


async def test_yen(tmp_path) -> None:
    """A currency without cents."""
    lines = [{"sku": PLAIN, "quantity": 1, "price": "5200"}]
    async with world(tmp_path) as w:
        order = await shipped(w, currency="JPY", lines=lines)
        assert (await give_back(w, order, 5000)).events == []
        assert await refunded(w, order) == [D(5000)]


async def test_lines_by_sku_and_lines_that_are_none(tmp_path) -> None:
    """A SKU that one line has finds it; what finds none is told and keeps no money back."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        items = [
            {"channel_item_refnum": "return_item 90", "sku": PLAIN, "quantity": 1},
            {"channel_item_refnum": "12345", "sku": "NO-SUCH", "quantity": 1},
            {"channel_item_refnum": "tip", "quantity": 1},
            {"channel_item_refnum": f"{order['lines'][0]['id']}-shipped", "quantity": 1},
        ]
        answer = await give_back(w, order, 80, items=items)
        assert answer.codes == ["ITEM_NOT_FOUND"]
        assert answer.about("ITEM_NOT_FOUND") == [order["id"], "12345", "NO-SUCH"]
        (effect,) = await w.journal("refundCreate")
        assert [row["quantity"] for row in effect["detail"]["lines"]] == [2]
        assert await refunded(w, order) == [D(80)]


async def test_skus_that_two_lines_have(tmp_path) -> None:
    """A peer's bug, SKU-keyed lines with duplicate SKUs: the refnum decides, never a guess."""
    lines = [{"sku": PLAIN, "quantity": 1, "price": "10.00"} for _ in range(2)]
    async with world(tmp_path) as w:
        order = await shipped(w, lines=lines)
        guess = [{"sku": PLAIN, "quantity": 1}]
        assert (await give_back(w, order, 1, items=guess)).codes == ["ITEM_NOT_FOUND"]
        second = [{"channel_item_refnum": order["lines"][1]["id"], "sku": PLAIN, "quantity": 1}]
        assert (await give_back(w, order, 10, items=second, number=88)).events == []
        effect = (await w.journal("refundCreate"))[-1]
        assert effect["detail"]["lines"][0]["line"] == order["lines"][1]["id"]


async def test_units_that_are_still_to_be_shipped_stay_so(tmp_path) -> None:
    """One of two came back before the other left: its money goes back, the other still leaves."""
    async with world(tmp_path) as w:
        order = await authorised(w, payment="paid")
        w.store.sandbox.store.happen(order["id"], "fulfil", {"quantities": {0: 1}})
        answer = await give_back(w, order, 50)
        assert answer.codes == ["RETURN_NOT_RECORDED"]
        (line,) = (await orders_of(w))[order["id"]]["lines"]
        assert line["unfulfilled_quantity"] == 1
        assert await refunded(w, order) == [D(50)]


async def test_a_refund_that_the_gateway_declines(tmp_path) -> None:
    """A Refund object does not prove that money moved: told now, and by every repeat."""
    async with world(tmp_path) as w:
        order = await shipped(w, payment=[{"refunds": "FAILURE"}])
        first = await give_back(w, order, 50)
        assert first.codes == ["PAYMENT_FAILED"]
        assert "50.00 USD" in first.events[0]["message"]
        assert (await give_back(w, order, 50)).codes == ["ALREADY_APPLIED", "PAYMENT_FAILED"]
        assert len(await refunds_of(w, order)) == 1


async def test_a_refund_that_is_pending(tmp_path) -> None:
    """Told, counted as done, and not given again."""
    async with world(tmp_path) as w:
        order = await shipped(w, payment=[{"refunds": "PENDING"}])
        assert (await give_back(w, order, 50)).codes == ["PAYMENT_PENDING"]
        assert (await give_back(w, order, 50)).codes == ["ALREADY_APPLIED", "PAYMENT_PENDING"]
        assert await refunded(w, order) == [D(50)]


async def test_back_into_stock_where_the_merchant_wants_it(tmp_path) -> None:
    """Restock RETURN and a location, by the mapping."""
    own = tmp_path / "mappings"
    own.mkdir()
    text = (
        '[returned]\nnote = "return.retailops_rma_id"\n'
        "[returned.lines]\nrestock = \"'RETURN'\"\nlocation = \"'Albany Warehouse'\"\n"
    )
    (own / "order_returned.toml").write_text(text)
    async with world(tmp_path, mappings_dir=own) as w:
        order = await shipped(w)
        assert (await give_back(w, order, 50, retailops_rma_id="R-7")).events == []
        (effect,) = await w.journal("refundCreate")
        assert effect["detail"]["lines"][0]["restock_type"] == "RETURN"
        assert effect["detail"]["note"] == "RetailOps return 87: R-7"


@pytest.mark.parametrize("fault", FAULTS)
async def test_money_goes_back_once_whatever_happens_to_the_reply(tmp_path, fault: str) -> None:
    """Called until it is well: one refund of the right amount."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await shipped(w)
        await w.fault("RefundCreate", fault, delay=30.0)
        await give_back(w, order, 50)
        for seconds in (10, 61, 61):
            await w.advance(seconds)
            last = await give_back(w, order, 50)
        assert [e for e in last.events if e["event_type"] == "error"] == []
        assert await refunded(w, order) == [D(50)]
        assert len(await refunds_of(w, order)) == 1


async def test_an_unknown_order(tmp_path) -> None:
    """An event, never an HTTP error."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        answer = await give_back(w, {**order, "id": "999999999"}, 50)
        assert answer.codes == ["ORDER_NOT_FOUND"]


async def test_after_a_restart_the_store_is_read_back(tmp_path) -> None:
    """The bridge stops while Shopify applies the refund: the next one finds it by its note."""
    async with world(tmp_path, timeout_seconds=0.5) as w:
        order = await shipped(w)
        for _ in range(4):
            await w.fault("RefundCreate", "apply_late", delay=20.0)
        await give_back(w, order, 50)
        await w.restart()
        await w.advance(30)
        await reconfigure(w)
        assert [
            e for e in (await give_back(w, order, 50)).events if e["event_type"] == "error"
        ] == []
        assert await refunded(w, order) == [D(50)]


@pytest.mark.parametrize("units", [None, -1])
async def test_a_line_without_a_quantity_is_told(tmp_path, units) -> None:
    """The money goes back all the same: it is the return's, not the line's."""
    async with world(tmp_path) as w:
        order = await shipped(w)
        line = {"channel_item_refnum": order["lines"][0]["id"], "quantity": units}
        answer = await give_back(w, order, "10.00", items=[line])
        assert answer.codes == ["INVALID_QUANTITY"]
        assert await refunded(w, order) == [D("10.00")]
