"""Works that look like a picture: an index of embeddings and facts, and the search in it."""

from smn.similar.index import DEFAULT_INDEX, SimilarIndex, SimilarWork, Work, find_similar, read_index

__all__ = ["DEFAULT_INDEX", "SimilarIndex", "SimilarWork", "Work", "find_similar", "read_index"]
