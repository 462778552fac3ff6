"""The data of a review page: findings with their pictures, movements, and the decisions so far."""

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from smn._version import __version__
from smn.clean.check_thresholds import threshold_of
from smn.clean.checks import get_check
from smn.clean.findings import Finding, Findings, list_findings
from smn.manifest import NOT_A_PAINTING, Manifest
from smn.movements import list_movements, normalise

_SHOWN = ("of", "where", "suggestion", "probability", "given")
"""Evidence that the page shows by itself and not in words."""

_COLUMNS = (
    *("id", "sha256", "path", "movement", "artist", "title", "year", "source", "split", "raw_label"),
    *("width", "height"),
)


class PictureSource(NamedTuple):
    """Where a picture of the page comes from.

    Args:
        manifest: that holds it.
        row: its number there.
    """

    manifest: Manifest
    row: int


def page_data(
    findings: Findings,
    manifest: Manifest,
    *,
    against: Manifest | None = None,
    checks: Sequence[str] | None = None,
    limit: int | None = None,
    decisions: str = "",
    decisions_name: str = "decisions.csv",
    folder: Path | None = None,
) -> tuple[dict[str, Any], dict[str, PictureSource]]:
    """Everything that a review page shows.

    Args:
        findings: from `smn.clean.findings.read_findings`.
        manifest: the manifest of the findings.
        against: the held-out manifest that leaks were looked for in.
        checks: only what these found; None is every check.
        limit: at most so many pictures of each check, the worst.
        decisions: the text of a decisions file, which the page adds to.
        decisions_name: that file's name.
        folder: of the page, for relative links to the original files; None leaves them out.

    Returns:
        Plain values, ready for JSON, and by SHA-256 where each picture comes from.

    Raises:
        UnknownNameError: there is no such check.
        InputError: such a check was not run.
    """
    listed = list_findings(findings, checks=checks)
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for found in listed.values():
        for finding in found:
            by_row[finding.row].append(finding)
    shown = {check: [finding.row for finding in found[:limit]] for check, found in listed.items()}
    rows = sorted({row for some in shown.values() for row in some})
    number = {row: at for at, row in enumerate(rows)}
    describer = _PictureDescriber(findings, manifest, against, folder)
    pictures = [describer.picture(row, by_row[row]) for row in rows]
    worst = sorted(rows, key=lambda row: min(finding.score for finding in by_row[row]))
    data = {
        "version": __version__,
        "name": name_manifest(manifest),
        "manifest": str(manifest.file),
        "data_hash": findings.about.data_hash,
        "checks": [{**_check(check), "pictures": [number[row] for row in some]} for check, some in shown.items()],
        "everything": {
            "name": "everything",
            "title": "Everything",
            "meaning": "All that was found, each picture once.",
            "pictures": [number[row] for row in worst],
        },
        "pictures": pictures,
        "others": describer.others,
        "movements": dict(choosable_movements()),
        "spellings": dict(movement_spellings()),
        "decisions": {"name": decisions_name, "text": decisions},
    }
    return data, describer.sources


def name_manifest(manifest: Manifest) -> str:
    """A short name of a manifest: its folder's, or its file's where that is not ``manifest.parquet``."""
    return manifest.file.parent.resolve().name if manifest.file.stem == "manifest" else manifest.file.stem


def thumbnail_name(sha256: str) -> str:
    """Path of a picture's thumbnail below the page's folder, with forward slashes."""
    return f"pictures/{sha256[:2]}/{sha256[:16]}.jpg"


class _PictureDescriber:
    """Describes pictures, and collects those that others are compared with; arguments as of `page_data`."""

    def __init__(self, findings: Findings, manifest: Manifest, against: Manifest | None, folder: Path | None) -> None:
        self._findings, self._folder = findings, folder
        self._own, self._against = _Table(manifest), _Table(against) if against is not None else None
        self._ids = findings.column("id")
        self.others: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, PictureSource] = {}

    def picture(self, row: int, found: Sequence[Finding]) -> dict[str, Any]:
        """A picture with what was found of it."""
        described = self._describe(self._own, self._own.rows[self._ids[row]])
        return {**described, "findings": [self._finding(finding, described["movement"]) for finding in found]}

    def _describe(self, table: "_Table", row: int) -> dict[str, Any]:
        described = {name: column[row] for name, column in table.columns.items()}
        sha256 = described["sha256"]
        self.sources[sha256] = PictureSource(table.manifest, row)
        path = described.pop("path")
        original = None
        if path is not None and self._folder is not None:
            original = quote(Path(os.path.relpath(table.manifest.file.parent / path, self._folder)).as_posix())
        return {**described, "picture": thumbnail_name(sha256), "original": original, "reason": None}

    def _finding(self, finding: Finding, movement: str | None) -> dict[str, Any]:
        evidence = finding.evidence
        other = self._other(finding)
        shown = _SHOWN if other or "of" not in evidence else _SHOWN[2:]
        rest = {name: value for name, value in evidence.items() if name not in shown}
        return {
            "check": finding.check,
            "score": round(finding.score, 4),
            "threshold": threshold_of(self._findings.about.thresholds, finding.check, movement),
            "words": Finding(finding.row, finding.check, finding.score, rest).describe(),
            "other": other,
            "where": evidence.get("where"),
            "suggestion": evidence.get("suggestion"),
            "probability": evidence.get("probability"),
            "given": evidence.get("given"),
        }

    def _other(self, finding: Finding) -> str | None:
        """The key of the picture that a finding compares with; None where there is none, or it cannot be found."""
        wanted = finding.evidence.get("of")
        tables = [("", self._own), ("held-out", self._against)]
        for name, table in reversed(tables) if finding.is_outside else tables:
            if table is not None and wanted in table.rows:
                key = f"{name} {wanted}".strip()
                if key not in self.others:
                    self.others[key] = self._describe(table, table.rows[wanted])
                return key
        return None


class _Table:
    """A manifest's columns, to look rows up by their id."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.columns = {name: manifest.column(name) for name in _COLUMNS}
        self.rows = {row_id: row for row, row_id in enumerate(self.columns["id"])}


def _check(name: str) -> dict[str, Any]:
    check = get_check(name)
    return {"name": check.name, "title": check.title, "meaning": check.meaning, "advice": check.advice.value}


def choosable_movements() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What a picture can be relabelled to: ids, each with its ``name``, ``family``, ``years`` and ``traits``."""
    for movement in list_movements():
        years = f"{movement.start}–{movement.end}"
        named = {"name": movement.name, "family": movement.family, "years": years}
        yield movement.id, {**named, "traits": list(movement.traits)}
    yield NOT_A_PAINTING, {"name": "Not a painting", "family": None, "years": "", "traits": []}


def movement_spellings() -> Iterator[tuple[str, str]]:
    """Every spelling of a movement that `smn.movements.find_movement` accepts."""
    for movement in list_movements():
        aliases = (alias for group in movement.aliases.values() for alias in group)
        for name in (movement.id, movement.name, *aliases):
            yield normalise(name), movement.id
    yield normalise(NOT_A_PAINTING), NOT_A_PAINTING
