"""Draws the worst findings of every check on one sheet, to see at a glance what a check is worth on this data."""

import os
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from smn.clean.checks import CHECKS
from smn.clean.findings import Findings
from smn.dataset.contact_sheet import INK, MUTED, PAPER, RULE
from smn.errors import ImageError, ManifestError
from smn.images import open_image
from smn.manifest import Manifest

_MARGIN, _LABELS, _SIDE, _GAP, _ROW = 40, 230, 150, 12, 206  # pixels
_SHOWN = 10  # pictures of each check
_FACES = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf")


def draw_worst(findings: Findings, manifest: Manifest, file: Path) -> Path | None:
    """Draw a row for each check that found something: its name, its count, and its ten lowest scores.

    Args:
        findings: of the manifest's rows, in their order.
        manifest: where the pictures are.
        file: the PNG to write; it is replaced.

    Returns:
        ``file``, or None where nothing was found.
    """
    worst = {check: rows for check in findings.checks if (rows := findings.worst(check))}
    if not worst:
        return None
    width = 2 * _MARGIN + _LABELS + _SHOWN * (_SIDE + _GAP)
    sheet = Image.new("RGB", (width, _MARGIN + _ROW * len(worst)), PAPER)
    pen = ImageDraw.Draw(sheet)
    movements = findings.column("movement")
    for number, (check, rows) in enumerate(worst.items()):
        top = _MARGIN + _ROW * number
        pen.line((_MARGIN, top - 16, width - _MARGIN, top - 16), fill=RULE)
        _write(pen, (_MARGIN, top + 24), CHECKS[check].title, size=22, colour=INK)
        _write(pen, (_MARGIN, top + 50), f"{len(rows):,} of {len(findings):,}", size=15, colour=MUTED)
        scores = findings.column(f"{check}_score")
        captions = [f"{scores[row]:.2f}  {movements[row] or ''}" for row in rows[:_SHOWN]]
        _draw_row(sheet, top, [_thumbnail(manifest, row) for row in rows[:_SHOWN]], captions)
    partial = file.with_name(file.name + ".partial")
    sheet.save(partial, format="PNG", optimize=True)
    os.replace(partial, file)
    return file


def _draw_row(sheet: Image.Image, top: int, pictures: Sequence[Image.Image], captions: Sequence[str]) -> None:
    pen = ImageDraw.Draw(sheet)
    for number, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left = _MARGIN + _LABELS + number * (_SIDE + _GAP)
        sheet.paste(picture, (left, top + _SIDE - picture.height))
        while pen.textlength(caption, font=_font(13)) > _SIDE:
            caption = caption[:-2] + "…"  # noqa: PLW2901 - the part of it that fits
        _write(pen, (left, top + _SIDE + 18), caption, size=13, colour=MUTED)


def _thumbnail(manifest: Manifest, row: int) -> Image.Image:
    """A row's picture within a square; a frame that says so where it cannot be read."""
    try:
        image = open_image(manifest.picture(row), reduce_to=_SIDE)
    except (ImageError, ManifestError):
        image = Image.new("RGB", (_SIDE, _SIDE), PAPER)
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 0, _SIDE - 1, _SIDE - 1), outline=MUTED)
        _write(pen, (20, _SIDE // 2), "cannot be read", size=14, colour=MUTED)
    image.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return image


def _write(pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, *, size: int, colour: str) -> None:
    pen.text(place, text, fill=colour, font=_font(size), anchor="ls")


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    for face in _FACES:
        try:
            return ImageFont.truetype(face, size)
        except OSError:
            continue
    return ImageFont.load_default(size)
