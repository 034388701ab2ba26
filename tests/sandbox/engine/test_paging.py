"""Pages, cursors and the lag of the index."""

import base64
import json
from datetime import timedelta

import pytest

from tests.sandbox.engine.harness import direct

LIST = """query L($first: Int, $last: Int, $after: String, $before: String, $query: String,
  $reverse: Boolean, $sortKey: OrderSortKeys) {
  orders(first: $first, last: $last, after: $after, before: $before, query: $query,
    reverse: $reverse, sortKey: $sortKey) {
    edges { cursor node { name } }
    nodes { id name tags }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
TAG = "mutation T($id: ID!, $tags: [String!]!) { tagsAdd(id: $id, tags: $tags) { node { id } } }"
UNTAG = (
    "mutation T($id: ID!, $tags: [String!]!) { tagsRemove(id: $id, tags: $tags) { node { id } } }"
)


def opened(cursor: str) -> dict[str, object]:
    """What is in a cursor."""
    return json.loads(base64.b64decode(cursor))


def pages(shop, **given):
    """All pages of a list, and the names on them."""
    names, after, count = [], None, 0
    while True:
        page = shop.data(LIST, given | {"after": after})["orders"]
        names += [node["name"] for node in page["nodes"]]
        count += 1
        if not page["pageInfo"]["hasNextPage"]:
            return names, count
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("query", [None, "status:any"])
@pytest.mark.parametrize("sort", ["CREATED_AT", "UPDATED_AT", "ID", "PROCESSED_AT", None])
@pytest.mark.parametrize("reverse", [False, True])
def test_paging_gives_every_row_once(shop, query, sort, reverse):
    """Whatever the order and the page size, each order comes exactly once, in that order."""
    given = {"query": query, "sortKey": sort, "reverse": reverse}
    shop.engine.bucket.maximum = 10**9
    shop.engine.bucket.refill()
    whole = shop.data(LIST, given | {"first": 250})["orders"]
    expected = [node["name"] for node in whole["nodes"]]
    assert len(set(expected)) == len(shop.store.orders)
    for size in (1, 7, 33):
        assert pages(shop, first=size, **given)[0] == expected


def test_pages_backwards(shop):
    """``last`` with ``before`` walks the same list from its end."""
    whole = [n["name"] for n in shop.data(LIST, {"first": 250})["orders"]["nodes"]]
    page = shop.data(LIST, {"last": 10})["orders"]
    assert [n["name"] for n in page["nodes"]] == whole[-10:]
    assert page["pageInfo"]["hasPreviousPage"]
    assert not page["pageInfo"]["hasNextPage"]
    before = page["pageInfo"]["startCursor"]
    page = shop.data(LIST, {"last": 10, "before": before})["orders"]
    assert [n["name"] for n in page["nodes"]] == whole[-20:-10]
    assert page["pageInfo"]["hasNextPage"]


def test_a_cursor_outlives_its_row(shop):
    """A row that leaves the searched set while paging neither repeats nor hides another."""
    query = "-tag:taken status:any"
    first = shop.data(LIST, {"first": 10, "query": query})["orders"]
    for node in first["nodes"]:
        shop.data(TAG, {"id": node["id"], "tags": ["taken"]})
    shop.clock.advance(10)
    rest, _ = pages(shop, first=10, query=query)
    after = first["pageInfo"]["endCursor"]
    second = shop.data(LIST, {"first": 10, "query": query, "after": after})["orders"]
    assert [n["name"] for n in second["nodes"]] == rest[:10]


def test_cursors_tell_who_answered(shop):
    """Captured: microseconds from the database, whole milliseconds from the index."""
    by_database = shop.data(LIST, {"first": 1, "sortKey": "CREATED_AT"})["orders"]
    by_index = shop.data(LIST, {"first": 1, "sortKey": "CREATED_AT", "query": "status:any"})
    order = by_database["nodes"][0]["id"].rsplit("/", 1)[1]
    database = opened(by_database["pageInfo"]["endCursor"])
    index = opened(by_index["orders"]["pageInfo"]["endCursor"])
    assert database["last_id"] == index["last_id"] == int(order)
    assert isinstance(database["last_value"], str)
    assert database["last_value"][4:5] == "-"
    assert index["last_value"] % 1000 == 0
    by_id = shop.data(LIST, {"first": 1, "sortKey": "CREATED_AT", "query": f"id:{order}"})["orders"]
    assert opened(by_id["pageInfo"]["endCursor"]) == database


def test_an_empty_page(shop):
    """Captured: no rows, both flags false, both cursors null."""
    page = shop.data(LIST, {"first": 5, "query": "tag:nobody-has-this"})["orders"]
    nothing = {
        "hasNextPage": False,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }
    assert page == {"edges": [], "nodes": [], "pageInfo": nothing}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "you must provide one of first or last"),
        ({"first": 1, "last": 1}, "providing both first and last is not supported"),
        ({"first": 251}, "first cannot exceed 250, but 251 was given"),
        ({"first": 1, "after": "nonsense"}, "Invalid cursor for current pagination sort."),
        ({"first": 1, "after": "e30="}, "Invalid cursor for current pagination sort."),
    ],
)
def test_windows_that_cannot_be_cut(shop, given, message):
    """A page asked for wrongly is a run-time error at its field, with null data."""
    body = shop.ask(LIST, given).body
    assert body["data"] is None
    (error,) = body["errors"]
    assert list(error) == ["message", "locations", "extensions", "path"]
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_REQUEST"})
    assert error["path"] == ["orders"]


def test_nested_connections_page_too(shop):
    """The lines of an order come in pages like the orders themselves."""
    longest = max(shop.store.orders.values(), key=lambda order: len(order.lines))
    text = """query L($id: ID!, $after: String) { order(id: $id) {
      lineItems(first: 50, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }"""
    ids, after = [], None
    while True:
        page = shop.data(text, {"id": longest.id, "after": after})["order"]["lineItems"]
        ids += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert ids == [line.id for line in longest.lines]
    assert len(ids) > 100


def test_the_index_lags_behind_writes(shop):
    """Captured: a new tag shows on the order at once and in a search only later."""
    shop.data(TAG, {"id": shop.order, "tags": ["fresh"]})
    tags = "query T($id: ID!) { order(id: $id) { tags } }"
    assert "fresh" in shop.data(tags, {"id": shop.order})["order"]["tags"]
    asked = {"first": 5, "query": "tag:fresh"}
    assert shop.data(LIST, asked)["orders"]["nodes"] == []
    shop.clock.advance(1.9)
    assert shop.data(LIST, asked)["orders"]["nodes"] == []
    shop.clock.advance(0.1)
    assert [n["id"] for n in shop.data(LIST, asked)["orders"]["nodes"]] == [shop.order]


def test_a_stale_hit_shows_the_present(shop):
    """Captured: after a tag was removed the search still matches; its nodes show the new tags."""
    shop.data(TAG, {"id": shop.order, "tags": ["fresh"]})
    shop.clock.advance(5)
    shop.data(UNTAG, {"id": shop.order, "tags": ["fresh"]})
    (node,) = shop.data(LIST, {"first": 5, "query": "tag:fresh"})["orders"]["nodes"]
    assert node["id"] == shop.order
    assert "fresh" not in node["tags"]
    shop.clock.advance(5)
    assert shop.data(LIST, {"first": 5, "query": "tag:fresh"})["orders"]["nodes"] == []


def test_each_write_shows_after_its_own_lag(shop):
    """A second write does not bring the first one forward, nor hold it back."""
    shop.data(TAG, {"id": shop.order, "tags": ["one"]})
    shop.clock.advance(1.5)
    shop.data(TAG, {"id": shop.order, "tags": ["two"]})
    shop.clock.advance(0.6)
    assert len(shop.data(LIST, {"first": 5, "query": "tag:one"})["orders"]["nodes"]) == 1
    assert shop.data(LIST, {"first": 5, "query": "tag:two"})["orders"]["nodes"] == []
    shop.clock.advance(1.5)
    assert len(shop.data(LIST, {"first": 5, "query": "tag:two"})["orders"]["nodes"]) == 1


def test_lists_without_a_query_do_not_lag(shop):
    """An order that was just placed is in the unfiltered list and not yet in a search."""
    sku = next(v.sku for v in shop.store.variants.values() if v.sku)
    before = len(shop.store.orders)
    shop.store.place_order({"lines": [{"sku": sku, "quantity": 1}]})
    shop.index.flush()
    newest = {"first": 250, "sortKey": "CREATED_AT", "reverse": True}
    assert len(shop.data(LIST, newest)["orders"]["nodes"]) == before + 1
    assert len(shop.data(LIST, newest | {"query": "status:any"})["orders"]["nodes"]) == before
    shop.clock.advance(2)
    assert len(shop.data(LIST, newest | {"query": "status:any"})["orders"]["nodes"]) == before + 1


def test_the_lag_can_be_switched_off():
    """With a lag of 0 a search sees every write at once."""
    shop = direct(lag=0)
    shop.data(TAG, {"id": shop.order, "tags": ["fresh"]})
    assert len(shop.data(LIST, {"first": 5, "query": "tag:fresh"})["orders"]["nodes"]) == 1


def test_counts(shop):
    """Captured: exact, or AT_LEAST the limit when there are more."""
    text = "query C($query: String, $limit: Int) { ordersCount(query: $query, limit: $limit) {"
    text += " count precision } }"
    number = len(shop.store.orders)
    assert shop.data(text)["ordersCount"] == {"count": number, "precision": "EXACT"}
    limited = shop.data(text, {"query": "status:any", "limit": 1})["ordersCount"]
    assert limited == {"count": 1, "precision": "AT_LEAST"}
    none = shop.data(text, {"query": "id:999999999999999999", "limit": None})["ordersCount"]
    assert none == {"count": 0, "precision": "EXACT"}


def test_without_read_all_orders_old_orders_are_absent():
    """Documented: beyond 60 days orders are simply not in the list."""
    shop = direct(scopes=("read_orders", "read_customers"))
    whole = {o.name for o in shop.store.orders.values()}
    shop.clock.advance(timedelta(days=55).total_seconds())
    seen = {n["name"] for n in shop.data(LIST, {"first": 250})["orders"]["nodes"]}
    old = {
        o.name
        for o in shop.store.orders.values()
        if shop.clock() - o.created_at > timedelta(days=60)
    }
    assert old
    assert seen == whole - old
