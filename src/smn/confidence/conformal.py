"""Conformal prediction: sets of labels that hold the right one with a wanted probability.

A set lists labels, most likely first, until the labels listed hold enough probability. How much is enough is learned on
pictures whose label is known: adaptive prediction sets (Romano, Sesia & Candès 2020, "Classification with Valid and
Adaptive Coverage"), here without their random tie-breaking, so that a picture always gets the same set, and with the
score of a label counting what stands before it, so that no set is empty.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError
from smn.movements import Taxonomy, regroup
from smn.movements.regroup import membership

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

COVERAGE_LEVELS = tuple(round(0.01 * step, 2) for step in range(50, 100))
"""The coverages, 0.5 to 0.99, for which a table holds a mass."""


@dataclass(frozen=True)
class SetTable:
    """How much probability must stand before a label for it to be left out.

    Args:
        masses: for each of `COVERAGE_LEVELS`, 0..1, never falling; 1 lets every label in.
    """

    masses: tuple[float, ...]

    def choose(self, coverage: float) -> float:
        """The mass for a coverage; for the next higher of `COVERAGE_LEVELS` where it lies between.

        Args:
            coverage: wanted share of sets that hold the right label, 0.5..0.99.

        Raises:
            InputError: it lies outside.
        """
        least, most = COVERAGE_LEVELS[0], COVERAGE_LEVELS[-1]
        if not least <= coverage <= most:
            raise InputError(f"The coverage is {coverage:g}, but must be {least:g} to {most:g}, such as 0.9.")
        return next(mass for level, mass in zip(COVERAGE_LEVELS, self.masses, strict=True) if level >= coverage - 1e-9)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `from_dict` reads."""
        return {"coverage": list(COVERAGE_LEVELS), "mass": list(self.masses)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "SetTable":
        """A table from plain data.

        Raises:
            KeyError, TypeError, ValueError: the data does not fit.
        """
        masses = tuple(float(mass) for mass in data["mass"])
        if data["coverage"] != list(COVERAGE_LEVELS) or len(masses) != len(COVERAGE_LEVELS):
            raise ValueError(
                f"promises.sets needs a mass for each coverage {COVERAGE_LEVELS[0]} to {COVERAGE_LEVELS[-1]}"
            )
        if not all(0.0 <= mass <= 1.0 for mass in masses) or list(masses) != sorted(masses):
            raise ValueError("promises.sets.mass must rise from 0 to 1")
        return cls(masses)


def mass_before(probabilities: Floats) -> Floats:
    """The probability of the labels that stand before each label (N, K) when a row's are sorted, 0 for the first.

    Of equally probable labels the one with the lower number stands first, as with ``argmax``.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    falling = np.take_along_axis(probabilities, order, axis=1)
    before = np.zeros_like(falling)
    before[:, 1:] = np.cumsum(falling, axis=1)[:, :-1]
    placed = np.empty_like(before)
    np.put_along_axis(placed, order, np.minimum(before, 1.0), axis=1)
    return placed


def fit_sets(probabilities: Floats, targets: Ints, *, artists: Ints) -> SetTable:
    """Learn on validation data how much mass each coverage needs.

    Split conformal prediction takes the quantile at ``ceil((N + 1) c) / N`` for N exchangeable pictures. Pictures by
    one artist are not: what is new at prediction time is an artist. So the share that is kept for the unseen is one
    of the A + 1 artists instead of one of N + 1 pictures, as in Lee, Barber & Willett 2023, "Distribution-free
    inference with hierarchical data"; but here each picture counts the same, not each artist, and so this is a
    correction on the safe side of the plain quantile and not their guarantee.

    Args:
        probabilities: (N, K), calibrated, of pictures that the network was not trained on.
        targets: (N,), the right labels, 0..K-1.
        artists: (N,), numbers of the artists, as from `smn.manifest.identity.cluster_artists`.
    """
    if not len(targets):
        return SetTable((1.0,) * len(COVERAGE_LEVELS))
    scores = np.sort(mass_before(probabilities)[np.arange(len(targets)), targets])
    count = len(np.unique(artists))
    # The tolerance keeps rounding from asking for one picture more than a level needs.
    needed = [math.ceil(level * len(scores) * (count + 1) / count - 1e-9) for level in COVERAGE_LEVELS]
    return SetTable(tuple(float(scores[place - 1]) if place <= len(scores) else 1.0 for place in needed))


def choose_sets(probabilities: Floats, *, mass: float, source: Taxonomy, target: Taxonomy) -> Bools:
    """Which labels each picture's set holds.

    In another taxonomy a set holds the labels that the model's own labels belong to: where the right one of its own
    is in the set, so is the right one there. Labels that the taxonomy leaves out fall away; if that leaves none, its
    most likely label stays.

    Args:
        probabilities: (N, K), calibrated, over ``source``.
        mass: what `SetTable.choose` gives.
        source: the taxonomy that the model answers in.
        target: the taxonomy of the sets, with L labels.

    Returns:
        (N, L), each row with at least one label.
    """
    own = mass_before(probabilities) <= mass
    if source.labels == target.labels:
        return own
    homes = membership(source.labels, target)
    chosen = own.astype(np.float64) @ homes > 0
    best = (probabilities @ homes).argmax(axis=1)
    lost = ~chosen.any(axis=1)
    chosen[lost, best[lost]] = True
    return np.asarray(chosen, dtype=bool)


def list_sets(probabilities: Floats, *, mass: float, source: Taxonomy, target: Taxonomy) -> list[tuple[str, ...]]:
    """Each picture's set as ids of labels, most likely first; takes what `choose_sets` takes."""
    chosen = choose_sets(probabilities, mass=mass, source=source, target=target)
    order = np.argsort(-regroup(probabilities, source=source, target=target)[0], axis=1, kind="stable")
    return [
        tuple(target.labels[at].id for at in places if held[at]) for places, held in zip(order, chosen, strict=True)
    ]
