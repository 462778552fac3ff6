"""Whether a picture shows a work of an index, and by whose hand it looks.

A match is judged by three measurements: the cosine of the *whitened* vectors (all components vary alike, so that the
few which tell bright from dark do not outvote the others; Jegou & Chum 2012); the least number of bits, of 256, in
which a hash of a part of the picture differs from the hash of the work's layout; and the margin by which the cosine
exceeds that of the nearest work with another layout, after the ratio test of Lowe (2004): where many works are about
as near, none of them is the one. Weights, threshold and what a score is worth were fitted on validation pictures and
lie in the index, in ``rules.json`` (`tools/figures/recognition.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.errors import SimilarError
from smn.manifest.identity import artist_key
from smn.works.vector_search import unpack_vectors
from smn.works.work_index import LARGE, Work, WorkIndex

Floats = NDArray[np.float32]
Hashes = NDArray[np.uint64]

NO_BITS = 128
"""Differing bits where there is no hash to compare: as many as two unrelated pictures have."""

UNRELATED = 80
"""Differing bits from which on two layouts are as good as unrelated; more of them tell nothing more."""

NEAR = 12
"""Works that are looked at by their vectors."""

_NEAR_HASHES = 3  # and by their hashes
_OTHER_LAYOUT = 60
_HANDS = 40  # works that vote for an artist
_SHARPNESS = 8.0  # of the votes


@dataclass(frozen=True)
class MatchRule:
    """When a match is believed.

    Args:
        similarity: weight of the whitened cosine, -1..1.
        bits: weight of each differing bit, up to `UNRELATED` of them.
        margin: weight of the margin, -2..2.
        offset: added to them.
        threshold: the least score of a match that is believed.
        threshold_refused: the same for pictures that the model takes for no painting, at least as high.
        worth: pairs of a score and the share of validation matches with about this score that were right, rising.
    """

    similarity: float
    bits: float
    margin: float
    offset: float
    threshold: float
    threshold_refused: float
    worth: tuple[tuple[float, float], ...]

    def score(self, match: "Match") -> float:
        """The score of a match."""
        return (
            self.similarity * match.similarity + self.bits * min(match.bits, UNRELATED)
            + self.margin * match.margin + self.offset
        )  # fmt: skip

    def believes(self, match: "Match", *, refused: bool) -> bool:
        """Whether a match is believed; ``refused`` says that the model takes the picture for no painting."""
        return self.score(match) >= (self.threshold_refused if refused else self.threshold)

    def confidence(self, score: float) -> float:
        """The share, 0..1, of such matches that were right."""
        scores, shares = zip(*self.worth, strict=True)
        return round(float(np.interp(score, scores, shares)), 3)


NUMBERS = ("similarity", "bits", "margin", "offset", "threshold", "threshold_refused")
"""Names of the numbers of a `MatchRule`."""


@dataclass(frozen=True)
class Match:
    """A work of an index that a picture may show.

    Args:
        work: what is known of it.
        place: in the index.
        similarity: cosine of the whitened vectors, -1..1.
        bits: how many of 256 bits of the layout differ.
        margin: how much the cosine exceeds that of the nearest other work, of those whose layout differs in
            `_OTHER_LAYOUT` bits or more; two entries of one work are no rivals.
    """

    work: Work
    place: int
    similarity: float
    bits: int
    margin: float


@dataclass(frozen=True)
class NearArtist:
    """An artist whose works look like a picture.

    Args:
        artist: the name.
        share: of the votes of the nearest works, 0..1.
    """

    artist: str
    share: float


def read_rule(index: WorkIndex) -> MatchRule | None:
    """The rule of an index; None where none was fitted, and nothing is recognised.

    Raises:
        SimilarError: it is damaged.
    """
    known: Mapping[str, Any] | None = index.rules.get("recognition")
    if known is None:
        return None
    try:
        numbers = {name: float(known[name]) for name in NUMBERS}
        return MatchRule(**numbers, worth=tuple((float(score), float(share)) for score, share in known["worth"]))
    except (KeyError, TypeError, ValueError) as error:
        raise SimilarError(f"{index.folder}/rules.json has no valid rule ({error}); build the index anew.") from error


def recognize(
    index: WorkIndex, embedding: Floats, hashes: Hashes, *, refused: bool = False
) -> tuple[Match, float] | None:
    """The work that a picture shows, and how sure that is, 0..1; None where no work of the index is believed.

    Args:
        index: of the model that gave the embedding.
        embedding: (D,).
        hashes: (B, 4), of the picture's parts, see `smn.works.fingerprints.hash_parts`.
        refused: whether the model takes the picture for no painting; photographs of single things on white look much
            like some works.

    Raises:
        SimilarError: the index is damaged, or the embedding is of another length.
    """
    rule = read_rule(index)
    if rule is None:
        return None
    found = find_matches(index, embedding, hashes)
    best = max(found, key=rule.score)
    return (best, rule.confidence(rule.score(best))) if rule.believes(best, refused=refused) else None


def find_matches(
    index: WorkIndex, embedding: Floats, hashes: Hashes, *, without: frozenset[int] = frozenset()
) -> list[Match]:
    """The works that a picture may show, measured and not yet judged.

    Args:
        index: as for `recognize`.
        embedding: as for `recognize`.
        hashes: as for `recognize`.
        without: places of works that are passed over, as if the index did not hold them.
    """
    vector = index.project(embedding[None])
    near, _ = index.searcher.search(vector, min(NEAR + len(without), len(index)))
    places = near[0]
    usable = hashes[hashes.any(axis=1)]
    if index.hashes is not None and len(usable) and len(index) <= LARGE:
        count = min(_NEAR_HASHES + len(without), len(index))
        places = np.union1d(places, np.argpartition(_differing(index.hashes, usable), count - 1)[:count])
    places = np.setdiff1d(places, list(without))
    similarity = whiten(index, unpack_vectors(index.packed[places])) @ whiten(index, vector)[0]
    bits = np.full(len(places), NO_BITS)
    if index.hashes is not None and len(usable):
        bits = _differing(np.asarray(index.hashes[places]), usable)
    return [
        Match(index.work(int(place)), int(place), round(float(cosine), 4), int(differing), round(float(margin), 4))
        for place, cosine, differing, margin in zip(
            places, similarity, bits, _measure_margins(similarity, bits), strict=True
        )
    ]


def _measure_margins(similarity: Floats, bits: NDArray[np.int64]) -> Floats:
    """How much each similarity (N,) exceeds the largest of the others with another layout, or 0."""
    rivals = np.append(np.where(bits >= _OTHER_LAYOUT, similarity, 0.0), [0.0, 0.0])
    first, second = np.argsort(-rivals, kind="stable")[:2]
    rival = np.where(np.arange(len(similarity)) == first, rivals[second], rivals[first])
    return np.asarray(similarity - np.maximum(rival, 0.0), dtype=np.float32)


def whiten(index: WorkIndex, vectors: Floats) -> Floats:
    """An index's vectors (N, d) with components that vary alike over its works, of length 1."""
    scaled = vectors * index.weights
    return np.asarray(scaled / np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-9))


def _differing(known: Hashes, wanted: Hashes) -> NDArray[np.int64]:
    """Bits (N,) in which known hashes (N, 4) differ from the nearest of the wanted ones (B, 4)."""
    words = np.ascontiguousarray(known.T)  # a row each is summed several times faster
    least = np.full(len(known), 256, np.uint16)
    for one in wanted:
        np.minimum(least, np.bitwise_count(words ^ one[:, None]).sum(axis=0, dtype=np.uint16), out=least)
    least[~words.any(axis=0)] = NO_BITS
    return least.astype(np.int64)


def find_artists(index: WorkIndex, embedding: Floats, *, top_k: int = 3, without: int = -1) -> tuple[NearArtist, ...]:
    """The artists whose works look most like a picture: whom it is like, never who made it.

    The nearest works vote, the nearer ones more.

    Args:
        index: of the model that gave the embedding.
        embedding: (D,).
        top_k: how many at most.
        without: place of a work that does not vote; -1 for none.

    Raises:
        SimilarError: the index is damaged, or the embedding is of another length.
    """
    places, scores = index.neighbours(embedding, _HANDS)
    votes: dict[str, float] = {}
    names: dict[str, str] = {}
    for place, score in zip(places.tolist(), scores.tolist(), strict=True):
        artist = index.work(place).artist
        key = artist_key(artist)
        if artist is None or key is None or place == without:
            continue
        names.setdefault(key, artist)
        votes[key] = votes.get(key, 0.0) + float(np.exp(_SHARPNESS * score))
    total = sum(votes.values())
    best = sorted(votes, key=lambda key: -votes[key])[:top_k]
    return tuple(NearArtist(names[key], round(votes[key] / total, 3)) for key in best)
