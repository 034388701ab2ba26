"""What became of a push's steps, as events. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.actions.catalog_again import BadMetafield, without_metafields
from bridge.actions.catalog_state import Target, tell
from bridge.actions.catalog_steps import Part
from bridge.engine import Result
from bridge.engine.telling import shopify_event
from bridge.errors import ShopifyError, UserError
from bridge.retailops.events import Code, Event
from bridge.shopify.protocol import user_errors


def told(result: Result, identity: str = "") -> list[Event]:
    """The events of one step; ``identity`` as for ``without_metafields``."""
    part: Part = result.step.subject
    target = part.target
    skus = part.rows or target.skus
    if result.data is None:
        error = result.error or UserError((), "Shopify gave no result")
        made = shopify_event(error if isinstance(error, Exception) else ShopifyError(str(error)))
        message = f"{target.name}: {made.message}{_in_two(part)}"
        return [tell(Code(made.code), message, skus, diagnostic=made.diagnostic_data)]
    diagnostic = f"shopify request {result.request_id}" if result.request_id else ""
    again = without_metafields(result, identity)
    out = told_bad(target, again.bad, diagnostic) if again else []
    for root, payload in result.data.items():
        errors = again.others if again else user_errors(payload)
        if payload is None:
            errors = (UserError((), f"{root} gave no result"),)
        for sku, own in _by_row(errors, part.rows).items():
            message = f"{sku or target.name} was not written as asked: {words(own)}{_in_two(part)}"
            about = [sku] if sku else skus
            out.append(tell(Code.SHOPIFY_USER_ERROR, message, about, diagnostic=diagnostic))
    return out


def told_bad(
    target: Target, metafields: Iterable[BadMetafield], diagnostic: str = ""
) -> list[Event]:
    """An event for each metafield that was refused, with the SKUs of its owner."""
    by_name: dict[tuple[str, str], list[UserError]] = {}
    for one in metafields:
        by_name.setdefault((one.sku, one.name), []).append(one.error)
    return [
        tell(
            Code.SHOPIFY_USER_ERROR,
            f"{sku or target.name}: the metafield {name} was not written: {words(errors)}",
            [sku] if sku else target.skus,
            diagnostic=diagnostic,
        )
        for (sku, name), errors in by_name.items()
    ]


def words(errors: Sequence[UserError]) -> str:
    """Shopify's words."""
    return "; ".join(str(e) for e in errors)


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
