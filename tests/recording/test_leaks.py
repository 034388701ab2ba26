"""Nothing of a customer and no secret is in a recording: marked data goes in, files are searched.

What goes in is everything that Shopify or RetailOps could carry (``marked``), and, once, a day
of marked shoppers through the real thing.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from bridge.config.models import ChannelSettings
from bridge.recording import files
from bridge.recording.fields import FEEDS, RETAILOPS
from bridge.recording.making import cassette_of, rules_of
from bridge.recording.replay import Replayer
from bridge.recording.scrub import Rules
from bridge.recording.tap import Recording
from bridge.retailops.actions import ACTIONS
from bridge.sandbox.server import StoreSettings
from bridge.sandbox.tokens import DEFAULT_CLIENT
from bridge.server.replaying import run_as_served
from bridge.shopify.exchange import Exchange
from tests.marked import CUSTOMER
from tests.recording.marked import Marks, body_of, recordings
from tests.stories.shipments import TEE, item, line, package, place
from tests.support import KEY, World, world

HARMLESS = Path(__file__).with_name("harmless.txt")
AUTH_KEY = "K9" * 16
TOKEN = "shpat_0123456789abcdef"
CHANNEL = ChannelSettings(
    id=21, shop="example.myshopify.com", auth_key=AUTH_KEY, shopify={"token": TOKEN}
)


@pytest.fixture(scope="module")
def rules() -> Rules:
    """As the recorder makes them."""
    return rules_of(CHANNEL, [AUTH_KEY, TOKEN], b"a salt of the tests, no secret")


def written(one: Recording, rules: Rules) -> str:
    """The file's text."""
    cassette = cassette_of(
        one,
        CHANNEL,
        rules,
        source="live",
        fingerprint="0",
        deadline_seconds=1.0,
        recorded_at=one.started,
    )
    return files.dumps(cassette)


def test_only_the_reviewed_fields_show_what_they_hold(rules):
    """Each text of each field has a mark of its own; whose are found must be on the list."""
    marks = Marks()
    shown = set()
    for one in recordings(marks):
        found = re.findall(r"qzq[a-z]+?qzq", written(one, rules).casefold())
        shown |= {marks.of[mark] for mark in found}
    rows = [row for row in HARMLESS.read_text("utf-8").splitlines() if row and row[0] != "#"]
    assert len(marks.of) > 2000
    assert shown - set(rows) == set()
    assert sorted(rows) == sorted(shown), "a line that is no longer needed, or twice"


PERSON = "Zebedee Quackenbush"
EVERYTHING = f"{PERSON}, zeb.quack@private.example, +1 (415) 555-2671, 8.8.4.4, 2600:1700:a:b::4"

# Texts that nobody writes: Shopify's own names of things, cursors, and what we name ourselves.
NOBODYS = {"PageInfo.endCursor", "PageInfo.startCursor", "$after"}


def test_one_person_in_every_field(rules):
    """The same name, address, phone and IP address in every text: found in none, kept or not."""
    for name_alone in (True, False):
        marks = Marks(text=lambda place: "" if place in NOBODYS else PERSON)
        if not name_alone:
            marks = Marks(text=lambda place: "" if place in NOBODYS else EVERYTHING)
        for one in recordings(marks):
            customer = Exchange(
                operation="OrderPull",
                url="https://example.myshopify.com/admin/api/2026-10/graphql.json",
                request=json.dumps(
                    {
                        "operationName": "A",
                        "query": "query A { order(id: 1) { customer { displayName } } }",
                        "variables": {},
                    }
                ).encode(),
                status=200,
                headers={},
                reply=json.dumps(
                    {"data": {"order": {"customer": {"displayName": PERSON}}}}
                ).encode(),
                seconds=0.1,
            )
            one.take(customer)
            text = written(one, rules).casefold()
            for told in ("zebedee", "quackenbush", "private.example", "555-2671", "8.8.4.4"):
                assert told not in text, (one.action, told)
            assert "2600:1700" not in text


@pytest.mark.parametrize("place", ["sku", "message", "title"])
def test_what_looks_personal_goes_from_what_is_kept(rules, place):
    """A SKU that is an e-mail address, a message that quotes a phone number."""
    for said in ("joe@private.example", "+14155552671", "(415) 555-2671", "8.8.4.4"):
        body = {"inventory_updates": [{"sku": said}]}
        one = Recording("inventory_push", 21, "1", body, recordings_start())
        answer = {"events": [{"event_type": "error", "code": "X", "message": f"no {said} here"}]}
        one.answered(200, "ok", json.dumps(answer).encode())
        assert said not in written(one, rules)


def recordings_start() -> Any:
    """The time of the marked recordings."""
    return next(recordings(Marks())).started


def test_secrets_are_searched_for_everywhere(rules):
    """Keys and tokens in any place, harmless ones too, and tokens that are not ours."""
    others = "shpca_feedface00"
    marks = Marks(text=lambda _: f"x {AUTH_KEY} y {TOKEN} {others}")
    for one in recordings(marks):
        text = written(one, rules)
        assert AUTH_KEY not in text
        assert "shpat_" not in text
        assert others not in text


def test_a_token_request_keeps_nothing(rules):
    """Neither the client's id and secret nor the token; a refusal only its code."""
    for reply, kept in (
        ({"access_token": TOKEN, "scope": "read_orders", "expires_in": 86399}, "86399"),
        ({"error": "invalid_client", "error_description": "of joe@private.example"}, "invalid_cl"),
    ):
        one = Recording("order_pull", 21, "1", {}, recordings_start())
        one.take(
            Exchange(
                operation="",
                via="token",
                url="https://example.myshopify.com/admin/oauth/access_token",
                request=b"grant_type=client_credentials&client_id=me-myself&client_secret=hush",
                status=200,
                headers={"Set-Cookie": "hush"},
                reply=json.dumps(reply).encode(),
                seconds=0.1,
            )
        )
        text = written(one, rules)
        assert kept in text
        for told in (TOKEN, "me-myself", "hush", "private.example"):
            assert told not in text


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (b'{"data":{"order":{"email":"joe@private.example"', "application/json"),
        (b"<html>joe@private.example</html>", "text/html"),
        (b'["joe@private.example"]', "application/json"),
        (b"\xff\xfejoe@private.example", "application/json"),
    ],
)
def test_a_reply_that_is_no_json_is_not_kept(rules, reply, kind):
    """It cannot be told what is in it."""
    one = Recording("order_pull", 21, "1", {}, recordings_start())
    one.take(
        Exchange(
            operation="Bootstrap",
            url="https://example.myshopify.com/x",
            request=b'{"operationName": "Bootstrap", "query": "not graphql", "variables": {}}',
            status=200,
            headers={"Content-Type": kind},
            reply=reply,
            seconds=0.1,
        )
    )
    assert "joe" not in written(one, rules)


def test_every_field_of_retailops_has_its_kind():
    """A new field of a model must be judged: harmless, or not."""
    for spec in ACTIONS.values():
        for model in (spec.request, spec.answer):
            assert set(leaves(body_of(model, Marks()))) - set(RETAILOPS) - FEEDS <= {
                "unheard_of",
                "unheard_of_object",
                "deep",
                "Style",
                "Name",
                "events.message",
            }


def asked(query: str, variables: dict[str, Any], reply: dict[str, Any]) -> Exchange:
    """One exchange with the store."""
    body = {"operationName": "A", "query": query, "variables": variables}
    return Exchange(
        operation="A",
        url="https://example.myshopify.com/admin/api/2026-10/graphql.json",
        request=json.dumps(body).encode(),
        status=200,
        headers={},
        reply=json.dumps(reply).encode(),
        seconds=0.1,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"order": {"phone_number": 4155552671}},
        {"postal_code": 4155552671},
        {"order": {"shipments": [{"packages": [{"tracking_number": 4155552671}]}]}},
        {"gift_message": 4155552671},
        {"integration_auth_token": 4155552671},
        {"unheard_of": [4155552671]},
    ],
    ids=["phone", "postcode", "tracking", "message", "token", "unknown"],
)
def test_what_is_sent_as_a_number_is_scrubbed_too(rules, body):
    """JSON does not say whether a phone number is a text."""
    one = Recording("order_update", 21, "1", body, recordings_start())
    assert "4155552671" not in written(one, rules)


@pytest.mark.parametrize("field", ["code", "status", "identifier", "type", "refnum", "sku"])
def test_a_known_name_says_nothing_where_nobody_knows_it(rules, field):
    """``status`` of an event is harmless; of an unknown object, or where none belongs, it is not.

    What is known elsewhere in the call stays there: else a replay would miss a SKU.
    """
    lines = [{"sku": "TEE-1"}, {"sku": "TEE-1", "contact": {field: "Zebedee TEE-1"}}]
    order = {"order_items": lines, "contact": [[{"deep": {field: "Zebedee 4711"}}]]}
    body = {"order": order, "payment": {field: "Zebedee rang"}}
    one = Recording("order_update", 21, "1", body, recordings_start())
    text = written(one, rules)
    assert "zebedee" not in text.casefold()
    assert "4711" not in text
    assert text.count("TEE-1") == 3


def test_names_of_unknown_members_are_looked_at(rules):
    """People stand before the colon too; what a program named stays."""
    said = {"Zebedee Quackenbush": "x", "zeb@private.example": {"gate_code": 1}}
    query = 'query A { order(id: 1) { metafield(namespace: "n", key: "k") { jsonValue } } }'
    one = Recording("order_update", 21, "1", {"contacts": said}, recordings_start())
    metafield = {"metafield": {"jsonValue": {**said, "phone": 4155552671}}}
    one.take(asked(query, {}, {"data": {"order": metafield}}))
    text = written(one, rules)
    for told in ("zebedee", "quackenbush", "private.example", "4155552671"):
        assert told not in text.casefold()
    assert "contacts" in text
    assert text.count("gate_code") == 2


@pytest.mark.parametrize("end", ["", "..."])
def test_a_message_that_quotes_a_note_does_not_keep_it(rules, end):
    """Words of a message do not make the same words of a note harmless; cut quotes are found."""
    note = "Zebedee Quackenbush is allergic to nuts, ring at the gate"
    quoted = f"Note '{note[:35] + end if end else note}' is too long"
    query = "mutation A($i: RefundInput!) { refundCreate(input: $i) { userErrors { message } } }"
    one = Recording("order_update", 21, "1", {}, recordings_start())
    given = {"i": {"orderId": "gid://shopify/Order/1", "note": note}}
    one.take(asked(query, given, {"data": {"refundCreate": {"userErrors": [{"message": quoted}]}}}))
    one.take(asked(query, given, {"errors": [{"message": quoted}]}))
    row = {"event_type": "error", "code": "X", "message": quoted, "diagnostic_data": quoted}
    one.answered(200, "ok", json.dumps({"events": [row]}).encode())
    text = written(one, rules)
    for word in ("zebedee", "quackenbush", "allergic", "aller", "nuts", "gate"):
        assert word not in text.casefold()
    assert text.count("is too long") == 4


def test_many_notes_that_begin_alike_are_looked_up_and_not_gone_through(rules):
    """Twenty thousand rows of "Zebedee …", and as many SKUs that name him: seconds, not minutes."""
    rows = [{"sku": f"Zebedee-{n}", "who": f"Zebedee has size {n}"} for n in range(20_000)]
    one = Recording("inventory_push", 21, "1", {"inventory_updates": rows}, recordings_start())
    started = time.process_time()
    written(one, rules)
    # Gone through one by one they are 400 million comparisons, a minute and more.
    assert time.process_time() - started < 20


def leaves(value: Any, name: str = "") -> list[str]:
    """The names of the fields that hold no objects."""
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in leaves(one, key)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one, name)]
    return [name]


# -- through the real thing -----------------------------------------------------------------------


async def a_day(w: World) -> None:
    """Pulled, taken, shipped and returned; what was typed is in every field that takes text."""
    order = await place(
        w,
        lines=[{"sku": TEE, "quantity": 2, "price": "50.00"}],
        email="zeb.quack@private.example",
        note="Zebedee is at home, ring 415-555-2671",
        first_name="Zebedee",
        last_name="Quackenbush",
        shipping_address=CUSTOMER,
        billing_address=CUSTOMER,
        tags=["vip", "friend-of-Quackenbush"],
    )
    wanted = [{"channel_refnum": order["id"]}]
    pulled = (await w.post("order_pull", specific_orders=wanted)).body["orders"]
    assert pulled[0]["customer_info"]["full_name"] == "Zebedee Quackenbush"
    row = {"channel_order_refnum": order["id"], "retailops_order_id": 7001}
    assert (await w.post("order_acknowledge", orders=[row])).events == []
    box = package(5, "1Z999AA10123456784", item(line(order), 2, TEE))
    await w.post(
        "order_shipment_submit",
        channel_order_refnum=order["id"],
        shipment={"retailops_shipment_id": 9, "packages": [box], "gate_code": "Quackenbush 4"},
        customer={"name": "Zebedee Quackenbush"},
    )
    given = {
        "retailops_return_id": 87,
        "refund_amt": 50,
        "refund_action": "refund",
        "items": [
            {
                "channel_item_refnum": line(order),
                "quantity": 1,
                "reason": "Quackenbush changed her mind",
            }
        ],
    }
    head = {"channel_order_refnum": order["id"]}
    assert (await w.post("order_returned", order=head, **{"return": given})).events == []
    await w.post("order_cancel", order=head)


async def test_a_day_of_one_shopper_on_file(tmp_path, capfd):
    """Every call is there, the shopper and the secrets are not; nor in a log line."""
    out = tmp_path / "out"
    credentials = {"client_id": DEFAULT_CLIENT[0], "client_secret": DEFAULT_CLIENT[1]}
    async with world(tmp_path, store=StoreSettings(token="")) as w:
        (channel,) = w.settings.channels
        found = {n: getattr(channel, n) for n in channel.model_fields_set}
        found["record"] = True
        found["shopify"] = {**credentials, "endpoint": w.store.url}
        w.settings = w.settings.model_copy(
            update={
                "channels": (ChannelSettings.model_validate(found),),
                "recording": w.settings.recording.model_copy(update={"folder": out}),
            }
        )
        await w.restart()
        await a_day(w)
    recorded = sorted(out.rglob("*.yaml"))
    assert len(recorded) == 5
    said = capfd.readouterr()
    texts = [file.read_text("utf-8") for file in recorded] + [said.out, said.err]
    for told in ("zebedee", "quackenbush", "zyzzyva", "private.example", "2671", "04199"):
        assert not any(told in text.casefold() for text in texts), told
    for secret in (KEY, *DEFAULT_CLIENT, "shpat_"):
        assert not any(secret in text for text in texts[:5]), secret
    assert any("access_token" in text for text in texts)
    assert sum("@example.com" in text for text in texts) >= 1  # an e-mail stays an e-mail
    replayer = Replayer(run_as_served)
    for file in recorded:  # and for all that, what mappings make of it is the scrubbed answer
        found = await replayer.replay(files.read(file))
        assert found.verdict == "same", [d.as_json() for d in found.differences]
