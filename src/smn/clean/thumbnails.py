"""Makes the small pictures that a review page shows; those that are there already are kept."""

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from smn.errors import ImageError, ManifestError
from smn.images import open_image
from smn.manifest import Manifest

SHORT, LONG = 320, 960
"""How large a small picture is at most, in pixels: its shorter and its longer side."""


def thumbnail_name(sha256: str) -> str:
    """Where the small picture of a picture stands below the page's folder, with forward slashes."""
    return f"pictures/{sha256[:2]}/{sha256[:16]}.jpg"


def make_thumbnails(
    wanted: Mapping[str, tuple[Manifest, int]],
    folder: Path,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, str]:
    """Make the small pictures that are missing, a few at a time in several threads.

    Args:
        wanted: the manifest and the row of each picture, by its SHA-256.
        folder: the page's; see `thumbnail_name`.
        progress: called with what is done, how many are done, and of how many.

    Returns:
        By SHA-256, why a picture cannot be shown, for those that cannot.
    """
    missing = [sha256 for sha256 in wanted if not (folder / thumbnail_name(sha256)).exists()]
    done, reasons = len(wanted) - len(missing), dict[str, str]()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, len(missing), _AT_ONCE):
            some = missing[start : start + _AT_ONCE]
            # Pictures inside a manifest are taken out by one thread; decoding is what takes time.
            sources = [_source(*wanted[sha256]) for sha256 in some]
            made = pool.map(_make, sources, [folder / thumbnail_name(sha256) for sha256 in some])
            reasons |= {sha256: reason for sha256, reason in zip(some, made, strict=True) if reason is not None}
            done += len(some)
            if progress is not None:
                progress("Making small pictures", done, len(wanted))
    return reasons


_AT_ONCE = 64


def _source(manifest: Manifest, row: int) -> bytes | Path | ManifestError:
    try:
        return manifest.picture(row)
    except ManifestError as error:
        return error


def _make(source: bytes | Path | ManifestError, file: Path) -> str | None:
    """Make one small picture; the reason why not, or None."""
    if isinstance(source, ManifestError):
        return str(source)
    try:
        image = open_image(source, reduce_to=SHORT)
    except ImageError as error:
        return error.reason
    scale = min(1.0, SHORT / min(image.size), LONG / max(image.size))
    if scale < 1:
        size = [max(1, round(side * scale)) for side in image.size]
        image = image.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(file.name + ".partial")
    image.save(partial, "JPEG", quality=88, optimize=True)
    os.replace(partial, file)
    return None
