"""``publishablePublish`` and ``publishableUnpublish``, of products and variants.

Captured: the payload has the resource when a publication is wrong; both texts. Documented: a date
to come where the publication supports it. Assumed: all is refused when one publication is wrong; a
variant is wherever its product is until it alone is taken off.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.sandbox.errors import NotModelled
from bridge.sandbox.info import Info
from bridge.sandbox.model import Product, Variant
from bridge.sandbox.model_products import Publication
from bridge.sandbox.mutations.product_inputs import Row, error
from bridge.sandbox.watching import Watch

if TYPE_CHECKING:
    from bridge.sandbox.store import Store


def publish(_root: object, info: Info, id: str, input: list[Row]) -> Row:
    """Show a product or variant on further publications. Again changes nothing."""
    return _set(info, id, input, "publishablePublish", shown=True)


def unpublish(_root: object, info: Info, id: str, input: list[Row]) -> Row:
    """Take a product or variant off publications."""
    return _set(info, id, input, "publishableUnpublish", shown=False)


def _set(info: Info, identifier: str, rows: list[Row], mutation: str, *, shown: bool) -> Row:
    store: Store = info.context.store
    store.settle()
    found = store.find(identifier)
    payload: Row = {"publishable": None, "shop": store.shop}
    if not isinstance(found, (Product, Variant)):
        if found is not None and found.gql_type == "Collection":
            raise NotModelled("publishing collections")
        return {**payload, "userErrors": [error(["id"], "Resource does not exist")]}
    payload["publishable"] = found
    errors = [_problem(store, row, n) for n, row in enumerate(rows)]
    wrong = [one for one in errors if one is not None]
    if wrong:
        return {**payload, "userErrors": wrong}
    product = found.product if isinstance(found, Variant) else found
    watch = Watch(store, product)
    for row in rows:
        publication = store.find_as(Publication, row["publicationId"])
        if publication is not None:
            _apply(store, found, publication, row, shown=shown)
    watch.done(mutation, product)
    return {**payload, "userErrors": []}


def _problem(store: Store, row: Row, n: int) -> Row | None:
    if row.get("channelId"):
        raise NotModelled("the deprecated field 'channelId' of a publication")
    publication = store.find_as(Publication, row.get("publicationId") or "")
    if publication is None:
        message = "Publication does not exist or is not publishable"
        return error(["input", str(n), "publicationId"], message)
    if row.get("publishDate") and not publication.supports_future_publishing:
        message = "Publication does not support future publishing"
        return error(["input", str(n), "publishDate"], message)
    return None


def _apply(
    store: Store, found: Product | Variant, publication: Publication, row: Row, *, shown: bool
) -> None:
    number = publication.number_id
    if isinstance(found, Variant):
        if shown:
            found.hidden_on.discard(number)
        else:
            found.hidden_on.add(number)
        return
    if not shown:
        found.published.pop(number, None)
        return
    date = row.get("publishDate")
    if date:
        at = datetime.fromisoformat(str(date).replace("Z", "+00:00"))
        found.published[number] = at if at.tzinfo else at.replace(tzinfo=UTC)
    else:
        found.published.setdefault(number, store.clock())
