"""What validation data teaches a bundle: temperature, thresholds and policy."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.bundle import Bundle
from smn.bundle.runtime import Outputs
from smn.confidence.answer_policy import Thresholds, fit_policy, is_correct
from smn.confidence.calibration import MIN_PICTURES, fit_temperature, log_loss, sigmoid, softmax
from smn.confidence.selective import choose_confidence, choose_painting
from smn.errors import InputError
from smn.train.recipe import Recipe
from smn.train.recipe_sections import AnswerSettings


def calibrate(
    bundle: Bundle,
    outputs: Outputs,
    targets: NDArray[np.int64],
    *,
    artists: NDArray[np.int64],
    answers: AnswerSettings,
    sources: Sequence[str | None] | None = None,
    temperature: float | None = None,
) -> Bundle:
    """The bundle with everything that is learned from its network's outputs for the validation pictures.

    From fewer than `MIN_PICTURES` no threshold of confidence can be learned: such a bundle names a movement for every
    painting, and its temperature makes no answer surer than the network is.

    Args:
        bundle: its graph is final; temperature, thresholds, policy and metrics are replaced.
        outputs: the network's, for N pictures that it was not trained on.
        targets: (N,), the right labels, 0..K-1.
        artists: (N,), numbers of the artists, as from `smn.manifest.identity.cluster_artists`.
        answers: the recipe's shares.
        sources: (N,), where each picture comes from; see `choose_painting`.
        temperature: one that was fitted on other pictures; None fits it on these.
    """
    if temperature is None:
        temperature = fit_temperature(outputs.logits, targets)
        if len(targets) < MIN_PICTURES:
            temperature = max(1.0, temperature)
    probabilities = softmax(outputs.logits, temperature=temperature)
    (confidence, right), (family, family_right) = is_correct(probabilities, targets, bundle.taxonomy)
    movement = choose_confidence(confidence, right, precision=answers.precision)
    # Only pictures whose movement is not sure are answered with a family alone.
    left = confidence < movement
    sure = choose_confidence(family[left], family_right[left], precision=answers.precision)
    if len(targets) < MIN_PICTURES:
        movement = sure = 0.0
    thresholds = Thresholds(
        confidence=movement,
        painting=choose_painting(sigmoid(outputs.painting), refused=answers.paintings_refused, sources=sources),
        family=sure,
    )
    metrics = {
        "val_pictures": len(targets),
        "val_top1": float(right.mean()),
        "val_log_loss_before": log_loss(softmax(outputs.logits), targets),
        "val_log_loss": log_loss(probabilities, targets),
    }
    policy = fit_policy(probabilities, targets, taxonomy=bundle.taxonomy, artists=artists)
    return replace(bundle, temperature=temperature, thresholds=thresholds, policy=policy, metrics=metrics)


CALIBRATED = (
    "temperature_pictures", "calibrated_by", "val_pictures", "val_top1", "val_log_loss_before", "val_log_loss",
)  # fmt: skip
"""Metrics that belong to a calibration; the others tell of the network and stay true."""


def take_calibration(bundle: Bundle, source: Bundle) -> Bundle:
    """The bundle with what validation data has taught another one, whose name is kept as ``calibrated_by``."""
    kept = {key: value for key, value in bundle.metrics.items() if key not in CALIBRATED}
    learned = {key: source.metrics[key] for key in CALIBRATED if key in source.metrics}
    return replace(
        bundle,
        temperature=source.temperature,
        thresholds=source.thresholds,
        policy=source.policy,
        metrics={**kept, **learned, "calibrated_by": source.name},
    )


def check_networks(source: Bundle, bundle: Bundle) -> None:
    """Make sure that a bundle's calibration fits another one; how long each was trained may differ.

    Raises:
        InputError: they have other labels, other networks or another preprocessing.
    """
    theirs, ours = (
        (one.taxonomy, one.preprocess, [part.get("model") for part in one.recipe.get("members", [one.recipe])])
        for one in (source, bundle)
    )
    if ours != theirs:
        raise InputError(
            f"{source.folder} differs from {bundle.folder} in its labels, networks or preprocessing, so its "
            "calibration does not fit; name a bundle of the same networks."
        )


def check_recipe(source: Bundle, recipe: Mapping[str, Any]) -> None:
    """Make sure that a bundle's calibration fits what was trained by this recipe, as a bundle describes it.

    Where a teacher lies does not matter: what is shipped learns from another than what is measured.

    Raises:
        InputError: the bundle is of another recipe.
    """
    if _read_recipes(source.recipe) != _read_recipes(recipe):
        raise InputError(
            f"{source.folder} is of another recipe, so its calibration does not fit; name a bundle of the same recipe."
        )


def _read_recipes(described: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each member's recipe in full, settings that are newer than the bundle at their defaults, without teachers."""
    recipes = [Recipe.from_dict(one, where="recipe").to_dict() for one in described.get("members", [described])]
    for recipe in recipes:
        recipe["finetune"]["teacher"] = None
    return recipes
