"""Whatever can hold a picture, as bytes, a path, or a picture that Pillow has opened; and how large it may be."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.errors import ImageError, ImageTypeError


@dataclass(frozen=True)
class Limits:
    """How large a picture may be before it is refused unread.

    Args:
        max_bytes: size of the file, in bytes.
        max_pixels: width times height.
        min_side: the shorter side, in pixels.
    """

    max_bytes: int = 50_000_000
    max_pixels: int = 80_000_000
    min_side: int = 16


DEFAULT_LIMITS = Limits()


Picture = bytes | str | os.PathLike[str] | BinaryIO | Image.Image | NDArray[np.uint8]
"""An encoded picture's bytes, a path to it, its http(s) address, a file object opened for reading bytes, a picture that
Pillow has opened, of any mode, or an array (H, W, 3) of uint8, red first.

An address is asked on the public internet only, as `smn.images.safe_fetch` does.
"""


def picture_name(image: object) -> str | None:
    """The path or address of a picture; None where it has none."""
    return os.fspath(image) if isinstance(image, str | os.PathLike) else None


def is_address(name: object) -> bool:
    """Whether it is a text that starts with ``http://`` or ``https://``."""
    return isinstance(name, str) and name[:8].lower().startswith(("http://", "https://"))


def accept_picture(image: Any, limits: Limits) -> bytes | Path | Image.Image:
    """Any `Picture` as bytes, a path, or an opened picture.

    Raises:
        ImageTypeError: it is nothing that can hold a picture.
        ImageError: it is a file object that cannot be read.
        FetchError: it is an address, and the picture cannot be downloaded.
    """
    if isinstance(image, Image.Image):
        # A JPEG that is not decoded yet is taken from its file, because it may be decoded at a fraction of its size.
        return read_undecoded(image, limits=limits) or image
    if isinstance(image, bytes | bytearray | memoryview):
        return bytes(image)
    if is_address(image):
        from smn.images.safe_fetch import download_picture  # asyncio makes importing smn slower

        return download_picture(image, max_bytes=limits.max_bytes)
    if isinstance(image, str | os.PathLike):
        return Path(image)
    if isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8:
        return Image.fromarray(image)
    if hasattr(image, "read"):
        return _read_stream(image, limits)
    kind = type(image).__name__
    if hasattr(image, "shape"):
        kind += f" of shape {tuple(image.shape)} and type {getattr(image, 'dtype', 'unknown')}"
    raise ImageTypeError(
        f"A picture cannot be read from {kind}; give a path, an address, bytes, a file object, a PIL image or a numpy "
        "array (height, width, 3) of uint8."
    )


def _read_stream(stream: Any, limits: Limits) -> bytes:
    try:
        if stream.seekable():
            stream.seek(0)
        data = stream.read(limits.max_bytes + 1)
    except (OSError, ValueError, AttributeError) as error:
        raise ImageError(f"The file object cannot be read ({error}); open it anew.") from error
    if not isinstance(data, bytes):
        raise ImageTypeError(f"The file object gives {type(data).__name__}, not bytes; open the file with mode 'rb'.")
    return data


def read_undecoded(image: Image.Image, *, limits: Limits = DEFAULT_LIMITS) -> bytes | None:
    """The file of a JPEG that Pillow has opened and whose pixels it has not decoded yet; None for any other picture.

    From its file a JPEG can be decoded at a fraction of its size, as `open_image` does.

    Args:
        image: the picture; it is left as it is.
        limits: of a longer file, one byte more than they allow is read.
    """
    stream = getattr(image, "fp", None)
    if image.format not in ("JPEG", "MPO") or not getattr(image, "tile", None) or stream is None or image.tell() != 0:
        return None
    try:
        place = stream.tell()
        stream.seek(0)
        data: bytes = stream.read(limits.max_bytes + 1)
        stream.seek(place)
    except (OSError, ValueError):  # closed, or a stream that cannot go back
        return None
    return data
