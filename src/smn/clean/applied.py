"""What applying decisions did, for people and for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smn.dataset.reports import write_section

BEFORE = "movement_before"
"""The column of a cleaned manifest that holds the movement of a relabelled picture as it was; null for all others."""


@dataclass(frozen=True)
class DecisionFile:
    """A decisions file that was applied.

    Args:
        path: as it was given.
        sha256: of its bytes.
    """

    path: str
    sha256: str


@dataclass(frozen=True)
class Applied:
    """What applying decisions did.

    Args:
        before: the manifest that was cleaned.
        after: the manifest written.
        data_hash_before: see `smn.manifest.Manifest.data_hash`.
        data_hash_after: of the manifest written.
        decisions: the files applied, in order; later lines win.
        splits: the splits whose rows were open to decisions; empty if all were.
        rows_before: rows of the old manifest.
        rows_after: rows of the new one.
        dropped: rows left out.
        relabelled: rows with another movement.
        kept: rows that a person chose to keep as they are.
        dropped_by_check: of the dropped ones, how many each check led to; one may count for several.
        relabelled_to: rows by the change, as in ``"realism -> impressionism"``, most first.
        not_in_manifest: ids of decisions about pictures that the manifest does not have.
        picture_changed: ids of rows left as they are because their picture is not the one that was looked at.
        other_splits: ids of rows left as they are because their split was not open.
    """

    before: Path
    after: Path
    data_hash_before: str
    data_hash_after: str
    decisions: tuple[DecisionFile, ...]
    splits: tuple[str, ...]
    rows_before: int
    rows_after: int
    dropped: int
    relabelled: int
    kept: int
    dropped_by_check: Mapping[str, int]
    relabelled_to: Mapping[str, int]
    not_in_manifest: tuple[str, ...]
    picture_changed: tuple[str, ...]
    other_splits: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        return {**asdict(self), "before": str(self.before), "after": str(self.after)}

    def to_markdown(self) -> str:
        """The report for people."""
        lines = [
            "# Decisions applied",
            "",
            f"{self.rows_after:,} of {self.rows_before:,} pictures are in `{self.after.name}`: {self.dropped:,} were "
            f"dropped, {self.relabelled:,} relabelled, {self.kept:,} kept after a look.",
            *([f"Only rows of {', '.join(self.splits)} were open to decisions."] if self.splits else []),
            "",
            "| | before | after |",
            "| --- | --- | --- |",
            f"| data | `{self.data_hash_before[:16]}` | `{self.data_hash_after[:16]}` |",
            f"| rows | {self.rows_before:,} | {self.rows_after:,} |",
        ]
        lines += write_section(
            "Decisions", ("file", "SHA-256"), [(one.path, one.sha256[:16]) for one in self.decisions]
        )
        lines += write_section("Dropped because of", ("check", "rows"), self.dropped_by_check.items())
        lines += write_section("Relabelled", ("from -> to", "rows"), self.relabelled_to.items())
        lines += _ids("Left alone: no such picture in the manifest", self.not_in_manifest)
        lines += _ids("Left alone: the picture is not the one that was looked at", self.picture_changed)
        lines += _ids("Left alone: in another split", self.other_splits)
        return "\n".join(lines) + "\n"


def report_files(manifest: Path) -> tuple[Path, Path]:
    """Where the reports of a manifest that is written there stand: as JSON and as Markdown."""
    stem = "" if manifest.name == "manifest.parquet" else f"{manifest.stem}-"
    return manifest.with_name(f"{stem}applied.json"), manifest.with_name(f"{stem}applied.md")


def write_applied(applied: Applied) -> tuple[Path, Path]:
    """Write both reports beside the manifest that was written."""
    files = report_files(applied.after)
    texts = (json.dumps(applied.to_dict(), ensure_ascii=False, indent=2) + "\n", applied.to_markdown())
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8", newline="\n")
    return files


def _ids(title: str, ids: Sequence[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- `{row_id}`" for row_id in ids)] if ids else []
