"""Chooses the rows of a manifest that a recipe can learn from, all of them or a few for a fast development run."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.confidence.calibration import MIN_PICTURES
from smn.errors import ManifestError
from smn.manifest import NOT_A_PAINTING, SPLITS, Manifest
from smn.movements import Taxonomy
from smn.train.recipe import Recipe


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
        raise ManifestError(explain_empty(manifest, taxonomy, split=split))
    return TrainingData(manifest, tuple(rows), np.asarray(targets, dtype=np.int64))


def explain_empty(manifest: Manifest, taxonomy: Taxonomy, *, split: str | None) -> str:
    """Why no picture of a split, or of all, can be used, and what helps: one sentence."""
    splits, file = manifest.column("split"), manifest.file
    if split is not None and not any(splits):
        return f"{file} has no splits; make them with: smn dataset split {file} --out FOLDER"
    if split is not None and split not in splits:
        counts = ", ".join(f"{name} {splits.count(name):,}" for name in SPLITS)
        return (
            f"{file} has no picture in split {split} ({counts}); it needs 1 at least, and {MIN_PICTURES} for figures "
            f"to trust, so add pictures or give {split} a larger share of the split, such as --ratios 60/20/20."
        )
    pictures, where = (splits.count(split), f" in split {split}") if split else (len(splits), "")
    return (
        f"{file} has {pictures:,} pictures{where}, but none with a movement of taxonomy {taxonomy.id}; "
        "name what their labels mean with: smn dataset import SOURCE --map LABEL=MOVEMENT --out FOLDER"
    )


def describe_missing(data: TrainingData, taxonomy: Taxonomy) -> str | None:
    """Which labels have no picture to learn from and what to do, one sentence; None where every label has one."""
    missing = [name for place, name in enumerate(taxonomy.label_ids) if place not in set(data.targets.tolist())]
    if not missing:
        return None
    named = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
    command = f"smn taxonomy from {data.manifest.file} --out own.toml"
    return (
        f"{len(missing)} of the {len(taxonomy.labels)} labels of {taxonomy.id} have no training picture ({named}), so "
        f"they can never be answered; for labels of your own set: {command}, then --set taxonomy=own.toml"
    )


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


_BATCH = 4
_BATCHES = 2


def shorten_recipe(recipe: Recipe) -> Recipe:
    """The recipe with one epoch, of small batches, for every phase that it has, and without augmented views."""
    return recipe.with_settings({
        "head.epochs": min(1, recipe.head.epochs),
        "head.views": 0,
        "head.batch_size": _BATCH,
        "finetune.epochs": min(1, recipe.finetune.epochs),
        "finetune.batch_size": _BATCH,
    })  # fmt: skip


def shorten_pictures(pictures: Manifest, taxonomy: Taxonomy) -> Manifest:
    """Two batches of each split that training reads, from all over the manifest.

    Raises:
        ManifestError: a split has no usable rows.
    """
    rows = [row for split in ("train", "val") for row in _sample_evenly(select(pictures, taxonomy, split=split).rows)]
    return Manifest(pictures.file, pictures.table.take(rows))


def shorten_negatives(negatives: Manifest) -> Manifest:
    """Two batches of what is no painting.

    Raises:
        ManifestError: there are no usable rows.
    """
    return Manifest(negatives.file, negatives.table.take(_sample_evenly(select_negatives(negatives))))


def _sample_evenly(rows: Sequence[int]) -> list[int]:
    count = min(len(rows), _BATCH * _BATCHES)
    return [rows[place * len(rows) // count] for place in range(count)]
