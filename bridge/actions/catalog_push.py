"""catalog_push: products of the feed become products of the store; what it does not mention stays.

    read    the feed by its mapping, then the store: SKUs and products a hundred at a time
    plan    for each product the difference, or one productSet for a product that is not there
    apply   several products at once, in the background of orders

RetailOps knows no product by Shopify's id, so a product is found by SKU (or handle, or a unique
metafield). Nothing is remembered between pushes but which images were sent: everything else is
read, and a repeat of a push that was cut off goes on where it ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bridge.actions import effects
from bridge.actions.catalog_again import first_key, has_metafields, without_metafields
from bridge.actions.catalog_bulk import each_row, in_bulk
from bridge.actions.catalog_create import create
from bridge.actions.catalog_feed import Feed, read_feed
from bridge.actions.catalog_limits import within
from bridge.actions.catalog_media import address_key
from bridge.actions.catalog_plan import change, settle
from bridge.actions.catalog_read import Read, read_store
from bridge.actions.catalog_state import Shop, Target, making, moving, tell
from bridge.actions.catalog_steps import Change, Part
from bridge.actions.catalog_told import told, told_bad, words
from bridge.engine import Call, Plan, Result, Step
from bridge.engine.bulk import wait_for_running
from bridge.errors import DeadlineExceeded, OutcomeUnknown, ShopifyError
from bridge.ledger import Effect
from bridge.mapping.module import MappingModule
from bridge.retailops.answers import Answer, CatalogPushAnswer
from bridge.retailops.events import Code
from bridge.retailops.requests import CatalogPushRequest
from bridge.shopify.catalogue import StoreVariant
from bridge.shopify.documents import operation
from bridge.shopify.protocol import user_errors

# Asking how far a product is that Shopify makes in the background: soon, then less often.
FIRST_LOOK: Final = 0.5
LONGEST_LOOK: Final = 5.0

# What a call remembers between its rounds: the shop, the steps by lane, how many results were seen.
SHOP: Final = "shop"
LANES: Final = "lanes"
SEEN: Final = "seen"


@dataclass(slots=True)
class Made:
    """A product that was made in this call, and the variants that have moved to it."""

    target: Target
    gid: str
    moves: Sequence[StoreVariant] = ()


@dataclass(slots=True)
class CatalogState:
    """What is known before a round: the first time the whole push, then what came of it.

    ``made`` are the products that the last round has made, ``again`` the steps that it is to send
    once more.
    """

    shop: Shop
    read: Read = field(default_factory=Read)
    made: Sequence[Made] = ()
    again: Sequence[Step] = ()


class CatalogPush:
    """The action; see ``bridge.engine.Action`` for its shape."""

    name = "catalog_push"
    background = True

    def key(self, request: CatalogPushRequest) -> str | None:
        """Equal feeds are rightly sent again: nothing to dedupe by."""
        return None

    def serial(self, request: CatalogPushRequest) -> str | None:
        """One push of a channel at a time, in order of arrival: the last one counts."""
        return "catalog"

    async def read(
        self, call: Call, request: CatalogPushRequest, results: Sequence[Result]
    ) -> CatalogState:
        """The feed and the store; after the first round only what came of the last one."""
        policy = call.channel.settings.catalog
        if results:
            shop: Shop = call.memo[SHOP]
            new = list(each_row(results[call.memo.get(SEEN, 0) :]))
            call.memo[SEEN] = len(results)
            made, again = await self._made(call, new)
            return CatalogState(shop, made=made, again=again)
        # A feed of 5,000 products takes seconds to read: other calls go on meanwhile.
        mapping = call.channel.mappings[self.name]
        feed: Feed = await asyncio.to_thread(_feed, request.template_output, mapping)
        for one in feed.events:
            call.tell(one)
        read = await _read(call, feed, policy.bulk_from) if feed.families else Read()
        shop = Shop(read.places, call.clock(), policy.asynchronous_from)
        call.memo[SHOP] = shop
        return CatalogState(shop, read)

    def plan(
        self,
        call: Call,
        request: CatalogPushRequest,
        state: CatalogState,
        results: Sequence[Result],
    ) -> Plan:
        """The difference of every product; then what follows once products are made."""
        abreast = call.channel.settings.catalog.abreast
        if results:
            after = [settle(m.target, m.gid, m.moves, state.shop) for m in state.made]
            for one in (one for made in after for one in made.events):
                call.tell(one)
            steps = [*state.again, *(step for made in after for step in made.steps)]
            return Plan(tuple(steps), again=True, abreast=abreast)
        for one in state.read.events:
            call.tell(one)
        changes: list[tuple[Target, Change]] = []
        shop = replace(state.shop, moving=moving(state.read.targets))
        for target in state.read.targets:
            made = change(target, shop) if target.gid else create(target, shop)
            changes.append((target, made))
            for one in made.events:
                call.tell(one)
        lanes = [made.steps for _, made in changes]
        call.memo[LANES] = {target.key: made.steps for target, made in changes}
        bulk_from = call.channel.settings.catalog.bulk_from
        steps = in_bulk(lanes, bulk_from)
        known = tuple(row for target, made in changes for row in _effects(call, target, made))
        again = any(_goes_on(target, made) for target, made in changes)
        return Plan(tuple(steps), again=again, effects=known, abreast=abreast)

    async def remember(
        self,
        call: Call,
        request: CatalogPushRequest,
        state: CatalogState,
        results: Sequence[Result],
    ) -> None:
        """Which image became of which address, and which new product has its answer."""
        rows: list[Effect] = []
        shop, now = call.channel.shop, call.clock()
        lost = {r.step.lane for r in each_row(results) if not _answered(r)}
        for result in each_row(results):
            part: Part = result.step.subject
            if part.creates and result.step.lane not in lost:
                name = str(part.target.tries + 1)
                key = making(part.target.handle)
                rows.append(Effect(shop, key, effects.PRODUCT_ANSWERED, name, {}, now))
            for gid, address, image in _images_made(result, part):
                name = f"{address_key(address)} {image}"
                detail = {"media": image}
                rows.append(Effect(shop, gid, effects.MEDIA_MADE, name, detail, now))
        if rows:
            await call.ledger.record_effects(rows)

    def answer(
        self,
        call: Call,
        request: CatalogPushRequest,
        state: CatalogState,
        results: Sequence[Result],
    ) -> Answer:
        """An event for everything that was not written as the feed wants it."""
        identity = _identity(call)
        for result in each_row(results):
            for one in told(result, identity):
                call.tell(one)
        return CatalogPushAnswer(events=tuple(call.events))

    # -- products in the making -----------------------------------------------------------

    async def _made(self, call: Call, results: Sequence[Result]) -> tuple[list[Made], list[Step]]:
        """The products that were made, those in the making waited for; what is sent again."""
        out: list[Made] = []
        again: list[Step] = []
        for result in results:
            again += _sent_again(call, result)
            payload = (result.data or {}).get("productSet")
            if payload is None or user_errors(payload):
                continue
            part: Part = result.step.subject
            product, running = payload["product"], payload["productSetOperation"]
            made = None
            if product is None and running is not None:
                made = await self._waited(call, result, running["id"], again)
            elif product is not None:
                made = Made(part.target, product["id"], part.moves)
            if made is not None:
                out.append(made)
        return out, again

    async def _waited(
        self, call: Call, result: Result, running: str, again: list[Step]
    ) -> Made | None:
        """The product once Shopify has made it; None, and told, when it has not.

        One that was not made as asked may lack the variants that move to it: these stay.
        ``again`` takes the step that is to be sent once more.
        """
        part: Part = result.step.subject
        target = part.target
        op = operation("ProductOperationState")
        pause = FIRST_LOOK
        while True:
            try:
                await call.sleep(min(pause, call.budget.deadline.remaining()))
                reply = await call.channel.client.execute(op, {"id": running}, budget=call.budget)
            except (DeadlineExceeded, ShopifyError) as error:
                message = (
                    f"{target.name}: Shopify is still making it ({error}): push it again later"
                )
                call.tell(tell(Code.NOT_REACHED, message, target.skus))
                return None
            state = reply.data["productOperation"]
            if state is None or state["status"] == "COMPLETE":
                break
            pause = min(pause * 2, LONGEST_LOOK)
        errors = user_errors(state)
        if errors and state is not None and state["product"] is None:
            refused = replace(result, data={"productSet": {"userErrors": state["userErrors"]}})
            if (rest := without_metafields(refused, _identity(call))) is not None:
                for one in told_bad(target, rest.bad):
                    call.tell(one)
                again += [rest.step] if rest.step else []
                return None
        if errors or state is None or state["product"] is None:
            why = words(errors) or "Shopify says nothing more"
            message = f"{target.name} was not made as asked: {why}"
            call.tell(tell(Code.SHOPIFY_USER_ERROR, message, target.skus))
        product = state["product"] if state else None
        return Made(target, product["id"], () if errors else part.moves) if product else None


def _feed(template_output: object, mapping: MappingModule) -> Feed:
    """What the feed wants, as far as Shopify takes it."""
    return within(read_feed(template_output, mapping))


def _goes_on(target: Target, made: Change) -> bool:
    """Whether more may follow these steps."""
    if any(has_metafields(step) for step in made.steps):
        return True
    if target.gid or not made.steps:
        return False
    background = not all(step.variables["synchronous"] for step in made.steps)
    return background or bool(target.wanted.publications or made.moves)


def _sent_again(call: Call, result: Result) -> list[Step]:
    """What a refusal leaves to be sent without its metafields, and what was to follow it."""
    rest = without_metafields(result, _identity(call))
    if rest is None or rest.step is None:
        return []
    if not rest.step.vital:
        return [rest.step]
    lane: Sequence[Step] = call.memo[LANES].get(rest.step.lane, ())
    key = first_key(rest.step)
    behind = [n for n, step in enumerate(lane, start=1) if step.key == key]
    return [rest.step, *(lane[behind[0] :] if behind else ())]


def _identity(call: Call) -> str:
    """The metafield that products are known by, if they are."""
    policy = call.channel.settings.catalog
    return policy.match_metafield if policy.match == "metafield" else ""


async def _read(call: Call, feed: Feed, bulk_from: int) -> Read:
    """The store; after what an earlier call has left running there, if this is as large."""
    if len(feed.families) >= bulk_from:
        try:
            await wait_for_running(call)
        except DeadlineExceeded as late:
            rows = [
                tell(Code.NOT_REACHED, f"{f.key}: an earlier push still runs ({late})", f.skus)
                for f in feed.families
            ]
            return Read(events=rows)
    return await read_store(call, feed.families)


def _effects(call: Call, target: Target, made: Change) -> list[Effect]:
    """What must be known of a product's steps even if their replies are lost."""
    shop, now = call.channel.shop, call.clock()
    rows = []
    for address in made.images:
        key = address_key(address)
        times = target.sent[key].times + 1 if key in target.sent else 1
        name = f"{key} {times}"
        rows.append(Effect(shop, target.gid or "", effects.MEDIA_SENT, name, {}, now))
    if made.steps and not target.gid:
        key, name = making(target.handle), str(target.tries + 1)
        rows.append(Effect(shop, key, effects.PRODUCT_SENT, name, {}, now))
    for variant in made.moves:
        name = variant.gid
        rows.append(Effect(shop, variant.product, effects.VARIANT_MOVED, name, {}, now))
    return rows


def _answered(result: Result) -> bool:
    """Whether it is known what became of the step."""
    return result.data is not None or not isinstance(result.error, OutcomeUnknown)


def _images_made(result: Result, part: Part) -> list[tuple[str, str, str]]:
    """(product, address, image) of what a step has sent, as far as Shopify's answer tells."""
    if result.data is None or not part.images:
        return []
    payload = result.data.get("productSet") or result.data.get("productUpdate")
    product = (payload or {}).get("product")
    nodes = (product or {}).get("media")
    if product is None or not nodes or user_errors(payload):
        return []
    gids = [n["id"] for n in nodes["nodes"]]
    if not part.creates:
        gids.reverse()  # the newest come first
    if len(gids) != len(part.images):
        return []
    return [(product["id"], a, g) for a, g in zip(part.images, gids, strict=True)]
