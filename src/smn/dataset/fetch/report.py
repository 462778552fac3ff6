"""What a fetch did, and what a fetch would do, for people and for programs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smn.dataset.reports import Duplicate, Unmapped, write_section
from smn.dataset.sources import Failed

REPORTS = ("fetch-report.json", "fetch-report.md")
"""Files that a fetch writes beside the manifest."""


@dataclass(frozen=True)
class FetchReport:
    """What a fetch did, all runs together.

    Args:
        source: its name.
        manifest: its file.
        rows: pictures in the manifest.
        listed: entries that the source's list has offered.
        complete: whether the list was read to its end and nothing of it is left to have.
        movements: rows of each movement, most first.
        unlabelled: rows whose source gives no label.
        unmapped: labels that name no movement, most rows first; their rows are kept without one.
        flawed: entries of the list that were no pictures, with reasons.
        refused: pictures that the licence filter left out.
        missed: pictures that could not be had, with reasons; the next run tries them again.
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
            ("Could not be had; tried again by the next run", self.missed),
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
            f"could not be had, {len(self.flawed):,} were no pictures, {len(self.refused):,} were left out for their "
            f"licence, {len(self.duplicates):,} were duplicates. "
            + ("The list has been read to its end." if self.complete else "The list goes on.")
        )


@dataclass(frozen=True)
class Estimate:
    """What a fetch would do, judged by the first page of the list.

    Args:
        source: its name.
        total: entries that the source says there are; None where it does not say.
        listed: entries on the first page.
        matching: of these, pictures that the licence filter lets through.
        pictures: how many would be had in all; None where the source does not say how many there are.
        requests: how many that would take: one a picture, and those for the list.
        picture_bytes: mean size of the pictures tried; None where none could be had.
        requests_per_second: the rate that was reckoned with.
        reasons: why entries of the first page are left out, with how many.
    """

    source: str
    total: int | None
    listed: int
    matching: int
    pictures: int | None
    requests: int | None
    picture_bytes: int | None
    requests_per_second: float
    reasons: Mapping[str, int]

    @property
    def bytes(self) -> int | None:
        """Of all pictures."""
        known = self.pictures is not None and self.picture_bytes is not None
        return self.pictures * self.picture_bytes if known else None  # type: ignore[operator]

    @property
    def minutes(self) -> float | None:
        """At the source's rate; slower where the line is slow."""
        return None if self.requests is None else self.requests / self.requests_per_second / 60

    def to_dict(self) -> dict[str, Any]:
        """The estimate as plain values, ready for JSON."""
        return {**asdict(self), "bytes": self.bytes, "minutes": self.minutes}
