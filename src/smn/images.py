"""From bytes or a path to an upright RGB picture: the only place in smn that opens an image."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from smn.errors import ImageError, ImageTooLargeError, ImageTruncatedError

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
"""Formats that are decoded. Pillow knows more, some of which start other programs; those are never tried.

MPO, a JPEG of several pictures, is opened by Pillow's JPEG reader; asked for by name, it is a KeyError.
"""

SUFFIXES = frozenset(
    f".{ending}"
    for ending in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "gif", "bmp", "tif", "tiff"),
        *("ppm", "pgm", "avif", "jp2", "j2k", "heic", "heif"),
    )
)
"""Endings by which a folder is searched for pictures. What a file is, its content decides."""

_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
_BACKGROUND = (255, 255, 255)


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


def open_image(
    source: bytes | str | Path, *, limits: Limits = DEFAULT_LIMITS, reduce_to: int | None = None
) -> Image.Image:
    """Read one picture as upright, 8-bit sRGB.

    EXIF orientation is applied, an embedded ICC profile is converted to sRGB, CMYK, palette, grey and 16-bit
    pictures become RGB, transparency is laid on white, and of an animation the first frame is taken.

    Args:
        source: the encoded picture's bytes, or a path to it.
        limits: sizes beyond which the picture is refused before its pixels are decoded.
        reduce_to: if the shorter side needs no more than this many pixels, big JPEGs are decoded at a half, a
            quarter or an eighth of their size, which is several times faster. The result's shorter side is never
            below ``reduce_to`` unless the original's is.

    Returns:
        An image of mode ``RGB``, fully loaded.

    Raises:
        ImageError: it is not a picture in one of `FORMATS`, or it is damaged or too small.
        ImageTooLargeError: it exceeds ``limits``.
        ImageTruncatedError: it ends too early.
    """
    path = None if isinstance(source, bytes) else Path(source)
    data = source if isinstance(source, bytes) else _read(Path(source), limits)
    if not data:
        raise ImageError("The file is empty; upload or copy it again.", path=path)
    if len(data) > limits.max_bytes:
        raise _too_many_bytes(len(data), limits, path)
    try:
        return _decode(data, limits, reduce_to, path)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLargeError(f"It has too many pixels; {_allowed_pixels(limits)}", path=path) from error
    except UnidentifiedImageError as error:
        raise ImageError(_not_a_picture(data), path=path) from error
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, OverflowError) as error:
        # Pillow's decoders report damaged data with all of these; only the wording tells a cut file apart.
        if "truncated" in str(error).lower() or isinstance(error, EOFError):
            raise ImageTruncatedError(
                "The file is truncated: it ends before the picture does; copy or download it again.", path=path
            ) from error
        raise ImageError(f"The file is damaged and cannot be decoded ({error}); save it anew.", path=path) from error


def _read(path: Path, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise _too_many_bytes(size, limits, path)
        return path.read_bytes()
    except OSError as error:
        raise ImageError(f"The file cannot be read ({error.strerror or error}); check the path.", path=path) from error


def _decode(data: bytes, limits: Limits, reduce_to: int | None, path: Path | None) -> Image.Image:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*EXIF.*|.*Truncated File Read.*|.*Metadata.*", category=UserWarning)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > limits.max_pixels:
            raise ImageTooLargeError(f"It has {width} x {height} pixels; {_allowed_pixels(limits)}", path=path)
        if min(width, height) < limits.min_side:
            raise ImageError(
                f"It has {width} x {height} pixels, too few to see a style; "
                f"the shorter side needs at least {limits.min_side}.",
                path=path,
            )
        if reduce_to is not None and image.format in ("JPEG", "MPO"):
            scale = max(1.0, min(width, height) / reduce_to)
            image.draft(None, (int(width / scale), int(height / scale)))
        image.load()
        profile = image.info.get("icc_profile")
        return _to_rgb(ImageOps.exif_transpose(image), profile)


def _to_rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        image = _to_eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        page = Image.new("RGBA", rgba.size, (*_BACKGROUND, 255))
        image = Image.alpha_composite(page, rgba)
        image = image.convert("RGB")
    converted = _to_srgb(image, profile) if profile else None
    return converted if converted is not None else image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float32)
    top = 65535.0 if image.mode.startswith("I") and values.max(initial=0.0) > 255 else 255.0
    if image.mode == "F" and values.max(initial=0.0) <= 1.0:
        top = 1.0
    return Image.fromarray((values.clip(0, top) * (255.0 / top)).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The image in sRGB, or None where its profile is unusable: a wrong profile must not cost the picture."""
    if image.mode not in ("RGB", "CMYK", "L"):
        return None
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "srgb" in (ImageCms.getProfileDescription(source) or "").casefold():
            return None
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _too_many_bytes(size: int, limits: Limits, path: Path | None) -> ImageTooLargeError:
    return ImageTooLargeError(
        f"It is {size / 1e6:.1f} MB; at most {limits.max_bytes / 1e6:.1f} MB are allowed, so save it smaller.",
        path=path,
    )


def _allowed_pixels(limits: Limits) -> str:
    return f"at most {limits.max_pixels / 1e6:.1f} million are allowed, so save it smaller."


def _not_a_picture(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS:
        return "It is a HEIC picture, which smn does not read; export it as JPEG."
    if data[:5] == b"%PDF-":
        return "It is a PDF, not a picture; export the page as JPEG or PNG."
    if data[:256].lstrip()[:1] == b"<":
        return "It is a web page or an SVG drawing, not a photograph of a picture; save it as JPEG or PNG."
    return "It is not a picture that smn can read; use JPEG, PNG, WebP, TIFF, GIF, BMP or AVIF."
