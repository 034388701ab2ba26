"""The browser, where there is one."""

from __future__ import annotations

from tests.browser import chromium

__all__ = ["chromium"]
