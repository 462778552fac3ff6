from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smn.errors import InputError
from smn.models.colour import COLOUR_MODELS, ColourClassifier
from smn.models.swatches import draw_palettes

LABELS = ("Fauvism", "Impressionism", "Realism")


@pytest.fixture(params=COLOUR_MODELS)
def fitted(request: pytest.FixtureRequest) -> ColourClassifier:
    """Each model, with red pictures of the first label, blue ones of the last, and none of the second."""
    red, blue = [53.0, 80, 67], [32.0, 79, -107]
    palettes = np.array([[[*hue, 1.0], *[[*hue, 0.0]] * 4] for hue in (red, blue) for _ in range(6)])
    features = palettes
    if request.param == "handcrafted":
        features = np.concatenate([palettes.reshape(12, 20), np.zeros((12, 237))], axis=1)
    return ColourClassifier(request.param, classes=3).fit(features, np.repeat([0, 2], 6))


def count_like(file: Path, colour: tuple[int, int, int]) -> int:
    pixels = np.asarray(Image.open(file).convert("RGB"), dtype=int)
    return int((np.abs(pixels - colour).max(axis=2) < 12).sum())


def test_every_model_draws_a_row_of_its_colours_for_each_label(fitted: ColourClassifier, tmp_path: Path) -> None:
    draw_palettes(fitted, tmp_path / "palettes.png", labels=LABELS)
    red, blue = (count_like(tmp_path / "palettes.png", hue) for hue in ((255, 0, 0), (0, 0, 255)))
    assert red > 5000
    assert blue == pytest.approx(red, rel=0.05)


def test_labels_and_model_must_fit(tmp_path: Path) -> None:
    model = ColourClassifier("colour-1", classes=3)
    with pytest.raises(InputError, match="call fit before its palettes are drawn"):
        draw_palettes(model, tmp_path / "palettes.png", labels=LABELS)
    model.fit(np.random.default_rng(0).random((9, 5, 4)), np.arange(9) % 3)
    with pytest.raises(InputError, match="has 3 labels, not 2; give one name for each"):
        draw_palettes(model, tmp_path / "palettes.png", labels=LABELS[:2])
    assert not (tmp_path / "palettes.png").exists()
