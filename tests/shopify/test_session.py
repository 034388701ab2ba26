"""Store addresses, scopes, API versions, and where tokens come from."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bridge.config.models import ShopifySettings
from bridge.errors import AccessDenied, ShopifyError, Throttled, TransportError
from bridge.shopify.session import (
    ClientCredentials,
    StaticToken,
    Store,
    missing_scopes,
    shop_domain,
    support_window,
    token_source,
)
from tests.shopify.server import BadShopify, Reply, answer, bad_shopify, drop

SECRET = "shpss_very_secret"


@pytest.mark.parametrize(
    "shop",
    ["example", "example.myshopify.com", "https://Example.MyShopify.com/", " example "],
)
def test_a_shop_domain_is_found(shop: str) -> None:
    """However a person writes it, it is the permanent domain."""
    assert shop_domain(shop) == "example.myshopify.com"


@pytest.mark.parametrize(
    "shop",
    [
        "",
        "www.example.com",
        "evil.com/example.myshopify.com",
        "example.myshopify.com.evil.com",
        "a@example.myshopify.com",
        "example.myshopify.com:8080",
        "-example.myshopify.com",
    ],
)
def test_what_is_no_shop_domain_is_refused(shop: str) -> None:
    """Above all nothing that would send the token to another host."""
    with pytest.raises(ValueError, match="not of the form"):
        Store.at(shop, "2026-10")


@given(st.text(alphabet="abz019-./:@#?%\\ ", max_size=30))
def test_no_text_leads_to_another_host(text: str) -> None:
    """Whatever is configured, what comes out is one label before myshopify.com, or an error."""
    try:
        store = Store.at(text, "2026-10")
    except ValueError:
        return
    label, _, rest = store.domain.partition(".")
    assert rest == "myshopify.com"
    assert label.replace("-", "").isalnum()
    assert store.graphql_url.startswith(f"https://{store.domain}/admin/api/2026-10/")


def test_a_stores_addresses() -> None:
    """ShopifyAPI makes the address; the endpoint of a test replaces only its host."""
    store = Store.at("example", "2026-10")
    assert store.graphql_url == "https://example.myshopify.com/admin/api/2026-10/graphql.json"
    assert store.token_url == "https://example.myshopify.com/admin/oauth/access_token"
    local = Store.at("example", "2026-07", endpoint="http://127.0.0.1:8081/")
    assert local.domain == "example.myshopify.com"
    assert local.graphql_url == "http://127.0.0.1:8081/admin/api/2026-07/graphql.json"
    assert local.token_url == "http://127.0.0.1:8081/admin/oauth/access_token"


@pytest.mark.parametrize(
    ("granted", "needed", "missing"),
    [
        (["write_orders"], ["read_orders", "write_orders"], ()),
        (["read_orders"], ["write_orders"], ("write_orders",)),
        ([], ["read_products", "read_orders"], ("read_orders", "read_products")),
        (["customer_read_orders", " read_orders "], ["read_orders"], ()),
        (["unauthenticated_read_product_listings"], ["read_product_listings"], None),
        (["read_orders"], [], ()),
    ],
)
def test_missing_scopes(
    granted: list[str], needed: list[str], missing: tuple[str, ...] | None
) -> None:
    """A write scope covers its read scope; foreign scope families are no reason to fail."""
    assert missing_scopes(granted, needed) == (tuple(needed) if missing is None else missing)


@pytest.mark.parametrize(
    ("version", "today", "state", "days"),
    [
        ("2026-10", date(2026, 11, 23), "supported", 312),
        ("2026-01", date(2026, 11, 23), "supported", 39),
        ("2025-10", date(2026, 11, 23), "expired", 0),
        ("2026-10", date(2026, 10, 1), "supported", 365),
        ("2026-10", date(2027, 9, 30), "supported", 1),
        ("2026-10", date(2027, 10, 1), "expired", 0),
        ("2027-01", date(2026, 12, 31), "unreleased", 366),
    ],
)
def test_support_windows(version: str, today: date, state: str, days: int) -> None:
    """Twelve months from the first day of the version's quarter, to the day."""
    window = support_window(version, today)
    assert (window.state, window.days_left) == (state, days)


@pytest.mark.parametrize("version", ["2026-13", "2026-02", "26-01", "unstable", "2026-10 ", ""])
def test_what_is_no_stable_version(version: str) -> None:
    """ShopifyAPI accepts 2026-13; we do not."""
    with pytest.raises(ValueError, match="no stable API version"):
        support_window(version, date(2026, 11, 23))


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def grant(token: str, seconds: int = 86399) -> Reply:
    """Shopify's answer to the client credentials grant."""
    return answer({"access_token": token, "scope": "write_orders", "expires_in": seconds})


@asynccontextmanager
async def credentials(*tokens: Reply) -> AsyncIterator[tuple[ClientCredentials, BadShopify, Time]]:
    """A token source whose shop gives the n-th reply to the n-th request."""
    time = Time()
    async with bad_shopify(tokens=tokens) as shop, aiohttp.ClientSession() as http:
        store = Store.at("example", "2026-10", endpoint=shop.url)
        yield ClientCredentials(http, store, "id-1", SecretStr(SECRET), clock=time), shop, time


async def test_a_token_is_asked_for_once_by_many_tasks() -> None:
    """Single flight: fifty tasks at once make one request, as Shopify's form demands."""
    async with credentials(grant("shpat_1")) as (tokens, shop, _):
        got = await asyncio.gather(*(tokens.token() for _ in range(50)))
    assert set(got) == {"shpat_1"}
    assert shop.forms == [
        {"grant_type": "client_credentials", "client_id": "id-1", "client_secret": SECRET}
    ]


async def test_a_token_is_renewed_at_four_fifths_of_its_life() -> None:
    """Not a second before 80 %, and from then on the new one."""
    async with credentials(grant("one", 1000), grant("two", 1000)) as (tokens, shop, time):
        assert await tokens.token() == "one"
        time.now += 799
        assert await tokens.token() == "one"
        assert len(shop.forms) == 1
        time.now += 2
        assert await tokens.token() == "two"
        time.now += 799
        assert await tokens.token() == "two"
    assert len(shop.forms) == 2


async def test_a_failed_renewal_is_no_failure_while_the_old_token_lives() -> None:
    """Shopify is down at 80 %: a warning, the old token, another try a minute later."""
    async with credentials(grant("one", 1000), answer("", 503), grant("two")) as (
        tokens,
        shop,
        time,
    ):
        await tokens.token()
        time.now += 850
        with structlog.testing.capture_logs() as logs:
            assert await tokens.token() == "one"
            assert await tokens.token() == "one"
        assert [line["event"] for line in logs] == ["shopify_token_not_renewed"]
        assert SECRET not in str(logs)
        assert len(shop.forms) == 2
        time.now += 61
        assert await tokens.token() == "two"


async def test_a_failed_renewal_is_a_failure_when_the_old_token_is_dead() -> None:
    """No token at all: an error that says that nothing was sent."""
    async with credentials(grant("one", 1000), answer("", 503)) as (tokens, _, time):
        await tokens.token()
        time.now += 1001
        with pytest.raises(TransportError, match="no access token could be fetched") as caught:
            await tokens.token()
    assert caught.value.sent is False


async def test_a_refused_token_is_renewed_once_for_all() -> None:
    """Twenty tasks get a 401 for the same token: one renewal serves them all."""
    async with credentials(grant("one"), grant("two")) as (tokens, shop, _):
        stale = await tokens.token()
        assert all(await asyncio.gather(*(tokens.renew(stale) for _ in range(20))))
        assert await tokens.token() == "two"
    assert len(shop.forms) == 2


async def test_the_same_token_again_is_no_renewal() -> None:
    """Shopify gives the refused token once more: sending again would be in vain."""
    async with credentials(grant("one")) as (tokens, _, _time):
        assert await tokens.renew(await tokens.token()) is False


REFUSED: list[tuple[str, Reply, type[ShopifyError], str]] = [
    (
        "not installed",
        answer({"error": "app_not_installed", "error_description": f"{SECRET}"}, 400),
        AccessDenied,
        "not installed on example.myshopify.com.*static token",
    ),
    (
        "another organization, as a web page",
        answer("<html>Oauth error shop_not_permitted: Client credentials …</html>", 400),
        AccessDenied,
        "another organization",
    ),
    ("secret", answer({"error": "invalid_client"}, 401), AccessDenied, "does not know"),
    ("other", answer("<html>no</html>", 403), AccessDenied, "refused client_id.*HTTP 403"),
    ("moved", answer("", 302, Location="https://elsewhere.example/"), AccessDenied, "HTTP 302"),
    ("busy", answer("", 429), Throttled, "429"),
    ("down", answer("<html>", 502), TransportError, "HTTP 502"),
    ("no token", answer({"scope": ""}), TransportError, "no token in it"),
    ("no json", answer("<html>"), TransportError, "no token in it"),
    ("a list", answer([]), TransportError, "no token in it"),
    ("cut", drop, TransportError, "Disconnected"),
]


@pytest.mark.parametrize(
    ("reply", "kind", "words"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
async def test_why_there_is_no_token(reply: Reply, kind: type[ShopifyError], words: str) -> None:
    """Each refusal says what to do; none shows the secret or what Shopify wrote."""
    async with credentials(reply) as (tokens, _, _time):
        with pytest.raises(kind, match=words) as caught:
            await tokens.token()
    assert SECRET not in f"{caught.value!r}{caught.value}"


async def test_the_configuration_decides_the_source() -> None:
    """A static token, or id and secret; neither is an error; a static one is never renewed."""
    async with aiohttp.ClientSession() as http:
        store = Store.at("example", "2026-10")
        static = token_source(ShopifySettings(token=SecretStr("t")), http, store)
        assert isinstance(static, StaticToken)
        assert await static.token() == "t"
        assert await static.renew("t") is False
        fetched = token_source(
            ShopifySettings(client_id="i", client_secret=SecretStr("s")), http, store
        )
        assert isinstance(fetched, ClientCredentials)
        with pytest.raises(ValueError, match="neither a token nor"):
            token_source(ShopifySettings(client_id="i"), http, store)
