"""Builds the manifest and the report of a fetch from its journal."""

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smn.dataset.fetch.fetch_source import Candidate
from smn.dataset.fetch.journal import Journal, Stored
from smn.dataset.fetch.source_fields import choose_licence, is_public_domain
from smn.dataset.label_map import LabelMap, suggest_movements
from smn.dataset.reports import Duplicate, Unmapped, write_section
from smn.dataset.sources import Failed
from smn.errors import OutputExistsError
from smn.manifest import COLUMNS, write_manifest
from smn.manifest.writer import manifest_schema

PUBLIC_DOMAIN = "public-domain"
"""The licence filter that there is."""

EXTRAS = (
    "rights",
    "attribution",
    "page_url",
    "image_url",
    "retrieved_at",
    "museum",
    "medium",
    "wikidata_id",
    "etag",
)
"""Columns beyond the manifest's own, all text."""

FETCH_REPORTS = ("fetch-report.json", "fetch-report.md")
"""Files that a fetch writes beside the manifest."""


@dataclass(frozen=True)
class FetchReport:
    """The report of a fetch, all runs together.

    Args:
        source: its name.
        manifest: its file.
        rows: pictures in the manifest.
        listed: entries that the source's list has offered.
        complete: whether the list was read to its end and nothing of it is left to download.
        movements: rows of each movement, most first.
        unlabelled: rows whose source gives no label.
        unmapped: labels that name no movement, most rows first; their rows are kept without one.
        flawed: entries of the list that were no pictures, with reasons.
        refused: pictures that the licence filter left out.
        missed: pictures that could not be downloaded, with reasons; the next run tries them again.
        duplicates: pictures left out because the same bytes came before.
        licences: rows of each licence, most first.
        requests: how many were made in this run.
        received: bytes received in this run.
    """

    source: str
    manifest: Path
    rows: int
    listed: int
    complete: bool
    movements: Mapping[str, int]
    unlabelled: int
    unmapped: tuple[Unmapped, ...]
    flawed: tuple[Failed, ...]
    refused: tuple[Failed, ...]
    missed: tuple[Failed, ...]
    duplicates: tuple[Duplicate, ...]
    licences: Mapping[str, int]
    requests: int
    received: int

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {**asdict(self), "manifest": str(self.manifest)}

    def to_markdown(self) -> str:
        """The report for people, as Markdown."""
        lines = [f"# Fetched from {self.source}", "", self.summary()]
        lines += write_section("Movements", ("movement", "rows"), self.movements.items())
        lines += write_section("Licences", ("licence", "rows"), self.licences.items())
        unmapped = ((item.label, item.rows, ", ".join(item.suggestions)) for item in self.unmapped)
        lines += write_section("Labels that name no movement", ("label", "rows", "did you mean"), unmapped)
        for title, group in (
            ("Could not be downloaded; retried by the next run", self.missed),
            ("No picture", self.flawed),
            ("Left out for its licence", self.refused),
        ):
            lines += write_section(title, ("what", "why"), ((item.name, item.reason) for item in group))
        duplicates = ((item.dropped, item.kept, " / ".join(item.labels)) for item in self.duplicates)
        lines += write_section("Duplicates", ("left out", "same as", "labels that contradict"), duplicates)
        return "\n".join(lines) + "\n"

    def summary(self) -> str:
        """All of it in a sentence or two."""
        return (
            f"{self.rows:,} pictures are in {self.manifest}, of {self.listed:,} entries listed; {len(self.missed):,} "
            f"could not be downloaded, {len(self.flawed):,} were no pictures, {len(self.refused):,} were left out for "
            f"their licence, {len(self.duplicates):,} were duplicates. "
            + ("The list has been read to its end." if self.complete else "The list goes on.")
        )


class Collection:
    """The rows that a journal's pictures make, and what stays outside, in the order of the source's list.

    Args:
        journal: of the fetch.
        source: its name.
        labels: raw label to movement.
        licence: the licence filter, or None.
    """

    def __init__(self, journal: Journal, *, source: str, labels: LabelMap, licence: str | None) -> None:
        self.rows: list[dict[str, Any]] = []
        self.duplicates: list[Duplicate] = []
        self.refused: list[Failed] = []
        self._journal, self._source, self._labels = journal, source, labels
        kept: dict[str, dict[str, Any]] = {}
        for candidate in journal.candidates.values():
            reason = refuse(candidate, licence=licence)
            stored = journal.stored.get(candidate.id)
            if reason is not None:
                self.refused.append(Failed(candidate.id, reason))
            elif stored is not None and stored.sha256 in kept:
                self.duplicates.append(_duplicate(kept[stored.sha256], self._row(candidate, stored)))
            elif stored is not None:
                kept[stored.sha256] = self._row(candidate, stored)
                self.rows.append(kept[stored.sha256])

    def write(self, file: Path, *, made_by: Mapping[str, Any]) -> Path:
        """Write the manifest; one that an earlier run of the fetch wrote is replaced.

        Args:
            file: the manifest.
            made_by: what makes it, for its history; see `smn.manifest.lineage.Step`.

        Raises:
            OutputExistsError: a manifest stands there that no run of this fetch wrote.
        """
        import pyarrow as pa

        check_manifest(file, self._journal)
        schema = manifest_schema(dict.fromkeys(EXTRAS, pa.string()), embedded=False)
        table = pa.Table.from_pylist(self.rows, schema=schema)
        fresh = file.with_name("manifest.new.parquet")
        write_manifest(table, fresh, replace=True, made_by=made_by)
        self._journal.note_manifest(_digest(fresh))  # before it takes its place: a kill may come between
        os.replace(fresh, file)
        return file

    def report(self, manifest: Path, *, requests: int, received: int) -> FetchReport:
        """What the fetch did; the manifest is, or will be, written to ``manifest``."""
        journal = self._journal
        unmapped = Counter(row["raw_label"] for row in self.rows if row["raw_label"] and not row["movement"])
        outside = {item.name for item in self.refused}
        # In the list's order: in which order threads came back says nothing.
        missed = {
            name: journal.missed[name]
            for name in journal.candidates
            if name in journal.missed and name not in journal.stored
        }
        waiting = [one.id for one in journal.pending() if one.id not in outside]
        return FetchReport(
            source=self._source,
            manifest=manifest,
            rows=len(self.rows),
            listed=len(journal.candidates) + len(journal.flaws),
            complete=journal.listed and not waiting,
            movements=_count(row["movement"] for row in self.rows),
            unlabelled=sum(row["raw_label"] is None for row in self.rows),
            unmapped=tuple(Unmapped(label, rows, suggest_movements(label)) for label, rows in unmapped.most_common()),
            flawed=tuple(Failed(flaw.id, flaw.reason) for flaw in journal.flaws.values()),
            refused=tuple(self.refused),
            missed=tuple(Failed(name, item.reason) for name, item in missed.items() if name not in outside),
            duplicates=tuple(self.duplicates),
            licences=_count(row["licence"] or "unknown" for row in self.rows),
            requests=requests,
            received=received,
        )

    def _row(self, candidate: Candidate, stored: Stored) -> dict[str, Any]:
        label = candidate.movement
        return dict.fromkeys(COLUMNS) | {
            "id": candidate.id,
            "path": stored.path,
            "sha256": stored.sha256,
            "movement": self._labels.find(label) if label else None,
            "artist": candidate.artist,
            "title": candidate.title,
            "year": candidate.year,
            "source": self._source,
            "licence": choose_licence(candidate.licence, candidate.rights),
            "label_kind": candidate.label_kind,
            "raw_label": label,
            "width": stored.width,
            "height": stored.height,
            "rights": candidate.rights,
            "attribution": candidate.attribution,
            "page_url": candidate.page,
            "image_url": candidate.address,
            "retrieved_at": stored.retrieved_at,
            "museum": candidate.museum,
            "medium": candidate.medium,
            "wikidata_id": candidate.wikidata_id,
            "etag": stored.etag,
        }


def refuse(candidate: Candidate, *, licence: str | None) -> str | None:
    """Why the licence filter leaves a candidate out, or None."""
    if licence is None:
        return None
    name = choose_licence(candidate.licence, candidate.rights)
    if is_public_domain(name):
        return None
    return f"Its licence is {name}, which is not public domain everywhere." if name else "Its source names no licence."


def check_manifest(file: Path, journal: Journal) -> None:
    """Check that a manifest may be replaced: that a run of this fetch wrote it, and it has not changed since.

    Raises:
        OutputExistsError: it may not.
    """
    if file.exists() and _digest(file) not in journal.wrote:
        raise OutputExistsError(file)


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _count(values: Any) -> Mapping[str, int]:
    return dict(Counter(value for value in values if value).most_common())


def _duplicate(kept: Mapping[str, Any], dropped: Mapping[str, Any]) -> Duplicate:
    labels = [row["movement"] or row["raw_label"] for row in (kept, dropped)]
    contradict = all(labels) and labels[0] != labels[1]
    return Duplicate(kept["id"], dropped["id"], (labels[0], labels[1]) if contradict else ())
