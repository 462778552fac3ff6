"""The keys by which two rows have the same artist or show the same work.

For the same picture see `smn.duplicates`.
"""

import re
import unicodedata
from collections.abc import Hashable, Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

from smn.movements import normalise

_ANONYMOUS = {
    *("unknown", "anonymous", "anonymus", "anon", "anonym", "anonyme", "anonimo", "unidentified", "unnamed"),
    *("unbekannt", "inconnu", "various"),
}
_NO_NAME = {"nan", "na", "a n", "none", "null"}  # as a whole name only: there are a Nan Goldin and a Na Hye-sok
_ANY_TITLE = {
    *("untitled", "notitle", "unknown", "nan", "none", "abstract", "abstraction", "composition"),
    *("portrait", "selfportrait", "portraitofaman", "portraitofawoman", "landscape", "stilllife", "waterlilies"),
}


def artist_key(name: str | None) -> str | None:
    """An artist's name without case, accents, punctuation and word order; None for an anonymous artist.

    Example:
        >>> artist_key("Monet, Claude") == artist_key("claude-monet")
        True
        >>> artist_key("Unknown Flemish master") is None
        True
    """
    words = re.split(r"[\W_]+", unicodedata.normalize("NFC", name or ""))
    keys = sorted(filter(None, map(normalise, words)))
    key = " ".join(keys)
    return None if not keys or key in _NO_NAME or _ANONYMOUS.intersection(keys) else key


def cluster_artists(artists: Sequence[str | None]) -> NDArray[np.int64]:
    """Numbers (N,) that are equal exactly for rows with the same `artist_key`; 0..C-1.

    A row without an artist, or by an anonymous one, is a cluster of its own.
    """
    numbers: dict[Hashable, int] = {}
    nameless = count()
    keys = (artist_key(artist) or ("nameless", next(nameless)) for artist in artists)
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def work_key(artist: str | None, title: str | None) -> str | None:
    """A work by its artist and title; None without either, and for titles that many works share."""
    who, what = artist_key(artist), normalise(title or "")
    return f"{who}: {what}" if who and what and what not in _ANY_TITLE else None
