import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from coloured_rows import Row
from smn.bundle import Bundle, read_bundle
from smn.bundle.row_reader import Failure
from smn.cli import main
from smn.errors import InputError
from smn.evaluate import DataUse, EvaluationSet, Use, open_colour_run
from smn.evaluate.evaluated_model import Classified, list_training, open_bundle, predict_pictures
from smn.evaluate.evaluation import note_use
from smn.manifest import read_manifest
from smn.models.colour_models import describe_pictures, read_colour_model
from smn.train import read_recipe
from smn.train.run import train


def test_pictures_are_asked_about_in_batches_and_failures_set_apart() -> None:
    sizes: list[int] = []

    def classify(batch: np.ndarray) -> Classified:
        sizes.append(len(batch))
        return Classified(np.column_stack([batch, 1 - batch]), batch[:, 0], batch)

    pictures = [np.array([at / 100]) for at in range(70)]
    answers = predict_pictures([*pictures[:3], Failure("a", "gone."), *pictures[3:]], classify, title="set")
    assert sizes == [32, 32, 6]
    assert answers.kept.tolist() == [*range(3), *range(4, 71)]
    assert answers.failures == (Failure("a", "gone."),)
    assert answers.painting is not None
    np.testing.assert_array_equal(answers.probabilities[:, 0], answers.painting)
    assert answers.embedding is not None
    assert answers.embedding.shape == (70, 1)


def test_a_model_need_not_say_what_is_a_painting() -> None:
    answers = predict_pictures([np.zeros(2)], lambda batch: Classified(np.ones((len(batch), 1))), title="set")
    assert answers.painting is None
    assert answers.embedding is None
    assert answers.probabilities.shape == (1, 1)


@pytest.mark.parametrize(
    ("pictures", "said"), [([Failure("a", "gone.")], "None of the 1 pictures of set .* gone."), ([], "there is none")]
)
def test_nothing_to_ask_about_is_an_error(pictures: list[Failure], said: str) -> None:
    with pytest.raises(InputError, match=said):
        predict_pictures(pictures, Classified, title="set")


Make = Callable[..., Path]


def test_network_is_asked_about_every_readable_row(tiny_bundle: Bundle, make_manifest: Make) -> None:
    folder = make_manifest("pool", [Row("fauvism"), *[Row("realism")] * 70, Row(None)], broken=1)
    evaluated = open_bundle(tiny_bundle)
    seen: list[tuple[str, int, int]] = []
    answers = evaluated.predict_rows(
        read_manifest(folder), np.arange(72), title="pool", on_progress=lambda *said: seen.append(said)
    )
    assert answers.kept.tolist() == list(range(1, 72))
    assert answers.probabilities.shape == (71, 25)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1.0)
    assert [failure.id for failure in answers.failures] == ["pool-0"]
    assert answers.painting is not None
    assert (answers.painting[:-1] > 0.9).all()
    assert answers.painting[-1] < 0.1
    assert seen == [("pool", done, 72) for done in range(1, 73)]


def test_answers_are_stored_and_found(tiny_bundle: Bundle, make_manifest: Make, tmp_path: Path) -> None:
    manifest = read_manifest(make_manifest("pool", [Row("fauvism"), *[Row("realism")] * 40], broken=1))
    plain = open_bundle(tiny_bundle).predict_rows(manifest, np.arange(41), title="pool", on_progress=None)
    seen: list[int] = []
    stored = open_bundle(tiny_bundle, cache=tmp_path)
    for rows in (np.arange(0, 20), np.arange(41), np.arange(41)):
        seen.clear()
        answers = stored.predict_rows(manifest, rows, title="pool", on_progress=lambda *said: seen.append(said[1]))
        assert [failure.id for failure in answers.failures] == ["pool-0"]
    assert len(seen) == 1  # only the broken one is tried again
    np.testing.assert_array_equal(answers.kept, plain.kept)
    np.testing.assert_allclose(answers.probabilities, plain.probabilities)
    np.testing.assert_allclose(answers.painting, plain.painting)


def test_stored_answers_serve_another_temperature(tiny_bundle: Bundle, make_manifest: Make, tmp_path: Path) -> None:
    manifest, rows = read_manifest(make_manifest("pool", [Row("realism")] * 3)), np.arange(3)
    open_bundle(tiny_bundle, cache=tmp_path).predict_rows(manifest, rows, title="pool", on_progress=None)
    sharper = replace(tiny_bundle, temperature=0.5 * tiny_bundle.temperature)
    seen: list[int] = []
    stored = open_bundle(sharper, cache=tmp_path).predict_rows(
        manifest, rows, title="pool", on_progress=lambda *said: seen.append(said[1])
    )
    plain = open_bundle(sharper).predict_rows(manifest, rows, title="pool", on_progress=None)
    assert not seen
    np.testing.assert_allclose(stored.probabilities, plain.probabilities)


def test_a_bundle_is_described(tiny_bundle: Bundle) -> None:
    evaluated = open_bundle(tiny_bundle)
    assert (evaluated.about.name, evaluated.about.sha256) == ("tiny-1", tiny_bundle.model_sha256)
    assert evaluated.about.thresholds == tiny_bundle.thresholds
    assert evaluated.score_images is not None
    assert evaluated.taxonomy == tiny_bundle.taxonomy


def test_no_readable_picture_is_an_error(tiny_bundle: Bundle, make_manifest: Make) -> None:
    manifest = read_manifest(make_manifest("pool", [Row("fauvism")] * 2, broken=2))
    with pytest.raises(InputError, match=r"None of the 2 pictures of pool could be read; the first says: .*JPEG"):
        open_bundle(tiny_bundle).predict_rows(manifest, np.arange(2), title="pool", on_progress=None)


SetMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> Path:
    splits = {"train": 4, "val": 2, "test": 2}
    return make_painted_set(tmp_path_factory.mktemp("colourrun") / "pictures", splits=splits, side=32)


@pytest.fixture(scope="module")
def run(pictures: Path) -> Path:
    """A finished run of colour-5; read only."""
    recipe = read_recipe("colour-5").with_settings({"taxonomy": "origin-8"})
    return train(recipe, pictures, out=pictures.parent.parent / "run")


def test_a_run_answers_as_its_model_does_and_sets_bad_pictures_apart(
    run: Path, tmp_path: Path, make_painted_set: SetMaker
) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "set", splits={"test": 2}, side=32, first=50))
    (tmp_path / "set" / "1.jpg").write_bytes(b"no picture")
    evaluated = open_colour_run(run)
    answers = evaluated.predict_rows(manifest, np.arange(8), title="set", on_progress=None)
    assert answers.kept.tolist() == [0, *range(2, 8)]
    assert [failure.id for failure in answers.failures] == [manifest.column("id")[1]]
    assert answers.painting is None
    features = np.array(list(describe_pictures("colour-5", manifest, answers.kept.tolist())))
    direct = read_colour_model(run / "colour.npz").predict_proba(features)
    np.testing.assert_allclose(answers.probabilities, direct)
    assert (evaluated.about.name, evaluated.about.thresholds) == ("colour-5", None)
    assert [one.rows for one in evaluated.data] == [24]


def test_the_command_reports_on_a_run(run: Path, pictures: Path, tmp_path: Path, make_other_set: SetMaker) -> None:
    others = make_other_set(tmp_path / "others", splits={"test": 3}, side=32)
    asked = [
        *("evaluate", str(run), "--manifest", f"own={pictures}:test", "--train", f"{pictures}:train"),
        *("--not-paintings", str(others), "--bootstrap", "5", "--out", str(tmp_path / "report")),
    ]
    result = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["command"].startswith(f"smn evaluate {run} --manifest")
    assert (report["model"]["name"], report["model"]["thresholds"]) == ("colour-5", None)
    (measured,) = report["sets"]
    assert (measured["rows"], measured["not_paintings"]) == (8, 0)
    assert measured["figures"]["top1"]["value"] >= 0.25
    assert measured["figures"]["painting_auroc"]["value"] is None
    assert [one["id"] for one in measured["baselines"]] == ["majority", "artist", "colour"]
    assert {one["use"] for one in report["data"]} == {"trained", "baselines", "measured"}
    assert "The model always answers." in (tmp_path / "report" / "report.md").read_text()


def test_a_run_that_cannot_be_asked_says_what_to_do(run: Path, tiny_run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is a run that trained a network; .*: smn export"):
        open_colour_run(tiny_run)
    (tmp_path / "run.json").write_text((run / "run.json").read_text())
    with pytest.raises(InputError, match=r"is not finished: it has no colour\.npz; continue it"):
        open_colour_run(tmp_path)
    with pytest.raises(InputError, match="is not a run"):
        open_colour_run(tmp_path / "nowhere")


def test_a_bundle_tells_what_it_was_trained_on() -> None:
    known = {"sha256": "a" * 64, "pictures": {"train": 7, "val": 2}, "negatives_sha256": "b" * 64, "negatives": 3}
    assert list_training("tiny-1", known) == [
        DataUse(Use.TRAINED, "tiny-1", None, None, 9, "a" * 64),
        DataUse(Use.TRAINED, "tiny-1", None, None, 3, "b" * 64),
    ]
    alone = {**known, "negatives_sha256": None, "negatives": 0}
    assert [one.rows for one in list_training("tiny-1", alone)] == [9]


def test_what_a_teacher_was_trained_on_counts_too() -> None:
    teacher = {"name": "large-1", "sha256": "m", "data": {"sha256": "b", "pictures": {"train": 5}}}
    known = {"sha256": "a", "pictures": {"train": 7}, "teachers": [teacher]}
    assert list_training("small-1", known) == [
        DataUse(Use.TRAINED, "small-1", None, None, 7, "a"),
        DataUse(Use.TRAINED, "large-1, teacher of small-1", None, None, 5, "b"),
    ]


def test_a_bundle_that_does_not_tell_is_no_error() -> None:
    assert list_training("tiny-1", {}) == []
    assert list_training("tiny-1", {"sha256": "c"}) == [DataUse(Use.TRAINED, "tiny-1", None, None, 0, "c")]


def test_the_model_inside_the_package_tells() -> None:
    (paintings, others) = list_training("default-1", read_bundle().data)
    assert paintings.rows > others.rows > 100
    assert len(paintings.data_hash) == len(others.data_hash) == 64


def test_a_use_is_written_as_it_was_given() -> None:
    chosen = EvaluationSet.parse("known=data/famous:test")
    used = note_use(Use.MEASURED, chosen, rows=3, data_hash="d")
    assert used == DataUse(Use.MEASURED, "known", Path("data/famous").as_posix(), "test", 3, "d")
