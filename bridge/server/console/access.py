"""Who may see the console: one password, a signed cookie, and few attempts.

The key that signs is made at every start, so a restart ends all logins. Attempts are counted for
the whole process: behind a proxy every caller has one address, and addresses can be had by the
thousand.
"""

from __future__ import annotations

import hmac
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Wrong passwords in a row, and how often one more: a person mistypes three times; at ten a minute
# a password of 72 bits is safe for longer than the store will be there.
BURST: Final = 10
SECONDS_EACH: Final = 6.0


@dataclass(frozen=True, slots=True)
class Session:
    """One login: its random id, and when it ends (seconds since 1970)."""

    id: str
    ends: int


class Access:
    """The console's door. ``now`` gives seconds since 1970; ``key`` signs the sessions."""

    def __init__(
        self,
        password: str,
        *,
        session_seconds: int,
        now: Callable[[], float],
        key: bytes | None = None,
    ) -> None:
        if not password:
            raise ValueError("the console needs a password")
        self.session_seconds = session_seconds
        self._key = key or secrets.token_bytes(32)
        self._password = self._mac("password", password)
        self._now = now
        self._left = float(BURST)
        self._left_at = now()
        self._ended: dict[str, int] = {}

    def wait(self) -> int:
        """Seconds until a password is looked at again; 0 while there are attempts left."""
        now = self._now()
        passed = max(0.0, now - self._left_at)
        self._left = min(float(BURST), self._left + passed / SECONDS_EACH)
        self._left_at = now
        return 0 if self._left >= 1 else math.ceil((1 - self._left) * SECONDS_EACH)

    def login(self, password: str) -> Session | None:
        """A session for the right password. A wrong one, or none left (``wait``), gives None."""
        if self.wait():
            return None
        if not hmac.compare_digest(self._password, self._mac("password", password)):
            self._left -= 1
            return None
        return Session(secrets.token_hex(16), int(self._now()) + self.session_seconds)

    def cookie(self, session: Session) -> str:
        """The session as its cookie has it: id, end, signature."""
        said = f"{session.id}.{session.ends}"
        return f"{said}.{self._mac('session', said).hex()}"

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie that was signed here, has not run out and is not logged out."""
        said, _, signature = cookie.rpartition(".")
        right = self._mac("session", said).hex()
        # As bytes: compare_digest takes no other text than ASCII.
        if not hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace")):
            return None
        id_, _, ends = said.partition(".")
        session = Session(id_, int(ends))
        return session if session.ends > self._now() and id_ not in self._ended else None

    def logout(self, session: Session) -> None:
        """End a session before its time."""
        now = self._now()
        self._ended = {id_: ends for id_, ends in self._ended.items() if ends > now}
        self._ended[session.id] = session.ends

    def token(self, session: Session) -> str:
        """What every form of this session carries, and no other site can know."""
        return self._mac("form", session.id).hex()

    def token_is_right(self, session: Session, given: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(
            self.token(session).encode(), given.encode("utf-8", "surrogatepass")
        )

    def _mac(self, use: str, text: str) -> bytes:
        said = f"{use}\0{text}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, said, "sha256")
