"""Draws a contact sheet: a row of thumbnails for every movement of a manifest."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

from smn.dataset.description import UNLABELLED, name_movement, order_movements, select_rows
from smn.errors import ImageError, InputError, OutputExistsError
from smn.extras import require_extra
from smn.files import write_partial
from smn.images import open_image
from smn.manifest import NOT_A_PAINTING, Manifest
from smn.movements import find_movement

PAPER, INK, MUTED, RULE = "#FAF8F4", "#1D1B18", "#857D72", "#E4DED3"

_WIDTH, _MARGIN, _LABELS = 1800, 56, 300  # pixels
_THUMBNAIL, _GAP, _ROW = 150, 14, 192
_WIDEST = 240  # a panorama is cropped to this, around its middle
_FACES = ("DejaVuSerif.ttf", "LiberationSerif-Regular.ttf", "NotoSerif-Regular.ttf", "Georgia.ttf", "times.ttf")

_Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


def draw_sheet(
    manifest: Manifest, file: str | Path, *, split: str | None = None, per_movement: int = 8, seed: int = 0
) -> Path:
    """Draw a row for each movement: its name, its count, and some of its pictures at equal height.

    Args:
        manifest: the manifest.
        file: the PNG to write.
        split: draw this split only.
        per_movement: at most so many pictures a row, 1..8; fewer where they are wide.
        seed: which pictures: the same seed draws the same ones.

    Returns:
        ``file``.

    Raises:
        OutputExistsError: the file exists.
        UnknownNameError: there is no such split.
        InputError: ``per_movement`` is out of range, or there is nothing to draw.
    """
    require_extra("data", "pyarrow")
    file = Path(file)
    if file.exists():
        raise OutputExistsError(file)
    if not 1 <= per_movement <= 8:
        raise InputError(f"{per_movement} pictures a movement cannot be drawn; choose 1 to 8.")
    rows = select_rows(manifest, split=split)
    movements: dict[str, list[int]] = defaultdict(list)
    values = manifest.column("movement")
    for row in rows:
        movements[values[row] or UNLABELLED].append(row)
    if not movements:
        raise InputError(f"{manifest.file} has no row to draw{f' in split {split}' if split else ''}.")
    image = _draw(manifest, movements, title=_title(manifest, len(rows), split), count=per_movement, seed=seed)
    file.parent.mkdir(parents=True, exist_ok=True)
    with write_partial(file) as partial:
        image.save(partial, format="PNG", optimize=True)
    return file


def _title(manifest: Manifest, rows: int, split: str | None) -> tuple[str, str]:
    name = manifest.file.parent.resolve().name if manifest.file.stem == "manifest" else manifest.file.stem
    return name, f"{rows:,} pictures{f' of split {split}' if split else ''}"


def _draw(
    manifest: Manifest, movements: dict[str, list[int]], *, title: tuple[str, str], count: int, seed: int
) -> Image.Image:
    head = 128
    sheet = Image.new("RGB", (_WIDTH, head + _ROW * len(movements) + _MARGIN - 24), PAPER)
    pen = ImageDraw.Draw(sheet)
    _write(pen, (_MARGIN, 72), title[0], size=34, colour=INK)
    _write(pen, (_WIDTH - _MARGIN, 72), title[1], size=20, colour=MUTED, anchor="rs")
    for number, movement in enumerate(order_movements(movements)):
        top = head + _ROW * number
        pen.line((_MARGIN, top - 21, _WIDTH - _MARGIN, top - 21), fill=RULE)
        _draw_label(pen, top, movement, len(movements[movement]))
        chosen = Random(f"{seed} {movement}").sample(movements[movement], min(count, len(movements[movement])))  # noqa: S311
        _draw_row(sheet, top, [manifest.picture(row) for row in chosen])
    return sheet


def _draw_label(pen: ImageDraw.ImageDraw, top: int, movement: str, count: int) -> None:
    lines = _wrap(pen, name_movement(movement), size=24, width=_LABELS - 24)
    for number, line in enumerate(lines):
        _write(pen, (_MARGIN, top + 24 + 30 * number), line, size=24, colour=INK)
    found = None if movement in (NOT_A_PAINTING, UNLABELLED) else find_movement(movement)
    years = f"{found.start}–{found.end}" if found else ""
    base = top + 24 + 30 * len(lines)
    _write(pen, (_MARGIN, base), f"{count:,} {'picture' if count == 1 else 'pictures'}", size=17, colour=MUTED)
    _write(pen, (_MARGIN, base + 25), years, size=17, colour=MUTED)


def _draw_row(sheet: Image.Image, top: int, pictures: Sequence[bytes | Path]) -> None:
    left = _MARGIN + _LABELS
    for picture in pictures:
        thumbnail = _thumbnail(picture)
        if left + thumbnail.width > _WIDTH - _MARGIN:
            continue
        sheet.paste(thumbnail, (left, top))
        left += thumbnail.width + _GAP


def _thumbnail(picture: bytes | Path) -> Image.Image:
    """The picture at the sheet's height; a frame that says so where it cannot be read."""
    try:
        image = open_image(picture, reduce_to=2 * _THUMBNAIL)
    except ImageError:
        blank = Image.new("RGB", (_THUMBNAIL, _THUMBNAIL), PAPER)
        pen = ImageDraw.Draw(blank)
        pen.rectangle((0, 0, _THUMBNAIL - 1, _THUMBNAIL - 1), outline=MUTED)
        _write(pen, (_THUMBNAIL / 2, _THUMBNAIL / 2), "cannot be read", size=15, colour=MUTED, anchor="mm")
        return blank
    width = max(1, round(image.width * _THUMBNAIL / image.height))
    image = image.resize((width, _THUMBNAIL), Image.Resampling.LANCZOS)
    spare = max(0, width - _WIDEST)
    return image.crop((spare // 2, 0, width - (spare - spare // 2), _THUMBNAIL))


def _write(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *, size: int, colour: str, anchor: str = "ls"
) -> None:
    font, accents = _font(size)
    pen.text(place, text if accents else _plain(text), fill=colour, font=font, anchor=anchor)


def _wrap(pen: ImageDraw.ImageDraw, text: str, *, size: int, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pen.textlength(longer, font=_font(size)[0]) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _font(size: int) -> tuple[_Font, bool]:
    """A serif of this size, and whether it has accented letters: Pillow's own face, the last resort, has none."""
    for face in _FACES:
        try:
            return ImageFont.truetype(face, size), True
        except OSError:
            continue
    return ImageFont.load_default(size), False


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.replace("–", "-"))
    return letters.encode("ascii", "ignore").decode()
