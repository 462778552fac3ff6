"""Checks that a picture decodes, measures it, and stores its bytes unchanged."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from smn.errors import ImageError
from smn.files import write_bytes
from smn.images import open_image


@dataclass(frozen=True)
class Measured:
    """What is known of a picture that decodes.

    Args:
        sha256: of the encoded bytes, 64 hex digits.
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
    """

    sha256: str
    width: int
    height: int


def measure_picture(picture: bytes | Path) -> Measured:
    """Decode a picture once, to check and measure it.

    Raises:
        ImageError: it cannot be read; the reason says why.
    """
    width, height = open_image(picture).size
    if isinstance(picture, bytes):
        return Measured(hashlib.sha256(picture).hexdigest(), width, height)
    with picture.open("rb") as stream:
        return Measured(hashlib.file_digest(stream, "sha256").hexdigest(), width, height)


def store_picture(data: bytes, folder: Path, *, sha256: str) -> Path:
    """Write a picture's bytes, unchanged, to ``folder/<2 hex>/<16 hex>.<ending by content>``.

    A file that holds the same bytes already is kept, so that an interrupted import can be repeated.

    Args:
        data: the encoded picture.
        folder: where pictures go.
        sha256: of ``data``.

    Returns:
        The file.

    Raises:
        ImageError: another file stands in its place.
    """
    file = folder / sha256[:2] / f"{sha256[:16]}{suffix_of(data)}"
    if file.exists():
        if file.read_bytes() != data:
            raise ImageError(f"Its place {file} is taken by a different file; move that file away and import again.")
        return file
    file.parent.mkdir(parents=True, exist_ok=True)
    return write_bytes(file, data, sync=False)


def suffix_of(data: bytes) -> str:
    """A file name's ending, with the dot, by what the bytes are; ``.img`` for a kind that has no customary one."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ".webp"
    if data[4:8] == b"ftyp":
        return ".avif" if data[8:12] in (b"avif", b"avis") else ".img"
    return next((suffix for signature, suffix in _SIGNATURES.items() if data.startswith(signature)), ".img")


_SIGNATURES = {
    b"\xff\xd8\xff": ".jpg",
    b"\x89PNG": ".png",
    b"GIF8": ".gif",
    b"BM": ".bmp",
    b"II*\x00": ".tif",
    b"MM\x00*": ".tif",
    b"P5": ".pgm",
    b"P6": ".ppm",
    b"\x00\x00\x00\x0cjP": ".jp2",
    b"\xff\x4f\xff\x51": ".j2k",
}
