import json
from collections.abc import Callable
from pathlib import Path

import pytest

from smn.confidence.answer_policy import Thresholds
from smn.evaluate import FIGURES, DataUse, Model, Predictions, Report, Use, measure, report
from smn.evaluate.report_writing import write_json

SET_KEYS = [
    "name",
    "data_hash",
    "rows",
    "artists",
    "not_paintings",
    "figures",
    "groups",
    "classes",
    "families",
    "confusion",
    "reliability",
    "coverage",
    "unreachable",
    "excluded",
    "failures",
    "baselines",
    "promises",
    "accepted",
    "useful",
    "robustness",
    "probe",
]


@pytest.fixture
def made(make_predictions: Callable[..., Predictions]) -> Report:
    predictions = make_predictions(rows=40, painting=None)
    measured = measure(predictions, resamples=5)
    model = Model("m-1", "f" * 64, "origin-8", 1.5, Thresholds(0.3, 0.5))
    used = (DataUse(Use.MEASURED, "made", "data/made", None, 40, "0" * 64),)
    return Report(model, predictions.taxonomy, (measured,), seed=3, resamples=5, command="smn evaluate", data=used)


def test_json_has_the_documented_keys(made: Report, tmp_path: Path) -> None:
    file = write_json(made, tmp_path / "report.json")
    data = json.loads(file.read_text())
    assert list(data) == [
        "schema", "smn", "command", "seed", "resamples", "model", "taxonomy", "train", "data", "sets", "kinds",
    ]  # fmt: skip
    assert set(data["sets"][0]) == set(SET_KEYS)
    assert data["data"] == [
        {"use": "measured", "name": "made", "manifest": "data/made", "split": None, "rows": 40, "data_hash": "0" * 64}
    ]
    for key in (*data, *SET_KEYS):
        assert f"``{key}``" in (report.__doc__ or ""), key
    assert list(tmp_path.iterdir()) == [file]


def test_figures_have_value_and_interval_or_null(made: Report) -> None:
    figures = made.to_dict()["sets"][0]["figures"]
    assert set(figures) == set(FIGURES)
    assert set(figures["top1"]) == {"value", "low", "high"}
    assert figures["painting_auroc"] == {"value": None, "low": None, "high": None}


def test_plain_data_is_complete(made: Report) -> None:
    data = made.to_dict()
    assert data["model"]["thresholds"] == {"confidence": 0.3, "painting": 0.5, "family": None}
    assert len(data["taxonomy"]["labels"]) == 8
    assert len(data["sets"][0]["confusion"]) == 8
    assert sum(sum(row) for row in data["sets"][0]["confusion"]) == 40
    assert set(data["sets"][0]["reliability"]) == {"confidence", "accuracy", "count"}
    assert set(data["sets"][0]["coverage"][0]) == {"share", "accuracy"}
    keys = {"id", "name", "family", "support", "precision", "recall", "f1", "refused"}
    assert set(data["sets"][0]["classes"][0]) == keys
    json.dumps(data, allow_nan=False)
