"""From whatever holds a picture to an upright RGB one: the only place in smn that opens an image."""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from smn.errors import ImageError, ImageTooLargeError, ImageTooSmallError, ImageTruncatedError, ImageTypeError
from smn.images.picture_input import DEFAULT_LIMITS, Limits, Picture, accept_picture

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")
"""Formats that are decoded. Pillow knows more, some of which start other programs; those are never tried.

MPO, a JPEG of several pictures, is opened by Pillow's JPEG reader; asked for by name, it is a KeyError. HEIC, which
telephones write, is read by pillow-heif, where the extra ``heic`` is installed.
"""

SUFFIXES = frozenset(
    f".{ending}"
    for ending in (
        *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "gif", "bmp", "tif", "tiff"),
        *("ppm", "pgm", "avif", "jp2", "j2k", "heic", "heif"),
    )
)
"""Endings by which a folder is searched for pictures. What a file is, its content decides."""

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP  ")
_BACKGROUND = (255, 255, 255)
_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by EXIF orientation; 1 is upright already."""


class ImageSource:
    """A picture whose file is read once and decoded at most once at each scale.

    Args:
        image: see `Picture`; a picture that Pillow has opened is left as it is.
        limits: sizes beyond which the picture is refused before its pixels are decoded.

    Raises:
        ImageTypeError: it is nothing that can hold a picture.
        FetchError: it is an address, and the picture cannot be downloaded.
        MissingExtraError: it is an address, and the extra ``client`` is not installed.
    """

    def __init__(self, image: Picture, *, limits: Limits = DEFAULT_LIMITS) -> None:
        self._image = accept_picture(image, limits)
        self._limits = limits
        self._path = self._image if isinstance(self._image, Path) else None
        self._bytes = self._image if isinstance(self._image, bytes) else None
        self._decoded: dict[tuple[int, int], Image.Image] = {}
        self._thumbnails: dict[int, Image.Image] = {}

    def load(self, *, reduce_to: int | None = None) -> Image.Image:
        """The picture as `open_image` gives it. It is shared by all calls at this scale: copy it to change it.

        Args:
            reduce_to: pixels that the shorter side needs, as for `open_image`.

        Raises:
            ImageError: as `open_image`.
        """
        with _reasons(self._data, self._limits, self._path):
            image = self._image if isinstance(self._image, Image.Image) else self._open()
            _check_size(image, self._limits, self._path)
            if reduce_to is not None and image is not self._image and image.format in ("JPEG", "MPO"):
                scale = max(1.0, min(image.size) / reduce_to)
                # Sets the size at which the pixels will be decoded, and decodes nothing yet.
                image.draft(None, (int(image.width / scale), int(image.height / scale)))
            size = image.size
            if size not in self._decoded:
                self._decoded[size] = _upright_rgb(image)
            return self._decoded[size]

    def thumbnail(self, side: int) -> Image.Image:
        """The picture with at most ``side`` pixels on its longer side. It is shared, as what `load` gives.

        Raises:
            ImageError: as `open_image`.
        """
        if side not in self._thumbnails:
            small = self.load(reduce_to=side).copy()
            small.thumbnail((side, side), Image.Resampling.LANCZOS)
            self._thumbnails[side] = small
        return self._thumbnails[side]

    def release(self) -> None:
        """Free the decoded pictures, which may be large, and keep the thumbnails; `load` then decodes again."""
        self._decoded.clear()

    def _open(self) -> Image.Image:
        data = self._data
        if not data:
            raise ImageError("The file is empty; upload or copy it again.", path=self._path)
        if len(data) > self._limits.max_bytes:
            raise _too_many_bytes(len(data), self._limits, self._path)
        if _is_heif(data):
            return _open_heif(data, self._path)
        return Image.open(io.BytesIO(data), formats=FORMATS)

    @property
    def _data(self) -> bytes:
        """The encoded picture; nothing where Pillow has opened it."""
        # No cached_property: in Python 3.11 one slow file would hold a lock that the sources of all threads share.
        if self._bytes is None:
            self._bytes = b"" if self._path is None else _read(self._path, self._limits)
        return self._bytes


def _is_heif(data: bytes) -> bool:
    brands = data[8 : int.from_bytes(data[:4], "big")]
    # AVIF has the same container, and Pillow reads it.
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS and b"avif" not in brands


def _open_heif(data: bytes, path: Path | None) -> Image.Image:
    try:
        from pillow_heif import HeifImageFile
    except ImportError as error:
        from smn.distribution import write_install_line  # it makes importing smn slower

        line = write_install_line("heic")
        reason = f"It is a HEIC picture, which needs pillow-heif: {line}; or save it as JPEG."
        raise ImageTypeError(reason, path=path) from error
    try:
        image: Image.Image = HeifImageFile(io.BytesIO(data))
    except SyntaxError as error:
        reason = "It begins like a HEIC picture, but is damaged or cut short; copy it again, or save it as JPEG."
        raise ImageError(reason, path=path) from error
    return image


def open_image(source: Picture, *, limits: Limits = DEFAULT_LIMITS, reduce_to: int | None = None) -> Image.Image:
    """Read one picture as upright, 8-bit sRGB.

    EXIF orientation is applied, an embedded ICC profile is converted to sRGB, CMYK, palette, grey and 16-bit
    pictures become RGB, transparency is laid on white, and of an animation the first frame is taken.

    Args:
        source: see `Picture`.
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
        FetchError: it is an address, and the picture cannot be downloaded.
    """
    return ImageSource(source, limits=limits).load(reduce_to=reduce_to)


def _read(path: Path, limits: Limits) -> bytes:
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise _too_many_bytes(size, limits, path)
        with path.open("rb") as stream:
            # A device or a pipe has no size of its own; one byte too many is enough to refuse it.
            return stream.read(limits.max_bytes + 1)
    except OSError as error:
        raise ImageError(f"The file cannot be read ({error.strerror or error}); check the path.", path=path) from error
    except ValueError as error:
        # A name that no file can have: with a NUL, or with characters that the file system cannot write.
        raise ImageError(f"{str(path)!r} cannot be the name of a file ({error}); check the path.") from error


@contextmanager
def _reasons(data: bytes, limits: Limits, path: Path | None) -> Iterator[None]:
    """Turns whatever decoding raises into an `ImageError`."""
    try:
        with _quiet:
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageTooLargeError(f"It has too many pixels; {_allowed_pixels(limits)}", path=path) from error
    except UnidentifiedImageError as error:
        if data.startswith(_SIGNATURES) or data[4:12] in (b"ftypavif", b"ftypavis"):
            reason = "It begins like a picture, but is damaged or cut short; copy or download it again."
            raise ImageError(reason, path=path) from error
        raise ImageTypeError(_not_a_picture(data), path=path) from error
    except Exception as error:  # Pillow's decoders report damaged data with any kind, struct.error among them.
        # Only the wording tells a cut file apart.
        said = str(error).lower()
        if "truncated" in said or "end of file" in said or isinstance(error, EOFError):
            raise ImageTruncatedError(
                "The file is truncated: it ends before the picture does; copy or download it again.", path=path
            ) from error
        raise ImageError(f"The file is damaged and cannot be decoded ({error}); save it anew.", path=path) from error


class _Quiet:
    """Keeps Pillow's remarks on odd metadata from the reader, in any number of threads at once.

    Where threads overlap, `warnings.catch_warnings` alone would put back another thread's filters for good; so the
    first thread to enter sets the filters and the last one to leave puts them back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
                # `Limits` decides how many pixels are too many.
                warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._before.__exit__(None, None, None)


_quiet = _Quiet()


def _check_size(image: Image.Image, limits: Limits, path: Path | None) -> None:
    width, height = image.size
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(f"It has {width} x {height} pixels; {_allowed_pixels(limits)}", path=path)
    if min(width, height) < limits.min_side:
        raise ImageTooSmallError(
            f"It has {width} x {height} pixels, too few to see a style; "
            f"the shorter side needs at least {limits.min_side}.",
            path=path,
        )


def _upright_rgb(image: Image.Image) -> Image.Image:
    image.load()
    return _to_rgb(_upright(image), image.info.get("icc_profile"))


def _upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF orientation says; damaged EXIF must not cost the picture."""
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # noqa: BLE001 - as for pixels, damaged data shows as any kind of error
        turn = None
    return image if turn is None else image.transpose(turn)


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
    # Float pictures may hold NaN and infinity, which have no grey.
    values = np.nan_to_num(np.asarray(image, dtype=np.float32), nan=0.0, posinf=0.0, neginf=0.0)
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
    # Pillow itself refuses twice its MAX_IMAGE_PIXELS, whatever our limits say.
    allowed = min(limits.max_pixels, 2 * (Image.MAX_IMAGE_PIXELS or limits.max_pixels))
    return f"at most {allowed / 1e6:.1f} million are allowed, so save it smaller."


def _not_a_picture(data: bytes) -> str:
    if data[:5] == b"%PDF-":
        return "It is a PDF, not a picture; export the page as JPEG or PNG."
    if data[:256].lstrip()[:1] == b"<":
        return "It is a web page or an SVG drawing, not a photograph of a picture; save it as JPEG or PNG."
    return "It is not a picture that smn can read; use JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF or HEIC."
