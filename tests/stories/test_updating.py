"""order_update over HTTP: adding, removing, lowering; all or nothing; RMAs opened once."""

import asyncio

import pytest

from tests.support import World, world


async def by_kind(w: World, kind: str) -> dict:
    """A seeded order."""
    return next(o for o in (await w.state())["orders"] if o["kind"] == kind)


async def order(w: World, number: str) -> dict:
    """An order as it is now."""
    return next(o for o in (await w.state())["orders"] if o["id"] == number)


async def placed(w: World, *lines, **fields) -> dict:
    """A new order whose fulfillment orders are made."""
    made = await w.place(lines=list(lines), **fields)
    await w.advance(10)
    return await order(w, made["id"])


async def sku(w: World, number: int = 0) -> str:
    """A SKU that one tracked variant has."""
    items = (await w.state())["inventory"]
    names = [i["sku"] for i in items if i["tracked"] and i["sku"]]
    plain = [n for n in names if names.count(n) == 1 and "BUNDLE" not in n.upper()]
    return plain[number]


async def update(w: World, refnum: str, *items, rmas=None):
    """Call order_update as RetailOps does."""
    body = {"channel_order_refnum": refnum, "order_items": list(items)}
    return await w.post("order_update", order=body, rmas=rmas)


def current(node: dict) -> dict[str, int]:
    """Current quantities by line."""
    return {line["id"]: line["current_quantity"] for line in node["lines"]}


async def test_lowering_and_removing_touches_only_what_is_listed(tmp_path) -> None:
    """A lower quantity and a removed line in one commit; the third line stays."""
    async with world(tmp_path) as w:
        skus = [await sku(w, n) for n in range(3)]
        node = await placed(w, *({"sku": s, "quantity": 3} for s in skus))
        first, second, third = (line["id"] for line in node["lines"])
        answer = await update(
            w,
            node["id"],
            {"channel_item_refnum": first, "order_item_id": 1, "sku": skus[0], "quantity": 1},
            {"channel_item_refnum": second, "order_item_id": 2, "quantity": 3, "removed": "true"},
        )
        assert answer.events == [], answer.body
        assert current(await order(w, node["id"])) == {first: 1, second: 0, third: 3}
        assert answer.body["line_items"] == [
            {"order_item_id": 1, "refnum": first, "quantity": 1},
            {"order_item_id": 2, "refnum": second, "quantity": 0},
        ]
        assert len(await w.journal("orderEditCommit")) == 1


async def test_a_repeat_changes_nothing(tmp_path) -> None:
    """The numbers are absolute: said again they are already so."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 3})
        item = {"channel_item_refnum": node["lines"][0]["id"], "order_item_id": 1, "quantity": 2}
        await update(w, node["id"], item)
        again = await update(w, node["id"], item)
        assert again.codes == ["ALREADY_APPLIED"]
        assert again.body["line_items"][0]["quantity"] == 2
        assert len(await w.journal("orderEditCommit")) == 1


async def test_a_line_is_added_once_and_its_refnum_is_answered(tmp_path) -> None:
    """By its order_item_id, also when RetailOps sends it again without a refnum."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 1})
        new = {"order_item_id": 902, "sku": await sku(w, 1), "quantity": 2}
        answer = await update(w, node["id"], new)
        line = answer.body["line_items"][0]
        assert (line["order_item_id"], line["quantity"]) == (902, 2)
        assert current(await order(w, node["id"]))[line["refnum"]] == 2
        again = await update(w, node["id"], new)
        assert again.body["line_items"] == answer.body["line_items"]
        assert len((await order(w, node["id"]))["lines"]) == 2


async def test_a_second_line_of_the_same_sku_is_meant(tmp_path) -> None:
    """Two order_item_ids are two lines, whatever their SKU."""
    async with world(tmp_path) as w:
        name = await sku(w)
        node = await placed(w, {"sku": name, "quantity": 1})
        answer = await update(
            w,
            node["id"],
            {"order_item_id": 7, "sku": name, "quantity": 1},
            {"order_item_id": 8, "sku": name, "quantity": 1},
        )
        refnums = {line["refnum"] for line in answer.body["line_items"]}
        assert len(refnums) == 2
        assert len((await order(w, node["id"]))["lines"]) == 3


async def test_a_lower_price_becomes_a_discount(tmp_path) -> None:
    """The customer owes less afterwards; said again nothing more is taken off."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 2})
        line = node["lines"][0]
        price = float(line["unit_price"]["amount"])
        item = {
            "channel_item_refnum": line["id"],
            "order_item_id": 1,
            "quantity": 2,
            "unit_price": price - 1,
        }
        before = float(node["current_total"]["amount"])
        assert (await update(w, node["id"], item)).events == []
        after = float((await order(w, node["id"]))["current_total"]["amount"])
        assert before - after >= 2
        assert (await update(w, node["id"], item)).codes == ["ALREADY_APPLIED"]


async def test_a_higher_price_is_told_and_left(tmp_path) -> None:
    """The customer bought at that price."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 1})
        line = node["lines"][0]["id"]
        answer = await update(
            w,
            node["id"],
            {"channel_item_refnum": line, "order_item_id": 1, "unit_price": 9999},
        )
        assert answer.codes == ["PRICE_RAISED"]
        assert await w.journal("orderEditCommit") == []


async def test_refused_half_way_leaves_nothing(tmp_path) -> None:
    """One line cannot be added: the other is not lowered either."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 3})
        line = node["lines"][0]["id"]
        answer = await update(
            w,
            node["id"],
            {"channel_item_refnum": line, "order_item_id": 1, "quantity": 1},
            {"order_item_id": 2, "sku": "NO-SUCH-SKU", "quantity": 1},
        )
        assert answer.codes == ["SKU_NOT_FOUND"]
        assert current(await order(w, node["id"])) == {line: 3}
        assert await w.journal("orderEditCommit") == []


async def test_a_cancelled_order_is_not_edited(tmp_path) -> None:
    """Shopify's own words come back as an event."""
    async with world(tmp_path) as w:
        node = await by_kind(w, "cancelled_refunded")
        answer = await update(
            w, node["id"], {"order_item_id": 2, "sku": await sku(w), "quantity": 1}
        )
        assert answer.status == 200
        assert "error" in {e["event_type"] for e in answer.events}
        assert await w.journal("orderEditCommit") == []


async def test_an_unknown_order(tmp_path) -> None:
    """ORDER_NOT_FOUND, and a valid answer."""
    async with world(tmp_path) as w:
        answer = await update(w, "424242424242", {"order_item_id": 1, "quantity": 1})
        assert answer.codes == ["ORDER_NOT_FOUND"]
        assert answer.body["line_items"] == []


@pytest.mark.parametrize("operation", ["OrderEditBegin", "OrderEditAddVariant", "OrderEditCommit"])
@pytest.mark.parametrize("fault", ["drop_reply", "http_502_after", "http_502_before"])
async def test_a_lost_reply_adds_the_line_once(tmp_path, operation: str, fault: str) -> None:
    """Whichever reply is lost: after a repeat the line is there once, with its refnum."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 1})
        new = {"order_item_id": 902, "sku": await sku(w, 1), "quantity": 2}
        await w.fault(operation, fault)
        await update(w, node["id"], new)
        await w.advance(61)
        answer = await update(w, node["id"], new)
        assert [line["order_item_id"] for line in answer.body["line_items"]] == [902], answer.body
        lines = (await order(w, node["id"]))["lines"]
        assert [line["quantity"] for line in lines] == [1, 2]


async def test_equal_calls_at_once_are_one(tmp_path) -> None:
    """Ten equal calls: one commit, ten equal answers."""
    async with world(tmp_path) as w:
        node = await placed(w, {"sku": await sku(w), "quantity": 1})
        new = {"order_item_id": 902, "sku": await sku(w, 1), "quantity": 2}
        answers = await asyncio.gather(*(update(w, node["id"], new) for _ in range(10)))
        refnums = {a.body["line_items"][0]["refnum"] for a in answers}
        assert len(refnums) == 1
        assert len(await w.journal("orderEditCommit")) == 1


def rma(number: str, refnum: str, quantity: int = 1) -> dict:
    """An RMA for units of one line."""
    return {
        "retailops_rma_id": number,
        "retailops_return_id": 87,
        "refund_action": "refund",
        "refund_amt": 30,
        "items": [{"channel_item_refnum": refnum, "quantity": quantity, "reason": "TooSmall"}],
    }


async def test_an_rma_opens_a_return_once_and_moves_no_money(tmp_path) -> None:
    """Keyed by its id; a repeat opens no second one; units that are not shipped are told."""
    async with world(tmp_path) as w:
        node = await by_kind(w, "fulfilled")
        line = node["lines"][0]
        answer = await update(w, node["id"], rmas=[rma("123", line["id"])])
        assert answer.events == [], answer.body
        await update(w, node["id"], rmas=[rma("123", line["id"])])
        assert len(await w.journal("returnCreate")) == 1
        assert await w.journal("refundCreate") == []
        over = await update(w, node["id"], rmas=[rma("124", line["id"], 99)])
        assert "NOT_RETURNABLE" in over.codes


async def test_a_return_reason_that_the_shop_does_not_have(tmp_path) -> None:
    """Opened with other-reason, and told: which handle, and which ones there are; once."""
    own = tmp_path / "mappings"
    own.mkdir()
    (own / "order_update.toml").write_text(
        '[tables.return_reason]\nTooSmall = "too-smal"\nTooLarge = "too-big"\n', "utf-8"
    )
    async with world(tmp_path, mappings_dir=own) as w:
        node = await by_kind(w, "fulfilled")
        one, *_ = (line["id"] for line in node["lines"])
        answer = await update(w, node["id"], rmas=[rma("123", one)])
        assert answer.codes == ["RETURN_REASON_UNKNOWN"]
        (told,) = answer.events
        assert told["event_type"] == "warning"
        assert "RMA 123" in told["message"]
        assert "no return reason too-smal;" in told["message"]
        assert "has other-reason instead" in told["message"]
        assert "too-big" in told["message"]
        assert [e["mutation"] for e in await w.journal("returnCreate")] == ["returnCreate"]
        again = await update(w, node["id"], rmas=[rma("123", one)])
        assert again.codes == ["ALREADY_APPLIED"]
        good = rma("124", one)
        good["items"][0]["reason"] = "TooLarge"
        assert "RETURN_REASON_UNKNOWN" not in (await update(w, node["id"], rmas=[good])).codes


@pytest.mark.parametrize("fault", ["drop_reply", "http_502_after"])
async def test_an_rma_whose_reply_was_lost(tmp_path, fault: str) -> None:
    """The return is found by the marker in its note."""
    async with world(tmp_path) as w:
        node = await by_kind(w, "fulfilled")
        await w.fault("ReturnCreate", fault)
        line = node["lines"][0]["id"]
        await update(w, node["id"], rmas=[rma("123", line)])
        await w.advance(61)
        await update(w, node["id"], rmas=[rma("123", line)])
        assert len(await w.journal("returnCreate")) == 1


@pytest.mark.parametrize("kind", ["tax_included_eur", "jpy"])
async def test_foreign_currency(tmp_path, kind: str) -> None:
    """An order in the customer's currency is lowered and its price with it."""
    async with world(tmp_path) as w:
        node = await by_kind(w, kind)
        line = max(node["lines"], key=lambda x: x["current_quantity"])
        answer = await update(
            w,
            node["id"],
            {
                "channel_item_refnum": line["id"],
                "order_item_id": 1,
                "quantity": max(0, line["current_quantity"] - 1),
            },
        )
        assert [e for e in answer.events if e["event_type"] == "error"] == []
        assert len(await w.journal("orderEditCommit")) == 1
