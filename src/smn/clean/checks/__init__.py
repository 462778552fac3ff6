"""The registry of the checks that `smn clean` makes, and the scores that a check returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from smn.errors import UnknownNameError


class Advice(StrEnum):
    """What a person most often decides about a finding; nothing is changed without a decision."""

    DROP = "drop"
    RELABEL = "relabel"
    LOOK = "look"  # as often right as wrong: a person has to look at it


@dataclass(frozen=True)
class Check:
    """One check.

    Every check gives a picture a score from 0, surely a fault, to 1, surely none. A score below the threshold is a
    finding. Dark Baroque, soft Impressionism and flat Minimalism are no faults: a check that is ``relative`` also
    compares a picture with its own movement, see `smn.clean.check_thresholds`.

    Args:
        name: as in the columns ``<name>_score`` and ``is_<name>_issue``.
        title: for people, as in "Blurred".
        meaning: what a low score says, one sentence.
        threshold: scores below it are findings, 0..1.
        advice: what a person most often decides.
        relative: a finding must also stand out from the pictures of its own movement.
    """

    name: str
    title: str
    meaning: str
    threshold: float
    advice: Advice
    relative: bool = False


_CHECKS = (
    Check("broken", "Broken", "The picture cannot be decoded.", 0.5, Advice.DROP),
    Check("tiny", "Tiny", "The shorter side has under 100 pixels, too few to show a style.", 0.5, Advice.DROP),
    Check("odd_aspect", "Odd shape", "Far longer one way than the other.", 0.35, Advice.LOOK),
    Check("dark", "Dark", "Hardly any light, as in a failed photograph.", 0.32, Advice.LOOK, relative=True),
    Check("light", "Washed out", "Hardly anything but light.", 0.15, Advice.LOOK, relative=True),
    Check("blurred", "Blurred", "Too few sharp edges.", 0.5, Advice.LOOK, relative=True),
    Check("low_information", "Almost empty", "Hardly any detail or colour.", 0.45, Advice.LOOK, relative=True),
    Check(
        "greyscale",
        "Black and white",
        "No colour: a reproduction, an engraving or a drawing.",
        0.3,
        Advice.LOOK,
        relative=True,
    ),
    Check("border", "Border", "A plain margin of paper, wall or scanner around the picture.", 0.5, Advice.LOOK),
    Check("frame", "Frame", "A frame or a mount surrounds the picture.", 0.35, Advice.LOOK),
    Check("exact_duplicate", "Same picture", "The same pixels stand in the same split before.", 0.5, Advice.DROP),
    Check(
        "near_duplicate",
        "Nearly the same",
        "Another scan, size or crop of a picture in the same split.",
        0.5,
        Advice.DROP,
    ),
    Check("leak", "Leak", "The same picture stands in another split or in the held-out set.", 0.5, Advice.DROP),
    Check("not_a_painting", "Not a painting", "A sculpture, a photograph, a page or a thing.", 0.5, Advice.DROP),
    Check(
        "label",
        "Doubtful label",
        "Its look and the labels of its artist's other works speak for another movement.",
        0.5,
        Advice.RELABEL,
    ),
    Check("outlier", "Unlike its movement", "Far from every other picture of its movement.", 0.5, Advice.LOOK),
)


def _register(checks: tuple[Check, ...]) -> Mapping[str, Check]:
    registry: dict[str, Check] = {}
    for check in checks:
        if check.name in registry:
            raise ValueError(f"The check {check.name} is registered twice.")
        registry[check.name] = check
    return registry


CHECKS: Mapping[str, Check] = _register(_CHECKS)
"""Every check by its name, in the order in which people read them."""

RETIRED = frozenset({"colour_chart", "text_overlay", "artist"})
"""Checks of earlier versions. Files that name them can still be read; the names are ignored."""


def list_checks() -> tuple[str, ...]:
    """Names of the checks."""
    return tuple(CHECKS)


def get_check(name: str) -> Check:
    """A check by its name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in CHECKS:
        raise UnknownNameError("check", name, CHECKS)
    return CHECKS[name]


@dataclass(frozen=True)
class Scores:
    """One check's scores of the N rows of a manifest.

    Args:
        score: (N,), float32, from 0, surely a fault, to 1, surely none; NaN where there is none.
        evidence: further columns of N values each, by what follows the check's name in the findings table: evidence
            ``of`` of check ``near_duplicate`` becomes column ``near_duplicate_of``.
    """

    score: NDArray[np.float32]
    evidence: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    @classmethod
    def of_rows(
        cls, rows: NDArray[np.int64], score: NDArray[Any], evidence: Mapping[str, NDArray[Any]], *, total: int
    ) -> Self:
        """Scores and evidence (M,) of some rows, spread over all ``total`` rows; NaN and None elsewhere."""
        scores = np.full(total, np.nan, dtype=np.float32)
        scores[rows] = score
        columns: dict[str, list[Any]] = {name: [None] * total for name in evidence}
        for name, values in evidence.items():
            for row, value in zip(rows.tolist(), values.tolist(), strict=True):
                columns[name][row] = value
        return cls(scores, columns)
