"""The aiohttp edge that RetailOps calls."""
