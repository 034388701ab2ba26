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
from bridge.actions.catalog_bulk import each_row, in_bulk
from bridge.actions.catalog_create import create
from bridge.actions.catalog_feed import Feed, read_feed
from bridge.actions.catalog_media import address_key
from bridge.actions.catalog_plan import change, settle
from bridge.actions.catalog_read import Read, read_store
from bridge.actions.catalog_state import Shop, Target, making, moving, tell
from bridge.actions.catalog_steps import Change, Part
from bridge.engine import Call, Plan, Result
from bridge.engine.bulk import wait_for_running
from bridge.engine.telling import shopify_event
from bridge.errors import DeadlineExceeded, OutcomeUnknown, ShopifyError, UserError
from bridge.ledger import Effect
from bridge.retailops.answers import Answer, CatalogPushAnswer
from bridge.retailops.events import Code, Event
from bridge.retailops.requests import CatalogPushRequest
from bridge.shopify.catalogue import StoreVariant
from bridge.shopify.documents import operation
from bridge.shopify.protocol import user_errors

# Asking how far a product is that Shopify makes in the background: soon, then less often.
FIRST_LOOK: Final = 0.5
LONGEST_LOOK: Final = 5.0

MEMO: Final = "catalog"


@dataclass(slots=True)
class Made:
    """A product that was made in this call, and the variants that have moved to it."""

    target: Target
    gid: str
    moves: Sequence[StoreVariant] = ()


@dataclass(slots=True)
class CatalogState:
    """What is known before a round: the first time the whole push, then what was made."""

    shop: Shop
    read: Read = field(default_factory=Read)
    made: Sequence[Made] = ()


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
        """The feed and the store; after the first round only the products that were made."""
        policy = call.channel.settings.catalog
        if results:
            shop: Shop = call.memo[MEMO]
            return CatalogState(shop, made=await self._made(call, results))
        # A feed of 5,000 products takes seconds to read: other calls go on meanwhile.
        mapping = call.channel.mappings[self.name]
        feed: Feed = await asyncio.to_thread(read_feed, request.template_output, mapping)
        for told in feed.events:
            call.tell(told)
        read = await _read(call, feed, policy.bulk_from) if feed.families else Read()
        shop = Shop(read.places, call.clock(), policy.asynchronous_from)
        call.memo[MEMO] = shop
        return CatalogState(shop, read)

    def plan(
        self,
        call: Call,
        request: CatalogPushRequest,
        state: CatalogState,
        results: Sequence[Result],
    ) -> Plan:
        """The difference of every product; then where those that were made are sold."""
        abreast = call.channel.settings.catalog.abreast
        if results:
            after = [settle(m.target, m.gid, m.moves, state.shop) for m in state.made]
            for told in (told for made in after for told in made.events):
                call.tell(told)
            return Plan(tuple(step for made in after for step in made.steps), abreast=abreast)
        for told in state.read.events:
            call.tell(told)
        changes: list[tuple[Target, Change]] = []
        shop = replace(state.shop, moving=moving(state.read.targets))
        for target in state.read.targets:
            made = change(target, shop) if target.gid else create(target, shop)
            changes.append((target, made))
            for told in made.events:
                call.tell(told)
        lanes = [made.steps for _, made in changes]
        bulk_from = call.channel.settings.catalog.bulk_from
        steps = in_bulk(lanes, bulk_from)
        again = any(
            not t.gid and c.steps and (t.wanted.publications or c.moves) for t, c in changes
        )
        again = again or any(
            not step.variables.get("synchronous", True) for lane in lanes for step in lane
        )
        known = tuple(row for target, made in changes for row in _effects(call, target, made))
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
        for result in each_row(results):
            part: Part = result.step.subject
            if part.creates and _answered(result):
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
        for result in each_row(results):
            for told in _told(result):
                call.tell(told)
        return CatalogPushAnswer(events=tuple(call.events))

    # -- products in the making -----------------------------------------------------------

    async def _made(self, call: Call, results: Sequence[Result]) -> list[Made]:
        """The products that this call has made; those in the making are waited for."""
        out = []
        for result in each_row(results):
            payload = (result.data or {}).get("productSet")
            if payload is None or user_errors(payload):
                continue
            part: Part = result.step.subject
            product, running = payload["product"], payload["productSetOperation"]
            made = None
            if product is None and running is not None:
                made = await self._waited(call, part, running["id"])
            elif product is not None:
                made = Made(part.target, product["id"], part.moves)
            if made is not None:
                out.append(made)
        return out

    async def _waited(self, call: Call, part: Part, running: str) -> Made | None:
        """The product once Shopify has made it; None, and told, when it has not.

        One that was not made as asked may lack the variants that move to it: these stay.
        """
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
        if errors or state is None or state["product"] is None:
            why = _words(errors) or "Shopify says nothing more"
            message = f"{target.name} was not made as asked: {why}"
            call.tell(tell(Code.SHOPIFY_USER_ERROR, message, target.skus))
        product = state["product"] if state else None
        return Made(target, product["id"], () if errors else part.moves) if product else None


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


def _told(result: Result) -> list[Event]:
    """The events of one step."""
    part: Part = result.step.subject
    target = part.target
    skus = part.rows or target.skus
    if result.data is None:
        error = result.error or UserError((), "Shopify gave no result")
        made = shopify_event(error if isinstance(error, Exception) else ShopifyError(str(error)))
        message = f"{target.name}: {made.message}{_in_two(part)}"
        found = tell(Code(made.code), message, skus, diagnostic=made.diagnostic_data)
        return [found]
    out = []
    for root, payload in result.data.items():
        errors = user_errors(payload)
        if payload is None:
            errors = (UserError((), f"{root} gave no result"),)
        for sku, own in _by_row(errors, part.rows).items():
            who = sku or target.name
            out.append(
                tell(
                    Code.SHOPIFY_USER_ERROR,
                    f"{who} was not written as asked: {_words(own)}{_in_two(part)}",
                    [sku] if sku else skus,
                    diagnostic=f"shopify request {result.request_id}" if result.request_id else "",
                )
            )
    return out


def _in_two(part: Part) -> str:
    """What it means that a variant could not be deleted where it was."""
    if part.creates or not part.moves:
        return ""
    (variant,) = part.moves
    return (
        f". {variant.sku} is in two products now, {part.target.name} and {variant.handle}: the "
        f"next push deletes it in {variant.handle}, or you do in Shopify"
    )


def _by_row(errors: Sequence[UserError], rows: Sequence[str]) -> dict[str, list[UserError]]:
    """Errors by the SKU whose row they name (``variants.3.price``); "" where they name none."""
    out: dict[str, list[UserError]] = {}
    for error in errors:
        sku = ""
        for before, at in zip(error.field, error.field[1:], strict=False):
            if before == "variants" and at.isdecimal() and int(at) < len(rows):
                sku = rows[int(at)]
        out.setdefault(sku, []).append(error)
    return out


def _words(errors: Sequence[UserError]) -> str:
    return "; ".join(str(e) for e in errors)
