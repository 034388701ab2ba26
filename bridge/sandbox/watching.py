"""What a mutation changed on a product: who was touched, and what the journal says of it.

``updatedAt`` moves only where something changed; metafields alone do not move it (assumed, as for
orders), a changed variant moves its product's too (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from bridge.sandbox.model import Owner, Product, Variant, number_of

if TYPE_CHECKING:
    from bridge.sandbox.store import Store

Facts = dict[str, object]

# What a variant's document in the search index takes from its product.
_SHARED: Final = frozenset({"title", "status", "product_type", "vendor", "tags"})
_METAFIELDS: Final = "metafields"
# Kept in the product's facts, and no reason to move its updatedAt (assumed).
_STILL: Final = frozenset({_METAFIELDS, "published"})


def metafield_facts(owner: Owner) -> dict[str, tuple[str, str]]:
    """Type and value of each metafield."""
    return {
        f"{space}.{key}": (row.type, row.value)
        for (space, key), row in owner.metafields_by_key.items()
    }


def product_facts(store: Store, product: Product) -> Facts:
    """Everything about a product but its variants and times."""
    return {
        "title": product.title,
        "handle": product.handle,
        "descriptionHtml": product.description_html,
        "vendor": product.vendor,
        "product_type": product.product_type,
        "status": product.status,
        "tags": tuple(product.tags),
        "templateSuffix": product.template_suffix,
        "requiresSellingPlan": product.requires_selling_plan,
        "seo": (product.seo_title, product.seo_description),
        "category": product.category.code if product.category else None,
        "options": tuple(
            (option.number_id, option.name, tuple((v.number_id, v.name) for v in option.value_list))
            for option in product.option_list
        ),
        "media": tuple((image.number_id, image.alt) for image in product.media_list),
        "collections": tuple(
            row.number_id
            for row in store.collections.values()
            if row.rule is None and row.holds(product)
        ),
        "variantOrder": tuple(variant.number_id for variant in product.variant_list),
        "published": dict(product.published),
        _METAFIELDS: metafield_facts(product),
    }


def variant_facts(variant: Variant) -> Facts:
    """Everything about a variant and its inventory item but times and stock."""
    item = variant.inventory_item
    return {
        "options": tuple((v.option.number_id, v.number_id, v.name) for v in variant.chosen),
        "title": variant.title,
        "price": variant.price,
        "compareAtPrice": variant.compare_at_price,
        "barcode": variant.barcode,
        "taxable": variant.taxable,
        "taxCode": variant.tax_code,
        "inventoryPolicy": variant.inventory_policy,
        "media": tuple(image.number_id for image in variant.media_list),
        "published": tuple(sorted(variant.hidden_on)),
        "sku": item.sku,
        "tracked": item.tracked,
        "requiresShipping": item.requires_shipping,
        "weight": (item.weight, item.weight_unit),
        "cost": item.cost,
        "countryCodeOfOrigin": item.country_code_of_origin,
        "provinceCodeOfOrigin": item.province_code_of_origin,
        "harmonizedSystemCode": item.harmonized_system_code,
        _METAFIELDS: metafield_facts(variant),
    }


_OF_ITEM: Final = frozenset(
    {
        "sku",
        "tracked",
        "requiresShipping",
        "weight",
        "cost",
        "countryCodeOfOrigin",
        "provinceCodeOfOrigin",
        "harmonizedSystemCode",
    }
)


def _changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    return sorted(name for name, value in after.items() if before.get(name) != value)


class Watch:
    """The state of a product before a mutation; None when the mutation makes the product."""

    def __init__(self, store: Store, product: Product | None) -> None:
        self.store = store
        self.created = product is None
        self.before: Facts = product_facts(store, product) if product else {}
        self.variants: dict[int, tuple[Variant, Facts]] = {
            variant.number_id: (variant, variant_facts(variant))
            for variant in (product.variant_list if product else ())
        }

    def done(self, mutation: str, product: Product, **more: object) -> bool:
        """Touch what changed and write one line to the journal; whether there was anything.

        The journal's detail: ``product`` (names of its fields that changed) and, where there are
        any, ``created``, ``changed`` and ``deleted`` variants by number.
        """
        store, now = self.store, self.store.clock()
        fields = _changed(self.before, product_facts(store, product))
        present = {variant.number_id: variant for variant in product.variant_list}
        detail: dict[str, Any] = {"product": fields, **more}
        created = [number for number in present if number not in self.variants]
        deleted = [number for number in self.variants if number not in present]
        changed = self._changed_variants(present)
        lists: dict[str, Any] = {
            "created": [str(number) for number in created],
            "changed": changed,
            "deleted": [str(number) for number in deleted],
        }
        detail |= {name: rows for name, rows in lists.items() if rows}
        if not (fields or created or changed or deleted or more or self.created):
            return False
        moves = set(fields) - _STILL or created or deleted or self.created
        moves = moves or any(set(names) - {_METAFIELDS} for names in changed.values())
        if moves:
            store.touch(product, now)
        else:
            store.index.touch(product.gql_type, product.id)
        if _SHARED & set(fields):
            for variant in present.values():
                store.index.touch(variant.gql_type, variant.id)
        for number in created:
            for node in (present[number], present[number].inventory_item):
                store.index.touch(node.gql_type, node.id)
        ids = [product.id, *(str(number) for number in (*created, *changed, *deleted))]
        store.record(mutation, ids=[number_of(one) for one in ids], detail=detail)
        return True

    def _changed_variants(self, present: Mapping[int, Variant]) -> dict[str, list[str]]:
        """Names of the fields that changed, by variant; each is touched."""
        changed: dict[str, list[str]] = {}
        for number, (variant, before) in self.variants.items():
            names = _changed(before, variant_facts(variant)) if number in present else []
            if names:
                changed[str(number)] = names
                self._touch_variant(variant, names)
        return changed

    def _touch_variant(self, variant: Variant, names: list[str]) -> None:
        now, item = self.store.clock(), variant.inventory_item
        if set(names) - {_METAFIELDS}:
            variant.updated_at = now
        if _OF_ITEM & set(names):
            item.updated_at = now
            self.store.index.touch(item.gql_type, item.id)
        self.store.index.touch(variant.gql_type, variant.id)
