from pathlib import Path

import numpy as np
import pytest

import smn
from made_index import make_painted_index
from smn.bundle import Bundle
from smn.errors import SimilarError
from smn.examples import list_examples, paint
from smn.predict.jobs import find_inputs, predict_stream
from smn.similar import find_similar


@pytest.fixture
def known(tmp_path: Path, tiny_bundle: Bundle) -> Path:
    return make_painted_index(tmp_path / "index", tiny_bundle)


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


def test_a_bundle_looks_works_up_in_its_own_index(tiny_bundle: Bundle) -> None:
    own = make_painted_index(tiny_bundle.folder / "index", tiny_bundle)
    model = smn.load(tiny_bundle.folder)
    found = model.predict(paint("cubism", seed=1)).work
    assert found is not None
    assert found.title == "work 4"
    assert find_similar(model, paint("cubism", seed=1))[0].work.title == "work 4"
    assert smn.load(tiny_bundle.folder, lookup=False).predict(paint("cubism", seed=1)).work is None
    # What the bundle brings along must fit it.
    facts = (own / "index.json").read_text(encoding="utf-8").replace(tiny_bundle.model_sha256, "another")
    (own / "index.json").write_text(facts, encoding="utf-8")
    with pytest.raises(SimilarError, match=r"tiny-1 is asked.*smn index build MANIFEST --model BUNDLE"):
        smn.load(tiny_bundle.folder).predict(paint("cubism", seed=1))


def test_no_example_is_taken_for_a_known_work() -> None:
    model = smn.load("fast")
    assert [name for name in list_examples() if model.predict(paint(name)).work is not None] == []
