"""What a model said about a set of pictures, apart from how it came to say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError
from smn.movements import Taxonomy
from smn.reading import Failure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


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
        known_artists: of whom pictures stand in the training data, as `smn.manifest.identity.artist_key`
            writes them; None where that is unknown.
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
