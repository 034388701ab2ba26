"""What hangs on a product: options, images, collections, publications, its category.

Attribute names are Shopify's field names in snake_case, as in ``model``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from bridge.sandbox.model import Node, Owner, Product, gid

DEFAULT_OPTION = "Title"
DEFAULT_VALUE = "Default Title"
"""The option and the value of a product without options (captured)."""

MAX_OPTIONS = 3
MAX_VALUES = 100  # of one option; documented
MAX_VARIANTS = 2048  # of one product; documented
MAX_MEDIA = 250  # of one product; documented


@dataclass(kw_only=True, eq=False)
class Option(Node):
    """A product option; its values in their order, those without variants too."""

    gql_type: ClassVar[str] = "ProductOption"
    product: Product = field(repr=False)
    name: str
    value_list: list[OptionValue] = field(default_factory=list, repr=False)

    @property
    def position(self) -> int:
        """Its place among the product's options, from 1."""
        return self.product.option_list.index(self) + 1

    @property
    def option_values(self) -> list[OptionValue]:
        """All values, those that no variant has included (captured)."""
        return self.value_list

    @property
    def values(self) -> list[str]:
        """Names of the values that variants have (captured)."""
        used = {value for variant in self.product.variant_list for value in variant.chosen}
        return [value.name for value in self.value_list if value in used]

    @property
    def linked_metafield(self) -> None:
        """Options linked to metafields are not modelled."""


@dataclass(kw_only=True, eq=False)
class OptionValue(Node):
    """One value of an option."""

    gql_type: ClassVar[str] = "ProductOptionValue"
    option: Option = field(repr=False)
    name: str

    @property
    def has_variants(self) -> bool:
        """Whether any variant has it."""
        return any(self in variant.chosen for variant in self.option.product.variant_list)

    @property
    def linked_metafield_value(self) -> None:
        """Options linked to metafields are not modelled."""


@dataclass(kw_only=True, eq=False)
class MediaImage(Node):
    """An image in the shop's files; products and variants refer to it.

    ``status`` goes UPLOADED, PROCESSING, READY or FAILED by the store's clock (captured).
    ``filename`` is unique in the shop.
    """

    gql_type: ClassVar[str] = "MediaImage"
    original_url: str
    filename: str
    created_at: datetime
    updated_at: datetime
    alt: str | None = None
    status: str = "UPLOADED"
    media_content_type: str = "IMAGE"
    errors: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where Shopify serves it from (captured form)."""
        version = int(self.created_at.timestamp())
        return f"https://cdn.shopify.com/s/files/1/0684/0000/0001/files/{self.filename}?v={version}"

    @property
    def image(self) -> dict[str, object] | None:
        """``Image``; null until it is READY (captured)."""
        if self.status != "READY":
            return None
        return {
            "id": gid("ImageSource", self.number_id + 1),
            "url": self.url,
            "altText": self.alt,
        }

    @property
    def preview(self) -> dict[str, object]:
        """``MediaPreviewImage``."""
        return {"image": self.image, "status": self.status}

    @property
    def file_status(self) -> str:
        """The same for ``File``."""
        return self.status

    @property
    def media_errors(self) -> list[dict[str, str | None]]:
        """Why it FAILED."""
        return self.errors

    @property
    def file_errors(self) -> list[dict[str, str | None]]:
        """The same for ``File``."""
        return self.errors

    @property
    def media_warnings(self) -> list[dict[str, str]]:
        """Shopify warns of 3D models only."""
        return []


@dataclass(kw_only=True, eq=False)
class Collection(Owner):
    """A collection. A manual one has ``members``; a smart one takes what fits its ``rule``.

    ``rule``: a field of Product (``product_type``, ``vendor``, ``tags``) and the value that it
    must have; compared without regard to case.
    """

    gql_type: ClassVar[str] = "Collection"
    title: str
    handle: str
    updated_at: datetime
    description_html: str = ""
    members: dict[int, Product] = field(default_factory=dict, repr=False)
    rule: tuple[str, str] | None = None

    def holds(self, product: Product) -> bool:
        """Whether a product is in it."""
        if self.rule is None:
            return product.number_id in self.members
        name, wanted = self.rule
        actual = getattr(product, name)
        values = actual if isinstance(actual, list) else [actual]
        return wanted.casefold() in {str(value).casefold() for value in values}


@dataclass(kw_only=True, eq=False)
class Publication(Node):
    """Where products are shown. Its name is the title of its catalog."""

    gql_type: ClassVar[str] = "Publication"
    title: str
    supports_future_publishing: bool = False
    auto_publish: bool = False

    @property
    def name(self) -> str:
        """The deprecated name (captured)."""
        return self.title

    @property
    def catalog(self) -> dict[str, str]:
        """``AppCatalog``."""
        return {
            "__typename": "AppCatalog",
            "id": gid("AppCatalog", self.number_id + 1),
            "title": self.title,
            "status": "ACTIVE",
        }


@dataclass(frozen=True, slots=True)
class Category:
    """``TaxonomyCategory``: its code (``aa-1-13``) and the names from the root down."""

    gql_type: ClassVar[str] = "TaxonomyCategory"
    code: str
    names: tuple[str, ...]
    is_leaf: bool = True
    is_archived: bool = False

    @property
    def id(self) -> str:
        """``gid://shopify/TaxonomyCategory/aa-1-13``."""
        return gid(self.gql_type, self.code)

    @property
    def name(self) -> str:
        """The last of its names."""
        return self.names[-1]

    @property
    def full_name(self) -> str:
        """``Apparel & Accessories > Clothing > Clothing Tops``."""
        return " > ".join(self.names)

    @property
    def level(self) -> int:
        """1 for a root."""
        return len(self.names)

    @property
    def is_root(self) -> bool:
        """Whether nothing is above it."""
        return self.level == 1

    @property
    def parent_id(self) -> str | None:
        """The category above it."""
        return None if self.is_root else gid(self.gql_type, self.code.rsplit("-", 1)[0])


@dataclass(kw_only=True, eq=False)
class ProductSetOperation(Node):
    """A ``productSet`` that runs by itself: CREATED, ACTIVE, COMPLETE (captured: first, last)."""

    gql_type: ClassVar[str] = "ProductSetOperation"
    status: str = "CREATED"
    product: Product | None = None
    user_errors: list[dict[str, object]] = field(default_factory=list)
