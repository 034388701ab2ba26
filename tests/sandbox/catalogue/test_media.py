"""Images: their way to READY, names, variants, order, alternative texts."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.sandbox.model import Product
from tests.sandbox.catalogue.harness import (
    ERRORS,
    SHIRT,
    UPDATE,
    done,
    image,
    send,
    set_product,
)
from tests.sandbox.state.harness import Bench

MEDIA = """query($id: ID!) { product(id: $id) { featuredMedia { id } media(first: 10) { nodes {
  id alt status mediaErrors { code } ... on MediaImage { fileStatus image { url altText } }
  preview { status image { url } }
} } } }"""
APPEND = f"""
mutation($p: ID!, $m: [ProductVariantAppendMediaInput!]!) {{
  productVariantAppendMedia(productId: $p, variantMedia: $m) {{
    product {{ id }} productVariants {{ id media(first: 2) {{ nodes {{ id }} }} }} {ERRORS}
  }}
}}"""
DETACH = f"""
mutation($p: ID!, $m: [ProductVariantDetachMediaInput!]!) {{
  productVariantDetachMedia(productId: $p, variantMedia: $m) {{
    product {{ id }} productVariants {{ id }} {ERRORS}
  }}
}}"""
REORDER = """
mutation($p: ID!, $m: [MoveInput!]!) {
  productReorderMedia(id: $p, moves: $m) {
    job { id done } mediaUserErrors { field message code }
  }
}"""
FILES = f"""
mutation($f: [FileUpdateInput!]!) {{
  fileUpdate(files: $f) {{ files {{ id alt fileStatus }} {ERRORS} }}
}}"""


def gallery(bench: Bench, *names: str) -> Product:
    """The shirt with images, READY unless their name says otherwise."""
    found = set_product(bench, SHIRT)
    variables = {"product": {"id": found.id}, "media": [image(name) for name in names]}
    done(bench, UPDATE, variables, "productUpdate")
    bench.clock.forward(5)
    bench.store.settle()
    return found


def test_the_way_to_ready(seeded: Bench) -> None:
    """Captured: UPLOADED, PROCESSING in the next read, then READY; no image before."""
    found = set_product(seeded, {"title": "T"})
    text = """mutation($p: ProductUpdateInput!, $m: [CreateMediaInput!]) {
      productUpdate(product: $p, media: $m) { product { media(first: 1) { nodes {
        id alt status ... on MediaImage { image { url } }
      } } } userErrors { message } }
    }"""
    variables = {"p": {"id": found.id}, "m": [image("front.jpg", "Front")]}
    payload = done(seeded, text, variables, "productUpdate")
    (first,) = payload["product"]["media"]["nodes"]
    assert (first["status"], first["alt"], first["image"]) == ("UPLOADED", "Front", None)

    def read() -> dict[str, Any]:
        shown = seeded.run(MEDIA, {"id": found.id})["data"]["product"]
        assert shown["featuredMedia"] == {"id": first["id"]}
        (row,) = shown["media"]["nodes"]
        return dict(row)

    early = read()
    assert (early["status"], early["image"], early["preview"]["image"]) == (
        "PROCESSING",
        None,
        None,
    )
    seeded.clock.forward(3)
    ready = read()
    assert (ready["status"], ready["fileStatus"], ready["mediaErrors"]) == ("READY", "READY", [])
    assert ready["image"]["altText"] == "Front"
    assert ready["image"]["url"].startswith("https://cdn.shopify.com/s/files/")
    assert "/files/front.jpg?v=" in ready["image"]["url"]


def test_a_source_that_cannot_be_loaded(seeded: Bench) -> None:
    """FAILED with its error; never an image."""
    found = gallery(seeded, "broken-1.jpg")
    (row,) = seeded.run(MEDIA, {"id": found.id})["data"]["product"]["media"]["nodes"]
    assert (row["status"], row["image"]) == ("FAILED", None)
    assert row["mediaErrors"] == [{"code": "IMAGE_DOWNLOAD_FAILURE"}]


def test_names_of_files(seeded: Bench) -> None:
    """The source's own; with a UUID when it is taken (captured); ``png`` becomes ``png.png``."""
    found = gallery(seeded, "a.jpg", "x/a.jpg", "600x400/png", "b%20c.jpg?size=2")
    first, second, third, fourth = (one.filename for one in found.media_list)
    assert (first, third, fourth) == ("a.jpg", "png.png", "b_c.jpg")
    assert second.startswith("a_")
    assert len(second) == len("a_.jpg") + 36


def test_images_of_variants(seeded: Bench) -> None:
    """Attached and taken off; the product keeps them."""
    found = gallery(seeded, "a.jpg")
    one, picture = found.variant_list[0], found.media_list[0]
    pairs = [{"variantId": one.id, "mediaIds": [picture.id]}]
    payload = done(seeded, APPEND, {"p": found.id, "m": pairs}, "productVariantAppendMedia")
    assert payload["productVariants"][0]["media"]["nodes"] == [{"id": picture.id}]
    done(seeded, DETACH, {"p": found.id, "m": pairs}, "productVariantDetachMedia")
    assert (one.media_list, found.media_list) == ([], [picture])


@pytest.mark.parametrize(
    ("case", "field", "code"),
    [
        ("variant of another", "variantId", "PRODUCT_VARIANT_DOES_NOT_EXIST_ON_PRODUCT"),
        ("media of another", "mediaIds", "MEDIA_DOES_NOT_EXIST_ON_PRODUCT"),
        ("not ready", "mediaIds", "NON_READY_MEDIA"),
        ("has one", "variantId", "PRODUCT_VARIANT_ALREADY_HAS_MEDIA"),
        ("several", "mediaIds", "TOO_MANY_MEDIA_PER_INPUT_PAIR"),
        ("not attached", "variantId", "MEDIA_IS_NOT_ATTACHED_TO_VARIANT"),
    ],
)
def test_pair_refusals(seeded: Bench, case: str, field: str, code: str) -> None:
    """Captured (2026-04/products/product-variant-media-validation): an empty payload."""
    found = gallery(seeded, "a.jpg", "b.jpg")
    variant, (first, second) = found.variant_list[0], found.media_list
    pair = {"variantId": variant.id, "mediaIds": [first.id]}
    match case:
        case "variant of another":
            pair["variantId"] = seeded.store.by_sku("TENT-2P")[0].id
        case "media of another":
            pair["mediaIds"] = ["gid://shopify/MediaImage/9"]
        case "not ready":
            first.status = "PROCESSING"
        case "has one":
            variant.media_list = [second]
        case "several":
            pair["mediaIds"] = [first.id, second.id]
    text, name = (APPEND, "productVariantAppendMedia")
    if case == "not attached":
        text, name = (DETACH, "productVariantDetachMedia")
    payload = send(seeded, text, {"p": found.id, "m": [pair]}, name)
    assert (payload["product"], payload["productVariants"]) == (None, None)
    (error,) = payload["userErrors"]
    assert (error["field"], error["code"]) == (["variantMedia", "0", field], code)


def test_over_100_pairs(seeded: Bench) -> None:
    """Captured."""
    found = gallery(seeded, "a.jpg")
    pair = {"variantId": found.variant_list[0].id, "mediaIds": [found.media_list[0].id]}
    payload = send(seeded, APPEND, {"p": found.id, "m": [pair] * 101}, "productVariantAppendMedia")
    (error,) = payload["userErrors"]
    assert error["message"] == "Exceeded 100 variant-media pairs per mutation."


def test_reorder(seeded: Bench) -> None:
    """Captured (2025-01/products/product-reorder-media-parity): a job, and the order at once."""
    found = gallery(seeded, "front.jpg", "back.jpg")
    front, back = found.media_list
    moves = [{"id": back.id, "newPosition": "0"}, {"id": front.id, "newPosition": "99"}]
    payload = done(seeded, REORDER, {"p": found.id, "m": moves}, "productReorderMedia")
    assert payload["job"]["done"] is False
    assert found.media_list == [back, front]
    gone = [{"id": "gid://shopify/MediaImage/9", "newPosition": "0"}]
    payload = send(seeded, REORDER, {"p": found.id, "m": gone}, "productReorderMedia")
    assert payload["mediaUserErrors"][0]["code"] == "MEDIA_DOES_NOT_EXIST"


def test_media_in_the_order_that_is_asked_for(seeded: Bench) -> None:
    """By position, or by id backwards, which gives the newest."""
    found = gallery(seeded, "1.jpg", "2.jpg", "3.jpg")
    found.media_list.reverse()
    text = """query($id: ID!) { product(id: $id) {
      plain: media(first: 3) { nodes { id } }
      newest: media(first: 1, sortKey: ID, reverse: true) { nodes { id } }
    } }"""
    shown = seeded.run(text, {"id": found.id})["data"]["product"]
    assert [row["id"] for row in shown["plain"]["nodes"]] == [one.id for one in found.media_list]
    assert shown["newest"]["nodes"] == [{"id": found.media_list[0].id}]


def test_files(seeded: Bench) -> None:
    """An alternative text; off a product and its variants; onto another one."""
    found, other = gallery(seeded, "a.jpg"), set_product(seeded, {"title": "Other"})
    (picture,) = found.media_list
    found.variant_list[0].media_list = [picture]
    payload = done(seeded, FILES, {"f": [{"id": picture.id, "alt": "A"}]}, "fileUpdate")
    assert payload["files"] == [{"id": picture.id, "alt": "A", "fileStatus": "READY"}]
    assert seeded.store.journal[-1]["detail"] == {"product": ["media"]}
    change = {
        "id": picture.id,
        "referencesToRemove": [found.id],
        "referencesToAdd": [other.id],
    }
    done(seeded, FILES, {"f": [change]}, "fileUpdate")
    assert (found.media_list, found.variant_list[0].media_list) == ([], [])
    assert other.media_list == [picture]
    before = len(seeded.store.journal)
    done(seeded, FILES, {"f": [{"id": picture.id, "alt": "A"}]}, "fileUpdate")
    assert len(seeded.store.journal) == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"id": "gid://shopify/MediaImage/9"}, "FILE_DOES_NOT_EXIST"),
        ({"alt": "x" * 513}, "ALT_VALUE_LIMIT_EXCEEDED"),
        ({"referencesToAdd": ["gid://shopify/Product/9"]}, "REFERENCE_TARGET_DOES_NOT_EXIST"),
    ],
)
def test_file_refusals(seeded: Bench, change: dict[str, Any], code: str) -> None:
    """Nothing is changed."""
    (picture,) = gallery(seeded, "a.jpg").media_list
    payload = send(seeded, FILES, {"f": [{"id": picture.id, **change}]}, "fileUpdate")
    assert (payload["files"], payload["userErrors"][0]["code"]) == ([], code)
    assert picture.alt is None


def test_the_two_hundred_and_fifty_first(seeded: Bench) -> None:
    """A gallery holds 250."""
    found = set_product(seeded, {"title": "T"})
    rows = [image(f"{n}.jpg") for n in range(250)]
    done(seeded, UPDATE, {"product": {"id": found.id}, "media": rows}, "productUpdate")
    variables = {"product": {"id": found.id}, "media": [image("one-more.jpg")]}
    payload = send(seeded, UPDATE, variables, "productUpdate")
    assert payload["userErrors"][0]["field"] == ["media"]
    assert len(found.media_list) == 250


def test_other_media_are_not_modelled(seeded: Bench) -> None:
    """Videos and models are refused at the top."""
    found = set_product(seeded, {"title": "T"})
    video = {**image("v.mp4"), "mediaContentType": "VIDEO"}
    (error,) = seeded.run(UPDATE, {"product": {"id": found.id}, "media": [video]})["errors"]
    assert error["code"] == "SANDBOX_NOT_MODELLED"
