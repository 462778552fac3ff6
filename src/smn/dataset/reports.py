"""What an import and a merge did, as JSON and as Markdown."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from smn.dataset.frozen_split import Unassigned, UnassignedReason
from smn.dataset.matching import LeftOut, LeftOutReason
from smn.dataset.sources import Failed
from smn.files import write_text
from smn.manifest import SPLITS
from smn.movements import Taxonomy

IMPORT_REPORTS = ("import-report.json", "import-report.md")
"""Files that an import writes beside the manifest."""

MERGE_REPORTS = ("growth-report.json", "growth-report.md")
"""Files that a merge writes beside the manifest."""

REASONS: Mapping[LeftOutReason | UnassignedReason, str] = {
    LeftOutReason.SAME_FILE: "the same file is in the set already",
    LeftOutReason.SAME_PICTURE: "the same picture is in the set already",
    LeftOutReason.HELD_OUT: "the picture or the work is in the held-out set",
    LeftOutReason.UNREADABLE: "the picture cannot be used",
    LeftOutReason.NO_CONSENT: "feedback without consent",
    UnassignedReason.ARTIST_IN_TEST: "the artist is in test, which never grows",
    UnassignedReason.ARTIST_IN_VAL: "the artist is in val, which is frozen",
    UnassignedReason.FEEDBACK: "feedback that nobody has reviewed",
    UnassignedReason.NO_SPLITS: "the old set has no splits",
}
"""Each reason in words."""


@dataclass(frozen=True)
class Unmapped:
    """A label that names no movement.

    Args:
        label: as the source wrote it.
        rows: how many rows have it.
        suggestions: ids of movements that it may mean.
    """

    label: str
    rows: int
    suggestions: tuple[str, ...]


@dataclass(frozen=True)
class Duplicate:
    """A picture that was left out because the same bytes came before.

    Args:
        kept: the picture that stays.
        dropped: the picture that was left out.
        labels: the two labels, kept one first, where they contradict each other; else empty.
    """

    kept: str
    dropped: str
    labels: tuple[str, ...]


@dataclass(frozen=True)
class TaxonomyCount:
    """An import seen through a taxonomy.

    Args:
        taxonomy: its id.
        labels: rows of each label, in the taxonomy's order.
        outside: rows that the taxonomy leaves out, by movement; they are in the manifest nevertheless.
    """

    taxonomy: str
    labels: Mapping[str, int]
    outside: Mapping[str, int]


@dataclass(frozen=True)
class ImportReport:
    """What an import did.

    Args:
        manifest: the file written.
        rows: pictures in the manifest.
        movements: rows of each movement, most first.
        unlabelled: rows whose source gives no label at all.
        unmapped: labels that name no movement, most rows first; their rows are kept without one.
        failed: pictures and shards that could not be used.
        duplicates: pictures left out because the same bytes came before.
        notes: values that were left empty because they could not be read, as sentences.
        taxonomy: the import seen through the taxonomy asked for.
    """

    manifest: Path
    rows: int
    movements: Mapping[str, int]
    unlabelled: int
    unmapped: tuple[Unmapped, ...]
    failed: tuple[Failed, ...]
    duplicates: tuple[Duplicate, ...]
    notes: tuple[str, ...]
    taxonomy: TaxonomyCount | None

    @property
    def seen(self) -> int:
        """How many pictures the sources offered."""
        return self.rows + len(self.failed) + len(self.duplicates)

    @property
    def without_movement(self) -> str:
        """How many rows have no movement and why, in words."""
        unmapped = sum(item.rows for item in self.unmapped)
        said = f"{self.unlabelled:,} have no label"
        return said + (f", {unmapped:,} have a label that matches no movement" if unmapped else "")

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {**asdict(self), "manifest": str(self.manifest), "seen": self.seen}

    def to_markdown(self) -> str:
        """The report for people, as Markdown."""
        lines = [
            "# Import report",
            "",
            f"{self.rows} of {self.seen} pictures are in `{self.manifest}`; {len(self.failed)} could not be used, "
            f"{len(self.duplicates)} were left out as duplicates, {self.without_movement}.",
        ]
        lines += write_section("Movements", ("movement", "rows"), self.movements.items())
        if self.taxonomy is not None:
            title = f"Taxonomy {self.taxonomy.taxonomy}"
            lines += write_section(title, ("label", "rows"), self.taxonomy.labels.items())
            lines += write_section(
                f"Outside {self.taxonomy.taxonomy}", ("movement", "rows"), self.taxonomy.outside.items()
            )
        unmapped = ((item.label, item.rows, ", ".join(item.suggestions)) for item in self.unmapped)
        lines += write_section("Labels that name no movement", ("label", "rows", "did you mean"), unmapped)
        lines += write_section("Could not be used", ("what", "why"), ((item.name, item.reason) for item in self.failed))
        duplicates = ((item.dropped, item.kept, " / ".join(item.labels)) for item in self.duplicates)
        lines += write_section("Duplicates", ("left out", "same as", "labels that contradict"), duplicates)
        lines += write_section("Notes", ("note",), ((note,) for note in self.notes))
        return "\n".join(lines) + "\n"


def count_taxonomy(movements: Mapping[str, int], taxonomy: Taxonomy) -> TaxonomyCount:
    """Count rows by a taxonomy's labels.

    Args:
        movements: rows of each movement.
        taxonomy: the taxonomy to see them through.
    """
    labels = dict.fromkeys(taxonomy.label_ids, 0)
    outside = {}
    for movement, rows in movements.items():
        label = taxonomy.label_of(movement)
        if label is None:
            outside[movement] = rows
        else:
            labels[label.id] += rows
    return TaxonomyCount(taxonomy.id, labels, outside)


@dataclass(frozen=True)
class MergeInput:
    """One of the merged manifests.

    Args:
        manifest: its file.
        data_hash: its version.
        rows: how many it has.
        added: how many of them are in the result.
    """

    manifest: Path
    data_hash: str
    rows: int
    added: int


@dataclass(frozen=True)
class MergeReport:
    """What a merge did. Every row of every manifest is in the result or in ``left_out``.

    Args:
        manifest: the file written.
        data_hash: its version.
        old: the manifest that grew.
        new: what was added to it.
        splits: rows of each split, and of none, before and after.
        movements: rows of each movement before and after, most first; rows without one stand under ``""``.
        left_out: rows that are not in the result, with the reasons.
        aside: rows new in the result that have no split, with the reasons.
        same_works: ids of pictures of one work, by artist and title, where a new row is among them.
        renamed: old ids by new ones, of new rows whose id another row had.
        unreadable: rows of the old and of the held-out set whose pictures could not be compared; they stay.
        nameless: new paintings without a known artist, all in train: nobody can say whether the artist is in test.
    """

    manifest: Path
    data_hash: str
    old: MergeInput
    new: tuple[MergeInput, ...]
    splits: Mapping[str, tuple[int, int]]
    movements: Mapping[str, tuple[int, int]]
    left_out: tuple[LeftOut, ...]
    aside: tuple[Unassigned, ...]
    same_works: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, str]
    unreadable: tuple[LeftOut, ...]
    nameless: int

    @property
    def rows(self) -> int:
        """Rows of the result."""
        return self.old.rows + sum(offer.added for offer in self.new)

    def reasons(self) -> dict[str, int]:
        """How many rows were left out or got no split, for each reason."""
        return {why.value: count for why, count in self._count_reasons()}

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        plain = {**asdict(self), "rows": self.rows, "reasons": self.reasons()}
        loaded: dict[str, Any] = json.loads(json.dumps(plain, default=str))
        return loaded

    def to_markdown(self) -> str:
        """The report for people, as Markdown."""
        lines = ["# MergeReport report", "", self.summary(), "", f"Data hash `{self.data_hash}`."]
        offers = [(one.manifest, f"`{one.data_hash[:16]}`", one.rows, one.added) for one in (self.old, *self.new)]
        lines += write_section("Put together", ("manifest", "data hash", "rows", "in the result"), offers)
        header = ("before", "after")
        lines += write_section("Splits", ("split", *header), ((name, *both) for name, both in self.splits.items()))
        movements = ((name or "without a movement", *both) for name, both in self.movements.items())
        lines += write_section("Movements", ("movement", *header), movements)
        reasons = ((why.value, count, REASONS[why]) for why, count in self._count_reasons())
        lines += write_section("Reasons", ("reason", "rows", "in words"), reasons)
        left_out = [(one.manifest, one.id, one.why.value, one.kept or "", one.detail) for one in self.left_out]
        lines += write_section("Left out", ("manifest", "id", "reason", "stands for it", "detail"), left_out)
        aside = ((one.manifest, one.id, one.why.value) for one in self.aside)
        lines += write_section("In the result without a split", ("manifest", "id", "reason"), aside)
        works = ((work, ", ".join(ids)) for work, ids in self.same_works.items())
        lines += write_section("Several pictures of one work", ("work", "ids"), works)
        lines += write_section("Renamed, for another row has the id", ("now", "before"), self.renamed.items())
        unreadable = ((one.manifest, one.id, one.detail) for one in self.unreadable)
        lines += write_section("Could not be compared", ("manifest", "id", "why"), unreadable)
        return "\n".join(lines) + "\n"

    def _count_reasons(self) -> list[tuple[LeftOutReason | UnassignedReason, int]]:
        reasons: list[LeftOutReason | UnassignedReason] = [one.why for one in self.left_out]
        return Counter([*reasons, *(one.why for one in self.aside)]).most_common()

    def summary(self) -> str:
        """What was done, in a few sentences."""
        offered, added = sum(one.rows for one in self.new), sum(one.added for one in self.new)
        train, val = (self.splits[split][1] - self.splits[split][0] for split in SPLITS[:2])
        frozen = f" The {self.splits['test'][1]:,} rows of test are what they were." if self.splits["test"][1] else ""
        nameless = f" {self.nameless:,} paintings without a known artist went to train." if self.nameless else ""
        return (
            f"{added:,} of {offered:,} offered rows were added to {self.old.rows:,}: {train:,} to train, {val:,} to "
            f"val, {len(self.aside):,} without a split; {len(self.left_out):,} were left out.{frozen}{nameless}"
        )


class Report(Protocol):
    """A report as data and as Markdown."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""

    def to_markdown(self) -> str:
        """The report for people."""


def write_reports(report: Report, folder: Path, *, names: Sequence[str] = IMPORT_REPORTS) -> tuple[Path, ...]:
    """Write a report as JSON and as Markdown beside the manifest; one of an earlier run is replaced.

    Args:
        report: of an import, a fetch or a merge.
        folder: the manifest's.
        names: of the two files.
    """
    texts = (json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n", report.to_markdown())
    files = tuple(folder / name for name in names)
    for file, text in zip(files, texts, strict=True):
        write_text(file, text)
    return files


def write_section(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A heading and a table; nothing where there are no rows."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if not cells:
        return []
    table = [list(header), ["---"] * len(header), *cells]
    return ["", f"## {title}", "", *(f"| {' | '.join(row)} |" for row in table)]
