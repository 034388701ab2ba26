"""The page token survives a restart and gives nothing to whoever alters it."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.actions.page_token import decode, encode

KEY, QUERY = "k" * 32, "tag:'x'"


@given(st.text(min_size=1))
def test_a_token_comes_back(cursor: str) -> None:
    """Any cursor of Shopify's survives; the token is plain ASCII."""
    token = encode(cursor, QUERY, key=KEY)
    assert token.isascii()
    assert decode(token, QUERY, key=KEY) == cursor


@given(st.text())
def test_anything_else_restarts(token: str) -> None:
    """No text is an error: what is not ours begins again."""
    assert decode(token, QUERY, key=KEY) is None


def test_another_search_another_key_or_a_changed_byte_restart() -> None:
    """A token is bound to its search and its channel, byte for byte."""
    token = encode("cursor", QUERY, key=KEY)
    assert decode(token, QUERY + " ", key=KEY) is None
    assert decode(token, QUERY, key="l" * 32) is None
    for place in range(len(token)):
        swapped = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert decode(swapped, QUERY, key=KEY) in (None, "cursor")
    assert decode(token[:-2], QUERY, key=KEY) is None
