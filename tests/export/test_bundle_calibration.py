"""What validation data teaches a bundle, on outputs made by hand."""

import numpy as np
import pytest

from smn.bundle import Bundle
from smn.bundle.runtime import Outputs
from smn.confidence.answer_policy import is_correct
from smn.confidence.calibration import softmax
from smn.export.bundle_calibration import calibrate
from smn.train.recipe_sections import AnswerSettings


@pytest.fixture
def outputs() -> tuple[Outputs, np.ndarray]:
    random = np.random.default_rng(0)
    logits = random.normal(0.0, 2.0, (800, 25))
    truth = np.array([random.choice(25, p=row) for row in softmax(logits, temperature=1.5)])
    return Outputs(logits.astype(np.float32), random.normal(4, 1, 800), np.zeros((800, 1))), truth  # type: ignore[arg-type]


def test_everything_is_learned_from_the_outputs(tiny_bundle: Bundle, outputs: tuple[Outputs, np.ndarray]) -> None:
    given, truth = outputs
    made = calibrate(tiny_bundle, given, truth, artists=np.arange(800) % 80, answers=AnswerSettings(precision=0.7))
    assert made.temperature == pytest.approx(1.5, abs=0.15)
    assert made.metrics["val_log_loss"] < made.metrics["val_log_loss_before"]
    probabilities = softmax(given.logits, temperature=made.temperature)
    (confidence, right), (family, family_right) = is_correct(probabilities, truth, made.taxonomy)
    sure = confidence >= made.thresholds.confidence
    assert right[sure].mean() >= 0.7
    assert made.thresholds.family is not None
    alone = ~sure & (family >= made.thresholds.family)
    assert alone.any()
    assert family_right[alone].mean() >= 0.7, "the promise holds for those answers that name a family alone"


def test_the_table_agrees_with_the_threshold(tiny_bundle: Bundle, outputs: tuple[Outputs, np.ndarray]) -> None:
    made = calibrate(tiny_bundle, *outputs, artists=np.arange(800), answers=AnswerSettings(precision=0.6))
    assert made.policy is not None
    movement, family = made.policy.precision.choose(0.6)
    assert movement is not None
    assert movement.confidence == made.thresholds.confidence
    assert family is not None
    assert family.confidence >= (made.thresholds.family or 0.0)


@pytest.mark.parametrize(("pictures", "learns"), [(49, False), (50, True)])
def test_few_pictures_teach_no_threshold_and_make_nothing_surer(
    tiny_bundle: Bundle, outputs: tuple[Outputs, np.ndarray], pictures: int, learns: bool
) -> None:  # fmt: skip
    given = Outputs(*(getattr(outputs[0], name)[:pictures] for name in ("logits", "painting", "embedding")))
    best = given.logits.argmax(1)  # all are right: a fitted temperature would say so with certainty
    made = calibrate(tiny_bundle, given, best, artists=np.arange(pictures), answers=AnswerSettings(precision=0.7))
    assert made.temperature < 0.1 if learns else made.temperature == 1.0
    wrong = (best + 1) % 25  # none is right: a fitted threshold lets no answer pass
    made = calibrate(tiny_bundle, given, wrong, artists=np.arange(pictures), answers=AnswerSettings(precision=0.7))
    assert made.thresholds.confidence == (1.0 if learns else 0.0)
