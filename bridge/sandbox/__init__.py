"""The embedded store: a stand-in for the part of Shopify's Admin API that we use."""
