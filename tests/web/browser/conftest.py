"""A browser and watched pages for all tests here."""

from __future__ import annotations

from browsing import browser, open_page, url

__all__ = ["browser", "open_page", "url"]
