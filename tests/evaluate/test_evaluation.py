import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import smn.evaluate
from coloured_rows import Row
from smn.bundle import Bundle
from smn.cli.evaluate import evaluate
from smn.errors import InputError, ManifestError, OutputExistsError, UnknownNameError
from smn.evaluate import EvaluationSet, evaluate_model, evaluation
from smn.evaluate.evaluated_model import open_bundle
from smn.evaluate.evaluation import predict_selection
from smn.evaluate.evaluation_sets import select_rows
from smn.evaluate.refusal import measure_kinds
from smn.evaluate.robustness import AS_IS, CHANGES
from smn.examples import list_others
from smn.manifest import read_manifest
from smn.movements import read_taxonomy

Make = Callable[..., Path]


@pytest.fixture
def data(make_manifest: Make) -> dict[str, Path]:
    """Test rows of which 8 of 10 look as they should, by artists who are strangers to the training rows."""
    test = [
        *(Row("fauvism", artist=f"F{at}", source="east", split="test") for at in range(4)),
        *(Row("impressionism", artist=f"I{at}", label_kind="artist", split="test") for at in range(4)),
        Row("realism", artist="R", looks="impressionism", split="test"),
        Row("baroque", artist="B", looks="not-a-painting", split="test"),
        Row("tonalism", artist="T", looks="realism", split="test"),
    ]
    train = [Row("impressionism", artist="Monet", split="train")] * 3 + [
        Row("fauvism", artist="Matisse", split="train")
    ]
    return {
        "pool": make_manifest("pool", [*test, *train]),
        "famous": make_manifest("famous", [Row("fauvism", artist="Matisse"), Row("impressionism", "Monet")], broken=1),
        "others": make_manifest("others", [Row("not-a-painting")] * 5 + [Row("not-a-painting", looks="realism")]),
    }


def test_end_to_end_through_the_cli(
    tiny_bundle: Bundle, data: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "measure_kinds", partial(measure_kinds, count=1))
    asked = [
        *(str(tiny_bundle.folder), "--manifest", f"{data['pool']}:test", "--manifest", f"known={data['famous']}"),
        *("--not-paintings", str(data["others"]), "--train", f"{data['pool']}:train"),
        *("--bootstrap", "50", "--seed", "4", "--out", str(tmp_path / "report")),
    ]
    result = CliRunner().invoke(evaluate, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "Top-1" in result.stdout
    assert "1 pictures could not be read" in result.stderr
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["command"].startswith(f"smn evaluate {tiny_bundle.folder} --manifest")
    assert report["model"]["sha256"] == tiny_bundle.model_sha256
    assert report["train"]["rows"] == 4
    assert len(report["kinds"]) == len(list_others())
    assert "## Pages, memes, comics and the like" in (tmp_path / "report" / "report.md").read_text()
    pool, known = report["sets"]
    assert (pool["name"], pool["rows"], pool["artists"], pool["not_paintings"]) == ("pool-test", 10, 10, 6)
    used = {(one["use"], one["name"], one["manifest"], one["split"], one["rows"]) for one in report["data"]}
    assert used == {
        ("measured", "pool-test", str(data["pool"]), "test", 10),
        ("measured", "known", str(data["famous"]), None, 1),
        ("not-paintings", "others", str(data["others"]), None, 6),
        ("baselines", "pool-train", str(data["pool"]), "train", 4),
    }
    hashes = {one["manifest"]: one["data_hash"] for one in report["data"]}
    assert hashes == {str(folder): read_manifest(folder).data_hash() for folder in data.values()}
    assert pool["figures"]["top1"]["value"] == 0.8
    assert pool["figures"]["paintings_refused"]["value"] == 0.1
    assert pool["figures"]["not_paintings_caught"]["value"] == round(5 / 6, 6)
    assert pool["excluded"] == {"tonalism": 1}
    baselines = {one["id"]: one["figures"]["top1"]["value"] for one in pool["baselines"]}
    assert baselines == {"majority": 0.4, "artist": 0.4, "colour": 0.8}
    assert {one["name"]: one["rows"] for one in pool["groups"]} == {"made": 6, "east": 4, "per-work": 6, "other": 4}
    assert (known["rows"], [one["id"] for one in known["failures"]]) == (1, ["famous-0"])
    assert known["baselines"][1]["figures"]["top1"]["value"] == 1.0
    page = (tmp_path / "report" / "report.md").read_text()
    assert f"| measured on | pool-test | {data['pool']} | test | 10 | `{pool['data_hash'][:16]}` |" in page
    for picture in (tmp_path / "report").glob("*.png"):
        assert f"({picture.name})" in page
    assert len(list((tmp_path / "report").iterdir())) == 10
    assert [one[key] for one in report["sets"] for key in ("accepted", "robustness", "probe")] == [None] * 6


def test_robustness_probe_and_accepted_labels_through_the_cli(
    tiny_bundle: Bundle, make_manifest: Make, tmp_path: Path
) -> None:
    rows = [
        Row(looks, artist=f"{source}{at}", source=source, looks=looks, accepted="Fauvism|Realism" if at else None)
        for source, looks in (("east", "fauvism"), ("west", "impressionism"))
        for at in range(11)
    ]
    folder = make_manifest("pool", rows, broken=1)
    asked = [str(tiny_bundle.folder), "--manifest", str(folder), "--robustness", "15", "--probe", "source"]
    result = CliRunner().invoke(
        evaluate, [*asked, "--bootstrap", "3", "--out", str(tmp_path / "r")], catch_exceptions=False
    )
    assert "Top-1, accepted" in result.stdout
    report = json.loads((tmp_path / "r" / "report.json").read_text())
    assert " --probe source --robustness 15 " in report["command"] or " --robustness 15 --probe " in report["command"]
    pool = report["sets"][0]
    assert pool["figures"]["top1"]["value"] == 1.0
    assert pool["figures"]["accepted_top1"]["value"] == pytest.approx(11 / 21, abs=1e-6)
    assert (pool["accepted"]["rows"], pool["accepted"]["several"], pool["accepted"]["contradicted"]) == (21, 20, 10)
    assert len(pool["useful"]) == 99
    robustness = pool["robustness"]
    assert [one["id"] for one in robustness["changes"]] == [AS_IS, *CHANGES]
    assert robustness["rows"] == 15
    assert robustness["changes"][0]["top1"]["value"] == robustness["changes"][0]["same"]["value"] == 1.0
    # One colour stays that colour, whatever becomes of the picture.
    assert robustness["spread"]["value"] <= 0.5
    assert pool["probe"]["column"] == "source"
    assert (pool["probe"]["rows"], len(pool["probe"]["classes"])) == (21, 2)
    page = (tmp_path / "r" / "report.md").read_text()
    assert "### The same pictures, changed" in page
    for picture in (tmp_path / "r").glob("*.png"):
        assert f"({picture.name})" in page


def test_a_model_that_is_no_bundle_has_no_embedding(tiny_bundle: Bundle, data: dict[str, Path]) -> None:
    evaluated = replace(open_bundle(tiny_bundle), predict_changed=None)
    sets = [EvaluationSet("pool", data["pool"], "test")]
    for asked in ({"robustness": 5}, {"probe": "source"}):
        with pytest.raises(InputError, match=r"tiny-1 is no bundle, .* leave robustness and probe out"):
            evaluate_model(evaluated, sets, **asked)  # type: ignore[arg-type]


def test_a_column_that_cannot_be_probed_is_told_before_work(tiny_bundle: Bundle, data: dict[str, Path]) -> None:
    with pytest.raises(ManifestError, match="has no column colour"):
        evaluate_model(tiny_bundle, [EvaluationSet("pool", data["pool"], "test")], probe="colour")


def test_json_on_standard_output(tiny_bundle: Bundle, data: dict[str, Path], tmp_path: Path) -> None:
    asked = [
        str(tiny_bundle.folder),
        "--manifest",
        f"{data['pool']}:test",
        "--taxonomy",
        "origin-8",
        "--format",
        "json",
    ]
    result = CliRunner().invoke(
        evaluate, [*asked, "--bootstrap", "2", "--out", str(tmp_path / "r")], catch_exceptions=False
    )
    said = json.loads(result.stdout)
    assert said == json.loads((tmp_path / "r" / "report.json").read_text())
    assert said["taxonomy"]["id"] == "origin-8"
    assert said["sets"][0]["baselines"] == []
    assert said["sets"][0]["figures"]["painting_auroc"]["value"] is None


def test_existing_report_is_found_before_work(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}")
    asked = [str(tiny_bundle.folder), "--manifest", "x=nowhere", "--out", str(tmp_path)]
    assert isinstance(CliRunner().invoke(evaluate, asked).exception, OutputExistsError)


def test_what_is_missing_is_told(tiny_bundle: Bundle, data: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="There is no manifest"):
        evaluate_model(tiny_bundle, [EvaluationSet("x", tmp_path / "nowhere")])
    with pytest.raises(UnknownNameError, match="There is no taxonomy 'x'"):
        evaluate_model(tiny_bundle, [EvaluationSet("pool", data["pool"])], taxonomy="x")


def test_equal_seeds_give_equal_reports(tiny_bundle: Bundle, data: dict[str, Path]) -> None:
    sets = [EvaluationSet("pool", data["pool"], "test")]
    first, second = (evaluate_model(tiny_bundle, sets, resamples=20).to_dict() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("taxonomy", ["smn-25", "origin-8"])
def test_predictions_are_read_in_the_taxonomy_asked_for(
    tiny_bundle: Bundle, make_manifest: Make, taxonomy: str
) -> None:
    target = read_taxonomy(taxonomy)
    rows = [Row("impressionism", artist="Ann", source="east"), Row("realism"), Row("realism", looks="impressionism")]
    selection = select_rows(EvaluationSet("pool", make_manifest("pool", rows)), target)
    evaluated = open_bundle(tiny_bundle)
    answers = evaluated.predict_rows(selection.manifest, selection.rows, title="pool", on_progress=None)
    made = predict_selection(answers, selection, name="pool", source=evaluated.taxonomy, taxonomy=target)
    np.testing.assert_allclose(made.probabilities.sum(axis=1), 1.0)
    answered = [target.label_ids[at] for at in made.probabilities.argmax(axis=1)]
    assert answered == ["impressionism", "realism", "impressionism"]
    assert made.artists == ("Ann", None, None)
    assert made.sources[0] == "east"
    assert made.data_hash == selection.manifest.data_hash()


def test_help_shows_an_example() -> None:
    said = CliRunner().invoke(evaluate, ["--help"]).output
    assert "--not-paintings data/not-paintings" in said


def test_evaluation_never_imports_torch_and_importing_it_is_light() -> None:
    code = (
        "import sys, smn.evaluate, smn.cli.evaluate, smn.evaluate.report_plots;"
        "heavy = {'torch', 'matplotlib', 'pyarrow', 'sklearn', 'onnxruntime'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names() -> None:
    assert set(smn.evaluate.__all__) == {
        *(
            "FIGURES",
            "BaselineReport",
            "EvaluatedModel",
            "ClassReport",
            "CoveragePoint",
            "DataUse",
            "EvaluationSet",
            "Failure",
            "Figure",
        ),
        *("GroupReport", "Meaning", "Model", "Predictions", "Report", "SetReport", "Train", "Use", "check_folder"),
        *("evaluate_model", "measure", "measure_baselines", "measure_figures", "open_colour_run", "write_report"),
    }
    for name in smn.evaluate.__all__:
        assert getattr(smn.evaluate, name) is not None
