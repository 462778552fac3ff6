"""What a bundle promises about its answers, learned on validation data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.conformal import SetTable, fit_sets
from smn.errors import BundleError
from smn.movements import Taxonomy
from smn.movements.regroup import families_of
from smn.precision import Bools, Floats, PrecisionTable, fit_precision

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Promises:
    """What lets whoever asks choose how sure answers must be.

    Args:
        precision: thresholds for a wanted share of right answers.
        sets: how large sets must be for a wanted share of them to hold the right label.
    """

    precision: PrecisionTable
    sets: SetTable

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads."""
        return {"precision": self.precision.to_dict(), "sets": self.sets.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str) -> "Promises":
        """Promises from plain data.

        Raises:
            BundleError: the data does not fit; the message says ``where`` it stands.
        """
        try:
            return cls(PrecisionTable.from_dict(data["precision"]), SetTable.from_dict(data["sets"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"{where} has promises that do not fit ({error}); export the model anew.") from error


def judge(
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


def fit_promises(probabilities: Floats, targets: Ints, *, taxonomy: Taxonomy, artists: Ints) -> Promises:
    """Learn on validation data what can be promised.

    Args:
        probabilities: (N, K), calibrated, of pictures that the network was not trained on.
        targets: (N,), the right labels, 0..K-1.
        taxonomy: the K labels.
        artists: (N,), numbers of the artists, as from `smn.manifest.identity.cluster_artists`.
    """
    return Promises(
        fit_precision(*judge(probabilities, targets, taxonomy)), fit_sets(probabilities, targets, artists=artists)
    )
