"""Access tokens: a static one, and those of the client credentials grant.

Documented: ``POST /admin/oauth/access_token`` with ``grant_type=client_credentials`` gives a token
for 24 hours, without a refresh token; a wrong token is HTTP 401. The error bodies are assumed.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

DEFAULT_ACCESS: Final = "shpat_sandbox"
"""The static token that opens every sandbox unless it is told otherwise (contract.md)."""

DEFAULT_CLIENT: Final = ("sandbox-client", "sandbox-secret")
"""Client id and secret of the grant, for tests."""

LIFE: Final = timedelta(seconds=86_399)  # documented: expires_in 86399


class GrantRefused(Exception):
    """A grant that Shopify would refuse; ``error`` is its code."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        super().__init__(description)


class Tokens:
    """Which tokens open the store. They run out by the store's clock."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        static: str,
        client_id: str,
        client_secret: str,
        scopes: Iterable[str],
    ) -> None:
        self._clock = clock
        self._static = static
        self._client = (client_id, client_secret)
        self._scopes = tuple(scopes)
        self._issued: dict[str, datetime] = {}

    def opens(self, token: str) -> bool:
        """Whether a request with this token is let in."""
        if self._static and hmac.compare_digest(token.encode(), self._static.encode()):
            return True
        expires = self._issued.get(token)
        return expires is not None and self._clock() < expires

    def grant(self, form: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a client credentials grant; GrantRefused otherwise."""
        if form.get("grant_type") != "client_credentials":
            raise GrantRefused(
                "unsupported_grant_type", "the sandbox knows grant_type=client_credentials only"
            )
        given = (str(form.get("client_id", "")), str(form.get("client_secret", "")))
        if given != self._client:
            raise GrantRefused("app_not_installed", "no app with this client_id and secret")
        token = f"shpat_{secrets.token_hex(16)}"
        self._issued[token] = self._clock() + LIFE
        return {
            "access_token": token,
            "scope": ",".join(self._scopes),
            "expires_in": int(LIFE.total_seconds()),
        }

    def revoke(self) -> None:
        """Forget every token that was granted; the static one stays."""
        self._issued.clear()
