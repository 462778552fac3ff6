"""Encoded pictures for tests of the page."""

import io
from typing import Any

from PIL import Image


def encode(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    """An image's bytes."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()
