"""Ways to calibrate: probabilities come out, and what is overconfident is held back."""

import numpy as np
import pytest

from calibrators import CALIBRATORS


@pytest.mark.parametrize("name", CALIBRATORS)
def test_a_calibrator_gives_probabilities_and_tames_overconfidence(name: str) -> None:
    random = np.random.default_rng(0)
    right = random.integers(0, 4, 400)
    # The highest logit stands at the right label in six of ten rows, and says that it is all but certain.
    shown = np.where(random.random(400) < 0.6, right, (right + 1) % 4)
    logits = 6.0 * np.eye(4)[shown] + random.normal(0, 0.1, (400, 4))
    probabilities = CALIBRATORS[name](logits, right)(logits)
    assert probabilities.sum(axis=1) == pytest.approx(1.0)
    assert (probabilities >= 0).all()
    if name != "none":
        confidence = probabilities.max(axis=1).mean()
        assert confidence == pytest.approx((shown == right).mean(), abs=0.05)
