"""The door: the password, the signature, the end of a session, the attempts."""

from __future__ import annotations

import pytest

from bridge.server.console.access import BURST, SECONDS_EACH, Access

PASSWORD = "open-sesame-42"


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        """Now."""
        return self.at


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def access(clock: Clock) -> Access:
    """A door with sessions of an hour."""
    return Access(PASSWORD, session_seconds=3600, now=clock)


def test_only_the_password_opens(access: Access):
    """Neither nothing nor nearly, nor what is no text."""
    assert access.login(PASSWORD) is not None
    for wrong in ("", PASSWORD[:-1], PASSWORD + " ", PASSWORD.upper(), "ÿ", "\ud800"):
        assert access.login(wrong) is None


def test_without_a_password_there_is_no_door(clock: Clock):
    """An empty one would open to everyone."""
    with pytest.raises(ValueError, match="password"):
        Access("", session_seconds=3600, now=clock)


def test_a_session_ends_with_its_time(access: Access, clock: Clock):
    """It is not made longer by being used."""
    session = access.login(PASSWORD)
    assert session is not None
    cookie = access.cookie(session)
    clock.at += 3599
    assert access.session(cookie) == session
    clock.at += 1
    assert access.session(cookie) is None


def test_a_session_is_only_what_was_signed_here(access: Access, clock: Clock):
    """No letter of it can be changed; another start has another key."""
    session = access.login(PASSWORD)
    assert session is not None
    cookie = access.cookie(session)
    said, _, signature = cookie.rpartition(".")
    id_, _, ends = said.partition(".")
    for forged in (
        "",
        ".",
        "..",
        "x.y.z",
        said,
        f"{id_}.{int(ends) + 1}.{signature}",
        f"0{id_[1:]}x.{ends}.{signature}",
        f"{said}.{signature[:-1]}",
        f"{said}.{'0' * len(signature)}",
        f"{said}.é",
        f"{said}.\udcff",
    ):
        assert access.session(forged) is None, forged
    again = Access(PASSWORD, session_seconds=3600, now=clock)
    assert again.session(cookie) is None


def test_logging_out_ends_one_session(access: Access, clock: Clock):
    """That cookie is worth nothing any more; another login goes on."""
    first, second = access.login(PASSWORD), access.login(PASSWORD)
    assert first is not None
    assert second is not None
    access.logout(first)
    assert access.session(access.cookie(first)) is None
    assert access.session(access.cookie(second)) == second
    clock.at += 3601
    access.logout(second)
    assert list(access._ended) == [second.id]  # what ended long ago is not remembered for ever


def test_forms_are_of_one_session(access: Access):
    """Another login's token, an empty one, and no ASCII: none will do."""
    first, second = access.login(PASSWORD), access.login(PASSWORD)
    assert first is not None
    assert second is not None
    assert access.token_is_right(first, access.token(first))
    for wrong in ("", access.token(second), access.token(first)[:-1], "é", "\udcff"):
        assert not access.token_is_right(first, wrong)


def test_attempts_are_few(access: Access, clock: Clock):
    """After ten wrong ones not even the right one is looked at; then one every six seconds."""
    for _ in range(BURST):
        assert access.wait() == 0
        assert access.login("wrong") is None
    assert access.wait() == SECONDS_EACH
    assert access.login(PASSWORD) is None
    clock.at += SECONDS_EACH
    assert access.login("wrong") is None
    assert access.wait() == SECONDS_EACH
    clock.at += SECONDS_EACH
    assert access.login(PASSWORD) is not None
    clock.at += 86400
    for _ in range(BURST):
        assert access.wait() == 0
        assert access.login("wrong") is None
    assert access.login(PASSWORD) is None


def test_a_clock_that_is_set_back_gives_no_attempts(access: Access, clock: Clock):
    """Nor does it take any."""
    for _ in range(BURST):
        access.login("wrong")
    clock.at -= 3600
    assert access.wait() > 0
    clock.at += SECONDS_EACH
    assert access.wait() == 0
