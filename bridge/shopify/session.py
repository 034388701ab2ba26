"""Which store, which API version, which token: the part that ShopifyAPI is used for.

Shopify's own package (ShopifyAPI) is asked for what it does right: what a shop domain is, how an
Admin API address is made, and which access scopes cover which. It is touched nowhere else, so
that it can be replaced here. Left alone are its resource classes, ``Session.temp`` and
``Session.setup``: they keep shop and token in state of the process or the thread, where two
channels would take each other's. ``Session`` itself gets no token from us.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal, Protocol
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog
from pydantic import SecretStr
from shopify import ApiAccess, Session
from shopify.utils.shop_url import sanitize_shop_domain

from bridge.config.models import ShopifySettings
from bridge.errors import AccessDenied, ShopifyError, Throttled, TransportError
from bridge.shopify.exchange import Exchange, Observe
from bridge.shopify.protocol import USER_AGENT

log = structlog.get_logger()

# A token is renewed at this part of its life (24 h), so that a failing renewal has hours to
# be noticed and repeated while the old token still works.
RENEW_AT: Final = 0.8

# A token request is a small form: Shopify answers it at once or is out of order.
TOKEN_SECONDS: Final = 15.0

_SCOPE = re.compile(r"\A(unauthenticated_)?(read|write)_\w+\Z")


def shop_domain(shop: str) -> str:
    """``example`` or ``https://Example.myshopify.com/`` as ``example.myshopify.com``.

    Raises ValueError for anything that is no shop's own domain; a shop's web address
    (``www.example.com``) is not one.
    """
    domain = sanitize_shop_domain(shop)
    if domain is None:
        raise ValueError(f"{shop!r} is not of the form example.myshopify.com")
    return str(domain)


@dataclass(frozen=True, slots=True)
class Store:
    """Where a store's Admin API is."""

    domain: str
    api_version: str
    graphql_url: str
    token_url: str

    @classmethod
    def at(cls, shop: str, api_version: str, *, endpoint: str | None = None) -> Store:
        """The store of a shop domain. ``endpoint`` replaces ``https://{shop}`` (tests only).

        Raises ValueError for a bad shop domain.
        """
        domain = shop_domain(shop)  # first: Session makes evil.com/x.myshopify.com a good domain
        site = str(Session(domain, api_version).site)
        parts = urlsplit(site)
        origin = (endpoint or f"{parts.scheme}://{parts.netloc}").rstrip("/")
        return cls(
            domain=domain,
            api_version=api_version,
            graphql_url=f"{origin}{parts.path}/graphql.json",
            token_url=f"{origin}/admin/oauth/access_token",
        )


def missing_scopes(granted: Iterable[str], needed: Iterable[str]) -> tuple[str, ...]:
    """The scopes of ``needed`` that ``granted`` does not cover; ``write_x`` covers ``read_x``.

    Scopes of other families (``customer_read_orders``) say nothing about the Admin API and are
    passed over: ApiAccess would refuse the whole list for one of them.
    """
    have = ApiAccess([s for s in granted if _SCOPE.match(s.strip())])
    return tuple(sorted({s for s in needed if not have.covers(ApiAccess([s]))}))


@dataclass(frozen=True, slots=True)
class SupportWindow:
    """When an API version is served. ``closes`` is the first day without it."""

    opens: date
    closes: date
    state: Literal["unreleased", "supported", "expired"]
    days_left: int


def support_window(version: str, today: date) -> SupportWindow:
    """The support window of a version like ``2026-10``, seen from ``today``.

    Shopify releases on the first day of each quarter and supports a version for twelve months;
    afterwards it answers with its oldest supported version instead (shopify.dev, "API
    versioning"). Raises ValueError for what is no stable version: ShopifyAPI accepts 2026-13.
    """
    if not re.fullmatch(r"20\d\d-(01|04|07|10)", version):
        raise ValueError(f"{version!r} is no stable API version: 20YY with -01, -04, -07 or -10")
    year, month = (int(part) for part in version.split("-"))
    opens, closes = date(year, month, 1), date(year + 1, month, 1)
    state: Literal["unreleased", "supported", "expired"] = "supported"
    if today < opens:
        state = "unreleased"
    elif today >= closes:
        state = "expired"
    return SupportWindow(opens, closes, state, max(0, (closes - today).days))


class TokenSource(Protocol):
    """Gives the access token for the next request."""

    def held(self) -> str:
        """The token, if nothing has to be asked for it; else the empty text."""
        ...

    async def token(self) -> str:
        """A token that should be valid now. Raises ShopifyError when there is none."""
        ...

    async def renew(self, stale: str) -> bool:
        """Shopify refused ``stale`` (HTTP 401): get another one. False when there is none."""
        ...


class StaticToken:
    """A token that a person put into the configuration; it does not expire."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def held(self) -> str:
        """The token."""
        return self._token.get_secret_value()

    async def token(self) -> str:
        """The token."""
        return self.held()

    async def renew(self, stale: str) -> bool:
        """Whether there is another one than ``stale``: there never is."""
        return stale != self._token.get_secret_value()


class ClientCredentials:
    """24-hour tokens by the client credentials grant, for an app of the merchant's own.

    One request at a time, however many tasks ask; renewed at 80 % of its life, and when Shopify
    answers 401. Source: shopify.dev, "Client credentials grant".
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        store: Store,
        client_id: str,
        client_secret: SecretStr,
        *,
        clock: Callable[[], float] = time.monotonic,
        observe: Observe | None = None,
    ) -> None:
        self._http = http
        self._store = store
        self._observe = observe
        self._client_id = client_id
        self._secret = client_secret
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token = ""
        self._renew_at = 0.0
        self._expires_at = 0.0

    def held(self) -> str:
        """The token, while it need not be renewed, or another task is at it."""
        if self._clock() < self._renew_at or (self._alive() and self._lock.locked()):
            return self._token
        return ""

    async def token(self) -> str:
        """The token, fetched or renewed when it is time.

        A renewal that fails is only logged while the old token still lives. Raises AccessDenied
        when Shopify refuses the app, else an error that says that nothing was sent.
        """
        if held := self.held():
            return held
        async with self._lock:
            if self._clock() < self._renew_at:
                return self._token
            try:
                await self._fetch()
            except ShopifyError as error:
                if not self._alive():
                    raise
                # Not at every request: a refused renewal stays refused for a while.
                self._renew_at = self._clock() + 60.0
                log.warning(
                    "shopify_token_not_renewed",
                    shop=self._store.domain,
                    cause=str(error),
                    seconds_left=round(self._expires_at - self._clock()),
                )
            return self._token

    async def renew(self, stale: str) -> bool:
        """Fetch another token, unless another task has already done so. Raises as ``token``."""
        async with self._lock:
            if self._token == stale:
                await self._fetch()
            return self._token != stale

    def _alive(self) -> bool:
        return bool(self._token) and self._clock() < self._expires_at

    async def _fetch(self) -> None:
        asked_at = self._clock()
        status, body = await self._post()
        if status == 429:
            raise Throttled("Shopify asks to wait before it gives a token (HTTP 429)", wait=1.0)
        if status >= 500:
            raise self._unreachable(f"Shopify is out of order (HTTP {status})")
        if status != 200:
            raise AccessDenied(_refusal(body, status, self._store.domain))
        try:
            answer: dict[str, Any] = json.loads(body)
            token, lasts = str(answer["access_token"]), float(answer.get("expires_in", 3600))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._unreachable("Shopify answered with no token in it") from None
        self._token = token
        self._expires_at = asked_at + lasts
        self._renew_at = asked_at + lasts * RENEW_AT

    async def _post(self) -> tuple[int, bytes]:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._secret.get_secret_value(),
        }
        status: int | None = None
        headers: Mapping[str, str] = {}
        body, failure = b"", ""
        started = self._clock()
        try:
            async with self._http.post(
                self._store.token_url,
                data=form,
                headers={"Accept": "application/json", "User-Agent": USER_AGENT},
                timeout=aiohttp.ClientTimeout(total=TOKEN_SECONDS),
                allow_redirects=False,
            ) as response:
                body = await response.read()
                status, headers = response.status, response.headers
                return status, body
        except (aiohttp.ClientError, TimeoutError) as error:
            failure = type(error).__name__
            raise self._unreachable(failure) from None
        finally:
            if self._observe is not None:
                self._observe(
                    Exchange(
                        via="token",
                        operation="",
                        url=self._store.token_url,
                        request=urlencode(form).encode(),
                        status=status,
                        headers=headers,
                        reply=body,
                        seconds=self._clock() - started,
                        failure=failure,
                        sent=False,  # the GraphQL request that needed the token never left
                    )
                )

    def _unreachable(self, cause: str) -> TransportError:
        # sent=False: the GraphQL request that needed the token never left, so it may be repeated.
        return TransportError(
            f"no access token could be fetched for {self._store.domain}: {cause}", sent=False
        )


_REFUSALS: Final = {
    "app_not_installed": "the app is not installed on {shop}, or it is an app made in the store's"
    " own admin, which has a static token: install it, or configure that token",
    "shop_not_permitted": "{shop} belongs to another organization than the app: client"
    " credentials work only for stores of the app's own organization",
    "invalid_client": "Shopify does not know this client_id with this client_secret",
    "application_cannot_be_found": "Shopify does not know this client_id",
}


def _refusal(body: bytes, status: int, shop: str) -> str:
    """Why no token is given. Shopify tells the code in JSON or in a web page: only it is read."""
    text = body.decode("utf-8", "replace")
    for code, meaning in _REFUSALS.items():
        if code in text:
            return f"no access token: {meaning.format(shop=shop)} ({code})"
    return (
        f"no access token for {shop}: Shopify refused client_id and client_secret (HTTP {status})"
    )


def token_source(
    settings: ShopifySettings,
    http: aiohttp.ClientSession,
    store: Store,
    *,
    clock: Callable[[], float] = time.monotonic,
    observe: Observe | None = None,
) -> TokenSource:
    """The token source that the configuration asks for; ``observe`` sees its requests.

    Raises ValueError when it names none; the configuration's own check has said so before.
    """
    if settings.token is not None:
        return StaticToken(settings.token)
    if settings.client_id is None or settings.client_secret is None:
        raise ValueError(f"{store.domain} has neither a token nor client_id and client_secret")
    return ClientCredentials(
        http, store, settings.client_id, settings.client_secret, clock=clock, observe=observe
    )
