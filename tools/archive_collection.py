"""A collection of small generated pictures with every kind of trouble that scans of an archive have."""

import csv
import io
import os
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from smn.examples import list_examples, paint
from smn.predict.jobs import show_path

SIZE = (96, 80)
PAINTED = 45  # pictures that are painted; turned, mirrored and painted over in part they become any number
CANVAS = "https://museum.example/iiif/canvas/"
INVENTORY = "inventory.csv"
FORMS = {".jpg": "JPEG", ".JPG": "JPEG", ".png": "PNG", ".tif": "TIFF", ".webp": "WEBP", ".jpeg": "JPEG"}
NAMES = (
    "{:04}", "IMG_{:04}", "inv. {:04} (recto)", "Gemälde_{:04}", "Gema\u0308lde_{:04}", "'{:04}'", "=A{:04}",
    "#{:04}%20", "絵{:04}🎨", "-{:04}", "{:04} ", 'a,b;"{:04}"', "[{:04}]*?", "{:04}.jpg", "{:04}\nverso",
    "{:04}\u2028verso", "caf\udce9 {:04}", "{:04}" + "x" * 200,
)  # fmt: skip
"""Names of files: as cameras and people give them, in two normal forms, as formulas, with signs of shells and of CSV,
with ends of lines, in bytes that are no Unicode, and long."""


def _save(image: Image.Image, form: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def _turned(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return _save(image.transpose(Image.Transpose.ROTATE_90), "JPEG", exif=exif)


def _deep_grey(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L"), dtype=np.uint16) * 257)


def _huge() -> bytes:
    """The head of a PNG that claims to have 3.6 thousand million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))


READABLE: Mapping[str, tuple[str, Callable[[Image.Image], bytes]]] = {
    "grey": (".jpg", lambda image: _save(image.convert("L"), "JPEG")),
    "CMYK": (".jpg", lambda image: _save(image.convert("CMYK"), "JPEG")),
    "CMYK TIFF": (".tif", lambda image: _save(image.convert("CMYK"), "TIFF", compression="tiff_lzw")),
    "turned by EXIF": (".jpg", _turned),
    "progressive": (".jpg", lambda image: _save(image, "JPEG", progressive=True)),
    "16 bits of grey": (".png", lambda image: _save(_deep_grey(image), "PNG")),
    "palette": (".gif", lambda image: _save(image.quantize(16), "GIF")),
    "transparent": (".png", lambda image: _save(image.convert("RGBA"), "PNG")),
    "several pages": (".tif", lambda image: _save(image, "TIFF", save_all=True, append_images=[image.convert("L")])),
    "PNG named .jpg": (".jpg", lambda image: _save(image, "PNG")),
    "broken colour profile": (".jpg", lambda image: _save(image, "JPEG", icc_profile=b"no profile" * 20)),
    "BMP": (".bmp", lambda image: _save(image, "BMP")),
}  # fmt: skip
"""Pictures that are answered, each with its ending and what makes it of a picture."""

UNREADABLE: Mapping[str, tuple[str, Callable[[Image.Image], bytes]]] = {
    "empty": (".jpg", lambda _: b""),
    "cut": (".jpg", lambda image: _save(image, "JPEG")[:500]),
    "cut PNG": (".png", lambda image: _save(image, "PNG")[:500]),
    "text named .jpg": (".jpg", lambda _: b"This is no picture, whatever its ending says."),
    "web page named .jpg": (".jpg", lambda _: b"<!DOCTYPE html><title>404</title>"),
    "PDF named .tif": (".tif", lambda _: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "one pixel": (".png", lambda image: _save(image.crop((0, 0, 1, 1)), "PNG")),
    "too large": (".png", lambda _: _huge()),
}
"""Files that become rows with a reason."""

_TROUBLES: Mapping[str, tuple[str, Callable[[Image.Image], bytes]]] = {**READABLE, **UNREADABLE}

_SIDECAR = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:subject><rdf:Bag>
<rdf:li>ship</rdf:li><rdf:li>smn:Wrong</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


@dataclass(frozen=True)
class Made:
    """What `make_collection` made.

    Args:
        kinds: the kind of each picture, by its path from the folder's own folder on, as ``smn predict`` shows it:
            ``plain``, or a key of `READABLE` or `UNREADABLE`.
        repeated: pictures that are a ``copy`` of another or a ``link`` to it.
        unwritable: sidecars that are there and no XML, which must be left alone.
        described: sidecars that are there and hold a person's keyword, ``ship``, and an earlier one of smn's.
        hidden: files and folders whose name starts with a dot.
    """

    kinds: Mapping[str, str]
    repeated: Mapping[str, str]
    unwritable: frozenset[str]
    described: frozenset[str]
    hidden: int

    def count(self) -> Counter[str]:
        """How many pictures there are of each kind."""
        return Counter([*self.kinds.values(), *self.repeated.values()])


def make_collection(folder: Path, *, pictures: int, folders: int) -> Made:
    """Write a collection of nested folders, and ``inventory.csv`` beside it, which lists it.

    One in five is of another kind than plain, taken in turn from `READABLE` and `UNREADABLE`; one in 25 is a copy and
    one in 100 a link to the one before.

    Args:
        folder: the folder; it must not be there.
        pictures: how many.
        folders: how many of the lowest folders they are in.
    """
    painted = _paint(min(pictures // 8 + 1, PAINTED))
    kinds: dict[str, str] = {}
    repeated: dict[str, str] = {}
    last, last_kind = Path(), "plain"
    for number in range(pictures):
        at = number % folders
        place = folder / f"Box {at % 7}" / f"{at:02} Mappe é" / ("verso" if at % 3 else "recto")
        place.mkdir(parents=True, exist_ok=True)
        kind, ending = _choose(number)
        file = place / f"{_name(number // folders)}{ending}"
        if kind in ("copy", "link") or file.exists():
            file = place / f"{number:05} {kind}{ending or last.suffix}"
        shown = show_path(file.relative_to(folder.parent))
        if kind in ("copy", "link"):
            _repeat(kind, last, file)
            repeated[shown] = kind
        else:
            file.write_bytes(_encode(painted[number % len(painted)], number // len(painted), kind, ending))
            last, last_kind = file, kind
        kinds[shown] = last_kind
    described, unwritable = _describe(folder.parent, list(kinds))
    _write_inventory(folder.parent / INVENTORY, list(kinds))
    return Made(kinds, repeated, unwritable, described, _clutter(folder))


def _paint(count: int) -> list[Image.Image]:
    movements = list_examples()
    return [paint(movements[n % len(movements)], seed=n // len(movements), size=SIZE) for n in range(count)]


def _choose(number: int) -> tuple[str, str]:
    if number % 100 == 99:
        return "link", ""
    if number % 25 == 24:
        return "copy", ""
    if number % 5 == 4:
        fifth = number // 5
        kind = list(_TROUBLES)[(fifth - fifth // 5) % len(_TROUBLES)]  # each fifth of them is a copy or a link
        return kind, _TROUBLES[kind][0]
    return "plain", list(FORMS)[number % len(FORMS)]


def _name(number: int) -> str:
    """A name for a folder's n-th picture; some have the name of the one before, with another ending."""
    shared = number - 1 if number % 12 == 1 else number
    return NAMES[shared % len(NAMES)].format(shared)


def _encode(image: Image.Image, generation: int, kind: str, ending: str) -> bytes:
    """The picture as a file; each generation is turned, mirrored or striped in another way."""
    if generation % 2:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if generation % 4 > 1:
        image = image.transpose(Image.Transpose.ROTATE_180)
    if generation > 3:
        image.paste((37 * generation % 256, 91 * generation % 256, 151 * generation % 256), (0, 0, 8, SIZE[1]))
    return _TROUBLES[kind][1](image) if kind in _TROUBLES else _save(image, FORMS[ending])


def _repeat(kind: str, first: Path, file: Path) -> None:
    if kind == "copy":
        file.write_bytes(first.read_bytes())
    else:
        file.symlink_to(os.path.relpath(first, file.parent))


def place_of(root: Path, shown: str) -> Path:
    """The file of a path that `make_collection` gave; ``root`` is the folder that it begins in."""
    return root / os.fsdecode(shown.encode("utf-8").replace(b"\\udce9", b"\xe9"))


def _describe(root: Path, paths: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Put sidecars beside some pictures: with a person's keywords, and broken ones; which pictures have which."""
    described, unwritable = paths[6::20], paths[7::200]
    for path in (*described, *unwritable):
        file = place_of(root, f"{path}.xmp")
        file.write_bytes(_SIDECAR.encode("utf-8") if path in described else b"no XML")
    return frozenset(described), frozenset(unwritable)


def _clutter(folder: Path) -> int:
    """What lies about besides pictures."""
    (folder / ".DS_Store").write_bytes(b"")
    (folder / ".hidden.jpg").write_bytes(b"")
    (folder / "._0001.jpg").write_bytes(b"\0\x05\x16\x07")
    (folder / ".thumbnails").mkdir()
    (folder / ".thumbnails" / "0001.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not a picture", encoding="utf-8")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")
    return 3  # two pictures and a folder; other files are not looked at


def _write_inventory(file: Path, paths: list[str]) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(("inventory", "path", "title", "canvas"))
        for number, path in enumerate(paths):
            writer.writerow((f"A {number:05}/1", path, f"=Übersicht, “{number}”", f"{CANVAS}{number}"))
