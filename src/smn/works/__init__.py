"""Works that are known: an index of facts and vectors, the search in it, and recognising a work in a picture."""

from smn.works.recognition import Match, NearArtist, find_artists, recognize
from smn.works.work_index import (
    DEFAULT_INDEX,
    LARGE,
    OWN_INDEX,
    SimilarWork,
    Work,
    WorkIndex,
    choose_index,
    parse_work,
    read_index,
)

__all__ = [
    "DEFAULT_INDEX",
    "LARGE",
    "OWN_INDEX",
    "Match",
    "NearArtist",
    "SimilarWork",
    "Work",
    "WorkIndex",
    "choose_index",
    "find_artists",
    "parse_work",
    "read_index",
    "recognize",
]
