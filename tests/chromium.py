"""The browser of the tests; they skip where there is none (CHROMIUM names one) and fail where it must be."""

import os
import shutil

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
needs_chromium = pytest.mark.skipif(
    CHROMIUM is None and "SMN_TEST_CHROMIUM" not in os.environ,
    reason=f"no Chromium: none of {', '.join(NAMES)} is on the path",
)
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
