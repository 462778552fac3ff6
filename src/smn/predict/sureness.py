"""How sure an answer must be: by the bundle's thresholds, or by a precision that whoever asks has chosen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.conformal import choose_sets
from smn.errors import InputError
from smn.movements import Taxonomy, regroup
from smn.precision import Point
from smn.promises import Promises

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Bar:
    """What an answer must pass.

    Args:
        movement: the confidence, 0..1, at which it names a movement; infinite where none is enough.
        family: the probability, 0..1, at which it names at least the family; infinite where none is enough.
        note: what to expect of a chosen precision, one sentence; None for the bundle's own thresholds.
    """

    movement: float
    family: float
    note: str | None = None


def choose_bar(bundle: Bundle, precision: float | None) -> Bar:
    """The bar for a wanted share of right answers.

    Args:
        bundle: whose thresholds hold.
        precision: 0.5 or more and below 1; None for the bundle's own.

    Raises:
        InputError: the precision lies outside, or the bundle does not know what its answers are worth.
    """
    if precision is None:
        family = bundle.thresholds.family
        return Bar(bundle.thresholds.confidence, math.inf if family is None else family)
    movement, family_point = _promises(bundle, "precision").precision.choose(precision)
    return Bar(_height(movement), _height(family_point), _describe(bundle.name, precision, movement, family_point))


def _promises(bundle: Bundle, asked: str) -> Promises:
    if bundle.promises is None:
        raise InputError(
            f"{bundle.name} was exported without what {asked} needs; export it anew with: smn export RUN --out FOLDER, "
            f"or leave {asked} out."
        )
    return bundle.promises


def _height(point: Point | None) -> float:
    return math.inf if point is None else point.confidence


def _describe(name: str, precision: float, movement: Point | None, family: Point | None) -> str:
    asked = f"{100 * precision:.4g} %"
    if movement is None:
        more = f"; it names a family for about {family.coverage:.0%} of paintings" if family else ""
        return f"{name} never reached {asked} right on validation pictures, so every answer is unsure{more}."
    more = f" and a family alone for about {family.coverage:.0%}" if family else ""
    return (
        f"At {asked} right on validation pictures, {name} names a movement for about {movement.coverage:.0%} of "
        f"paintings{more}."
    )


def choose_mass(bundle: Bundle, coverage: float | None) -> float | None:
    """The mass of `smn.conformal` for a coverage of 0.5..0.99; None for no sets.

    Raises:
        InputError: the coverage lies outside, or the bundle does not know how large sets must be.
    """
    return None if coverage is None else _promises(bundle, "coverage").sets.choose(coverage)


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
