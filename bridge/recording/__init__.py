"""Recorded traffic: calls of RetailOps with what they caused at Shopify, scrubbed, and replayed."""
