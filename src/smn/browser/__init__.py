"""A static page that answers in the browser: the network runs there, and the picture stays there."""

from smn.browser.static_page import build_page

__all__ = ["build_page"]
