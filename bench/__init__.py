"""The figures: what the bridge costs at Shopify and in time. ``python -m bench`` prints them."""
