"""The review page, on which a person looks at findings and decides: a folder that works without a server."""

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from smn.clean.decisions import read_decisions
from smn.clean.findings import Findings
from smn.clean.review_data import PictureSource, page_data, thumbnail_name
from smn.errors import ImageError, ManifestError, OutputExistsError
from smn.files import write_partial, write_text
from smn.images import open_image
from smn.manifest import Manifest, read_manifest
from smn.progress import Progress

SHORT, LONG = 320, 960
"""The largest thumbnail, in pixels: its shorter and its longer side."""

PAGE = Path(__file__).parent / "page"
"""Where the page's template, style and scripts are."""

SHARED = ("page_parts.js", "decision_csv.js", "decision_store.js", "relabel.js")
"""Scripts that the report of `smn.catalogue` uses, too."""
_CHUNK = 64  # thumbnails that are made before progress is reported
_MARK = '<meta name="generator" content="smn clean review">'


def build_review(
    findings: Findings,
    manifest: Manifest,
    out: str | Path,
    *,
    against: Manifest | None = None,
    checks: Sequence[str] | None = None,
    limit: int | None = None,
    decisions: str | Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Build a review page: ``index.html``, which holds everything, and thumbnails below ``pictures``.

    Thumbnails that are there already are used again, so an interrupted build continues, and a rebuild is quick. A
    picture that cannot be read is shown as a card with its title and the reason.

    Args:
        findings: from `smn.clean.findings.read_findings`.
        manifest: the manifest of the findings; see `manifest_of`.
        out: the folder of the page.
        against: the held-out manifest that leaks were looked for in.
        checks: only what these found; None is every check.
        limit: at most so many pictures of each check, the worst.
        decisions: a decisions file that the page adds to.
        progress: called with what is done, how many pictures are done, and of how many.

    Returns:
        The page's ``index.html``.

    Raises:
        OutputExistsError: ``out`` holds an ``index.html`` that is no review page.
        DecisionsError: the decisions cannot be read.
        UnknownNameError: there is no such check.
        InputError: such a check was not run.
    """
    folder = Path(out)
    index = folder / "index.html"
    if index.exists() and _MARK not in index.read_text(encoding="utf-8", errors="replace"):
        raise OutputExistsError(index)
    text, name = "", "decisions.csv"
    if decisions is not None:
        read_decisions(decisions)
        text, name = Path(decisions).read_text(encoding="utf-8"), Path(decisions).name
    data, sources = page_data(
        findings,
        manifest,
        against=against,
        checks=checks,
        limit=limit,
        decisions=text,
        decisions_name=name,
        folder=folder,
    )
    reasons = make_thumbnails(sources, folder, progress=progress)
    for picture in (*data["pictures"], *data["others"].values()):
        if picture["sha256"] in reasons:
            picture["picture"], picture["reason"] = None, reasons[picture["sha256"]]
    folder.mkdir(parents=True, exist_ok=True)
    return write_text(index, render_page(data))


def render_page(data: Mapping[str, Any]) -> str:
    """The page's HTML from its data, with style and scripts inside.

    The content security policy allows only these scripts and this style, by their SHA-256; nothing in the data can end
    the element that holds it.

    Args:
        data: from `smn.clean.review_data.page_data`.
    """
    return assemble_page(
        PAGE / "index.html",
        title=f"Review of {data['name']}",
        style=[PAGE / "review.css"],
        scripts=[PAGE / name for name in (*SHARED, "review.js")],
        data=data,
    )


def assemble_page(
    template: Path,
    *,
    title: str,
    style: Sequence[Path],
    scripts: Sequence[Path],
    data: Mapping[str, Any],
    parts: Mapping[str, str] | None = None,
) -> str:
    """An HTML page in one text, whose content security policy allows only its own scripts and style.

    Args:
        template: HTML with ``{{title}}``, ``{{policy}}``, ``{{style}}``, ``{{scripts}}``, ``{{data}}`` and
            ``{{relabel}}``, the dialog that asks for a movement.
        title: of the page, any text.
        style: CSS files, in their order.
        scripts: JavaScript files, in their order.
        data: for the scripts, any texts.
        parts: further placeholders and their HTML.
    """
    css = "\n".join(file.read_text(encoding="utf-8") for file in style)
    codes = [script.read_text(encoding="utf-8") for script in scripts]
    allowed = " ".join(f"'sha256-{_digest(code)}'" for code in codes)
    filled = {
        "title": escape(title),
        "policy": f"script-src {allowed}; style-src 'sha256-{_digest(css)}'",
        "style": css,
        "scripts": "\n".join(f"<script>{code}</script>" for code in codes),
        "data": embed_json(data),
        "relabel": (PAGE / "relabel.html").read_text(encoding="utf-8").rstrip(),
        **(parts or {}),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filled[match[1]], template.read_text(encoding="utf-8"))


def embed_json(data: Any) -> str:
    """JSON that is safe inside a ``script`` element, whatever texts it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def manifest_of(findings: Findings, manifest: str | Path | None = None) -> Manifest:
    """The manifest that findings were made of.

    Args:
        findings: the findings.
        manifest: its path, if it has moved.

    Raises:
        ManifestError: it is not there, or its data has changed since.
    """
    found = read_manifest(manifest if manifest is not None else findings.about.manifest)
    if found.data_hash() != findings.about.data_hash:
        raise ManifestError(
            f"{found.file} is not the data that {findings.file} was made of, or has changed since; name the right one "
            "with --manifest, or make the findings anew with: smn clean check MANIFEST --out FOLDER"
        )
    return found


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def make_thumbnails(
    wanted: Mapping[str, PictureSource],
    folder: Path,
    *,
    progress: Progress | None = None,
) -> dict[str, str]:
    """Make the thumbnails that are missing, a few at a time in several threads.

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
        for start in range(0, len(missing), _CHUNK):
            some = missing[start : start + _CHUNK]
            # Pictures inside a manifest are read by one thread; decoding is what takes time.
            sources = [_source(*wanted[sha256]) for sha256 in some]
            made = pool.map(_make, sources, [folder / thumbnail_name(sha256) for sha256 in some])
            reasons |= {sha256: reason for sha256, reason in zip(some, made, strict=True) if reason is not None}
            done += len(some)
            if progress is not None:
                progress("Making small pictures", done, len(wanted))
    return reasons


def _source(manifest: Manifest, row: int) -> bytes | Path | ManifestError:
    try:
        return manifest.picture(row)
    except ManifestError as error:
        return error


def _make(source: bytes | Path | ManifestError, file: Path) -> str | None:
    """Make one thumbnail; the reason where it cannot be made, or None."""
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
    with write_partial(file, sync=False) as partial:
        image.save(partial, "JPEG", quality=88, optimize=True)
    return None
