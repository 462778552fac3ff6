"""Works that look like a picture: an index of embeddings and facts, and the search in it."""

from smn.similar.index import DEFAULT_INDEX, SimilarIndex, SimilarWork, find_similar, read_index
from smn.similar.works import Work

__all__ = ["DEFAULT_INDEX", "SimilarIndex", "SimilarWork", "Work", "find_similar", "read_index"]
