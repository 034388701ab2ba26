"""What the embedded store does not do, in plain words: ``GET /_sandbox/limits``."""

from __future__ import annotations

from typing import Final

from bridge.sandbox.resolvers import RESOLVERS

LIMITS: Final[tuple[tuple[str, str], ...]] = (
    (
        "schema",
        "Only the part of the Admin API 2026-10 in bridge/schema/admin.graphql exists; what else "
        "Shopify has is answered as an unknown field or type.",
    ),
    (
        "versions",
        "Every version is answered with the schema and the rules of 2026-10; only the header "
        "X-Shopify-API-Version follows what was asked for.",
    ),
    (
        "queries",
        "Root fields without a resolver, and arguments that nothing reads, are refused with "
        "SANDBOX_NOT_MODELLED.",
    ),
    ("mutations", f"{', '.join(sorted(RESOLVERS['Mutation']))}; no other."),
    (
        "search",
        "Fields that Shopify documents and the sandbox does not know, metafield filters and "
        "relative times (now, past_week) are refused. Words are compared as whole words; "
        "relevance, synonyms and misspellings are not modelled.",
    ),
    (
        "search index",
        "The lag is one fixed number of seconds for every write; Shopify's has no stated bound.",
    ),
    (
        "costs",
        "The requested cost equals 73 and the actual cost 62 of 78 captured replies; the rest are "
        "estimates. Shopify-GraphQL-Cost-Debug is not answered.",
    ),
    (
        "throttling",
        "One bucket for the store, whatever the token. HTTP 429 and 430, and the limit of "
        "orderCreate on development stores, are not modelled.",
    ),
    (
        "idempotency",
        "Requests are run one after the other: IDEMPOTENCY_CONCURRENT_REQUEST appears only while "
        "an apply_late fault waits.",
    ),
    (
        "access",
        "Scopes are checked on root fields, nodes, customers, fulfillment orders and inventory "
        "items. Staff permissions and app ownership of metafields are not modelled.",
    ),
    (
        "tokens",
        "A static token and the client credentials grant. Authorization codes, token exchange and "
        "refresh tokens are not modelled.",
    ),
    (
        "products",
        "Images only: no videos or models, no new source for a file. No gift cards, bundles, "
        "combined listings, options linked to metafields, unit prices, swatches, translations or "
        "selling plans. Collections can be joined and left, not made or published. Metafield "
        "definitions are not modelled: every metafield of the type id counts as unique. A "
        "taxonomy of seventeen categories.",
    ),
    (
        "cancelling and editing",
        "A cancelled order's money goes back the way it came or not at all, never as store credit. "
        "An edit changes quantities, adds variants and discounts lines; custom items, shipping "
        "lines and taking discounts off are not modelled. Notifications are only noted.",
    ),
    (
        "money",
        "No gateway is behind the tenders: they answer as the order's specification says. Balances "
        "of gift cards, disputes, tips, and refunds of duties and of additional fees are not "
        "modelled; a refund cannot be dated (processedAt).",
    ),
    (
        "returns",
        "Requests of customers, reverse fulfillment orders and deliveries, dispositions, exchanges "
        "and restocking fees are not modelled; twenty of Shopify's reasons exist.",
    ),
    (
        "bulk operations",
        "Mutations only, with their files uploaded by POST; bulk queries, uploads by PUT, uploads "
        "of other files and the limit of 24 hours are not modelled.",
    ),
    ("webhooks", "Not modelled."),
    ("REST", "Not modelled: only /admin/api/{version}/graphql.json answers."),
)
"""Area and what is missing in it."""
