"""Whose pictures belong together: everything that holds artists out, or draws them, asks here."""

from collections.abc import Hashable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from smn.movements import normalise


def cluster_artists(artists: Sequence[str | None]) -> NDArray[np.int64]:
    """Numbers (N,) that are equal exactly for rows by the same artist, however spelled; 0..C-1.

    A row without an artist is a cluster of its own.
    """
    numbers: dict[Hashable, int] = {}
    nameless = count()
    keys = (normalise(artist or "") or ("nameless", next(nameless)) for artist in artists)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
