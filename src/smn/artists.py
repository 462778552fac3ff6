"""Whose pictures belong together: everything that holds artists out, or draws them, asks here."""

import re
import unicodedata
from collections.abc import Hashable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from smn.movements import normalise

_NOBODY = {
    *("unknown", "anonymous", "anonymus", "anon", "anonym", "anonyme", "anonimo", "unidentified", "unnamed"),
    *("unbekannt", "inconnu", "various"),
}
_NOTHING = {"nan", "na", "a n", "none", "null"}  # as a whole name only: there are a Nan Goldin and a Na Hye-sok


def artist_key(name: str | None) -> str | None:
    """An artist's name without case, accents, punctuation and order; None for nobody in particular.

    Example:
        >>> artist_key("Monet, Claude") == artist_key("claude-monet")
        True
        >>> artist_key("Unknown Flemish master") is None
        True
    """
    words = re.split(r"[\W_]+", unicodedata.normalize("NFC", name or ""))
    keys = sorted(filter(None, map(normalise, words)))
    key = " ".join(keys)
    return None if not keys or key in _NOTHING or _NOBODY.intersection(keys) else key


def cluster_artists(artists: Sequence[str | None]) -> NDArray[np.int64]:
    """Numbers (N,) that are equal exactly for rows with the same `artist_key`; 0..C-1.

    A row without an artist, or by nobody in particular, is a cluster of its own.
    """
    numbers: dict[Hashable, int] = {}
    nameless = count()
    keys = (artist_key(artist) or ("nameless", next(nameless)) for artist in artists)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
