import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from smn.confidence.answer_policy import Thresholds
from smn.errors import InputError, MissingExtraError, OutputExistsError
from smn.evaluate import Model, Predictions, Report, check_folder, measure, write_report, writing


@pytest.fixture
def made(make_predictions: Callable[..., Predictions]) -> Report:
    predictions = make_predictions(rows=30)
    model = Model("m-1", "f" * 64, "origin-8", 1.0, Thresholds(0.3, 0.5))
    return Report(model, predictions.taxonomy, (measure(predictions, resamples=3),), seed=0, resamples=3)


def test_report_is_written_once(made: Report, tmp_path: Path) -> None:
    file = write_report(made, tmp_path / "new" / "report")
    assert sorted(one.name for one in file.parent.iterdir()) == [
        "made-classes.png",
        "made-confusion.png",
        "made-coverage.png",
        "made-reliability.png",
        "report.json",
        "report.md",
    ]
    before = file.read_bytes()
    with pytest.raises(OutputExistsError, match="choose another name"):
        write_report(made, file.parent)
    assert file.read_bytes() == before


@pytest.mark.parametrize("name", ["report.json", "report.md", "made-coverage.png"])
def test_nothing_that_is_there_is_overwritten(made: Report, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputExistsError):
        write_report(made, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_other_files_may_stand_beside_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    check_folder(tmp_path, ("made",))


def test_out_must_not_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="needs a folder"):
        check_folder(tmp_path / "file", ())


def test_missing_matplotlib_is_told_before_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert importlib.util.find_spec("matplotlib") is not None
    monkeypatch.setattr(writing, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install .*\[evaluate\]"'):
        check_folder(tmp_path, ())
