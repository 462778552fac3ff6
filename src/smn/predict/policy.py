"""When an answer is given: by the bundle's thresholds, or by a precision or a coverage that the caller chooses."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle, Thresholds
from smn.conformal import choose_sets
from smn.errors import InputError
from smn.movements import Taxonomy, regroup
from smn.promises import Promises

Floats = NDArray[np.float64]


def choose_thresholds(bundle: Bundle, precision: float | None) -> Thresholds:
    """The thresholds for a wanted share of right answers; infinite where no confidence is enough.

    Args:
        bundle: whose thresholds hold.
        precision: 0.5 or more and below 1; None for the bundle's own.

    Raises:
        InputError: the precision lies outside, or the bundle does not know what its answers are worth.
    """
    if precision is None:
        return bundle.thresholds
    movement, family = _policy(bundle, "precision").precision.choose(precision)
    return Thresholds(
        confidence=math.inf if movement is None else movement.confidence,
        painting=bundle.thresholds.painting,
        family=None if family is None else family.confidence,
    )


def describe_precision(bundle: Bundle, precision: float | None) -> str | None:
    """What to expect of answers of a chosen precision, one sentence; None for the bundle's own thresholds.

    Raises:
        InputError: as `choose_thresholds`.
    """
    if precision is None:
        return None
    movement, family = _policy(bundle, "precision").precision.choose(precision)
    asked = f"{100 * precision:.4g} %"
    if movement is None:
        more = f"; it names a family for about {family.coverage:.0%} of paintings" if family else ""
        return f"{bundle.name} never reached {asked} right on validation pictures, so every answer is unsure{more}."
    more = f" and a family alone for about {family.coverage:.0%}" if family else ""
    return (
        f"At {asked} right on validation pictures, {bundle.name} names a movement for about {movement.coverage:.0%} of "
        f"paintings{more}."
    )


def _policy(bundle: Bundle, asked: str) -> Promises:
    if bundle.promises is None:
        raise InputError(
            f"{bundle.name} was exported without what {asked} needs; export it anew with: smn export RUN --out FOLDER, "
            f"or leave {asked} out."
        )
    return bundle.promises


def choose_mass(bundle: Bundle, coverage: float | None) -> float | None:
    """The mass of `smn.conformal` for a coverage of 0.5..0.99; None for no sets.

    Raises:
        InputError: the coverage lies outside, or the bundle does not know how large sets must be.
    """
    return None if coverage is None else _policy(bundle, "coverage").sets.choose(coverage)


def list_sets(
    probabilities: Floats, *, bundle: Bundle, target: Taxonomy, coverage: float | None
) -> Sequence[tuple[str, ...] | None]:
    """Each picture's set of labels, most likely first, that holds the right one with the wanted probability.

    Args:
        probabilities: (N, K), calibrated, in the bundle's own taxonomy.
        bundle: whose table holds.
        target: the taxonomy of the labels.
        coverage: 0.5..0.99; None for no sets.

    Returns:
        N tuples of label ids, or N times None.

    Raises:
        InputError: the coverage lies outside, or the bundle does not know how large sets must be.
    """
    mass = choose_mass(bundle, coverage)
    if mass is None:
        return [None] * len(probabilities)
    chosen = choose_sets(probabilities, mass=mass, source=bundle.taxonomy, target=target)
    sums = regroup(probabilities, source=bundle.taxonomy, target=target)[0]
    return [
        tuple(target.labels[at].id for at in np.argsort(-sums[row], kind="stable") if chosen[row, at])
        for row in range(len(sums))
    ]
