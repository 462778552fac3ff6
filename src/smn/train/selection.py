"""Chooses the rows of a manifest that a recipe can learn from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.errors import ManifestError
from smn.manifest import NOT_A_PAINTING, Manifest
from smn.movements import Taxonomy


@dataclass(frozen=True)
class TrainingData:
    """The rows of a manifest that a recipe can learn from.

    Args:
        manifest: the pictures.
        rows: numbers of the rows.
        targets: (len(rows),) the labels' places in the taxonomy.
    """

    manifest: Manifest
    rows: tuple[int, ...]
    targets: NDArray[np.int64]

    def values(self, column: str) -> tuple[Any, ...]:
        """A column of the manifest, at these rows."""
        values = self.manifest.column(column)
        return tuple(values[row] for row in self.rows)


def select(manifest: Manifest, taxonomy: Taxonomy, *, split: str | None) -> TrainingData:
    """The rows of one split, or of all and of none, whose movement the taxonomy covers.

    Raises:
        ManifestError: there are none.
    """
    places = {label: place for place, label in enumerate(taxonomy.label_ids)}
    rows, targets = [], []
    movements = manifest.column("movement")
    for row in manifest.rows(**({"split": split} if split else {})):
        label = taxonomy.label_of(movements[row]) if movements[row] else None
        if label is not None:
            rows.append(row)
            targets.append(places[label.id])
    if not rows:
        raise ManifestError(
            f"{manifest.file} has no rows of {f'split {split}' if split else 'any split'} with a movement of taxonomy "
            f"{taxonomy.id}; "
            "split it with: smn dataset split"
        )
    return TrainingData(manifest, tuple(rows), np.asarray(targets, dtype=np.int64))


def select_negatives(negatives: Manifest) -> list[int]:
    """The numbers of the training rows that are no paintings.

    Raises:
        ManifestError: there are none.
    """
    rows = negatives.rows(split="train", movement=NOT_A_PAINTING)
    if not rows:
        raise ManifestError(
            f"{negatives.file} has no rows of split train with movement {NOT_A_PAINTING}; "
            "import it with --not-paintings and split it."
        )
    return rows
