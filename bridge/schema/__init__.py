"""The part of Shopify's Admin schema that we use, what it costs, and the shape of its answers."""
