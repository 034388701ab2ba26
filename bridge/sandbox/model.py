"""The store's catalogue, stock and people: mutable state, in Shopify's words.

Attribute names are Shopify's field names in snake_case, so that most fields need no resolver.
Money is :class:`~bridge.sandbox.money.Bag` or Decimal, time is an aware datetime; the formats of
the wire (``31.9``, ``2026-07-01T10:00:00Z``) are the resolvers' business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from bridge.sandbox.money import amount_text

if TYPE_CHECKING:
    from bridge.sandbox.model_products import Category, MediaImage, Option, OptionValue

# What an empty namespace stands for: the one reserved for the app that asks (captured shape).
APP_NAMESPACE = "app--200500700"


def gid(kind: str, number: int | str) -> str:
    """Shopify's global id: ``gid://shopify/Order/5954000003073``."""
    return f"gid://shopify/{kind}/{number}"


def number_of(identifier: str) -> str:
    """The part of a global id that Shopify calls ``legacyResourceId`` (``5954000003073``)."""
    return identifier.rsplit("/", 1)[-1].split("?", 1)[0]


@dataclass(kw_only=True, eq=False)
class Node:
    """Anything with a global id. ``gql_type`` names its GraphQL type, also in unions.

    Two nodes are the same when they are the same object: there is one for each global id.
    """

    gql_type: ClassVar[str] = "Node"
    number_id: int

    @property
    def id(self) -> str:
        """The global id."""
        return gid(self.gql_type, self.number_id)

    @property
    def legacy_resource_id(self) -> str:
        """The number in the global id; a string, since it may pass 2^53."""
        return str(self.number_id)


@dataclass(kw_only=True)
class Metafield(Node):
    """One custom value of an owner. ``compare_digest`` changes with type and value (captured)."""

    gql_type: ClassVar[str] = "Metafield"
    namespace: str
    key: str
    type: str
    value: str
    owner_id: str
    created_at: datetime
    updated_at: datetime

    @property
    def compare_digest(self) -> str:
        """64 hex digits over what is stored."""
        return hashlib.sha256(f"{self.type}\0{self.value}".encode()).hexdigest()


@dataclass(kw_only=True, eq=False)
class Owner(Node):
    """A node that metafields can be attached to."""

    metafields_by_key: dict[tuple[str, str], Metafield] = field(default_factory=dict)


@dataclass(kw_only=True, eq=False)
class Tagged(Owner):
    """An owner that carries tags, kept sorted without regard to case (captured)."""

    updated_at: datetime
    tags: list[str] = field(default_factory=list)


@dataclass
class Address:
    """``MailingAddress``; also a location's. Empty parts are None, as Shopify gives them."""

    gql_type: ClassVar[str] = "MailingAddress"

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    phone: str | None = None
    number_id: int = 0

    @property
    def id(self) -> str:
        """An order's address: ``MailingAddress/1?model_name=Address`` (documented)."""
        return f"{gid(self.gql_type, self.number_id)}?model_name=Address"

    @property
    def name(self) -> str | None:
        """First and last name, as Shopify joins them."""
        return " ".join(p for p in (self.first_name, self.last_name) if p) or None

    @property
    def country_code_v2(self) -> str | None:
        """The ISO 3166 code; ``countryCode`` without V2 is deprecated."""
        return self.country_code


@dataclass(kw_only=True)
class Location(Owner):
    """A place that stocks or sells. ``level_number`` is the number in all its level ids."""

    gql_type: ClassVar[str] = "Location"
    name: str
    level_number: int
    address: Address
    is_active: bool = True
    fulfills_online_orders: bool = True
    ships_inventory: bool = True
    is_fulfillment_service: bool = False


@dataclass(kw_only=True, eq=False)
class Product(Tagged):
    """A product; its variants in the order of the admin.

    ``option_list`` in order of position; every variant has one value of each. ``published`` gives
    the time for each publication (by number) that it is, or is to be, shown on.
    """

    gql_type: ClassVar[str] = "Product"
    title: str
    handle: str
    vendor: str
    product_type: str
    created_at: datetime
    updated_at: datetime
    status: str = "ACTIVE"
    is_gift_card: bool = False
    description_html: str = ""
    template_suffix: str | None = None
    requires_selling_plan: bool = False
    seo_title: str | None = None
    seo_description: str | None = None
    category: Category | None = None
    variant_list: list[Variant] = field(default_factory=list, repr=False)
    option_list: list[Option] = field(default_factory=list, repr=False)
    media_list: list[MediaImage] = field(default_factory=list, repr=False)
    published: dict[int, datetime] = field(default_factory=dict)

    @property
    def total_inventory(self) -> int:
        """Sum over the variants. Shopify's lags behind the levels; ours does not."""
        return sum(variant.inventory_quantity for variant in self.variant_list)

    @property
    def tracks_inventory(self) -> bool:
        """Whether any of its variants is tracked (captured)."""
        return any(variant.inventory_item.tracked for variant in self.variant_list)

    @property
    def seo(self) -> dict[str, str | None]:
        """``SEO``; what was never set is null, not the title (captured)."""
        return {"title": self.seo_title, "description": self.seo_description}


@dataclass(kw_only=True, eq=False)
class Variant(Owner):
    """A product variant. ``title`` is ``Default Title`` when the product has only one.

    ``chosen`` are its option values, in the order of the product's options. ``hidden_on`` are the
    numbers of publications that it alone was taken off.
    """

    gql_type: ClassVar[str] = "ProductVariant"
    product: Product = field(repr=False)
    title: str
    price: Decimal
    inventory_item: InventoryItem
    created_at: datetime
    updated_at: datetime
    taxable: bool = True
    requires_components: bool = False
    barcode: str | None = None
    compare_at_price: Decimal | None = None
    inventory_policy: str = "DENY"
    tax_code: str | None = None
    chosen: list[OptionValue] = field(default_factory=list, repr=False)
    media_list: list[MediaImage] = field(default_factory=list, repr=False)
    hidden_on: set[int] = field(default_factory=set)

    @property
    def sku(self) -> str | None:
        """The item's SKU; a missing one is None, never an empty string (captured)."""
        return self.inventory_item.sku

    @property
    def display_name(self) -> str:
        """``Trail Tee - S / Moss``."""
        return f"{self.product.title} - {self.title}"

    @property
    def position(self) -> int:
        """Its place among the product's variants, from 1."""
        return self.product.variant_list.index(self) + 1

    @property
    def selected_options(self) -> list[dict[str, object]]:
        """``SelectedOption`` for each option of the product."""
        return [
            {"name": value.option.name, "value": value.name, "optionValue": value}
            for value in self.chosen
        ]

    @property
    def inventory_quantity(self) -> int:
        """Available over the levels that are active (captured: an inactive one does not count)."""
        levels = self.inventory_item.levels.values()
        return sum(level.available for level in levels if level.is_active)


@dataclass(kw_only=True, eq=False)
class InventoryItem(Node):
    """What is stocked. ``levels`` by location number; one that never existed is absent.

    ``weight`` is in ``weight_unit``; a new item weighs 0 kilograms (captured). ``cost`` is in the
    shop's currency.
    """

    gql_type: ClassVar[str] = "InventoryItem"
    sku: str | None
    created_at: datetime
    updated_at: datetime
    tracked: bool = True
    requires_shipping: bool = True
    weight: Decimal = Decimal(0)
    weight_unit: str = "KILOGRAMS"
    cost: Decimal | None = None
    country_code_of_origin: str | None = None
    province_code_of_origin: str | None = None
    harmonized_system_code: str | None = None
    levels: dict[int, InventoryLevel] = field(default_factory=dict, repr=False)
    owner: Variant | None = field(default=None, repr=False)

    @property
    def variant(self) -> Variant | None:
        """The variant that it belongs to."""
        return self.owner

    @property
    def measurement(self) -> dict[str, object]:
        """``InventoryItemMeasurement``."""
        return {
            "id": gid("InventoryItemMeasurement", self.number_id),
            "weight": {"value": float(self.weight), "unit": self.weight_unit},
        }


@dataclass(kw_only=True)
class InventoryLevel:
    """Stock of one item at one location.

    ``available`` and ``committed`` are kept; ``on_hand`` is their sum with the other states, so a
    change of ``available`` mirrors in ``on_hand`` (captured) and a sale moves units from one to
    the other without changing ``on_hand`` (captured).
    """

    gql_type: ClassVar[str] = "InventoryLevel"
    item: InventoryItem = field(repr=False)
    location: Location = field(repr=False)
    created_at: datetime
    updated_at: datetime
    available: int = 0
    committed: int = 0
    incoming: int = 0
    reserved: int = 0
    damaged: int = 0
    quality_control: int = 0
    safety_stock: int = 0
    is_active: bool = True

    @property
    def id(self) -> str:
        """``InventoryLevel/<location's number>?inventory_item_id=<item>`` (captured)."""
        base = gid(self.gql_type, self.location.level_number)
        return f"{base}?inventory_item_id={self.item.number_id}"

    @property
    def on_hand(self) -> int:
        """Everything that lies there: available, committed and what is set aside."""
        aside = self.reserved + self.damaged + self.quality_control + self.safety_stock
        return self.available + self.committed + aside


@dataclass(kw_only=True)
class StoreCreditAccount(Node):
    """What a customer has at the shop, in one currency."""

    gql_type: ClassVar[str] = "StoreCreditAccount"
    currency: str
    amount: Decimal

    @property
    def balance(self) -> dict[str, str]:
        """``MoneyV2``."""
        return {"amount": amount_text(self.amount), "currencyCode": self.currency}


@dataclass(kw_only=True)
class Customer(Tagged):
    """A customer. Without a name, the display name is the email (captured)."""

    gql_type: ClassVar[str] = "Customer"
    created_at: datetime
    updated_at: datetime
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    store_credit: list[StoreCreditAccount] = field(default_factory=list)

    @property
    def display_name(self) -> str:
        """First and last name, else the email, else the phone number."""
        name = " ".join(p for p in (self.first_name, self.last_name) if p)
        return name or self.email or self.phone or ""

    @property
    def default_email_address(self) -> dict[str, str] | None:
        """``CustomerEmailAddress``, the successor of the deprecated ``email``."""
        return {"emailAddress": self.email} if self.email else None

    @property
    def default_phone_number(self) -> dict[str, str] | None:
        """``CustomerPhoneNumber``, the successor of the deprecated ``phone``."""
        return {"phoneNumber": self.phone} if self.phone else None


@dataclass(kw_only=True)
class Shop(Owner):
    """The shop itself; its name and currency are in the seed.

    ``access_scopes`` are those of the app that asks; the engine sets them.
    """

    gql_type: ClassVar[str] = "Shop"
    name: str
    email: str
    myshopify_domain: str
    currency_code: str
    iana_timezone: str
    plan_name: str
    taxes_included: bool = False
    access_scopes: tuple[str, ...] = ()

    @property
    def plan(self) -> dict[str, str]:
        """``ShopPlan``; ``displayName`` is deprecated and not served."""
        return {"publicDisplayName": self.plan_name}
