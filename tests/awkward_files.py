"""Pictures that break readers. Each is made by a function of no arguments, so that no binary lies in the repository."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms

from smn.errors import ImageError, ImageTooLargeError, ImageTooSmallError, ImageTruncatedError, ImageTypeError

WIDTH, HEIGHT = 48, 32
RED, GREEN, BLUE, SAND = (200, 30, 40), (30, 170, 60), (40, 60, 190), (230, 220, 170)
WHITE = (255, 255, 255)


def scene() -> Image.Image:
    """Four quarters, so that every turn and mirroring shows: red and green above, blue and sand below."""
    pixels = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[: HEIGHT // 2, : WIDTH // 2], pixels[: HEIGHT // 2, WIDTH // 2 :] = RED, GREEN
    pixels[HEIGHT // 2 :, : WIDTH // 2], pixels[HEIGHT // 2 :, WIDTH // 2 :] = BLUE, SAND
    return Image.fromarray(pixels)


def encode(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def jpeg() -> bytes:
    return encode(scene(), "JPEG", quality=95)


def png(width: int, height: int, rows: bytes, *, depth: int = 8, kind: int = 2, transparent: bytes = b"") -> bytes:
    """A PNG by hand, for what Pillow does not write; ``rows`` each begin with their filter's number."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    marker = chunk(b"tRNS", transparent) if transparent else b""
    return b"\x89PNG\r\n\x1a\n" + header + marker + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def png_of_16_bits(*, transparent: bytes = b"") -> bytes:
    wide = np.asarray(scene(), dtype=">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in wide)
    return png(WIDTH, HEIGHT, rows, depth=16, transparent=transparent)


def grey_of_16_bits() -> Image.Image:
    return Image.fromarray(np.asarray(scene().convert("L"), dtype=np.uint16) * 257)


def floats() -> Image.Image:
    values = np.asarray(scene().convert("L"), dtype=np.float32) / 255.0
    values[-1, -3:] = np.nan, np.inf, -np.inf
    return Image.fromarray(values)


def see_through(mode: str) -> Image.Image:
    """The scene with its red quarter transparent."""
    image = scene().convert(mode)
    mask = Image.new("L", (WIDTH, HEIGHT), 255)
    mask.paste(0, (0, 0, WIDTH // 2, HEIGHT // 2))
    image.putalpha(mask)
    return image


def palette() -> Image.Image:
    """The scene in a palette, whose first colour, transparent, fills the red quarter."""
    image = scene().quantize(8)
    image = image.remap_palette([image.getpixel((0, 0)), *(n for n in range(8) if n != image.getpixel((0, 0)))])
    image.info["transparency"] = 0
    return image


def cmyk(*, adobe: bool) -> bytes:
    data = encode(scene().convert("CMYK"), "JPEG", quality=95)
    start = data.index(b"\xff\xee")
    end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
    return data if adobe else data[:start] + data[end:]


def animated(form: str) -> bytes:
    other = scene().transpose(Image.Transpose.ROTATE_180)
    options = {"lossless": True} if form == "WEBP" else {}
    return encode(scene(), form, save_all=True, append_images=[other, scene()], duration=50, **options)


def swapped_profile() -> bytes:
    """A profile like sRGB whose red and blue primaries have changed places."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"????", b"bXYZ", 1)
    return data.replace("sRGB".encode("utf-16-be"), "swap".encode("utf-16-be"))


def lab_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def upright_with(orientation: int, form: str = "PNG") -> bytes:
    """The scene stored turned or mirrored, with the EXIF orientation that brings it back."""
    stored = {
        1: lambda pixels: pixels,
        2: np.fliplr,
        3: lambda pixels: np.rot90(pixels, 2),
        4: np.flipud,
        5: lambda pixels: pixels.transpose(1, 0, 2),
        6: lambda pixels: np.rot90(pixels, 1),
        7: lambda pixels: np.rot90(pixels, 2).transpose(1, 0, 2),
        8: lambda pixels: np.rot90(pixels, -1),
    }[orientation](np.asarray(scene()))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(Image.fromarray(np.ascontiguousarray(stored)), form, exif=exif)


@dataclass(frozen=True)
class Readable:
    """A file that must become the scene; ``corner`` is the colour of its upper left quarter."""

    make: Callable[[], bytes]
    corner: tuple[int, int, int] = RED


GREY = (scene().convert("L").getpixel((0, 0)),) * 3

READABLE = {
    "plain.jpg": Readable(jpeg),
    "progressive.jpg": Readable(lambda: encode(scene(), "JPEG", quality=95, progressive=True)),
    "cmyk-adobe.jpg": Readable(lambda: cmyk(adobe=True)),
    "cmyk-plain.jpg": Readable(lambda: cmyk(adobe=False)),
    "several.mpo": Readable(lambda: encode(scene(), "MPO", quality=95, save_all=True, append_images=[scene()])),
    "grey.jpg": Readable(lambda: encode(scene().convert("L"), "JPEG", quality=95), GREY),
    "turned-by-exif.jpg": Readable(lambda: upright_with(6, "JPEG")),
    "exif-broken.png": Readable(lambda: encode(scene(), "PNG", exif=b"Exif\0\0neither II nor MM")),
    "grey-16.png": Readable(lambda: encode(grey_of_16_bits(), "PNG"), GREY),
    "grey-16.tif": Readable(lambda: encode(grey_of_16_bits(), "TIFF"), GREY),
    "rgb-16.png": Readable(png_of_16_bits),
    "rgb-16-transparent.png": Readable(lambda: png_of_16_bits(transparent=struct.pack(">3H", 60000, 60000, 60000))),
    "float.tif": Readable(lambda: encode(floats(), "TIFF"), GREY),
    "lzw.tif": Readable(lambda: encode(scene(), "TIFF", compression="tiff_lzw")),
    "pages.tif": Readable(lambda: encode(scene(), "TIFF", save_all=True, append_images=[Image.new("L", (20, 20))])),
    "cmyk.tif": Readable(lambda: encode(scene().convert("CMYK"), "TIFF")),
    "ycbcr.tif": Readable(lambda: encode(scene().convert("YCbCr"), "TIFF")),
    "palette.png": Readable(lambda: encode(scene().quantize(8), "PNG")),
    "palette-transparent.png": Readable(lambda: encode(palette(), "PNG"), WHITE),
    "palette-transparent.gif": Readable(lambda: encode(palette(), "GIF"), WHITE),
    "rgba.png": Readable(lambda: encode(see_through("RGB"), "PNG"), WHITE),
    "rgba.webp": Readable(lambda: encode(see_through("RGB"), "WEBP", lossless=True), WHITE),
    "rgba.tif": Readable(lambda: encode(see_through("RGB"), "TIFF"), WHITE),
    "grey-alpha.png": Readable(lambda: encode(see_through("L"), "PNG"), WHITE),
    "one-bit.png": Readable(lambda: encode(scene().convert("L").point(lambda v: 255 * (v < 100), "1"), "PNG"), WHITE),
    "one-bit.tif": Readable(lambda: encode(scene().convert("L").point(lambda v: 255 * (v < 100), "1"), "TIFF"), WHITE),
    "animated.gif": Readable(lambda: animated("GIF")),
    "animated.webp": Readable(lambda: animated("WEBP")),
    "animated.png": Readable(lambda: animated("PNG")),
    "icc-swapped.jpg": Readable(lambda: encode(scene(), "JPEG", quality=95, icc_profile=swapped_profile()), RED[::-1]),
    "icc-swapped-cmyk.jpg": Readable(lambda: encode(scene().convert("CMYK"), "JPEG", icc_profile=swapped_profile())),
    "icc-broken.png": Readable(lambda: encode(scene(), "PNG", icc_profile=b"no profile" * 20)),
    "icc-of-lab.jpg": Readable(lambda: encode(scene(), "JPEG", quality=95, icc_profile=lab_profile())),
    "plain.bmp": Readable(lambda: encode(scene(), "BMP")),
    "plain.ppm": Readable(lambda: encode(scene(), "PPM")),
    "plain.avif": Readable(lambda: encode(scene(), "AVIF", quality=90)),
    "plain.jp2": Readable(lambda: encode(scene(), "JPEG2000")),
    "really-a-png.jpg": Readable(lambda: encode(scene(), "PNG")),
    "naïve – 浮世絵 🎨 'quoted' [red].jpg": Readable(jpeg),
    "l" * 240 + ".jpg": Readable(jpeg),
}


@dataclass(frozen=True)
class Unreadable:
    """A file that must be refused; the sentence must hold ``advice``."""

    make: Callable[[], bytes]
    kind: type[ImageError]
    advice: str


def cut(data: bytes, share: float = 0.6) -> bytes:
    return data[: int(len(data) * share)]


def noise(form: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels), form)


def bomb() -> bytes:
    """Ninety million pixels in eleven kilobytes."""
    width, height = 10_000, 9_000
    return png(width, height, b"\0" * ((width // 8 + 1) * height), depth=1, kind=0)


UNREADABLE = {
    "truncated.jpg": Unreadable(lambda: cut(noise("JPEG")), ImageTruncatedError, "download it again"),
    "truncated.png": Unreadable(lambda: cut(noise("PNG")), ImageTruncatedError, "download it again"),
    "truncated.tif": Unreadable(lambda: cut(noise("TIFF")), ImageTruncatedError, "download it again"),
    "truncated.bmp": Unreadable(lambda: cut(noise("BMP")), ImageTruncatedError, "download it again"),
    "truncated.gif": Unreadable(lambda: cut(noise("GIF")), ImageTruncatedError, "download it again"),
    "truncated.webp": Unreadable(lambda: cut(noise("WEBP")), ImageError, "save it anew"),
    "truncated.avif": Unreadable(lambda: cut(noise("AVIF")), ImageError, "download it again"),
    "broken.avif": Unreadable(lambda: noise("AVIF").replace(b"iloc", b"free"), ImageError, "save it anew"),
    "barely-begun.jpg": Unreadable(lambda: noise("JPEG")[:3], ImageError, "download it again"),
    "dot.png": Unreadable(lambda: encode(Image.new("RGB", (1, 1)), "PNG"), ImageTooSmallError, "needs at least 16"),
    "hair.png": Unreadable(lambda: encode(Image.new("RGB", (900, 9)), "PNG"), ImageTooSmallError, "needs at least 16"),
    "bomb.png": Unreadable(bomb, ImageTooLargeError, "at most 80.0 million"),
    "header-bomb.png": Unreadable(lambda: png(60_000, 60_000, b""), ImageTooLargeError, "at most 80.0 million"),
    "text.jpg": Unreadable("Ceci n'est pas une image, évidemment.".encode, ImageTypeError, "use JPEG, PNG"),
    "zip.png": Unreadable(lambda: b"PK\x03\x04" + bytes(60), ImageTypeError, "use JPEG, PNG"),
    "film.jpg": Unreadable(lambda: b"\0\0\0\x18ftypmp42" + bytes(60), ImageTypeError, "use JPEG, PNG"),
    "paper.tif": Unreadable(lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", ImageTypeError, "export the page as JPEG or PNG"),
    "page.jpg": Unreadable(lambda: b"\n<!DOCTYPE html><title>404</title>", ImageTypeError, "save it as JPEG or PNG"),
    "drawing.png": Unreadable(lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", ImageTypeError, "save it as JPEG"),
    "phone.heic": Unreadable(lambda: b"\0\0\0\x18ftypheic" + bytes(60), ImageError, "save it as JPEG"),
    "empty.jpg": Unreadable(lambda: b"", ImageError, "upload or copy it again"),
}
