"""Views of pictures, and the statistics of a network's layers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from smn.manifest import Manifest, read_manifest
from smn.models import Classifier
from smn.preprocess import PreprocessSpec
from smn.train import Recipe, features
from smn.train.features import open_view, statistics


@pytest.fixture(scope="module")
def manifest(pictures: Path) -> Manifest:
    return read_manifest(pictures)


def test_views_are_pixels_of_the_network_s_size(manifest: Manifest, recipe: Recipe) -> None:
    views = [open_view(manifest, 0, recipe=recipe, spec=PreprocessSpec(32), view=view) for view in (0, 0, 1, 1, 2)]
    assert {(view.shape, view.dtype.name) for view in views} == {((32, 32, 3), "uint8")}
    assert np.array_equal(views[0], views[1])
    assert np.array_equal(views[2], views[3])
    assert not np.array_equal(views[0], views[2])
    assert not np.array_equal(views[2], views[4])


def test_statistics_are_those_of_the_model_row_by_row(
    manifest: Manifest, recipe: Recipe, model: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_BATCH", 4)
    spec, rows = PreprocessSpec(32), [7, 2, 9, 0, 5]
    parts = list(statistics(model, manifest, recipe=recipe, spec=spec, rows=rows, view=0))
    assert [start for start, _ in parts] == [0, 4]
    pixels = np.stack([open_view(manifest, row, recipe=recipe, spec=spec, view=0) for row in rows])
    with torch.inference_mode():
        expected = model.eval().statistics(torch.from_numpy(spec.normalise(pixels))).numpy()
    found = np.concatenate([values for _, values in parts])
    assert found.shape == (len(rows), model.width)
    # bfloat16 keeps three figures; a wrong row would be far off.
    assert np.corrcoef(found.ravel(), expected.ravel())[0, 1] > 0.999
    np.testing.assert_allclose(found, expected, rtol=0.1, atol=0.05)


def test_a_view_depends_on_the_picture_and_not_on_its_row(
    manifest: Manifest, recipe: Recipe, reordered: Callable[..., Manifest]
) -> None:
    order = [5, 3, 0, 11]
    other = reordered(order)
    for view in (0, 1, 7):
        for row, number in enumerate(order):
            one = open_view(manifest, number, recipe=recipe, spec=PreprocessSpec(32), view=view)
            assert np.array_equal(open_view(other, row, recipe=recipe, spec=PreprocessSpec(32), view=view), one)
