"""Useful answers: a movement, one of two movements, or a family, whichever is the first that is sure enough."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from smn.evaluate.bootstrap import Figure
from smn.evaluate.metrics import Bools, Floats, weighted_mean
from smn.movements import Taxonomy
from smn.movements.regroup import families_of

THRESHOLDS = np.arange(1, 100) / 100.0
"""The T thresholds of probability at which useful answers are counted."""

WANTED = 0.85
"""Share of right ones among the useful answers that `Useful.coverage_at` asks for."""


@dataclass(frozen=True)
class Useful:
    """Which answer N pictures get at each of T thresholds, and whether it is right.

    A picture gets the best movement where its probability reaches the threshold; else the two best movements where
    their sum does; else the best family where its probability does; else nothing.

    Args:
        movement: (N, T), a movement is named.
        two: (N, T), two movements are named.
        family: (N, T), a family is named.
        right: (N, T), what is named is right, or one of the two is; False where nothing is named.
    """

    movement: Bools
    two: Bools
    family: Bools
    right: Bools

    @cached_property
    def given(self) -> Floats:
        """(N, T), 1 where anything is named and 0 elsewhere."""
        return (self.movement | self.two | self.family).astype(np.float64)

    @cached_property
    def _right(self) -> Floats:
        return self.right.astype(np.float64)

    def count(self, weights: Floats) -> tuple[Floats, Floats]:
        """The share of pictures (T,) that get a useful answer, and the share (T,) of these answers that are right."""
        total, given, right = weights.sum(), weights @ self.given, weights @ self._right
        precision = np.divide(right, given, out=np.full(len(given), np.nan), where=given > 0)
        return given / total if total else np.full(len(given), np.nan), precision

    def coverage_at(self, weights: Floats, *, wanted: float = WANTED) -> float:
        """The largest share of pictures, 0..1, that get a useful answer with the wanted share of right ones."""
        share, precision = self.count(weights)
        if np.isnan(share).all():
            return float("nan")
        return float(np.max(share[np.nan_to_num(precision) >= wanted - 1e-9], initial=0.0))

    def shares(self) -> tuple[Floats, Floats, Floats]:
        """The shares of pictures (T,) that get a movement, two movements, and a family."""
        ones = np.ones(len(self.right))
        shares = ([weighted_mean(column, ones) for column in kind.T] for kind in (self.movement, self.two, self.family))
        movement, two, family = (np.array(share) for share in shares)
        return movement, two, family


@dataclass(frozen=True)
class UsefulPoint:
    """What is named when one threshold of probability holds for movements, pairs of movements and families.

    Args:
        threshold: 0..1.
        movement: share of the paintings that get a movement.
        two: share that gets two movements.
        family: share that gets a family.
        right: share of right ones among all of these, by the sources' labels.
        accepted_right: the same by accepted movements; unknown where there are none.
    """

    threshold: float
    movement: float
    two: float
    family: float
    right: Figure
    accepted_right: Figure

    @property
    def share(self) -> float:
        """Share of the paintings that get any of the three."""
        return self.movement + self.two + self.family


def judge_useful(probabilities: Floats, accepted: Bools, taxonomy: Taxonomy, *, taken: Bools) -> Useful:
    """Give each picture its useful answer at every threshold of `THRESHOLDS`.

    Args:
        probabilities: (N, K) over the taxonomy's labels.
        accepted: (N, K), the labels that are right.
        taxonomy: the K labels.
        taken: (N,), whether a picture is answered at all; the others are refused as no paintings.
    """
    rows = np.arange(len(probabilities))
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    first, second = probabilities[rows, best[:, 0]], probabilities[rows, best[:, 1]]
    sums = families_of(probabilities, taxonomy)[1]
    homes = families_of(accepted.astype(np.float64), taxonomy)[1] > 0
    family = sums.argmax(axis=1)
    reaches = [taken[:, None] & (score[:, None] >= THRESHOLDS) for score in (first, first + second, sums.max(axis=1))]
    movement, two, kin = reaches[0], reaches[1] & ~reaches[0], reaches[2] & ~reaches[1] & ~reaches[0]
    one, either = accepted[rows, best[:, 0]], accepted[rows, best[:, 0]] | accepted[rows, best[:, 1]]
    right = (movement & one[:, None]) | (two & either[:, None]) | (kin & homes[rows, family][:, None])
    return Useful(movement, two, kin, right)
