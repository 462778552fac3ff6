import json
from pathlib import Path

import numpy as np
import pytest

import smn
from made_index import make_index
from smn.bundle import Bundle
from smn.errors import SimilarError
from smn.examples import paint
from smn.predict.jobs import find_inputs, predict_stream
from smn.works.fingerprints import hash_whole

RULE = {"similarity": 10.0, "bits": -0.06, "offset": 0.0, "threshold": 6.0, "worth": [[6.0, 0.98]]}
MOVEMENTS = ("color-field", "cubism", "impressionism", "romanticism")


@pytest.fixture
def known(tmp_path: Path, tiny_bundle: Bundle) -> Path:
    """An index of twelve painted works, made by hand so that no map has to be drawn."""
    model = smn.load(tiny_bundle.folder)
    pixels = [model.preprocess(paint(name, seed=seed))[0] for name in MOVEMENTS for seed in range(3)]
    embeddings = model.runtime.run(np.stack(pixels)).embedding
    folder = make_index(
        tmp_path / "index", embeddings, artists=[f"artist {at}" for at in range(12)],
        sha256=tiny_bundle.model_sha256,
    )  # fmt: skip
    np.save(folder / "hashes.npy", np.stack([hash_whole(one, tiny_bundle.preprocess) for one in pixels]))
    (folder / "rules.json").write_text(json.dumps({"recognition": RULE}))
    return folder


def test_the_very_work_is_told_beside_the_same_guess(known: Path, tiny_bundle: Bundle) -> None:
    model, plain = smn.load(tiny_bundle.folder, lookup=known), smn.load(tiny_bundle.folder, lookup=False)
    picture = paint("cubism", seed=1)
    told, guessed = model.predict(picture).to_dict(), plain.predict(picture).to_dict()
    assert (told["work"]["title"], told["work"]["artist"], told["work"]["confidence"]) == ("work 4", "artist 4", 0.98)
    assert told | {"work": None} == guessed
    assert model.variant(lookup=False).predict(picture).work is None
    assert model.predict(paint("cubism", seed=1)).work == model.analyze(picture).prediction.work


def test_another_picture_is_no_work(known: Path, tiny_bundle: Bundle) -> None:
    model = smn.load(tiny_bundle.folder, lookup=known)
    assert [model.predict(paint("ukiyo-e", seed=seed)).work for seed in range(3)] == [None] * 3


def test_batches_and_streams_look_up_too(known: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    model = smn.load(tiny_bundle.folder, lookup=known)
    pictures = [paint("romanticism", seed=seed) for seed in (2, 9)]
    batch = np.stack([model.preprocess(one)[0] for one in pictures])
    works = [one.work.title if one.work else None for one in model.predict_batch(batch, ["a", "b"])]
    assert works == ["work 11", None]
    pictures[0].save(tmp_path / "a.png")
    (streamed,) = predict_stream(model, find_inputs([str(tmp_path / "a.png")]), top_k=1)
    assert streamed.work is not None
    assert streamed.work.title == "work 11"


def test_the_index_in_the_package_is_left_out_for_other_models(tiny_bundle: Bundle) -> None:
    model = smn.load(tiny_bundle.folder)
    assert model.lookup is not None
    assert model.lookup.index is None
    assert model.predict(paint("cubism", seed=1)).work is None


def test_an_index_that_is_named_and_does_not_fit_is_said(known: Path, tmp_path: Path) -> None:
    with pytest.raises(SimilarError, match="was made by the model m, but default"):
        smn.load(lookup=known)
    with pytest.raises(SimilarError, match="There is no index in"):
        smn.load(lookup=tmp_path / "none")
