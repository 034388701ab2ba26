"""Stand-ins: the same for the same, of the same shape, and cutting or joining changes nothing."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.recording.words import EMAIL, Words

WORDS = Words(b"a salt of the tests, no secret")
WORD = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZäöüéñ0123456789", min_size=1)
LETTERS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ", min_size=1)


@given(WORD)
def test_a_word_keeps_its_shape_and_nothing_else(word: str) -> None:
    """Letters for letters of the same case, digits for digits, and never the word itself."""
    made = WORDS.word(word)
    assert made != word
    assert len(made) == len(word)
    for was, now in zip(word, made, strict=True):
        assert was.isdigit() == now.isdigit()
        assert was.isupper() == now.isupper()


@given(st.lists(LETTERS, min_size=1, max_size=6), st.sampled_from([" ", ", ", "-", "/", "_", "\n"]))
def test_joining_before_or_after_is_the_same(words: list[str], between: str) -> None:
    """What a mapping joins of scrubbed texts is the scrubbed text of what it joins."""
    assert WORDS.text(between.join(words)) == between.join(WORDS.text(w) for w in words)


@given(LETTERS)
def test_capitals_before_or_after_are_the_same(word: str) -> None:
    """Upper or lower case of a stand-in is the stand-in of upper or lower case."""
    assert WORDS.text(word.upper()) == WORDS.text(word).upper()
    assert WORDS.text(word.lower()) == WORDS.text(word).lower()


def test_an_email_stays_an_email() -> None:
    """At a domain that is nobody's; the same one for the same address, in any case."""
    made = WORDS.text("Write to Jane.Doe+shop@Gmail.com please")
    (address,) = EMAIL.findall(made)
    assert address.endswith("@example.com")
    assert WORDS.email("jane.doe+SHOP@gmail.com") == address


@pytest.mark.parametrize("text", ["a." * 50_000, "1 " * 50_000, "a@" * 50_000, ":" * 100_000])
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    """No pattern goes back over the whole text from every place of it."""
    began = time.process_time()
    WORDS.text(text)
    WORDS.sure(text)
    assert time.process_time() - began < 10  # quadratic would be minutes


@pytest.mark.parametrize(
    ("given_ip", "form"),
    [
        ("73.162.8.4", r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}"),
        ("2600:1700:a:b::4", r"2001:db8::[0-9a-f]+:[0-9a-f]+"),
    ],
)
def test_an_ip_address_is_one_of_the_documentations(given_ip: str, form: str) -> None:
    """RFC 5737 and RFC 3849."""
    assert re.fullmatch(form, WORDS.text(given_ip))


@pytest.mark.parametrize("number", ["+1 202 555 0112", "(415) 555-2671", "0049-40-1234567"])
def test_a_phone_number_keeps_its_form(number: str) -> None:
    """Other digits in the same places; the first of an international one stays."""
    made = WORDS.phone(number)
    assert re.sub(r"\d", "9", made) == re.sub(r"\d", "9", number)
    assert made != number
    assert made[:2] == "+1" or number[0] != "+"
    assert WORDS.text(f"ring {number}!").endswith(f" {made}!")


def test_a_tracking_number_is_still_the_carriers() -> None:
    """By its beginning; the rest is another one."""
    made = WORDS.code("1Z999AA10123456784")
    assert re.fullmatch(r"1Z99\dAA\d{11}", made)
    assert made != "1Z999AA10123456784"
    assert WORDS.code("1z999aa10123456784").upper() == made


def test_another_salt_another_stand_in() -> None:
    """Without the salt nobody can try names; a short one is refused."""
    assert Words(b"another salt of the tests").text("Jane Doe") != WORDS.text("Jane Doe")
    with pytest.raises(ValueError, match="16 bytes"):
        Words(b"short")


def test_known_words_stay_if_they_may() -> None:
    """What settings and mappings name stays; how the bridge marks its refunds, too."""
    keep = {"gift", "wrap"}.__contains__
    assert WORDS.text("Gift wrap for Jane", keep=keep).startswith("Gift wrap ")
    assert "Jane" not in WORDS.text("Gift wrap for Jane", keep=keep)
    assert WORDS.text("RetailOps return 87") == "RetailOps return 87"
