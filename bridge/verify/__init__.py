"""The SDK's own check: every action of any server, called as RetailOps calls it, and judged.

``rules`` judges one answer and ``run`` makes the plan, both pure; ``http`` asks over aiohttp;
``report`` prints. The example requests in ``examples/`` are ours and harmless: they name orders
and SKUs that no store has, and move no money, stock or product.
"""
