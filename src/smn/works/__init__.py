"""Works that are known: an index of facts and vectors, the search in it, and recognising a work in a picture."""

from smn.works.recognition import Match, NearArtist, find_artists, recognize
from smn.works.work_index import DEFAULT_INDEX, LARGE, SimilarWork, Work, WorkIndex, parse_work, read_index

__all__ = [
    "DEFAULT_INDEX",
    "LARGE",
    "Match",
    "NearArtist",
    "SimilarWork",
    "Work",
    "WorkIndex",
    "find_artists",
    "parse_work",
    "read_index",
    "recognize",
]
