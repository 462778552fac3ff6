"""Keys by which two rows are recognised as the same work or picture."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from smn.artists import artist_key
from smn.errors import ImageError
from smn.images import open_image
from smn.manifest import Manifest
from smn.movements import normalise

_ANY_TITLE = {
    *("untitled", "notitle", "unknown", "nan", "none", "abstract", "abstraction", "composition"),
    *("portrait", "selfportrait", "portraitofaman", "portraitofawoman", "landscape", "stilllife", "waterlilies"),
}


def work_key(artist: str | None, title: str | None) -> str | None:
    """A work by its artist and title; None without either, and for titles that many works share."""
    who, what = artist_key(artist), normalise(title or "")
    return f"{who}: {what}" if who and what and what not in _ANY_TITLE else None


def dhash(image: Image.Image) -> int | None:
    """The 64-bit difference hash of a picture: is each of 8 x 8 cells brighter than its left neighbour?

    After Neal Krawetz, "Kind of like that" (2013). Equal hashes mean the same picture almost always; of copies at 70 %
    size and JPEG quality 80, four in five have equal hashes and the others differ in a bit or two.

    Args:
        image: any mode and size.

    Returns:
        A number of 64 bits, or None for a picture without structure, whose hash would equal that of any other such.
    """
    small = image.convert("L").resize((9, 8), Image.Resampling.BILINEAR)
    cells = np.asarray(small, dtype=np.int16)
    bits = (cells[:, 1:] > cells[:, :-1]).ravel()
    if bits.all() or not bits.any():
        return None
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hash_pictures(
    manifest: Manifest, rows: Sequence[int], *, progress: Callable[[int, int], None] | None = None
) -> list[int | str | None]:
    """The difference hash of each row's picture.

    Args:
        manifest: the rows' manifest.
        rows: row numbers.
        progress: called with how many are done and how many there are.

    Returns:
        One a row, in order: the hash, None for a picture without structure, or the reason why it cannot be read.
    """
    hashes: list[int | str | None] = []
    with ThreadPoolExecutor() as threads:
        for start in range(0, len(rows), 256):
            part = rows[start : start + 256]
            hashes += threads.map(lambda row: _hash(manifest, row), part)
            if progress is not None:
                progress(len(hashes), len(rows))
    return hashes


def _hash(manifest: Manifest, row: int) -> int | str | None:
    try:
        return dhash(open_image(manifest.picture(row), reduce_to=64))
    except ImageError as error:
        return str(error)
