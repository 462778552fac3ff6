"""Selective prediction: the confidence thresholds at which a wanted share of the answers is right."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PRECISION_LEVELS = tuple(round(0.5 + 0.025 * step, 3) for step in range(20))
"""The precisions, 0.5 to 0.975, for which a table holds a threshold."""

MIN_ANSWERS = 30
"""At fewer answers than this above a threshold, its precision is left to chance and the threshold is not used."""


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and what it gave on validation data.

    Args:
        confidence: the threshold, 0..1.
        precision: share of right ones among the answers at or above it, 0..1.
        coverage: share of all pictures that got such an answer, 0..1.
    """

    confidence: float
    precision: float
    coverage: float


@dataclass(frozen=True)
class PrecisionTable:
    """For each of `PRECISION_LEVELS`, the thresholds that reach it; thresholds never fall along the table.

    Args:
        movements: for answers with a movement; None where no threshold reaches the precision.
        families: for answers with a family alone, which only pictures get whose movement is not sure at that
            precision; None where no threshold reaches it, or hardly a picture is left.
    """

    movements: tuple[OperatingPoint | None, ...]
    families: tuple[OperatingPoint | None, ...]

    def choose(self, precision: float) -> tuple[OperatingPoint | None, OperatingPoint | None]:
        """The thresholds for movements and for families alone.

        Between two of `PRECISION_LEVELS` the higher one holds.

        Args:
            precision: wanted share of right answers, 0.5 or more and below 1.

        Raises:
            InputError: it lies outside.
        """
        if not PRECISION_LEVELS[0] <= precision < 1.0:
            raise InputError(
                f"The precision is {precision:g}, but must be {PRECISION_LEVELS[0]:g} or more and below 1, such as 0.9."
            )
        at = next((at for at, asked in enumerate(PRECISION_LEVELS) if asked >= precision - 1e-9), None)
        return (None, None) if at is None else (self.movements[at], self.families[at])

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads: for each kind three lists, null where nothing reaches the precision."""
        return {
            "asked": list(PRECISION_LEVELS),
            **{
                kind: {
                    name: [point and getattr(point, name) for point in points]
                    for name in ("confidence", "precision", "coverage")
                }
                for kind, points in (("movements", self.movements), ("families", self.families))
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "PrecisionTable":
        """A table from plain data.

        Raises:
            KeyError, TypeError, ValueError: the data does not fit.
        """
        if data["asked"] != list(PRECISION_LEVELS):
            raise ValueError(f"promises.precision.asked must be {list(PRECISION_LEVELS)}")
        return cls(_read_points(data["movements"]), _read_points(data["families"]))


def _read_points(data: Mapping[str, Any]) -> tuple[OperatingPoint | None, ...]:
    columns = (data[name] for name in ("confidence", "precision", "coverage"))
    rows = list(zip(*columns, strict=True))
    if len(rows) != len(PRECISION_LEVELS):
        raise ValueError(f"promises.precision must have {len(PRECISION_LEVELS)} values each")
    points = tuple(None if row[0] is None else OperatingPoint(*map(float, row)) for row in rows)
    if any(not 0.0 <= value <= 1.0 for point in points if point for value in vars(point).values()):
        raise ValueError("promises.precision must hold shares from 0 to 1")
    return points


def find_threshold(
    confidence: Floats, right: Bools, *, precision: float, min_answers: int = 1, floor: float = 0.0
) -> float | None:
    """The lowest confidence at or above which at least a share ``precision`` of the answers is right.

    Args:
        confidence: (N,), 0..1, of each answer.
        right: (N,), whether it was right.
        precision: wanted share of right answers, 0..1.
        min_answers: how many answers must pass, 1 or more.
        floor: no threshold below this.

    Returns:
        One of the confidences, or None where none reaches the precision.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # A threshold takes all answers of one confidence or none: only the last of equals can be one.
    share[:-1][falling[:-1] == falling[1:]] = -1.0
    share[: min_answers - 1] = -1.0
    enough = np.flatnonzero((share >= precision) & (falling >= floor))
    return float(falling[enough[-1]]) if len(enough) else None


def choose_confidence(confidence: Floats, right: Bools, *, precision: float) -> float:
    """The lowest confidence above which at least a share ``precision`` of the answers is right.

    Args:
        confidence: (N,), 0..1, of each best answer.
        right: (N,), whether it was right.
        precision: wanted share of right answers, 0..1.

    Returns:
        A threshold in 0..1; 1, which hardly an answer reaches, where no threshold reaches the precision.
    """
    found = find_threshold(confidence, right, precision=precision)
    return 1.0 if found is None else found


def choose_painting(scores: Floats, *, refused: float, sources: Sequence[str | None] | None = None) -> float:
    """The painting score below which at most a share of real paintings lies, the mean over where they come from.

    A visitor's picture comes from none of the sources; were each painting to count the same, the largest would decide.

    Args:
        scores: (N,), 0..1, of real paintings.
        refused: the share, 0..1.
        sources: (N,), where each painting comes from; without them all come from one.

    Returns:
        One of the scores.
    """
    _, groups = np.unique([source or "" for source in sources or [""] * len(scores)], return_inverse=True)
    counts = np.bincount(groups)
    weights = 1.0 / (len(counts) * counts[groups])
    order = np.argsort(scores, kind="stable")
    below = np.cumsum(weights[order]) - weights[order]
    # The smallest score has nothing below it, so there always is one; rounding must not cost one.
    return float(scores[order][below <= refused + 1e-9].max())


def fit_precision(movements: tuple[Floats, Bools], families: tuple[Floats, Bools]) -> PrecisionTable:
    """The thresholds for every precision of `PRECISION_LEVELS`.

    Families are looked at among the pictures whose movement is not sure. Among all pictures a lower threshold would
    do, because the pictures with a sure movement are the easy ones; but those do not get the answer "some kind of".

    Args:
        movements: of N pictures, the best movement's confidence (N,), 0..1, and whether it is right (N,).
        families: the same of the best family.
    """
    rows: tuple[list[OperatingPoint | None], list[OperatingPoint | None]] = ([], [])
    floors = [0.0, 0.0]
    for asked in PRECISION_LEVELS:
        left = np.ones(len(movements[0]), dtype=bool)
        for kind, (confidence, right) in enumerate((movements, families)):
            point = _find_point(confidence, right, left, precision=asked, floor=floors[kind])
            rows[kind].append(point)
            if point is not None:
                floors[kind] = point.confidence
                left &= confidence < point.confidence
    return PrecisionTable(tuple(rows[0]), tuple(rows[1]))


def _find_point(
    confidence: Floats, right: Bools, among: Bools, *, precision: float, floor: float
) -> OperatingPoint | None:
    found = find_threshold(confidence[among], right[among], precision=precision, min_answers=MIN_ANSWERS, floor=floor)
    if found is None:
        return None
    passed = among & (confidence >= found)
    return OperatingPoint(found, float(right[passed].mean()), float(passed.mean()))
