"""The movements that handbooks file a work under, from a manifest's column of that name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smn.errors import ManifestError
from smn.manifest.parquet_file import Manifest
from smn.movements import Taxonomy, find_movement

ACCEPTED = "accepted"
"""The column of a manifest that lists every movement that handbooks file a work under, separated by ``|``."""


def read_accepted(
    manifest: Manifest, rows: Sequence[int], targets: Sequence[int], taxonomy: Taxonomy
) -> NDArray[np.bool_] | None:
    """The accepted labels (N, K) of N rows; a row that lists no movement accepts its own label.

    Args:
        manifest: the pictures.
        rows: N numbers of rows.
        targets: their own labels' places in the taxonomy.
        taxonomy: the K labels.

    Returns:
        None for a manifest without the column `ACCEPTED`. A row whose accepted movements the taxonomy does not cover
        accepts no label.

    Raises:
        ManifestError: the column names something that is no movement.
    """
    if ACCEPTED not in manifest.table.column_names:
        return None
    values, numbers = manifest.column(ACCEPTED), {label: at for at, label in enumerate(taxonomy.label_ids)}
    accepted = np.zeros((len(rows), len(numbers)), dtype=bool)
    for at, row in enumerate(rows):
        names = [name.strip() for name in str(values[row] or "").split("|") if name.strip()]
        if not names:
            accepted[at, targets[at]] = True
        for name in names:
            movement = find_movement(name)
            if movement is None:
                raise ManifestError(
                    f"{manifest.file}: row {manifest.column('id')[row]} has {name!r} in its column {ACCEPTED}, which "
                    "is no movement; write names or ids that smn movements list shows, separated by |."
                )
            label = taxonomy.label_of(movement.id)
            if label is not None:
                accepted[at, numbers[label.id]] = True
    return accepted
