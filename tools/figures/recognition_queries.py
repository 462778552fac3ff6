"""The pictures by which the recognition of works is measured, and their features.

Every picture belongs to a group, and by its artist to one of two halves: thresholds are chosen on the one, and the
other is reported.
"""

import re
import unicodedata
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from camera import take_photograph
from smn.bundle import Bundle
from smn.bundle.runtime import Runtime
from smn.confidence.calibration import sigmoid
from smn.examples import list_examples, paint
from smn.feature_cache import FeatureSet, compute_missing
from smn.images import open_image
from smn.images.rectify import Rectify
from smn.manifest import Manifest
from smn.manifest.identity import artist_key
from smn.predict.model import Model
from smn.progress import Progress
from smn.works import WorkIndex
from smn.works.fingerprints import BOXES, hash_parts

SERIES = (
    r"haystack|grainstack|stacks? of wheat|cathedral|water.?lil|nymph|sainte.?victoire|poplars|parliament|"
    r"saint.?lazare|waterloo bridge|sunflowers|self.?portrait with|mount fuji|tokaido|dancers|bathers|card players|"
    r"soup can"
)
"""Titles of works that were painted again and again."""

COPIES = (
    r"\bafter (raphael|rembrandt|vel|goya|titian|rubens|millet|delacroix|hokusai|hiroshige|leonardo)|"
    r"\bcopy\b|\bcopie\b|\breplica\b|\bparody\b|d'après"
)
_ARTICLES = frozenset({"the", "a", "an", "le", "la", "les", "of", "and", "in", "by", "with", "at"})
_COUNTS = {"views": 120, "not in the index": 1600, "a series": 200, "not a painting": 900}
_SHARED = (
    20  # local features that two pictures must share to show one work; by eye, no pair of two works shares so many
)


def crop_anywhere(image: Image.Image, seed: int) -> Image.Image:
    """A part of a picture, 60 to 90 % of its sides, anywhere in it."""
    draw = np.random.default_rng([seed, 21])
    share = draw.uniform(0.6, 0.9)
    width, height = (max(16, round(side * share)) for side in image.size)
    left, top = (int(draw.integers(0, side - part + 1)) for side, part in zip(image.size, (width, height), strict=True))
    return image.crop((left, top, left + width, top + height))


VIEWS: Mapping[str, Callable[[Image.Image, int], Image.Image]] = {
    "crop": crop_anywhere,
    "wall photograph": lambda image, seed: take_photograph(image, seed=seed).image,
    "greyscale copy": lambda image, _: image.convert("L").convert("RGB"),
    "the same scan": lambda image, _: image,
}
"""What is made of a scan that is in the index."""


@dataclass(frozen=True)
class Query:
    """A picture that is looked up.

    Args:
        group: what kind it is.
        manifest: of its row.
        row: its number.
        view: which of `VIEWS`, or nothing.
        places: of the index's entries that show this very work; empty where none does.
        own: of those, the ones that are left out, because the picture is looked up among the others.
        artist: for the halves.
    """

    group: str
    manifest: Manifest
    row: int
    view: str
    places: frozenset[int]
    own: frozenset[int]
    artist: str

    @property
    def chosen_on(self) -> bool:
        """Whether thresholds are chosen on it; else it is reported."""
        return zlib.crc32(self.artist.encode()) % 2 == 0

    @property
    def key(self) -> str:
        """Its name in the cache."""
        return f"{self.manifest.column('sha256')[self.row]}:{self.view}"


class LocalFeatures:
    """Tells by SIFT features (Lowe 2004) whether two pictures show one work, however they were scanned.

    Nothing that is measured uses them. Features are matched by the ratio test; those count that one affine map joins.

    Args:
        entries: ids of the works of an index, in its order.
        sets: manifests that it was built from; an earlier one counts more.
    """

    def __init__(self, entries: Sequence[str], sets: Sequence[Manifest]) -> None:
        rows = {name: (one, row) for one in reversed(sets) for row, name in enumerate(one.column("id"))}
        self._rows = [rows.get(name) for name in entries]
        self._known: dict[str, Any] = {}

    def show_one_work(self, manifest: Manifest, row: int, place: int) -> bool:
        """Whether a row shows the work of an index's entry."""
        import cv2

        entry = self._rows[place]
        if entry is None:
            return False
        (points, mine), (others, theirs) = self._find(manifest, row), self._find(*entry)
        if mine is None or theirs is None or min(len(mine), len(theirs)) < _SHARED:
            return False
        near = [pair for pair in cv2.BFMatcher().knnMatch(mine, theirs, k=2) if len(pair) == 2]
        kept = [first for first, second in near if first.distance < 0.78 * second.distance]
        if len(kept) < _SHARED:
            return False
        here = np.array([points[one.queryIdx].pt for one in kept], np.float32)
        there = np.array([others[one.trainIdx].pt for one in kept], np.float32)
        _, joined = cv2.estimateAffine2D(here, there, ransacReprojThreshold=6)
        return joined is not None and int(joined.sum()) >= _SHARED

    def _find(self, manifest: Manifest, row: int) -> Any:
        import cv2

        key = str(manifest.column("sha256")[row])
        if key not in self._known:
            grey = open_image(manifest.picture(row)).convert("L")
            scale = 420 / max(grey.size)
            grey = grey.resize((round(grey.width * scale), round(grey.height * scale)))
            sift = cv2.SIFT.create(nfeatures=600, contrastThreshold=0.02)
            self._known[key] = sift.detectAndCompute(np.asarray(grey), None)
        return self._known[key]


class Known:
    """The works of an index, by what queries name them.

    Args:
        index: in which pictures are looked up.
    """

    def __init__(self, index: WorkIndex) -> None:
        self._works = [index.work(place) for place in range(len(index))]
        self.places = {work.id: place for place, work in enumerate(self._works)}
        self.by_surname: dict[str | None, list[int]] = {}
        for place, work in enumerate(self._works):
            self.by_surname.setdefault(surname(work.artist), []).append(place)

    def find(self, manifest: Manifest, row: int) -> frozenset[int]:
        """The row's own entry, and those by an artist of its surname whose title says the same or more, or less."""
        name, artist, title = (manifest.column(column)[row] for column in ("id", "artist", "title"))
        mine = _words(title)
        titles = ((place, _words(self._works[place].title)) for place in self.by_surname.get(surname(artist), ()))
        found = {place for place, other in titles if mine and other and (mine <= other or other <= mine)}
        return frozenset(found | ({self.places[name]} if name in self.places else set()))

    def list_same_title(self, places: frozenset[int], title: str) -> frozenset[int]:
        """Those of the places whose title says just the same, in two words or more."""
        mine = _words(title)
        return frozenset(place for place in places if len(mine) > 1 and _words(self._works[place].title) == mine)

    def ask(self, group: str, manifest: Manifest, row: int, *, view: str = "", alone: bool = False) -> Query:
        """A query; ``alone`` leaves the entries of the very work out."""
        places = self.find(manifest, row)
        artist = artist_key(manifest.column("artist")[row]) or manifest.column("raw_label")[row] or ""
        return Query(group, manifest, row, view, places, places if alone else frozenset(), artist)


def surname(artist: str | None) -> str | None:
    """The last word of an artist's name, by which spellings of it meet; None for an id, or no name."""
    words = _split(artist)
    return words[-1] if words and artist_key(artist) and not re.fullmatch(r"q[0-9]+", words[-1]) else None


def _split(text: str | None) -> list[str]:
    """Words of a text, in small letters without accents."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", text or "") if not unicodedata.combining(one))
    return re.findall(r"[a-z0-9]+", plain.lower())


def _words(title: str | None) -> frozenset[str]:
    """The words of a title that tell it from others."""
    return frozenset(word for word in _split(title) if word not in _ARTICLES and not word.isdigit())


def list_queries(
    index: WorkIndex, sets: Mapping[str, Manifest], features: LocalFeatures, *, seed: int = 0
) -> list[Query]:
    """The pictures of every group.

    Args:
        index: in which they are looked up.
        sets: manifests ``famous large pool pool-2 not-paintings``.
        features: by which other scans of a work are told from other works of its title.
        seed: of what is drawn.
    """
    draw, known = np.random.default_rng(seed), Known(index)

    def pick(rows: Sequence[int], count: int) -> list[int]:
        return sorted(draw.permutation(np.array(rows, dtype=np.int64))[:count].tolist())

    famous, things = sets["famous"], sets["not-paintings"]
    queries = _list_scans(known, [sets[name] for name in ("large", "famous", "pool", "pool-2")], features)
    held = [row for row, name in enumerate(famous.column("id")) if name in known.places]
    queries += [known.ask(view, famous, row, view=view) for row in pick(held, _COUNTS["views"]) for view in VIEWS]
    for name in ("pool", "pool-2"):
        artists, titles = (sets[name].column(column) for column in ("artist", "title"))
        named = [row for row, artist in enumerate(artists) if surname(artist)]
        # The artist is taken out of the index with all works.
        for row in pick(named, _COUNTS["not in the index"] // 2):
            mine = frozenset(known.by_surname.get(surname(artists[row]), ()))
            queries.append(replace(known.ask("not in the index", sets[name], row), places=mine, own=mine))
        for group, pattern in (("a series", SERIES), ("a copy or parody", COPIES)):
            rows = [row for row, title in enumerate(titles) if title and re.search(pattern, title, re.IGNORECASE)]
            rows = pick(rows, _COUNTS["a series"] // 2)
            queries += [known.ask(group, sets[name], row, alone=True) for row in rows]
    rows = pick(range(len(things)), _COUNTS["not a painting"])
    return queries + [known.ask("not a painting", things, row) for row in rows]


def _list_scans(known: Known, sets: Sequence[Manifest], features: LocalFeatures) -> list[Query]:
    """Rows that show the work of an entry which was made of another picture; their own entry is left out."""
    queries = []
    for manifest in sets:
        for row, (name, title) in enumerate(zip(manifest.column("id"), manifest.column("title"), strict=True)):
            if not title:
                continue
            own = frozenset({known.places[name]} if name in known.places else ())
            near = known.find(manifest, row) - own
            if own and near:  # many works share a short title
                near = known.list_same_title(near, title)
            shown = frozenset(place for place in near if features.show_one_work(manifest, row, place))
            if shown:
                queries.append(replace(known.ask("another scan", manifest, row), places=shown, own=own))
    return queries


def embed_queries(
    queries: Sequence[Query], bundle: Bundle, cache: Path, *, progress: Progress
) -> tuple[NDArray[np.float32], NDArray[np.uint64], NDArray[np.bool_]]:
    """Of the pictures, straightened where they hang on a wall: embeddings (N, D), hashes of parts (N, B, 4), refusals.

    A picture is refused (N,) where the model takes it for no painting.
    """
    runtime = Runtime(bundle, threads=1)
    model = Model(bundle, rectify=Rectify.AUTO, lookup=False)
    kind = np.dtype([("embedding", "<f4", (runtime.width,)), ("parts", "<u8", (len(BOXES), 4)), ("painting", "<f4")])
    features = FeatureSet("query", 2, {"model": bundle.embedding_id}, kind)

    def compute(places: list[int]) -> Any:
        for start in range(0, len(places), 8):
            chosen = [queries[place] for place in places[start : start + 8]]
            values = np.stack([model.preprocess(_open(one))[0] for one in chosen])
            found = np.zeros(len(chosen), kind)
            outputs = runtime.run(values)
            found["embedding"], found["painting"] = outputs.embedding, outputs.painting
            found["parts"] = [hash_parts(one, bundle.preprocess) for one in values]
            yield start, found

    stored = compute_missing(cache, features, [one.key for one in queries], compute, title="queries", progress=progress)
    return stored["embedding"], stored["parts"], sigmoid(stored["painting"]) < model.thresholds.painting


def embed_examples(bundle: Bundle, seeds: Sequence[int]) -> list[tuple[NDArray[np.float32], NDArray[np.uint64]]]:
    """Embedding (D,) and hashes of parts (B, 4) of the examples that smn paints, which show no known work."""
    model = Model(bundle, lookup=False)
    values = [model.preprocess(paint(name, seed=seed))[0] for name in list_examples() for seed in seeds]
    embeddings = [model.runtime.run(one[None]).embedding[0] for one in values]
    return [(one, hash_parts(value, bundle.preprocess)) for one, value in zip(embeddings, values, strict=True)]


def _open(query: Query) -> Image.Image:
    image = open_image(query.manifest.picture(query.row))
    return VIEWS[query.view](image, query.row) if query.view else image
