"""What an import did, for people and for programs."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from smn.dataset.rows import Failed
from smn.movements import Taxonomy

REPORTS = ("import-report.json", "import-report.md")
"""Files that an import writes beside the manifest."""


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

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {**asdict(self), "manifest": str(self.manifest), "seen": self.seen}

    def to_markdown(self) -> str:
        """The report for people, as Markdown."""
        lines = [
            "# Import report",
            "",
            f"{self.rows} of {self.seen} pictures are in `{self.manifest}`; {len(self.failed)} could not be used, "
            f"{len(self.duplicates)} were left out as duplicates, {self.unlabelled} have no label.",
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


class Reporting(Protocol):
    """A report for programs and for people."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""

    def to_markdown(self) -> str:
        """The report for people."""


def write_reports(report: Reporting, folder: Path, *, names: Sequence[str] = REPORTS) -> tuple[Path, ...]:
    """Write a report as JSON and as Markdown beside the manifest; one of an earlier run is replaced.

    Args:
        report: of an import, a fetch or a growth.
        folder: the manifest's.
        names: of the two files.
    """
    texts = (json.dumps(report.to_dict(), ensure_ascii=False, indent=2) + "\n", report.to_markdown())
    files = tuple(folder / name for name in names)
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return files


def write_section(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """A heading and a table; nothing where there are no rows."""
    cells = [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    if not cells:
        return []
    table = [list(header), ["---"] * len(header), *cells]
    return ["", f"## {title}", "", *(f"| {' | '.join(row)} |" for row in table)]
