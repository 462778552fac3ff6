import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from smn.cli import main
from smn.errors import InputError
from smn.evaluate import open_colour_run
from smn.manifest import read_manifest
from smn.models.colour import describe_pictures
from smn.models.colourfile import read_colour_model
from smn.train import read_recipe
from smn.train.run import train

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
    candidate = open_colour_run(run)
    answers = candidate.ask(manifest, np.arange(8), title="set", on_progress=None)
    assert answers.kept.tolist() == [0, *range(2, 8)]
    assert [failure.id for failure in answers.failures] == [manifest.column("id")[1]]
    assert answers.painting is None
    features = np.array(list(describe_pictures("colour-5", manifest, answers.kept.tolist())))
    direct = read_colour_model(run / "colour.npz").predict_proba(features)
    np.testing.assert_allclose(answers.probabilities, direct)
    assert (candidate.about.name, candidate.about.thresholds) == ("colour-5", None)
    assert [one.rows for one in candidate.data] == [24]


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
