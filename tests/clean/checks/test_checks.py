"""The registry of checks."""

import numpy as np
import pytest

from smn.clean.checks import CHECKS, Scores, get_check, list_checks
from smn.clean.checks.image_quality import EVIDENCE, PICTURE_CHECKS
from smn.errors import UnknownNameError


def test_every_check_is_described_for_people() -> None:
    seen = 0
    for name, check in CHECKS.items():
        assert check.name == name
        assert name.isidentifier()
        assert check.title
        assert check.meaning.endswith(".")
        assert 0 < check.threshold < 1
        seen += 1
    assert seen == 16 == len(list_checks())
    assert len({check.title for check in CHECKS.values()}) == seen


def test_an_unknown_check_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean blurred") as caught:
        get_check("blured")
    assert caught.value.allowed == list_checks()


def test_picture_checks_and_their_evidence_are_registered() -> None:
    assert set(PICTURE_CHECKS) <= set(CHECKS)
    assert set(EVIDENCE) <= set(PICTURE_CHECKS)
    assert len(PICTURE_CHECKS) == 9


def test_scores_of_some_rows_are_spread_over_all() -> None:
    scores = Scores.of_rows(
        np.array([2, 0]), np.array([0.25, 1.0]), {"like": np.array(["page", None], object)}, total=4
    )
    assert scores.score.dtype == np.float32
    assert np.array_equal(scores.score, [1.0, np.nan, 0.25, np.nan], equal_nan=True)
    assert scores.evidence == {"like": [None, None, "page", None]}
