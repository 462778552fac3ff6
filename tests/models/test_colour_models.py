""""""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smn.bundle.row_reader import Failure
from smn.errors import InputError, UnknownNameError
from smn.manifest import Manifest, read_manifest
from smn.models.colour_models import (
    COLOUR_MODELS,
    ColourClassifier,
    compare_features,
    describe_pictures,
    read_colour_model,
    write_colour_model,
)

CLASSES = 5
PAINTED = 4


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory, make_painted_set: Callable[..., Path]) -> Manifest:
    """Four movements with ten training pictures and three test pictures each."""
    folder = tmp_path_factory.mktemp("colour") / "pictures"
    return read_manifest(make_painted_set(folder, splits={"train": 10, "test": 3}))


def rows_of(manifest: Manifest, split: str) -> tuple[list[int], np.ndarray]:
    movements = manifest.column("movement")
    names = sorted(set(movements))
    rows = manifest.rows(split=split)
    return rows, np.array([names.index(movements[row]) for row in rows], dtype=np.int64)


def test_the_registry_holds_what_the_ladder_names() -> None:
    assert tuple(COLOUR_MODELS) == (
        "colour-1", "colour-5", "colour-5-neighbours", "colour-5-histogram", "handcrafted",
    )  # fmt: skip
    assert all(method.summary.endswith(".") for method in COLOUR_MODELS.values())


def look(name: str, manifest: Manifest, rows: list[int]) -> np.ndarray:
    return np.array(list(describe_pictures(name, manifest, rows)))


@pytest.mark.parametrize("name", COLOUR_MODELS)
def test_every_model_learns_pictures_and_answers_for_others(name: str, painted: Manifest) -> None:
    said: list[tuple[str, int, int]] = []
    rows, targets = rows_of(painted, "train")
    model = ColourClassifier(name, classes=CLASSES, seed=1)
    model.fit(look(name, painted, rows), targets, progress=lambda *step: said.append(step))
    assert said == [(f"{name}: learning", done, 2) for done in range(3)]
    asked, truth = rows_of(painted, "test")
    features = look(name, painted, asked)
    probabilities = compare_features(model, features, progress=lambda *step: said.append(step))
    assert said[3:] == [(f"{name}: comparing", 12, 12)]
    assert probabilities.shape == (12, CLASSES)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert (probabilities[:, PAINTED] == 0).all()  # a label without pictures
    assert (probabilities.argmax(axis=1) == truth).mean() >= 0.5
    assert 0.05 <= model.temperature <= 20.0
    assert model.learned["palettes"].shape[::2] == (CLASSES, 4)
    assert np.isnan(model.learned["palettes"][PAINTED]).all()
    assert all(array.dtype == np.float64 for array in model.learned.values())


@pytest.mark.parametrize("name", COLOUR_MODELS)
def test_every_model_gives_the_same_answers_again(name: str, painted: Manifest) -> None:
    rows, targets = rows_of(painted, "train")
    features = look(name, painted, rows)
    one, other = (ColourClassifier(name, classes=CLASSES, seed=2).fit(features, targets) for _ in range(2))
    np.testing.assert_array_equal(one.predict_proba(features), other.predict_proba(features))
    assert compare_features(one, features[:0]).shape == (0, CLASSES)


@pytest.mark.parametrize("name", COLOUR_MODELS)
def test_rows_of_nan_are_left_out_and_answered_with_nan(name: str, painted: Manifest) -> None:
    rows, targets = rows_of(painted, "train")
    features = look(name, painted, rows)
    features[0] = np.nan
    probabilities = ColourClassifier(name, classes=CLASSES).fit(features, targets).predict_proba(features)
    assert np.isnan(probabilities[0]).all()
    assert np.isfinite(probabilities[1:]).all()


def test_a_picture_that_cannot_be_read_says_why(tmp_path: Path, make_painted_set: Callable[..., Path]) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "set", splits={"train": 1}, side=32))
    (tmp_path / "set" / "0.jpg").write_bytes(b"no picture")
    told: list[tuple[str, int, int]] = []
    bad, good = describe_pictures(
        "colour-1", manifest, [0, 1], title="looking", progress=lambda *step: told.append(step)
    )
    assert isinstance(bad, Failure)
    assert "0.jpg" in bad.reason
    assert isinstance(good, np.ndarray)
    assert good.shape == (5, 4)
    assert told == [("looking", 1, 2), ("looking", 2, 2)]


@pytest.fixture
def palettes() -> np.ndarray:
    random = np.random.default_rng(0)
    colours = random.uniform((0, -40, -40), (100, 40, 40), (30, 5, 3))
    return np.concatenate([colours, np.full((30, 5, 1), 0.2)], axis=2)


def test_the_temperature_is_fitted_on_artists_apart(palettes: np.ndarray) -> None:
    # Every artist repeats one picture and labels are by chance: only artists apart show that nothing can be known.
    palettes, targets = np.repeat(palettes, 8, axis=0), np.repeat(np.arange(30) % 2, 8)
    artists = [f"Artist {at}" for at in np.repeat(np.arange(30), 8)]
    apart = ColourClassifier("colour-5-neighbours", classes=2).fit(palettes, targets, artists=artists)
    mixed = ColourClassifier("colour-5-neighbours", classes=2).fit(palettes, targets)
    assert apart.temperature > 1.5 * mixed.temperature


def test_an_unknown_model_is_refused_with_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean colour-5"):
        ColourClassifier("color-5", classes=3)


def test_an_unfitted_model_says_so(palettes: np.ndarray) -> None:
    with pytest.raises(InputError, match="call fit, or read a model"):
        ColourClassifier("colour-1", classes=3).predict_proba(palettes)


def test_lengths_and_labels_must_fit(palettes: np.ndarray) -> None:
    model = ColourClassifier("colour-1", classes=3)
    with pytest.raises(InputError, match="30 pictures, 29 labels and 29 artists; give one of each"):
        model.fit(palettes, np.zeros(29, dtype=np.int64))
    with pytest.raises(InputError, match=r"labels 3 to 3; they must lie in 0\.\.2, so map them"):
        model.fit(palettes, np.full(30, 3, dtype=np.int64))


def test_one_artist_is_too_few(palettes: np.ndarray) -> None:
    with pytest.raises(InputError, match="pictures of 1 artists to learn from; it needs two at least"):
        ColourClassifier("colour-1", classes=3).fit(palettes, np.zeros(30, dtype=np.int64), artists=["Monet"] * 30)
    with pytest.raises(InputError, match="pictures of 0 artists"):
        ColourClassifier("colour-1", classes=3).fit(np.full_like(palettes, np.nan), np.zeros(30, dtype=np.int64))


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
