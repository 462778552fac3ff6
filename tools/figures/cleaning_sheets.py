"""Draws findings for a person to judge: each with its picture, what it is compared with, and what the check says."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from smn.clean import get_check
from smn.clean.findings import Findings
from smn.errors import ImageError
from smn.images import open_image
from smn.manifest import Manifest

ACROSS, DOWN = 5, 4
WIDTH, HEIGHT, CAPTION = 320, 240, 92  # pixels of a card's picture, and of what stands below


def draw_sheets(
    drawn: Sequence[tuple[str, str]], findings: Findings, pool: Manifest, held_out: Manifest, out: Path
) -> list[Path]:
    """Draw the findings (check, id) on sheets of twenty, in order.

    Returns:
        The files, ``sheet-01.png`` and so on.
    """
    out.mkdir(parents=True, exist_ok=True)
    rows = {row["id"]: row for row in findings.table.to_pylist()}
    places = {name: (manifest, row) for manifest in (held_out, pool) for row, name in enumerate(manifest.column("id"))}
    files = []
    for start in range(0, len(drawn), ACROSS * DOWN):
        page = Image.new("RGB", (ACROSS * WIDTH, DOWN * (HEIGHT + CAPTION)), "#FAF8F4")
        for at, (check, name) in enumerate(drawn[start : start + ACROSS * DOWN]):
            corner = (at % ACROSS * WIDTH, at // ACROSS * (HEIGHT + CAPTION))
            _draw(
                page,
                corner,
                rows[name],
                check=check,
                title=f"{start + at + 1}. {get_check(check).title}",
                places=places,
            )
        files.append(out / f"sheet-{start // (ACROSS * DOWN) + 1:02}.png")
        page.save(files[-1])
    return files


def _draw(
    page: Image.Image,
    corner: tuple[int, int],
    row: Mapping[str, Any],
    *,
    check: str,
    title: str,
    places: Mapping[str, tuple[Manifest, int]],
) -> None:
    other = row.get(f"{check}_of")
    shown = [name for name in (row["id"], other) if name is not None and name in places]
    for at, name in enumerate(shown):
        room = (WIDTH // len(shown) - 8, HEIGHT - 8)
        manifest, place = places[name]
        try:
            picture = ImageOps.contain(open_image(manifest.picture(place), reduce_to=room[0]), room)
        except ImageError as error:
            ImageDraw.Draw(page).text((corner[0] + 4, corner[1] + 40), error.reason[:50], fill="#A00000")
            continue
        page.paste(picture, (corner[0] + 4 + at * (WIDTH // len(shown)), corner[1] + 4))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=13)
    evidence = {key.removeprefix(f"{check}_"): value for key, value in row.items() if key.startswith(f"{check}_")}
    said = ", ".join(f"{key} {_short(value)}" for key, value in evidence.items() if value is not None)
    lines = [
        title,
        f"{row['movement']} · {row['artist']}",
        f"{row['title']} · {row['source']}",
        said[:52],
        said[52:104],
    ]
    for at, line in enumerate(lines):
        draw.text((corner[0] + 6, corner[1] + HEIGHT + 2 + 17 * at), line[:52], font=font, fill="#1D1B18")


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
