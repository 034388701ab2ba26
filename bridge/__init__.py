"""The RetailOps Channel SDK, served for a Shopify store."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("retailops-shopify-bridge")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+source"
