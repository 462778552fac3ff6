"""Which pictures to measure on, and what a model predicted for them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn.bundle.row_reader import Failure
from smn.errors import InputError, ManifestError, UnknownNameError
from smn.evaluate.metrics import Bools, Floats, Ints
from smn.manifest import NOT_A_PAINTING, SPLITS, Manifest, read_manifest, resolve
from smn.manifest.accepted import read_accepted
from smn.movements import Taxonomy
from smn.train.selection import explain_empty

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class EvaluationSet:
    """A named set of pictures.

    Args:
        name: letters, digits, dots, dashes and underscores; it becomes part of file names.
        manifest: the manifest's file, or the folder that holds it.
        split: only rows of this split; None for all rows.
    """

    name: str
    manifest: Path
    split: str | None = None

    @classmethod
    def parse(cls, text: str) -> "EvaluationSet":
        """Read ``[NAME=]MANIFEST[:SPLIT]``, as in ``famous=data/famous`` or ``data/pool:test``.

        Without a name the set is called after its folder and split: ``pool-test``.

        Raises:
            InputError: the name is missing or cannot be part of a file name.
            UnknownNameError: what follows the colon is not a split.
        """
        before, equals, after = text.partition("=")
        is_named = bool(equals) and "/" not in before and "\\" not in before
        place, split = _part_split(after if is_named else text)
        path = Path(place)
        if is_named:
            name = before
        else:
            folder = (path if path.is_dir() or not path.suffix else path.parent).resolve().name
            name = f"{folder}-{split}" if split else folder
        if not place or not _NAME.fullmatch(name):
            raise InputError(
                f"{text!r} does not name a set; write NAME=MANIFEST or NAME=MANIFEST:SPLIT, "
                "where the name has letters, digits, dots, dashes and underscores."
            )
        return cls(name, path, split)


def _part_split(text: str) -> tuple[str, str | None]:
    place, colon, split = text.rpartition(":")
    if not colon or Path(text).exists() or "/" in split or "\\" in split:
        return text, None
    if split not in SPLITS:
        raise UnknownNameError("split", split, SPLITS)
    return place, split


@dataclass(frozen=True)
class Selection:
    """The rows of a manifest that a taxonomy covers.

    Args:
        manifest: where the rows are.
        rows: (N,), their numbers.
        truth: (N,), their labels, 0..K-1.
        excluded: how many rows were left out, by movement.
        accepted: (N, K), the labels that handbooks accept for each row; none of a row where the taxonomy covers none of
            them. None for a manifest without the column ``accepted``.
    """

    manifest: Manifest
    rows: Ints
    truth: Ints
    excluded: Mapping[str, int]
    accepted: Bools | None = None

    def values(self, column: str) -> tuple[str | None, ...]:
        """A column's values in the selected rows."""
        values = self.manifest.column(column)
        return tuple(values[row] for row in self.rows)


def select_rows(chosen: EvaluationSet, taxonomy: Taxonomy) -> Selection:
    """Read a set's manifest and find the rows whose movement the taxonomy covers.

    Raises:
        ManifestError: there is no manifest, none of its rows can be measured on, or the column ``accepted`` names
            something that is no movement.
    """
    manifest = read_manifest(chosen.manifest)
    movements = manifest.column("movement")
    numbers = {label: at for at, label in enumerate(taxonomy.label_ids)}
    homes = {name: label for name in set(movements) if name and (label := taxonomy.label_of(name)) is not None}
    asked = _rows_of(manifest, chosen)
    rows = [row for row in asked if movements[row] in homes]
    if not rows:
        raise ManifestError(explain_empty(manifest, taxonomy, split=chosen.split))
    truth = [numbers[homes[movements[row]].id] for row in rows]
    excluded = Counter(movements[row] or "(no movement)" for row in asked if movements[row] not in homes)
    return Selection(
        manifest,
        np.array(rows, dtype=np.int64),
        np.array(truth, dtype=np.int64),
        dict(sorted(excluded.items(), key=lambda item: (-item[1], item[0]))),
        read_accepted(manifest, rows, truth, taxonomy),
    )


def select_not_paintings(chosen: EvaluationSet) -> tuple[Manifest, Ints]:
    """Read a manifest and find its rows that are marked as no painting, or that have no movement at all.

    Raises:
        ManifestError: there is no manifest, or it has no such row.
    """
    manifest = read_manifest(chosen.manifest)
    movements = manifest.column("movement")
    rows = [row for row in _rows_of(manifest, chosen) if movements[row] in {NOT_A_PAINTING, None}]
    if not rows:
        raise ManifestError(
            f"{manifest.file} has no row{_in_split(chosen)} whose movement is {NOT_A_PAINTING}; "
            "give a manifest of photographs of other things."
        )
    return manifest, np.array(rows, dtype=np.int64)


def check_sets(sets: Iterable[EvaluationSet]) -> None:
    """Check that sets can be told apart and that their manifests exist, before any work is done.

    Raises:
        InputError: there is no set, or two have one name.
        ManifestError: a manifest does not exist.
    """
    counts = Counter(chosen.name.casefold() for chosen in sets)
    twice = [name for name, count in counts.items() if count > 1]
    if not counts or twice:
        raise InputError(
            f"Two sets are called {twice[0]}; name them, as in test={twice[0]}:test." if twice else _NO_SET,
        )
    for chosen in sets:
        resolve(chosen.manifest)


_NO_SET = "There is nothing to evaluate on; give at least one --manifest NAME=MANIFEST."


def _rows_of(manifest: Manifest, chosen: EvaluationSet) -> list[int]:
    return manifest.rows(split=chosen.split) if chosen.split else list(range(len(manifest)))


def _in_split(chosen: EvaluationSet) -> str:
    return f" in split {chosen.split}" if chosen.split else ""


@dataclass(frozen=True)
class Predictions:
    """A model's answers to N paintings of one set, beside the truth.

    Args:
        name: the set's name, also used in file names.
        taxonomy: the K labels that were asked for.
        ids: N row ids.
        probabilities: (N, K), calibrated, rows summing to 1.
        truth: (N,), the right labels, 0..K-1.
        artists: N names, None where unknown.
        sources: N names of where the pictures came from, None where unknown.
        label_kinds: N values of the manifest's ``label_kind``: how the truth is known.
        painting: (N,), scores 0..1 that each is a painting; None for a model that does not say.
        not_paintings: (Q,), the same model's scores of pictures that are none; empty where there are none.
        excluded: how many rows were left out, by the movement that the taxonomy does not cover.
        failures: the pictures that could not be read.
        data_hash: of the manifest the rows came from.
        years: N years of making, None where unknown; empty where nobody knows any.
        known_artists: of whom pictures stand in the training data, as `smn.manifest.identity.artist_key` writes them;
            None where that is unknown.
        sets: for each coverage that was asked for, 0..1, which labels each row's set holds (N, K).
        accepted: (N, K), the labels that handbooks accept for each row, none where the taxonomy covers none of them;
            None where that is unknown.

    Raises:
        InputError: the lengths do not fit each other, or a value is out of its range.
    """

    name: str
    taxonomy: Taxonomy
    ids: tuple[str, ...]
    probabilities: Floats
    truth: Ints
    artists: tuple[str | None, ...]
    sources: tuple[str | None, ...]
    label_kinds: tuple[str | None, ...]
    painting: Floats | None = None
    not_paintings: Floats = field(default_factory=lambda: np.zeros(0))
    excluded: Mapping[str, int] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    data_hash: str = ""
    years: tuple[int | None, ...] = ()
    known_artists: frozenset[str] | None = None
    sets: Mapping[float, NDArray[np.bool_]] = field(default_factory=dict)
    accepted: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        rows, classes = len(self.ids), len(self.taxonomy.labels)
        problems = [
            f"{name} has {len(values)} rows instead of {rows}"
            for name in ("probabilities", "truth", "artists", "sources", "label_kinds", "painting")
            if (values := getattr(self, name)) is not None and len(values) != rows
        ]
        if self.probabilities.shape[1:] != (classes,):
            problems.append(f"probabilities have shape {self.probabilities.shape}, but there are {classes} labels")
        elif rows and not np.allclose(self.probabilities.sum(axis=1), 1.0, atol=1e-4):
            problems.append("there are rows of probabilities that do not sum to 1")
        if self.accepted is not None and self.accepted.shape != (rows, classes):
            problems.append(f"accepted has shape {self.accepted.shape} instead of {(rows, classes)}")
        if rows and not (self.truth.min() >= 0 and self.truth.max() < classes):
            problems.append(f"truth must lie in 0..{classes - 1}")
        if problems:
            raise InputError(f"The predictions for {self.name} do not fit together: {'; '.join(problems)}.")

    def __len__(self) -> int:
        return len(self.ids)
