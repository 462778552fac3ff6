"""Runs of colour models: what they leave, that they continue, and that the palettes are read once for all."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smn.errors import InputError
from smn.feature_cache import FILE_NAME
from smn.manifest import read_manifest
from smn.models.colour_models import COLOUR_MODELS, ColourClassifier, describe_pictures, read_colour_model
from smn.progress import Progress
from smn.train import Recipe, read_recipe
from smn.train.colour_training import cached_features, draw_palettes, train_colour
from smn.train.model_configs import ColourSettings
from smn.train.run import MODEL_FILE, read_run
from trained_runs import StoppedError

SetMaker = Callable[..., Path]


def stop_in(phase: str, step: int) -> Progress:
    def progress(what: str, done: int, _: int) -> None:
        if (what, done) == (phase, step):
            raise StoppedError

    return progress


def of_origin(name: str) -> Recipe:
    return read_recipe(name).with_settings({"taxonomy": "origin-8"})


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> Path:
    return make_painted_set(tmp_path_factory.mktemp("colour") / "set", splits={"train": 5, "val": 2}, side=32)


def same(one: Path, other: Path) -> bool:
    first, second = (read_colour_model(run / MODEL_FILE) for run in (one, other))
    return first.temperature == second.temperature and all(
        np.array_equal(values, second.learned[name], equal_nan=True) for name, values in first.learned.items()
    )


def test_every_model_leaves_a_run(painted: Path, tmp_path: Path) -> None:
    assert len(COLOUR_MODELS) == 5
    for name in COLOUR_MODELS:
        run = train_colour(of_origin(name), painted, out=tmp_path / name)
        assert sorted(file.name for file in run.iterdir()) == [MODEL_FILE, "metrics.jsonl", "palettes.png", "run.json"]
        (line,) = (run / "metrics.jsonl").read_text().splitlines()
        figures = json.loads(line)
        assert list(figures) == ["phase", "epoch", "seconds", "val_log_loss", "val_top1", "val_top3"]
        assert 0.25 <= figures["val_top1"] <= figures["val_top3"] <= 1.0
        assert 0.0 < figures["val_log_loss"] < 28.0
        assert figures["seconds"] > 0
        known = read_run(run)
        assert known.recipe.model == ColourSettings(name=name)
        assert (known.preprocess, known.backbone) == (None, None)
        assert read_colour_model(run / MODEL_FILE).name == name
        with Image.open(run / "palettes.png") as picture:
            assert picture.width > 1000
    # The four models of palettes have read the pictures once.
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database:
        known = [json.loads(facts)["name"] for (facts,) in database.execute("SELECT facts FROM feature_sets")]
        stored, last = database.execute("SELECT count(*), max(rowid) FROM features").fetchone()
    assert sorted(known) == ["describe_picture", "extract_palette"]
    assert stored == last  # a replaced row would have a new number


@pytest.mark.parametrize(
    ("phase", "step"), [("colour-5: looking", 15), ("colour-5: learning", 1), ("colour-5: comparing", 8)]
)
def test_a_stopped_run_ends_as_one_that_was_not(painted: Path, tmp_path: Path, phase: str, step: int) -> None:
    recipe, whole = of_origin("colour-5"), train_colour(of_origin("colour-5"), painted, out=tmp_path / "a" / "whole")
    out = tmp_path / "b" / "run"
    with pytest.raises(StoppedError):
        train_colour(recipe, painted, out=out, progress=stop_in(phase, step))
    assert not (out / MODEL_FILE).exists()
    told: list[tuple[str, int]] = []
    train_colour(recipe, painted, out=out, progress=lambda what, done, _: told.append((what, done)))
    assert ("colour-5: looking", step) not in told  # what was looked at is not looked at again
    assert same(out, whole)


def test_a_finished_run_is_left_as_it_is(painted: Path, tmp_path: Path) -> None:
    run = train_colour(of_origin("colour-1"), painted, out=tmp_path / "run")
    before = {file: file.stat().st_mtime_ns for file in run.iterdir()}
    assert train_colour(of_origin("colour-1"), painted, out=run, progress=stop_in("colour-1: learning", 0)) == run
    assert {file: file.stat().st_mtime_ns for file in run.iterdir()} == before
    with pytest.raises(InputError, match="holds a run with another recipe; choose another --out"):
        train_colour(of_origin("colour-5"), painted, out=run)


@pytest.mark.parametrize("name", COLOUR_MODELS)
def test_every_model_can_be_rehearsed(painted: Path, tmp_path: Path, name: str) -> None:
    run = train_colour(of_origin(name), painted, out=tmp_path / "run", fast=True)
    assert read_run(run).data.pictures == {"train": 8, "val": 8}
    assert (run / MODEL_FILE).exists()


def test_negatives_are_refused(painted: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"colour-1 is a model of colour and cannot learn .*; leave --negatives out"):
        train_colour(of_origin("colour-1"), painted, out=tmp_path / "run", negatives=painted)
    assert not (tmp_path / "run").exists()


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path, make_painted_set: SetMaker) -> None:
    pictures = make_painted_set(tmp_path / "set", splits={"train": 2, "val": 1}, side=32)
    (pictures.parent / "4.jpg").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"4\.jpg"):
        train_colour(of_origin("colour-1"), pictures, out=tmp_path / "run")


@pytest.mark.parametrize("name", COLOUR_MODELS)
def test_cached_features_are_those_of_the_pictures(painted: Path, tmp_path: Path, name: str) -> None:
    manifest, rows = read_manifest(painted), [3, 0, 3, 7]
    direct = np.array(list(describe_pictures(name, manifest, rows)))
    for _ in range(2):  # as they are computed, and as they are read
        found = cached_features(name, manifest, rows=rows, cache=tmp_path)
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, direct, rtol=1e-6, atol=1e-6)


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
