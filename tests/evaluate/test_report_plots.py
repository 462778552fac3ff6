from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smn.evaluate import Predictions, measure
from smn.evaluate.report_plots import PICTURES, draw_set
from smn.evaluate.robustness import CHANGES, measure_robustness

Make = Callable[..., Predictions]


def _check(files: tuple[Path, ...], *more: str) -> None:
    assert [file.name for file in files] == [f"made-{picture}.png" for picture in (*PICTURES, *more)]
    for file in files:
        with Image.open(file) as image:
            assert min(image.size) > 200
            assert len(image.convert("RGB").getcolors(1 << 24) or ()) > 20, "nothing was drawn"


@pytest.mark.parametrize("taxonomy", ["origin-8", "wikiart-27"])
def test_four_pictures_are_drawn(make_predictions: Make, tmp_path: Path, taxonomy: str) -> None:
    _check(draw_set(measure(make_predictions(taxonomy=taxonomy), resamples=5), tmp_path))


def test_one_painting_of_one_movement_can_be_drawn(make_predictions: Make, tmp_path: Path) -> None:
    made = make_predictions(rows=1, truth=np.zeros(1, dtype=np.int64))
    _check(draw_set(measure(made, resamples=3), tmp_path))


def test_accepted_curves_and_robustness_are_drawn_where_they_are_known(make_predictions: Make, tmp_path: Path) -> None:
    made = make_predictions()
    accepted = np.eye(len(made.taxonomy.labels), dtype=bool)[made.truth]
    accepted |= np.roll(accepted, 1, axis=1)
    changed = np.repeat(made.probabilities[:, None], len(CHANGES) + 1, axis=1)
    changed[:, -1] = changed[:, -1, ::-1]
    robustness = measure_robustness(changed, made.truth, accepted=accepted, artists=made.artists, resamples=5)
    measured = measure(replace(made, accepted=accepted), resamples=5)
    _check(draw_set(replace(measured, robustness=robustness), tmp_path), "robustness")
