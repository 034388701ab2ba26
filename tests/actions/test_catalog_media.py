"""Which image of a product is which of the feed's: by the ledger, by its name, by waiting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bridge.actions.catalog_media import MAY_STILL_COME, Sent, address_key, compare, shown
from bridge.actions.catalog_target import WantedImage
from bridge.shopify.catalogue import StoreMedia

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CDN = "https://cdn.shopify.com/s/files/1/"


def image(name: str) -> WantedImage:
    """An image of the feed."""
    return WantedImage(original_source=f"https://images.example/{name}")


def there(number: int, name: str | None, status: str = "READY") -> StoreMedia:
    """An image of the store."""
    url = None if name is None else CDN + name
    return StoreMedia(f"gid://shopify/MediaImage/{number}", "", status, url)


def sent(name: str, times: int, *made: int, ago: float = 0) -> dict[str, Sent]:
    """What the ledger knows of one address."""
    gids = frozenset(f"gid://shopify/MediaImage/{n}" for n in made)
    key = address_key(image(name).original_source)
    return {key: Sent(times, NOW - timedelta(seconds=ago), gids)}


def test_an_image_that_the_ledger_knows() -> None:
    """It is the one that was made of this address, whatever its file is called now."""
    found = compare([image("a.jpg")], [there(1, "renamed.jpg")], sent("a.jpg", 1, 1), NOW)
    assert found.known["https://images.example/a.jpg"].gid.endswith("/1")
    assert (found.new, found.strange) == ([], [])


def test_an_image_that_only_its_name_tells() -> None:
    """A ledger that is lost, or an image that somebody else sent: the name of the file counts."""
    found = compare([image("a.jpg")], [there(1, "z.jpg"), there(2, "a.jpg?v=2")], {}, NOW)
    assert found.known["https://images.example/a.jpg"].gid.endswith("/2")
    assert [m.gid[-1] for m in found.strange] == ["1"]


def test_two_addresses_with_one_name_are_two_images() -> None:
    """Each image of the store stands for one of the feed's, so the second is new."""
    wanted = [image("front/1.jpg"), image("back/1.jpg")]
    found = compare(wanted, [there(1, "1.jpg")], {}, NOW)
    assert list(found.known) == ["https://images.example/front/1.jpg"]
    assert found.new == [wanted[1]]


def test_an_image_in_the_making_is_not_sent_again() -> None:
    """Until Shopify has made it, it has no name: it stands for the first that has no image."""
    found = compare([image("a.jpg")], [there(1, None, "PROCESSING")], {}, NOW)
    assert (list(found.known), found.new) == (["https://images.example/a.jpg"], [])


def test_a_lost_reply_is_waited_for_and_then_sent_again() -> None:
    """Shopify may still take what was sent a moment ago; after the window it will not."""
    wanted = [image("a.jpg")]
    soon = compare(wanted, [], sent("a.jpg", 1, ago=5), NOW)
    assert (soon.new, soon.waiting) == ([], ["https://images.example/a.jpg"])
    late = compare(wanted, [], sent("a.jpg", 1, ago=MAY_STILL_COME.total_seconds()), NOW)
    assert (late.new, late.waiting) == (wanted, [])


def test_an_image_that_was_deleted_in_the_store_is_sent_again() -> None:
    """The feed mentions it, so it shall be there."""
    assert compare([image("a.jpg")], [], sent("a.jpg", 1, 1), NOW).new == [image("a.jpg")]


def test_an_address_without_a_name_is_no_other_image() -> None:
    """Names of nothing but signs do not make all images the same."""
    wanted = [WantedImage(original_source="https://images.example/?id=7")]
    assert compare(wanted, [there(1, "…")], {}, NOW).new == wanted


def test_an_address_is_told_without_its_signature() -> None:
    """What stands behind the question mark may be a secret."""
    assert shown("https://images.example/a.jpg?sig=secret#x") == "https://images.example/a.jpg"
    assert "images.example" not in address_key("https://images.example/a.jpg?sig=secret")
