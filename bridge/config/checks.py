"""What must be true between settings: keys, stores, dates, and what only a test may do."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from importlib.util import find_spec

from bridge.config.models import OLDEST_API_VERSION, ChannelSettings, Settings
from bridge.config.source import Key, Source

SDK_KEY = "RETAILOPS_SDK"  # the official verifier's own token: everybody knows it

# RetailOps takes as the key what follows the last "_" of the channel handle, hence no "_"; 32
# of 62 letters and digits are 190 bits.
_URL = re.compile(r"https?://[^\s/?#@]+/?")
# Twelve of 64 characters are 72 bits: at ten attempts a minute nobody gets through a millionth.
MIN_PASSWORD = 12

_AUTH_KEY = re.compile(r"[A-Za-z0-9]{32}")


def cross_check(
    settings: Settings, source: Source, shop_domain: Callable[[str], str] | None
) -> Settings:
    """Note every contradiction. Returns the settings with the shop domains as checked."""
    channels = []
    for index, channel in enumerate(settings.channels):
        key: Key = ("channels", index)
        _check_auth_key(settings, channel, key, source)
        _check_reach(settings, channel, key, source)
        _check_pull_since(settings, channel, key, source)
        if channel.api_version < OLDEST_API_VERSION:
            source.add(
                (*key, "api_version"),
                "C408",
                f"Shopify API version {channel.api_version} lacks what the bridge asks for",
                f"{OLDEST_API_VERSION} or later",
            )
        if channel.mappings_dir is not None and not channel.mappings_dir.is_dir():
            source.add((*key, "mappings_dir"), "C411", f"there is no folder {channel.mappings_dir}")
        channels.append(_check_shop(channel, key, source, shop_domain))
    _check_twice(settings, source)
    _check_console(settings, source)
    if settings.tracing.enabled and not _installed("opentelemetry.sdk"):
        source.add(
            ("tracing", "enabled"),
            "C414",
            "tracing needs libraries that are not installed",
            "pip install 'retailops-shopify-bridge[otel]'",
        )
    return settings.model_copy(update={"channels": tuple(channels)})


def _check_auth_key(settings: Settings, channel: ChannelSettings, key: Key, source: Source) -> None:
    at = (*key, "auth_key")
    secret = channel.auth_key.get_secret_value()
    if secret == SDK_KEY:
        if settings.environment != "test":
            source.add(
                at,
                "C402",
                f"{SDK_KEY} is the verifier's public test key: not in production",
                "make one with: retailops-bridge generate-auth-key",
            )
    elif not _AUTH_KEY.fullmatch(secret):
        source.add(
            at,
            "C401",
            "auth_key should be 32 letters and digits (A-Z, a-z, 0-9), without an underscore",
            "make one with: retailops-bridge generate-auth-key",
        )


def _check_reach(settings: Settings, channel: ChannelSettings, key: Key, source: Source) -> None:
    shopify = channel.shopify
    at = (*key, "shopify")
    if shopify.endpoint is not None and settings.environment != "test":
        source.add(
            (*at, "endpoint"),
            "C403",
            "endpoint sends the store's token to another server: only in tests",
            'leave it out, or set environment = "test"',
        )
    if shopify.endpoint is not None and not _URL.fullmatch(shopify.endpoint):
        source.add(
            (*at, "endpoint"), "C412", "endpoint should be a base URL, as http://127.0.0.1:8081"
        )
    static = shopify.token is not None
    fetched = shopify.client_id is not None, shopify.client_secret is not None
    if static and any(fetched):
        source.add(at, "C406", "token and client_id with client_secret: one of them, not both")
    elif any(fetched) and not all(fetched):
        lacking = "client_secret" if fetched[0] else "client_id"
        source.add(at, "C406", f"{lacking} is missing: client_id and client_secret go together")
    elif not static and not any(fetched):
        source.add(at, "C406", "token is missing (or client_id with client_secret)")
    for name in ("token", "client_id", "client_secret"):
        value = getattr(shopify, name)
        text = value if isinstance(value, str | None) else value.get_secret_value()
        if text is not None and (not text or not text.isprintable() or not text.isascii()):
            source.add(
                (*at, name), "C406", f"{name} is empty or holds blanks or control characters"
            )


def _check_console(settings: Settings, source: Source) -> None:
    at = ("console", "password")
    console = settings.console
    given = console.password.get_secret_value() if console.password is not None else None
    if given is None:
        if console.enabled:
            source.add(("console",), "C413", "console.password is missing (or password_file)")
        return
    if len(given) < MIN_PASSWORD and settings.environment != "test":
        source.add(
            at,
            "C413",
            f"console.password should have at least {MIN_PASSWORD} characters",
            "make one with: openssl rand -base64 18",
        )
    others = (
        secret.get_secret_value()
        for channel in settings.channels
        for secret in (channel.auth_key, channel.shopify.token, channel.shopify.client_secret)
        if secret is not None
    )
    if given in others:
        source.add(at, "C413", "console.password is a channel's secret too: take one of its own")


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package around it is not there either
        return False


def _check_pull_since(
    settings: Settings, channel: ChannelSettings, key: Key, source: Source
) -> None:
    since = channel.order_pull.pull_since
    at = (*key, "order_pull", "pull_since")
    if since is None and settings.environment == "production":
        source.add(
            at,
            "C404",
            f"channel {channel.id} needs order_pull.pull_since: without it the shop's whole"
            " history is offered at go-live",
            "the day you go live, as pull_since = 2026-11-23",
        )
    elif isinstance(since, datetime) and since.tzinfo is None:
        source.add(
            at,
            "C410",
            "pull_since has a time but no offset",
            "write 2026-11-23, or 2026-11-23T08:00:00-05:00",
        )


def _check_shop(
    channel: ChannelSettings,
    key: Key,
    source: Source,
    shop_domain: Callable[[str], str] | None,
) -> ChannelSettings:
    if shop_domain is None:
        return channel
    try:
        return channel.model_copy(update={"shop": shop_domain(channel.shop)})
    except ValueError as error:
        source.add(
            (*key, "shop"),
            "C409",
            f"this is not a Shopify shop domain: {error}",
            "the permanent one, as example.myshopify.com",
        )
        return channel


def _check_twice(settings: Settings, source: Source) -> None:
    """Two channels with one id, or with one key: a call could not be told apart."""
    ids: set[int] = set()
    keys: dict[str, int] = {}
    for index, channel in enumerate(settings.channels):
        if channel.id in ids:
            source.add(("channels", index, "id"), "C407", f"a second channel with id {channel.id}")
        ids.add(channel.id)
        first = keys.setdefault(channel.auth_key.get_secret_value(), channel.id)
        if first != channel.id:
            source.add(
                ("channels", index, "auth_key"),
                "C407",
                f"channel {first} has the same auth_key: the key is what selects the channel",
            )
