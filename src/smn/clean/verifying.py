"""Opens the pictures of candidate pairs and says how sure it is that they are the same."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from smn.clean.matching import Match, Sight, compare, look_at
from smn.clean.scores import Progress
from smn.errors import InputError

Open = Callable[[int], Image.Image]
"""Opens the picture of a row; may raise `InputError`."""

_KEPT_IN_MEMORY = 3000  # sights, of 90 kB each
_SURE_POINTS, _SURE_AGREEMENT = 40, 0.8  # no need to look into the mirror


@dataclass(frozen=True)
class Likeness:
    """How sure it is that two pictures are the same.

    Args:
        score: 0, surely the same, to 1, nothing speaks for it.
        how: what speaks for it.
    """

    score: float
    how: str


def score_match(match: Match) -> float:
    """From what was found in the pictures to a score.

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
    """From a distance between hashes to a score: 0.3 where they are equal, 0.5 at 10 bits, 1 at 16 and beyond.

    Hashes alone are never sure, because pictures of one square on one ground have nearly equal ones.
    """
    return float(np.interp(distance, [0, 10, 16], [0.3, 0.5, 1.0]))


def verify_pairs(
    pairs: Sequence[tuple[int, int]],
    *,
    distances: Sequence[int | None],
    open_picture: Open,
    progress: Progress | None = None,
) -> list[Likeness]:
    """Compare the pictures of each pair, as they are and mirrored.

    Takes 5 to 15 ms a pair and at most 300 MB. Pairs that share a picture should stand near each other.

    Args:
        pairs: rows.
        distances: of their hashes; None where they are far.
        open_picture: gives a row's picture; where it raises `InputError`, the hashes alone decide.
        progress: called every few dozen pairs.

    Returns:
        One a pair, in order.
    """

    @lru_cache(maxsize=_KEPT_IN_MEMORY)
    def look(row: int, *, mirrored: bool = False) -> Sight | None:
        try:
            return look_at(open_picture(row), mirrored=mirrored)
        except InputError:
            return None

    def verify(pair: tuple[int, int], distance: int | None) -> Likeness:
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
        by_sight = Likeness(score_match(match), _describe(match, mirrored=mirrored))
        return min(by_sight, by_hash, key=lambda likeness: likeness.score)

    found: list[Likeness] = []
    with ThreadPoolExecutor() as threads:
        for start in range(0, len(pairs), 64):
            part = slice(start, start + 64)
            found += threads.map(verify, pairs[part], distances[part])
            if progress is not None:
                progress("Comparing pictures", len(found), len(pairs))
    return found


def _by_hash(distance: int | None) -> Likeness:
    return Likeness(1.0, "") if distance is None else Likeness(score_distance(distance), f"hash distance {distance}")


def _describe(match: Match, *, mirrored: bool) -> str:
    words = [f"{match.points} matched points", f"detail agrees by {match.agreement:.2f}"]
    if match.shared < 0.5:
        words.append(f"{match.shared:.0%} shared")
    if mirrored:
        words.append("mirrored")
    return ", ".join(words)
