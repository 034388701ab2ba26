"""One Shopify order made into one RetailOps order, through the shipped mapping."""

from decimal import Decimal as D
from pathlib import Path

import pytest

from bridge.actions.order_offer import HeldBack, offer, sources
from bridge.config.models import ChannelSettings
from bridge.mapping.module import load_module
from bridge.retailops.answers import Order
from bridge.retailops.events import Code
from bridge.wiring import shipped_mappings
from tests.actions.nodes import line, money, order, transaction


def channel(**order_pull) -> ChannelSettings:
    """A channel with this order_pull policy."""
    return ChannelSettings.model_validate(
        {
            "id": 21,
            "shop": "demo.myshopify.com",
            "auth_key": "k" * 32,
            "shopify": {"token": "t"},
            "order_pull": order_pull,
        }
    )


def mapping(*more: Path):
    """The shipped mapping, with a merchant's laid over it."""
    return load_module(
        "order_pull",
        [shipped_mappings() / "order_pull.toml", *more],
        target=Order,
        sources=sources(),
        root="order",
    )


def made(node, *, cancel: bool = False, **policy) -> Order:
    """The order as it is sent; a held-back one fails the test with its reason."""
    result = offer(node, channel(**policy), mapping(), cancel=cancel)
    assert isinstance(result, Order), result
    return result


def test_a_partly_shipped_line_is_two_items() -> None:
    """What is shipped already is advisory under a refnum of its own; prices are the line's."""
    items = made(order(line(quantity=3, unfulfilled=1, price="2.00"), total="6.00")).order_items
    assert [(i.channel_item_refnum, i.item_type, i.quantity) for i in items] == [
        ("1", "ship", 1),
        ("1-shipped", "advisory", 2),
    ]


def test_what_needs_no_shipping_is_advisory_and_the_till_sells_in_store() -> None:
    """Gift cards and virtual goods are advisory; point-of-sale lines were sold already."""
    node = order(line(ships=False), line(2, isGiftCard=True), line(3), total="30.00")
    assert [i.item_type for i in made(node).order_items] == ["advisory", "advisory", "ship"]
    node = order(line(unfulfilled=0), total="10.00", sourceName="pos")
    assert [i.item_type for i in made(node).order_items] == ["instore"]


def test_a_line_without_sku_is_sent_visibly() -> None:
    """It carries the configured stand-in and its title, so that RetailOps holds it."""
    item = made(order(line(sku=None, name="Engraving"), total="10.00")).order_items[0]
    assert (item.sku, item.sku_description) == ("SHOPIFY-NO-SKU", "Engraving")


def test_removed_lines_are_dropped() -> None:
    """A line whose current quantity is 0 is not an item."""
    node = order(line(), line(2, current=0), total="10.00")
    assert [i.channel_item_refnum for i in made(node).order_items] == ["1"]


def test_net_prices_carry_no_item_discount() -> None:
    """Never both: net mode leaves the item's discount_amt out, gross mode fills it."""
    node = order(line(price="20.00", discount="5.00"), total="15.00")
    values = made(node).order_items[0].currency_values
    assert values is not None
    assert (values.unit_price, values.discount_amt) == (D("15.00"), None)
    values = made(node, price_mode="gross").order_items[0].currency_values
    assert values is not None
    assert (values.unit_price, values.discount_amt) == (D("20.00"), D("5.00"))


def test_a_shipping_title_is_the_service_and_never_empty() -> None:
    """The customer-facing title goes out; without a shipping line there is a default."""
    shipped = order(line(), total="10.00", shippingLines=[{"title": "Express"}])
    assert made(shipped).ship_service_code == "Express"
    assert made(order(line(), total="10.00")).ship_service_code == "Standard"


def test_attributes_keep_to_two_to_a_hundred_characters() -> None:
    """A PO number of one character is left out, a long one cut: the order is never refused."""

    def handles(sent: Order) -> dict[str, str]:
        return {a.handle: a.value for a in sent.attributes}

    assert "po_number" not in handles(made(order(line(), total="10.00", poNumber="7")))
    one = order(line(), total="10.00", discountCodes=["X"])
    assert "discount_codes" not in handles(made(one))
    two = order(line(), total="10.00", discountCodes=["X", "Y"])
    assert handles(made(two))["discount_codes"] == "X, Y"
    long = handles(made(order(line(), total="10.00", poNumber="P" * 300)))
    assert len(long["po_number"]) == 100


def test_a_cancelled_order_is_its_refnum_and_the_word() -> None:
    """Nothing is owed and nothing is shipped: cancel is true, items and payments are gone."""
    node = order(line(current=0), total="99.00", cancelledAt="2026-11-02")
    sent = made(node, cancel=True)
    assert sent.cancel is True
    assert (sent.order_items, sent.payment_transactions) == ((), ())
    assert made(order(line(), total="10.00")).cancel is None


def held(node, mapped=None, **policy) -> HeldBack:
    """Why the order is held back."""
    result = offer(node, channel(**policy), mapped or mapping(), cancel=False)
    assert isinstance(result, HeldBack), result
    return result


def test_an_unknown_currency_is_held_with_its_remedy() -> None:
    """RetailOps knows twelve currencies; the option to send shop money is named."""
    why = held(order(line(currency="SEK"), total="10.00", currency="SEK"))
    assert why.code == Code.UNSUPPORTED_CURRENCY
    assert "currency = 'shop'" in why.reason


def test_money_that_does_not_add_up_is_held() -> None:
    """Never sent wrong."""
    assert held(order(line(), total="12.34")).code == Code.MONEY_MISMATCH


def test_a_mapping_that_changes_money_is_found_out(tmp_path: Path) -> None:
    """A merchant's rule that drops the shipping would undercharge: the order is held back."""
    own = tmp_path / "order_pull.toml"
    own.write_text('[order.currency_values]\nshipping_amt = "totals.shipping | times: 0"\n')
    node = order(line(), total="15.00", currentShippingPriceSet=money("5.00"))
    why = held(node, mapping(own))
    assert why.code == Code.MONEY_MISMATCH
    assert "order_pull.toml" in why.reason


def test_a_value_that_retailops_refuses_is_held_with_its_place(tmp_path: Path) -> None:
    """An enum value from a merchant's rule is refused for this order only."""
    own = tmp_path / "order_pull.toml"
    own.write_text('[order.payment_transactions]\ntransaction_type = "payment.gateway"\n')
    node = order(line(), total="10.00", transactions=[transaction(1, "SALE", "10.00")])
    why = held(node, mapping(own))
    assert why.code == Code.MAPPING_FAILED
    assert why.place.startswith(f"{own}:2:")


@pytest.mark.parametrize("refnum", ["id", "name"])
def test_the_refnum_is_the_id_or_the_name(refnum: str) -> None:
    """order_refnum decides which one RetailOps will send back."""
    settings = channel().model_copy(update={"order_refnum": refnum})
    sent = offer(order(line(), total="10.00"), settings, mapping(), cancel=False)
    assert isinstance(sent, Order)
    assert sent.channel_order_refnum == {"id": "1001", "name": "#1001"}[refnum]
