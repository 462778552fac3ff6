from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from coloured_rows import Row
from smn.evaluate import Predictions, measure_baselines
from smn.evaluate.baselines import (
    TrainingRows,
    answer_majority,
    average_colour,
    convert_to_lab,
    count_known,
    look_up_artist,
    match_colour,
    read_colours,
)
from smn.manifest import read_manifest

Make = Callable[..., Predictions]

TRAIN = TrainingRows(
    truth=np.array([1, 1, 1, 0, 0, 2]),
    artists=("Ann", "Ann", "Bob", "Bob", "Zoë Ü", None),
    colours=np.array([[50, 0, 0], [50, 4, 0], [50, 2, 0], [90, 0, 0], [90, 0, 0], [np.nan] * 3], dtype=float),
)


@pytest.fixture
def asked(make_predictions: Make) -> Predictions:
    return make_predictions(rows=4, artists=("ANN", "Zoe U", "Stranger", None), truth=np.array([1, 0, 1, 2]))


def test_majority_answers_the_prior(asked: Predictions) -> None:
    answered = answer_majority(asked, train=TRAIN)
    np.testing.assert_allclose(answered.probabilities[0][:3], [2 / 6, 3 / 6, 1 / 6])
    assert (answered.probabilities == answered.probabilities[0]).all()
    assert answered.painting is None
    assert not len(answered.not_paintings)


def test_artist_look_up_knows_artists_however_spelled(asked: Predictions) -> None:
    answered = look_up_artist(asked, train=TRAIN)
    assert answered.probabilities.argmax(axis=1).tolist() == [1, 0, 1, 1]
    np.testing.assert_allclose(answered.probabilities[0][:3], [(2 / 6) / 3, 2.5 / 3, (1 / 6) / 3])


def test_an_artists_commonest_movement_beats_the_prior(make_predictions: Make) -> None:
    train = TrainingRows(np.array([0] * 90 + [1, 1, 0]), (*[None] * 90, "Ann", "Ann", "Ann"), np.zeros((93, 3)))
    answered = look_up_artist(make_predictions(rows=1, artists=("Ann",)), train=train)
    assert answered.probabilities[0].argmax() == 1


def test_artist_look_up_of_strangers_is_the_majority(make_predictions: Make) -> None:
    strangers = make_predictions(rows=30)
    looked, common = look_up_artist(strangers, train=TRAIN), answer_majority(strangers, train=TRAIN)
    np.testing.assert_allclose(looked.probabilities, common.probabilities)
    assert count_known(strangers.artists, train=TRAIN) == 0


def test_colour_answers_the_nearest_mean(asked: Predictions) -> None:
    colours = np.array([[52, 2, 0], [88, 0, 0], [0, 2, 0], [np.nan] * 3], dtype=float)
    answered = match_colour(asked, train=TRAIN, colours=colours)
    assert answered.probabilities[:3].argmax(axis=1).tolist() == [1, 0, 1]
    assert (answered.probabilities[:3, 2:] == 0).all()  # label 2 has no known colour
    np.testing.assert_allclose(answered.probabilities[3][:2], 0.5)


def test_baselines_are_measured_like_the_model(asked: Predictions) -> None:
    colours = np.array([[52, 2, 0], [88, 0, 0], [50, 2, 0], [50, 2, 0]], dtype=float)
    reports = measure_baselines(asked, train=TRAIN, colours=colours, resamples=10)
    assert [one.id for one in reports] == ["majority", "artist", "colour"]
    assert [one.figures["top1"].value for one in reports] == [0.5, 0.75, 0.75]
    assert "2 of these 4 paintings" in reports[1].note
    assert not reports[0].figures["painting_auroc"].is_known


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((119, 119, 119), (50.03, 0.0, 0.0)),
    ],
)
def test_known_colours(rgb: tuple[int, int, int], lab: tuple[float, float, float]) -> None:
    np.testing.assert_allclose(convert_to_lab(np.array(rgb, dtype=np.uint8)), lab, atol=0.02)


def test_mean_colour_of_two_halves() -> None:
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[:32] = 255
    np.testing.assert_allclose(average_colour(Image.fromarray(pixels)), [50, 0, 0], atol=0.01)


def test_unreadable_pictures_have_no_colour(make_manifest: Callable[..., Path]) -> None:
    manifest = read_manifest(make_manifest("few", [Row("realism"), Row("realism")], broken=1))
    seen: list[tuple[str, int, int]] = []
    colours = read_colours(manifest, np.arange(2), title="few", on_progress=lambda *said: seen.append(said))
    assert np.isnan(colours[0]).all()
    assert colours[1][1] < -40  # green
    assert seen == [("few", 1, 2), ("few", 2, 2)]
