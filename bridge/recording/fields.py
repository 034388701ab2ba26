"""What is known to be harmless, field by field. Whatever is not in here is scrubbed.

``Kind`` says what becomes of a text; numbers, money, dates, enums and GIDs of Shopify's own
scalar types stay as they are. docs/explanation/scrubbing.md says the same for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum, auto
from typing import Final, get_args

from pydantic import BaseModel

from bridge.retailops.actions import ACTIONS


class Kind(StrEnum):
    """What becomes of a leaf."""

    AS_IS = auto()  # nothing in it can come from a person: an id, a cursor, an enum
    KEPT = auto()  # the merchant's own words; searched for what is personal elsewhere
    QUOTING = auto()  # so too; but it may quote what was typed: its words keep no others
    PLACE = auto()  # a country or province; searched as KEPT is
    VALUE = auto()  # a number, a date or a flag; text of any other form is scrubbed
    TYPED = auto()  # free text: words that settings and mappings know stay
    PERSON = auto()  # every word is replaced
    CITY = auto()  # so too; but New York may be a city and a state
    PHONE = auto()
    CODE = auto()  # a tracking number
    NUMBERED = auto()  # a random id: the first, the second …
    PAGE_TOKEN = auto()  # signed with the channel's key: signed anew with a public one
    ADDRESS = auto()  # a signed address of a file: numbered, at example.com
    SECRET = auto()


# Scalars of Shopify that hold no words. Enums and Boolean are never words either.
HARMLESS_SCALARS: Final = frozenset(
    {"ID", "Int", "Float", "Boolean", "Decimal", "Money", "DateTime", "Date", "UnsignedInt64"}
    | {"UtcOffset", "BigInt"}
)


def _named(kind: Kind, **types: str) -> dict[str, Kind]:
    return {f"{owner}.{field}": kind for owner, said in types.items() for field in said.split()}


SHOPIFY: Final[Mapping[str, Kind]] = {
    # -- what the store is made of: its catalogue, places, ways of shipping and paying
    **_named(
        Kind.KEPT,
        AccessScope="handle",
        ApiVersion="handle displayName",
        BulkOperation="query",
        CalculatedLineItem="sku",
        CardPaymentDetails="company",
        Catalog="title",
        Collection="handle title",
        DeliveryMethod="presentedName",
        FulfillmentOrderAssignedLocation="name",
        FulfillmentOrderLineItem="sku",
        FulfillmentTrackingInfo="company",
        InventoryItem="sku harmonizedSystemCode provinceCodeOfOrigin",
        InventoryQuantity="name",
        LineItem="sku vendor",  # apps put what a shopper had engraved into variantTitle
        LineItemGroup="variantSku",
        Location="name",
        Media="alt",
        Image="url altText",
        Metafield="namespace key type",
        Order="name customerLocale sourceName paymentGatewayNames",
        OrderEditCommitPayload="successMessages",
        OrderTransaction="gateway formattedGateway",
        Product="handle title vendor productType templateSuffix descriptionHtml tags",
        ProductOption="name",
        ProductOptionValue="name",
        ProductVariant="sku barcode title",
        Return="name",
        ReturnReasonDefinition="handle name",
        SEO="title description",
        SelectedOption="name value",
        ShippingLine="title code source carrierIdentifier deliveryCategory",
        Shop="name myshopifyDomain ianaTimezone",
        ShopPlan="publicDisplayName",
        StagedUploadParameter="name",
        SuggestedOrderTransaction="gateway formattedGateway",
        TaxLine="title",
        TaxonomyCategory="name fullName",
    ),
    # -- what the bridge sends of it
    **_named(
        Kind.KEPT,
        CreateMediaInput="alt originalSource",
        CountryHarmonizedSystemCodeInput="harmonizedSystemCode",
        FileSetInput="alt filename originalSource",
        FileUpdateInput="alt filename originalSource previewImageSource",
        FulfillmentTrackingInput="company",
        InventoryItemInput="sku harmonizedSystemCode provinceCodeOfOrigin",
        InventorySetQuantitiesInput="name reason referenceDocumentUri",
        LinkedMetafieldCreateInput="namespace key",
        LinkedMetafieldUpdateInput="namespace key",
        MetafieldIdentifierInput="namespace key",
        MetafieldInput="namespace key type value",  # of products only
        MetafieldsSetInput="namespace key type compareDigest",
        OptionCreateInput="name",
        OptionReorderInput="name",
        OptionSetInput="name",
        OptionUpdateInput="name",
        OptionValueCreateInput="name",
        OptionValueReorderInput="name",
        OptionValueSetInput="name",
        OrderTransactionInput="gateway",
        ProductIdentifierInput="handle",
        ProductSetIdentifiers="handle",
        ProductSetInput="descriptionHtml handle productType tags templateSuffix title vendor"
        " giftCardTemplateSuffix",
        ProductSetInventoryInput="name",
        ProductUpdateInput="descriptionHtml handle productType tags templateSuffix title vendor"
        " giftCardTemplateSuffix",
        ProductVariantSetInput="barcode sku taxCode",
        ProductVariantsBulkInput="barcode mediaSrc taxCode",
        SEOInput="title description",
        StagedUploadInput="filename mimeType",
        UniqueMetafieldValueInput="namespace key",
        VariantOptionValueInput="name optionName",
    ),
    **_named(Kind.QUOTING, MediaError="message"),
    **_named(Kind.PLACE, MailingAddress="country province provinceCode"),
    # -- people
    **_named(
        Kind.PERSON,
        Customer="displayName firstName lastName",
        CustomerEmailAddress="emailAddress",
        FulfillmentOriginAddressInput="address1 address2 zip",
        MailingAddress="firstName lastName name company address1 address2 zip",
        Order="email",
    ),
    **_named(Kind.CITY, FulfillmentOriginAddressInput="city", MailingAddress="city"),
    **_named(Kind.PHONE, CustomerPhoneNumber="phoneNumber", MailingAddress="phone", Order="phone"),
    **_named(
        Kind.CODE, FulfillmentTrackingInfo="number", FulfillmentTrackingInput="number numbers"
    ),
    **_named(
        Kind.ADDRESS, BulkOperation="url partialDataUrl", StagedMediaUploadTarget="url resourceUrl"
    ),
    "PageInfo.endCursor": Kind.AS_IS,
    "PageInfo.startCursor": Kind.AS_IS,
    "StagedUploadParameter.value": Kind.SECRET,
}
"""By ``Type.field`` of Shopify's schema, inputs too. Not in here: free text."""

_USER_ERROR: Final[Mapping[str, Kind]] = {"message": Kind.QUOTING, "field": Kind.QUOTING}

VARIABLES: Final[Mapping[str, Kind]] = {
    "after": Kind.AS_IS,
    "cancelledQuery": Kind.KEPT,
    "clientIdentifier": Kind.KEPT,
    "idempotencyKey": Kind.NUMBERED,
    "keys": Kind.KEPT,
    "mutation": Kind.KEPT,
    "namespace": Kind.KEPT,
    "query": Kind.KEPT,
    "search": Kind.KEPT,
    "stagedUploadPath": Kind.SECRET,  # a StagedUploadParameter's value
}
"""Texts among our documents' own variables, without the number that a batch puts behind."""


def shopify_kind(owner: str, field: str) -> Kind:
    """The kind of a text of Shopify's, by the type that it is a field of."""
    if field == "__typename":
        return Kind.AS_IS
    if owner.endswith("UserError"):
        return _USER_ERROR.get(field, Kind.TYPED)
    return SHOPIFY.get(f"{owner}.{field}", Kind.TYPED)


def variable_kind(name: str) -> Kind:
    """The kind of a text that is a variable of its own."""
    return VARIABLES.get(re.sub(r"\d+\Z", "", name), Kind.TYPED)


def _fields(kind: Kind, said: str) -> dict[str, Kind]:
    return dict.fromkeys(said.split(), kind)


RETAILOPS: Final[Mapping[str, Kind]] = {
    **_fields(Kind.SECRET, "integration_auth_token"),
    **_fields(Kind.PAGE_TOKEN, "page_token next_page_token"),
    **_fields(
        Kind.KEPT,
        "action currency_code channel_order_refnum channel_refnum channel_item_refnum refnum sku"
        " carrier_name carrier_class_name channel_ship_code facility_name vendor_name quantity_type"
        " refund_action payment_processing_type transaction_type payment_type ship_service_code"
        " item_type attribute_type sku_fanout status event_type"
        " identifier identifier_type code type specific_orders",
    ),
    **_fields(Kind.QUOTING, "diagnostic_data"),
    **_fields(Kind.PLACE, "state_match country_match"),
    "events.message": Kind.QUOTING,
    "options.code": Kind.TYPED,
    **_fields(
        Kind.VALUE,
        "version client_id id retailops_order_id retailops_item_id retailops_order_item_id"
        " retailops_package_id retailops_return_id retailops_rma_id retailops_shipment_id"
        " retailops_shipment_item_id order_item_id payment_series_id quantity quantity_available"
        " available_quantity total_quantity ordered_quantity unshipped_quantity removed cancel"
        " amount apportioned_ship_amt direct_ship_amt estimated_cost estimated_unit_cost"
        " estimated_extended_cost effective_unit_price effective_extended_price unit_price"
        " unit_tax unit_tax_pct vat_pct tax_pct tax_amt discount_amt discount_pct ship_amt"
        " shiptax_amt shipping_amt recycling_amt credit_amt giftwrap_amt giftwrap_tax_amt"
        " grand_total item_shipping_tax_amt product_amt refund_amt restock_fee_amt subtotal_amt"
        " channel_store_credit_amount weight_kg date_shipped channel_date_created"
        " estimated_availability_date estimated_ship_date",
    ),
    **_fields(
        Kind.PERSON,
        "first_name last_name full_name company address1 address2 postal_code email_address",
    ),
    **_fields(Kind.CITY, "city"),
    **_fields(Kind.PHONE, "phone_number"),
    **_fields(Kind.CODE, "tracking_number"),
    **_fields(
        Kind.TYPED,
        "gift_message handle ip_address tags sku_description name value message reason po"
        " po_destination",
    ),
}
"""By RetailOps' field; ``parent.field`` where one name means two things."""

FEEDS: Final = frozenset({"template_output", "TemplateOutput"})
"""A catalogue feed: what a merchant says of products, of any form. All of it is kept."""


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in get_args(annotation):
        yield from _models_in(one)


def _places_of(model: type[BaseModel], parent: str) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        for said in {name, info.alias or name}:
            yield parent, said
            for inner in _models_in(info.annotation):
                yield from _places_of(inner, said)


KNOWN: Final = frozenset(
    place
    for spec in ACTIONS.values()
    for model in (spec.request, spec.answer)
    for place in _places_of(model, "")
) | {("", "events")}  # every refusal has them
"""Which field of RetailOps' stands in which, as ``(order, order_items)``; at the top in ``""``."""

# Of a field that stands where none of this name is known, these are believed: they take away.
_WARY: Final = frozenset({Kind.PERSON, Kind.CITY, Kind.PHONE, Kind.CODE, Kind.SECRET, Kind.VALUE})


def retailops_kind(parent: str, field: str, *, known: bool) -> Kind | None:
    """The kind of a leaf of RetailOps', None when the field is not known.

    ``known``: it stands where a field of this name belongs (``KNOWN``).
    """
    kind = RETAILOPS.get(f"{parent}.{field}") or RETAILOPS.get(field)
    return kind if known or kind in _WARY else None
