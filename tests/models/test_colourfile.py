import io
from pathlib import Path

import numpy as np
import pytest

from smn.errors import InputError
from smn.models.colour import COLOUR_MODELS, ColourClassifier
from smn.models.colourfile import read_colour_model, write_colour_model


def made_features(name: str) -> np.ndarray:
    random = np.random.default_rng(0)
    shares = -np.sort(-random.dirichlet(np.ones(5), 60), axis=1)
    palettes = np.concatenate([random.uniform(0, 50, (60, 5, 3)), shares[:, :, None]], axis=2)
    rest = random.random((60, 237))
    return palettes if name != "handcrafted" else np.concatenate([palettes.reshape(60, 20), rest], axis=1)


@pytest.mark.parametrize("name", COLOUR_MODELS)
def test_every_model_answers_the_same_after_it_was_written(name: str, tmp_path: Path) -> None:
    features, targets = made_features(name), np.arange(60) % 3
    model = ColourClassifier(name, classes=4, seed=7).fit(features, targets)
    file = write_colour_model(model, tmp_path / "colour.npz")
    read = read_colour_model(file)
    np.testing.assert_array_equal(read.predict_proba(features), model.predict_proba(features))
    assert (read.name, read.classes, read.seed, read.temperature) == (name, 4, 7, model.temperature)
    assert [one.name for one in tmp_path.iterdir()] == ["colour.npz"]


def test_a_model_that_has_not_learnt_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="call fit before it is written"):
        write_colour_model(ColourClassifier("colour-1", classes=2), tmp_path / "colour.npz")
    assert list(tmp_path.iterdir()) == []


def spoiled(kind: str) -> bytes:
    """What a file may hold that is no model."""
    stream = io.BytesIO()
    if kind == "a pickle":
        np.savez(stream, about=np.array({"model": "colour-1"}, dtype=object))
    elif kind == "other arrays":
        np.savez(stream, weights=np.zeros(3))
    elif kind == "one array":
        np.save(stream, np.zeros(3))
    elif kind == "cut short":
        np.savez(stream, about=np.array("{}"))
        return stream.getvalue()[:60]
    elif kind == "a text":
        return b"a text"
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["nothing", "a pickle", "other arrays", "one array", "cut short", "a text"])
def test_what_is_no_model_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "colour.npz").write_bytes(spoiled(kind))
    with pytest.raises(InputError, match=r"is not a colour model that can be read \(.+\); fit and write it anew"):
        read_colour_model(tmp_path / "colour.npz")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.npz is not a colour model"):
        read_colour_model(tmp_path / "none.npz")
