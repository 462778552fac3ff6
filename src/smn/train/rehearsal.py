"""A run of a few pictures that goes through every phase, to find what would go wrong after hours."""

from collections.abc import Sequence

from smn.manifest import Manifest
from smn.movements import Taxonomy
from smn.train.recipe import Recipe
from smn.train.selection import select, select_negatives

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
    rows = [row for split in ("train", "val") for row in _spread(select(pictures, taxonomy, split=split).rows)]
    return Manifest(pictures.file, pictures.table.take(rows))


def shorten_negatives(negatives: Manifest) -> Manifest:
    """Two batches of what is no painting.

    Raises:
        ManifestError: there are no usable rows.
    """
    return Manifest(negatives.file, negatives.table.take(_spread(select_negatives(negatives))))


def _spread(rows: Sequence[int]) -> list[int]:
    count = min(len(rows), _BATCH * _BATCHES)
    return [rows[place * len(rows) // count] for place in range(count)]
