"""catalog_push of two channels that sell from one shop, at the same time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from tests.stories.catalogue import by_sku, look, product, variant, written
from tests.support import CHANNEL, KEY, Hook, HookedClient, World, world

FEED = [
    product(
        "cap",
        variant("CAP-S", size="S"),
        variant("CAP-M", size="M"),
        tags=["new"],
        media=["https://images.example/cap.jpg"],
        publications=["Online Store"],
    ),
    product("trail-tee", {"sku": "TEE-TRL-S-MOSS", "price": "51.00"}, tags=["new"]),
]


async def both(w: World, feed: list[dict[str, Any]]) -> list[str]:
    """The same push of each channel, at once; the codes of all events."""
    answers = await asyncio.gather(
        *(
            w.post(
                "catalog_push",
                template_output={"products": feed},
                channel_info={"id": channel},
                integration_auth_token=key,
            )
            for channel, key in ((CHANNEL, KEY), (CHANNEL + 1, "SECOND"))
        )
    )
    assert [a.status for a in answers] == [200, 200], [a.body for a in answers]
    return [code for answer in answers for code in answer.codes]


def meet_once(w: World, after: str) -> None:
    """Each channel goes on only when both have looked: neither has seen the other's product."""
    channels: dict[int, Any] = w.bridge.parts.engine.channels
    barrier = asyncio.Barrier(2)
    met: set[int] = set()

    def hook(number: int) -> Hook:
        async def wait(_: object) -> None:
            if number not in met:
                met.add(number)
                await barrier.wait()

        return wait

    for number, channel in list(channels.items()):
        client = HookedClient(channel.client, after, "after", hook(number))
        channels[number] = replace(channel, client=client)


async def test_two_channels_push_one_family_at_once(tmp_path: Path) -> None:
    """Neither fails; one product is made, once, and what both have written is the feed."""
    async with world(tmp_path) as w:
        (one,) = w.settings.channels
        other = one.model_copy(update={"id": CHANNEL + 1, "auth_key": SecretStr("SECOND")})
        w.settings = w.settings.model_copy(update={"channels": (one, other)})
        await w.restart()
        meet_once(w, after="ProductByIdentifier")
        assert await both(w, FEED) == []
        await w.advance(60)
        await both(w, FEED)
        found = await look(w, "cap")
        assert by_sku(found).keys() == {"CAP-S", "CAP-M"}
        assert len(found["media"]) == 1
        tee = by_sku(await look(w, "trail-tee"))
        assert tee["TEE-TRL-S-MOSS"]["price"] == "51.00"
        caps = [p for p in (await w.state())["products"] if "cap" in p["handle"].split("-")]
        assert len(caps) == 1
        await written(w)
        assert await both(w, FEED) == []
        assert await written(w) == []
