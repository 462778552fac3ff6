"""The report: one HTML file with small pictures and all answers, in which a person decides, without a server."""

import base64
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from PIL import Image

from smn._version import __version__
from smn.bundle.row_reader import map_ahead
from smn.catalogue.answers_file import Row
from smn.catalogue.collection_inputs import Fetch, find_source
from smn.clean.decisions import format_decisions, read_decisions
from smn.clean.review_data import choosable_movements, movement_spellings
from smn.clean.review_page import PAGE, SHARED, assemble_page
from smn.errors import FetchError, ImageError, InputError, OutputExistsError
from smn.files import keep_copy, write_text
from smn.images import open_image
from smn.movements import list_families
from smn.predict.jobs import locate
from smn.progress import Progress

SIDE = 112
"""The longer side of a small picture, in pixels."""

_OWN = Path(__file__).parent / "page"

_Read = Callable[[str], Path | bytes]


def write_report(
    rows: Sequence[Row],
    out: str | Path,
    *,
    answers: str | Path,
    fetch: Fetch,
    decisions: str | Path | None = None,
    read: Callable[[str], bytes] | None = None,
    keep_old: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the report of some answers.

    Args:
        rows: from `smn.catalogue.answers_file.read_answers`.
        out: the HTML file to write.
        answers: the file that holds the rows, for the command that applies the decisions.
        fetch: downloads the pictures that are addresses.
        decisions: a decisions file that the report begins with.
        read: gives the picture of a path, or raises as ``fetch`` does; by default paths are files.
        keep_old: whether a report that is there is kept under another name, ``report.1.html``, instead of being an
            error.
        progress: called with what is done, how many pictures are done, and of how many.

    Returns:
        ``out``.

    Raises:
        OutputExistsError: ``out`` is there, without ``keep_old``.
        InputError: there are no rows.
        DecisionsError: the decisions cannot be read.
    """
    out = Path(out)
    if out.exists() and not keep_old:
        raise OutputExistsError(out)
    if not rows:
        raise InputError(f"{answers} holds no answers; a report needs at least one.")
    text, name = "", "decisions.csv"
    if decisions is not None:
        # Written anew, because a spreadsheet may have saved the file with another separator.
        text, name = format_decisions(read_decisions(decisions)), Path(decisions).name
    thumbnails = "\n".join(_thumbnails(rows, read or partial(_find, fetch), progress))
    data = report_data(rows, answers=Path(answers), decisions=text, decisions_name=name)
    out.parent.mkdir(parents=True, exist_ok=True)
    page = assemble_page(
        _OWN / "report.html",
        title=f"Report on {Path(answers).name}",
        style=(PAGE / "review.css", _OWN / "report.css"),
        scripts=[*(PAGE / one for one in SHARED), _OWN / "report.js"],
        data=data,
        parts={"thumbnails": thumbnails},
    )
    if out.exists() and out.read_bytes() != page.encode():
        keep_copy(out)
    return write_text(out, page)


def report_data(rows: Sequence[Row], *, answers: Path, decisions: str, decisions_name: str) -> dict[str, Any]:
    """What the report's scripts are given: plain values, ready for JSON; arguments as of `write_report`."""
    labels = {guess["movement"]: guess["label"] for row in rows for guess in row["predictions"]}
    paths = "\n".join(row["path"] for row in rows)
    return {
        "version": __version__,
        "name": f"{len(rows):,} pictures, {answers.name}",
        "answers": str(answers),
        # Decisions that a browser keeps belong to these pictures.
        "data_hash": hashlib.sha256(paths.encode("utf-8", "surrogatepass")).hexdigest(),
        "rows": [_row(row) for row in rows],
        "labels": labels,
        "families": {family.id: family.name for family in list_families()},
        "movements": dict(choosable_movements()),
        "spellings": dict(movement_spellings()),
        "decisions": {"name": decisions_name, "text": decisions},
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row["path"],
        "sha256": row.get("sha256") or "",
        "title": PurePath(row["path"]).name or row["path"],
        "outcome": row["outcome"],
        "movement": row["movement"],
        "family": row["family"],
        "confidence": row["confidence"],
        "guesses": [[guess["movement"], guess["probability"]] for guess in row["predictions"]],
        "error": row["error"],
        "facts": list(_facts(row)),
    }


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    if row["families"]:
        family = row["families"][0]
        yield "family", f"{family['label']} {family['probability']:.0%}"
    if row["looks_like"]:
        yield "looks like", row["looks_like"]
    if row["rectified"]:
        yield "straightened", "a painting was found in the picture"
    work: Mapping[str, Any] = row.get("work") or {}
    known = [str(work[name]) for name in ("title", "artist", "year", "museum") if work.get(name)]
    if known:
        yield "known work", ", ".join(known)
    yield from ((name, str(value)) for name, value in (row.get("columns") or {}).items() if value)
    yield "model", row["model"]


def _thumbnails(rows: Sequence[Row], read: _Read, progress: Progress | None) -> Iterator[str]:
    """The small picture of each row as base64, empty where there is none."""
    made = map_ahead(partial(_thumbnail, read), [row["path"] for row in rows], ahead=32)
    for done, one in enumerate(made, start=1):
        yield one
        if progress is not None:
            progress("small pictures", done, len(rows))


def _find(fetch: Fetch, path: str) -> Path | bytes:
    """The picture of a path: a file, or what lies at an address."""
    return find_source(path, fetch)() if "://" in path else locate(path)


def _thumbnail(read: _Read, path: str) -> str:
    try:
        image = open_image(read(path), reduce_to=SIDE)
    except (ImageError, FetchError, InputError):
        return ""
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "WEBP", quality=60, method=4)
    return base64.b64encode(stream.getvalue()).decode()
