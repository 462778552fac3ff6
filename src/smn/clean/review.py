"""Makes the page on which a person looks at findings and decides: a folder that works from a file, without a server."""

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from smn.clean.decisionlog import read_decisions
from smn.clean.findings import Findings
from smn.clean.pagedata import page_data
from smn.clean.thumbnails import make_thumbnails
from smn.errors import ManifestError, OutputExistsError
from smn.manifest import Manifest, read_manifest

_PAGE = Path(__file__).parent / "page"
_SCRIPTS = ("lines.js", "desk.js", "relabel.js", "review.js")
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
    progress: Callable[[str, int, int], None] | None = None,
) -> Path:
    """Make a review page: ``index.html``, which holds everything, and small pictures below ``pictures``.

    Small pictures that are there already are kept, so an interrupted page is continued, and a page is made again
    quickly. A picture that cannot be read is shown as a card with its title and the reason.

    Args:
        findings: from `smn.clean.findings.read_findings`.
        manifest: what they were made of; see `manifest_of`.
        out: the folder of the page.
        against: the held-out manifest that leaks were looked for in.
        checks: only what these found; None is every check.
        limit: at most so many pictures of each check, the worst.
        decisions: a decisions file that the page continues.
        progress: called with what is done, how many pictures are done, and of how many.

    Returns:
        The page's ``index.html``.

    Raises:
        OutputExistsError: ``out`` holds an ``index.html`` that is no review page.
        DecisionsError: the decisions cannot be read.
        UnknownNameError: there is no such check.
        InputError: such a check was not made.
    """
    folder = Path(out)
    index = folder / "index.html"
    if index.exists() and _MARK not in index.read_text(encoding="utf-8", errors="replace"):
        raise OutputExistsError(index)
    text, name = "", "decisions.csv"
    if decisions is not None:
        read_decisions(decisions)
        text, name = Path(decisions).read_text(encoding="utf-8"), Path(decisions).name
    data, places = page_data(
        findings,
        manifest,
        against=against,
        checks=checks,
        limit=limit,
        decisions=text,
        decisions_name=name,
        folder=folder,
    )
    wanted = {sha256: (place.manifest, place.row) for sha256, place in places.items()}
    reasons = make_thumbnails(wanted, folder, progress=progress)
    for picture in (*data["pictures"], *data["others"].values()):
        if picture["sha256"] in reasons:
            picture["picture"], picture["reason"] = None, reasons[picture["sha256"]]
    folder.mkdir(parents=True, exist_ok=True)
    partial = index.with_name(index.name + ".partial")
    partial.write_text(render_page(data), encoding="utf-8", newline="\n")
    os.replace(partial, index)
    return index


def render_page(data: Mapping[str, Any]) -> str:
    """The page's HTML from its data, with style and scripts inside.

    Only these very scripts and this style may run, by their SHA-256 in the content security policy; nothing in the
    data can end the element that holds it.

    Args:
        data: from `smn.clean.pagedata.page_data`.
    """
    style = _read("review.css")
    scripts = [_read(name) for name in _SCRIPTS]
    allowed = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    parts = {
        "title": escape(f"Review of {data['name']}"),
        "policy": f"script-src {allowed}; style-src 'sha256-{_digest(style)}'",
        "style": style,
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
        "data": embed_json(data),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _read("index.html"))


def embed_json(data: Any) -> str:
    """JSON that may stand inside a ``script`` element, whatever texts it holds."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def manifest_of(findings: Findings, manifest: str | Path | None = None) -> Manifest:
    """The manifest that findings were made of.

    Args:
        findings: the findings.
        manifest: where it stands now, if it has moved.

    Raises:
        ManifestError: it is not there, or its data has changed since.
    """
    found = read_manifest(manifest if manifest is not None else findings.about.manifest)
    if found.data_hash() != findings.about.data_hash:
        raise ManifestError(
            f"{found.file} is not the data that {findings.file} was made of, or has changed since; name the right one "
            "with --manifest, or make the findings anew with: smn clean check"
        )
    return found


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
