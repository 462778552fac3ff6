"""When a model gives which answer: its thresholds, and the policy by which a caller chooses others.

Both are learned on validation data and stand in ``bundle.json``, the policy under the key ``promises``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.confidence.conformal import SetTable, fit_sets
from smn.confidence.selective import Bools, Floats, PrecisionTable, fit_precision
from smn.errors import BundleError
from smn.movements import Taxonomy
from smn.movements.regroup import families_of

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Thresholds:
    """Where answers change their outcome; all chosen on validation data.

    Args:
        confidence: below this calibrated confidence (0..1) the outcome is ``unsure``.
        painting: below this painting score (0..1) the outcome is ``not_a_painting``.
        family: where the movement is unsure, the family is named at or above this probability (0..1); None in bundles
            of smn 0.1's first days, which then name none.
    """

    confidence: float
    painting: float
    family: float | None = None


@dataclass(frozen=True)
class AnswerPolicy:
    """How a wanted precision becomes thresholds, and a wanted coverage becomes sets of labels.

    Args:
        precision: thresholds for a wanted share of right answers.
        sets: how large sets must be for a wanted share of them to hold the right label.
    """

    precision: PrecisionTable
    sets: SetTable

    def choose_thresholds(self, precision: float, *, painting: float) -> Thresholds:
        """The thresholds for a wanted share of right answers; infinite where no confidence is enough.

        Args:
            precision: 0.5 or more and below 1.
            painting: the painting threshold, 0..1, which no precision changes.

        Raises:
            InputError: the precision lies outside.
        """
        movement, family = self.precision.choose(precision)
        return Thresholds(
            confidence=math.inf if movement is None else movement.confidence,
            painting=painting,
            family=None if family is None else family.confidence,
        )

    def describe_precision(self, precision: float, *, model: str) -> str:
        """What to expect of a model's answers at a precision, one sentence.

        Args:
            precision: 0.5 or more and below 1.
            model: the model's name.

        Raises:
            InputError: the precision lies outside.
        """
        movement, family = self.precision.choose(precision)
        asked = f"{100 * precision:.4g} %"
        if movement is None:
            told = (
                f"only a family, for about {family.coverage:.0%} of paintings"
                if family
                else "neither movement nor family"
            )
            return f"No threshold gave {asked} right on validation pictures, so {model} names {told}."
        more = f" and a family alone for about {family.coverage:.0%}" if family else ""
        return (
            f"At {asked} right on validation pictures, {model} names a movement for about {movement.coverage:.0%} of "
            f"paintings{more}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads."""
        return {"precision": self.precision.to_dict(), "sets": self.sets.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str) -> "AnswerPolicy":
        """A policy from plain data.

        Raises:
            BundleError: the data does not fit; the message says ``where`` it stands.
        """
        try:
            return cls(PrecisionTable.from_dict(data["precision"]), SetTable.from_dict(data["sets"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{where} has promises that do not fit ({error}); export the model anew.") from error


def is_correct(
    probabilities: Floats, targets: Ints, taxonomy: Taxonomy
) -> tuple[tuple[Floats, Bools], tuple[Floats, Bools]]:
    """The confidence (N,) of each best answer and whether it is right (N,), for movements and for families.

    Args:
        probabilities: (N, K) over the taxonomy's labels.
        targets: (N,), the right labels, 0..K-1.
        taxonomy: the taxonomy.
    """
    families, sums = families_of(probabilities, taxonomy)
    home = np.array([families.index(label.family) for label in taxonomy.labels], dtype=np.int64)
    return (
        (np.asarray(probabilities.max(axis=1)), np.asarray(probabilities.argmax(axis=1) == targets)),
        (np.asarray(sums.max(axis=1)), np.asarray(sums.argmax(axis=1) == home[targets])),
    )


def fit_policy(probabilities: Floats, targets: Ints, *, taxonomy: Taxonomy, artists: Ints) -> AnswerPolicy:
    """Learn a policy on validation data.

    Args:
        probabilities: (N, K), calibrated, of pictures that the network was not trained on.
        targets: (N,), the right labels, 0..K-1.
        taxonomy: the K labels.
        artists: (N,), numbers of the artists, as from `smn.manifest.identity.cluster_artists`.
    """
    precision = fit_precision(*is_correct(probabilities, targets, taxonomy))
    return AnswerPolicy(precision, fit_sets(probabilities, targets, artists=artists))
