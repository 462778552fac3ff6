"""Verifies that two pictures show the same: local features, a map that fits them, and correlated detail."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from smn.duplicates.hashing import SAME_BITS
from smn.errors import InputError
from smn.progress import Progress

Grey = NDArray[np.uint8]
Floats = NDArray[np.float32]

Open = Callable[[int], Image.Image]
"""Opens the picture of a row; may raise `InputError`."""

SAME = 0.5
"""Pictures with a lower score are the same."""

SIDE = 256
"""Pictures are compared at about SIDE x SIDE pixels, whatever their shape."""

_FEATURES = 500
_RATIO = 0.85  # of the best to the second-best match's distance, after Lowe 2004
_TOLERANCE = 4.0  # pixels between a point and where the map puts it
_SCALES = (0.25, 4.0)  # how much smaller or larger the one may be shown in the other
_STRETCH = 2.5  # a square made of a 5:2 picture is as much as is believed
_WORTH_PERSPECTIVE = 0.03  # more agreement
_FINE, _COARSE = 1.5, 4.0  # widths in pixels between which detail is compared
_CACHED = 3000  # features, of 90 kB each
_SURE_POINTS, _SURE_AGREEMENT = 40, 0.8  # no need to try the mirror image


@dataclass(frozen=True)
class LocalFeatures:
    """The local features of a picture, some 90 kB.

    Args:
        grey: (H, W), the picture at `SIDE`.
        points: (P, 2), x and y of at most 500 corners, in pixels of ``grey``.
        descriptors: (P, 32), 256 bits of what surrounds each point.
    """

    grey: Grey
    points: Floats
    descriptors: NDArray[np.uint8]


@dataclass(frozen=True)
class Match:
    """How one picture lies in another.

    Args:
        points: corners that one map of the plane takes from the one to the other; unrelated pictures have 0 to 10,
            two portraits of one manner up to 40.
        agreement: correlation, -1..1, of the detail of the one, so mapped, with that of the other, where they overlap.
        shared: the overlap's share of the smaller picture's area, 0..1.
    """

    points: int
    agreement: float = 0.0
    shared: float = 0.0


def extract_features(image: Image.Image, *, mirrored: bool = False) -> LocalFeatures:
    """A picture's keypoints and their ORB descriptors.

    Rublee et al., "ORB: an efficient alternative to SIFT or SURF" (2011). It is invariant to rotation, scale and light,
    but not to mirroring, so that a mirrored copy is found by the features of the mirrored picture.

    Args:
        image: any mode and size.
        mirrored: use its mirror image.
    """
    cv2 = _cv2()
    scale = SIDE / (image.width * image.height) ** 0.5
    size = (max(16, round(image.width * scale)), max(16, round(image.height * scale)))
    small = image.convert("L").resize(size, Image.Resampling.BICUBIC)
    grey = np.array(ImageOps.mirror(small) if mirrored else small)
    # Low contrast is no lack of corners in a dark or a pale picture, so the threshold is low.
    finder = cv2.ORB_create(nfeatures=_FEATURES, fastThreshold=8, edgeThreshold=15, patchSize=25)
    corners, descriptors = finder.detectAndCompute(grey, None)
    if descriptors is None:
        return LocalFeatures(grey, np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    return LocalFeatures(grey, np.array([corner.pt for corner in corners], np.float32), descriptors)


def compare(left: LocalFeatures, right: LocalFeatures, *, min_points: int = 10) -> Match:
    """Find one picture in the other, in another size, crop, colour or shape, or photographed at an angle.

    Corners are paired by their nearest descriptor where it is clearly nearer than the second (Lowe 2004), and an
    affine map is fitted to them by random samples (RANSAC, Fischler & Bolles 1981). Corners alone would take two heads
    in three-quarter view for the same; so the one picture is then laid upon the other and their detail is correlated.

    Args:
        left: one picture.
        right: the other.
        min_points: with fewer points that fit, detail is not compared.
    """
    source, target = _paired(left, right)
    if len(source) < 4:
        return Match(0)
    affine, fits = _cv2().estimateAffine2D(
        source, target, method=_cv2().RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=1000, confidence=0.995
    )
    if affine is None or not _is_plausible(affine[:, :2]):
        return Match(0)
    kept = fits.ravel() > 0
    # One corner found thrice counts once.
    points = min(len(np.unique(np.round(ends[kept]), axis=0)) for ends in (source, target))
    if points < min_points:
        return Match(points)
    agreement, shared = _agreement(left.grey, right.grey, np.vstack([affine, [0.0, 0.0, 1.0]]))
    for mapping in _perspective(affine, source, target, min_points):
        better = _agreement(left.grey, right.grey, mapping)
        # Where the overlap is a strip, perspective is ill determined, and must be worth believing.
        if better[0] > agreement + _WORTH_PERSPECTIVE:
            agreement, shared = better
    return Match(points, agreement, shared)


def _paired(left: LocalFeatures, right: LocalFeatures) -> tuple[Floats, Floats]:
    """The places of corners that resemble each other and no other."""
    if min(len(left.points), len(right.points)) < 4:
        return left.points[:0], right.points[:0]
    cv2 = _cv2()
    nearest = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(left.descriptors, right.descriptors, k=2)
    clear = [pair[0] for pair in nearest if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
    return left.points[[match.queryIdx for match in clear]], right.points[[match.trainIdx for match in clear]]


def _is_plausible(linear: NDArray[np.float64]) -> bool:
    """Whether copying makes such a map; one that mirrors, stretches or scales too much is chance."""
    large, small = np.linalg.svd(linear, compute_uv=False)
    low, high = _SCALES
    return bool(np.linalg.det(linear) > 0 and low < small and large < high and large < _STRETCH * small)


def _perspective(
    affine: NDArray[np.float64], source: Floats, target: Floats, min_points: int
) -> list[NDArray[np.float64]]:
    """The map with perspective that fits the corners near the affine one, if it is a mild one."""
    cv2 = _cv2()
    away = np.linalg.norm(source @ affine[:, :2].T + affine[:, 2] - target, axis=1)
    near = away < 6 * _TOLERANCE
    if near.sum() < min_points:
        return []
    found, _ = cv2.findHomography(source[near], target[near], method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE)
    if found is None:
        return []
    corners = np.array([[0, 0, 1], [SIDE, 0, 1], [0, SIDE, 1], [SIDE, SIDE, 1]], dtype=np.float64)
    depth = corners @ found[2]
    return [found] if depth.min() > 0.5 and depth.max() < 2.0 else []


def _agreement(left: Grey, right: Grey, mapping: NDArray[np.float64]) -> tuple[float, float]:
    """Correlation of detail where the mapped left picture overlaps the right one, and the share that overlaps."""
    cv2 = _cv2()
    size = (right.shape[1], right.shape[0])
    inner = cv2.warpPerspective(_without_edge(left.shape), mapping, size) & _without_edge(right.shape)
    overlap = inner > 0
    placed = cv2.warpPerspective(left, mapping, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    # Areas are compared in the frame of the right picture.
    whole = cv2.warpPerspective(np.full(left.shape, 255, np.uint8), mapping, size)
    area = abs(float(np.linalg.det(mapping[:2, :2]))) * left.size
    shared = float((whole > 0).sum()) / max(1.0, min(area, float(right.size)))
    if overlap.sum() < 400:
        return 0.0, min(1.0, shared)
    mine, yours = _detail(placed)[overlap], _detail(right)[overlap]
    spread = float(mine.std() * yours.std())
    return (float(np.mean((mine - mine.mean()) * (yours - yours.mean()))) / spread if spread else 0.0), min(1.0, shared)


def _without_edge(shape: tuple[int, ...]) -> Grey:
    """255 where detail is the picture's own, 0 along the edge, where it would be that of what surrounds it."""
    mask = np.zeros(shape, np.uint8)
    edge = round(2 * _COARSE)
    mask[edge:-edge, edge:-edge] = 255
    return mask


def _detail(grey: Grey) -> Floats:
    cv2 = _cv2()
    values = grey.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(values, (0, 0), _FINE) - cv2.GaussianBlur(values, (0, 0), _COARSE), np.float32)


def _cv2() -> Any:
    import cv2

    return cv2


@dataclass(frozen=True)
class PairScore:
    """The score of a pair of pictures.

    Args:
        score: 0, surely the same, to 1, surely not.
        how: the evidence, in words.
    """

    score: float
    how: str


def score_match(match: Match) -> float:
    """The score of a match, 0 (surely the same) to 1.

    Linear between marks: detail that agrees by 0.9 is sure, 0, by 0.55 as likely as not, 0.5, by 0.3 nothing, 1. Two
    details of one picture that share less than half of it need better agreement and are less of a fault: up to 0.45 is
    added. Of 12 points or more that fit there can be no doubt that something is shared, of 8 or fewer every doubt. The
    marks were set by eye on 470 pairs of real paintings, see `docs/decisions/0007-duplicates.md`.
    """
    by_points = np.interp(match.points, [8, 12], [1.0, 0.0])
    by_detail = np.interp(match.agreement, [0.3, 0.55, 0.9], [1.0, 0.5, 0.0])
    by_overlap = np.interp(match.shared, [0.1, 0.5], [0.45, 0.0])
    return float(max(by_points, min(1.0, by_detail + by_overlap)))


def score_distance(distance: int) -> float:
    """The score of a distance between hashes: 0.3 where they are equal, 0.5 just beyond `SAME_BITS`, 1 at 16.

    Hashes alone are never sure, because pictures of one square on one ground have nearly equal ones.
    """
    return float(np.interp(distance, [0, SAME_BITS + 1, 16], [0.3, SAME, 1.0]))


def verify_pairs(
    pairs: Sequence[tuple[int, int]],
    *,
    distances: Sequence[int | None],
    open_picture: Open,
    progress: Progress | None = None,
) -> list[PairScore]:
    """Compare the pictures of each pair, as they are and mirrored.

    Takes 5 to 15 ms a pair and at most 300 MB. Pairs that share a picture should be near each other.

    Args:
        pairs: rows.
        distances: of their hashes; None where they are far.
        open_picture: gives a row's picture; where it raises `InputError`, the hashes alone decide.
        progress: called every few dozen pairs.

    Returns:
        One a pair, in order.
    """

    @lru_cache(maxsize=_CACHED)
    def look(row: int, *, mirrored: bool = False) -> LocalFeatures | None:
        try:
            return extract_features(open_picture(row), mirrored=mirrored)
        except InputError:
            return None

    def verify(pair: tuple[int, int], distance: int | None) -> PairScore:
        left, right = look(pair[0]), look(pair[1])
        by_hash = _by_hash(distance)
        if left is None or right is None:
            return by_hash
        match, mirrored = compare(left, right), False
        if match.points < _SURE_POINTS or match.agreement < _SURE_AGREEMENT:
            reflection = look(pair[1], mirrored=True)
            other = Match(0) if reflection is None else compare(left, reflection)
            if score_match(other) < score_match(match):
                match, mirrored = other, True
        by_features = PairScore(score_match(match), _describe(match, mirrored=mirrored))
        return min(by_features, by_hash, key=lambda one: one.score)

    found: list[PairScore] = []
    with ThreadPoolExecutor() as threads:
        for start in range(0, len(pairs), 64):
            part = slice(start, start + 64)
            found += threads.map(verify, pairs[part], distances[part])
            if progress is not None:
                progress("Comparing pictures", len(found), len(pairs))
    return found


def _by_hash(distance: int | None) -> PairScore:
    return PairScore(1.0, "") if distance is None else PairScore(score_distance(distance), f"hash distance {distance}")


def _describe(match: Match, *, mirrored: bool) -> str:
    words = [f"{match.points} matched points", f"detail agrees by {match.agreement:.2f}"]
    if match.shared < 0.5:
        words.append(f"{match.shared:.0%} shared")
    if mirrored:
        words.append("mirrored")
    return ", ".join(words)
