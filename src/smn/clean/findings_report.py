"""Reports of findings: counts by check and movement, as Markdown, and a contact sheet of the worst ones."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from smn.clean.check_thresholds import render_thresholds
from smn.clean.checks import CHECKS
from smn.clean.findings import Findings
from smn.dataset.contact_sheet import INK, MUTED, PAPER, RULE
from smn.dataset.reports import write_section
from smn.errors import ImageError, ManifestError
from smn.files import write_partial
from smn.images import open_image
from smn.manifest import Manifest

UNLABELLED = "no movement"

_MARGIN, _LABELS, _SIDE, _GAP, _ROW = 40, 230, 150, 12, 206  # pixels
_SHOWN = 10  # pictures of each check
_FACES = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "Arial.ttf")


@dataclass(frozen=True)
class CheckCount:
    """What one check found.

    Args:
        check: its name.
        title: for people.
        judged: rows that it scored.
        found: rows in which it found something.
        threshold: of the check itself; movements may have others.
        worst: the id of the row with the lowest score, where anything was found.
        movements: findings by movement, most first.
        unjudged: why the other rows have no score.
    """

    check: str
    title: str
    judged: int
    found: int
    threshold: float
    worst: str | None
    movements: dict[str, int]
    unjudged: str | None

    @property
    def share(self) -> float:
        """Findings among the rows that were scored, 0..1."""
        return self.found / self.judged if self.judged else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "share": round(self.share, 6)}


def count_findings(findings: Findings) -> tuple[CheckCount, ...]:
    """What each check found, in the order of the checks."""
    ids, movements = findings.column("id"), findings.column("movement")
    counts = []
    for name in findings.checks:
        rows = findings.worst(name)
        by_movement = Counter(movements[row] or UNLABELLED for row in rows)
        counts.append(
            CheckCount(
                check=name,
                title=CHECKS[name].title,
                judged=len(findings) - findings.table[f"{name}_score"].null_count,
                found=len(rows),
                threshold=findings.about.thresholds[name],
                worst=ids[rows[0]] if rows else None,
                movements=dict(sorted(by_movement.items(), key=lambda item: (-item[1], item[0]))),
                unjudged=findings.about.unjudged.get(name),
            )
        )
    return tuple(counts)


def to_markdown(findings: Findings) -> str:
    """The counts for people, as Markdown."""
    about, counts = findings.about, count_findings(findings)
    flagged = sum(map(bool, findings.column("issues")))
    lines = [
        "# Findings",
        "",
        f"{flagged:,} of {len(findings):,} pictures have a finding. Nothing was changed: look at them with "
        f"`{shlex.join(['smn', 'clean', 'review', str(findings.file.parent), '--out', 'review'])}`, then decide.",
        "",
        f"- manifest: `{about.manifest}`, data hash `{about.data_hash[:16]}`",
        *([f"- held out: `{about.against}`"] if about.against else []),
        *([f"- not paintings: `{about.negatives}`"] if about.negatives else []),
        f"- model: {about.model} (`{about.model_sha256[:16]}`), smn {about.version}, seed {about.seed}",
        *write_section(
            "Checks", ("check", "findings", "share", "judged", "threshold", "worst"),
            [
                (f"{count.title} (`{count.check}`)", f"{count.found:,}", f"{count.share:.1%}", f"{count.judged:,}",
                 f"{count.threshold:g}", f"`{count.worst}`" if count.worst else "")
                for count in counts
            ],
        ),
    ]  # fmt: skip
    unjudged = [(f"{count.title} (`{count.check}`)", count.unjudged) for count in counts if count.unjudged]
    lines += write_section("Not judged", ("check", "why"), unjudged)
    found = [count for count in counts if count.found]
    if found:
        rows = Counter(movement or UNLABELLED for movement in findings.column("movement"))
        header = ("movement", "rows", *(count.title for count in found))
        body = [
            (name, f"{rows[name]:,}", *(str(count.movements.get(name, "")) for count in found)) for name in sorted(rows)
        ]
        lines += write_section("By movement", header, body)
    lines += ["", "## Thresholds", "", "```toml", render_thresholds(about.thresholds).rstrip(), "```", ""]
    return "\n".join(lines)


def checks_table() -> str:
    """Every check as a Markdown table, as it stands in docs/clean.md."""
    rows = [
        (f"`{name}`", check.meaning, f"{check.threshold:g}{' *' if check.relative else ''}", check.advice.value)
        for name, check in CHECKS.items()
    ]
    return "\n".join(write_section("", ("check", "means", "finding below", "advice"), rows)[3:])


def draw_worst(findings: Findings, manifest: Manifest, file: Path) -> Path | None:
    """Draw a contact sheet: a row for each check with findings, with its count and the ten lowest scores.

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
    with write_partial(file) as partial:
        sheet.save(partial, format="PNG", optimize=True)
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
    """A row's picture within a square; a placeholder where it cannot be read."""
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
