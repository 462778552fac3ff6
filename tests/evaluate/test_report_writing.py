import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smn.confidence.answer_policy import Thresholds
from smn.errors import InputError, MissingExtraError, OutputExistsError
from smn.evaluate import (
    FIGURES,
    BaselineReport,
    Failure,
    Figure,
    Model,
    Predictions,
    Report,
    Train,
    check_folder,
    measure,
    report_writing,
    write_report,
)
from smn.evaluate.probe import ProbeClass, ProbeReport
from smn.evaluate.report_writing import describe_report, write_figure, write_table
from smn.evaluate.robustness import ChangeReport, RobustnessReport
from smn.evaluate.selective_answers import PolicyReport, PrecisionReport, SizeReport


def test_figures_are_percentages_or_nats_or_a_dash() -> None:
    assert write_figure(Figure(0.4466, 0.363, 0.53), key="top1") == "44.7 (36.3–53.0)"
    assert write_figure(Figure(1.97, 1.7, 2.234), key="log_loss") == "1.97 (1.70–2.23)"
    assert write_figure(Figure(float("nan"), 0, 0), key="top1") == "–"


def test_tables_escape_bars_and_line_ends() -> None:
    assert write_table(["a", "b"], [["x|y", "1\n2"]]) == "| a | b |\n| :-- | --: |\n| x\\|y | 1 2 |"


@pytest.fixture
def page(make_predictions: Callable[..., Predictions]) -> str:
    predictions = make_predictions(rows=60, excluded={"tonalism": 3}, failures=(Failure("bad-1", "It | is cut."),))
    measured = measure(predictions, thresholds=Thresholds(0.3, 0.5), resamples=5)
    simple = BaselineReport("majority", "Majority class", "Answers the commonest.", measured.figures)
    one = Figure(0.4466, 0.363, 0.53)
    kept = PolicyReport((PrecisionReport(0.9, one, one, one, one),), (SizeReport(0.8, one, Figure(4.5, 4.0, 5.0)),))
    measured = replace(measured, baselines=(simple,), unreachable=("cubism",), promises=kept)
    model = Model("m-1", "f" * 64, "smn-25", 1.5, Thresholds(0.3, 0.5, family=0.4))
    return describe_report(
        Report(
            model, predictions.taxonomy, (measured,), seed=3, resamples=5, command="smn evaluate b", train=Train("", 9)
        )
    )


def test_a_set_without_artists_is_marked_beside_its_figures(make_predictions: Callable[..., Predictions]) -> None:
    predictions = make_predictions(rows=60)
    measured = measure(replace(predictions, artists=(None,) * 60), thresholds=Thresholds(0.3, 0.5), resamples=5)
    known = measure(replace(predictions, name="known"), thresholds=Thresholds(0.3, 0.5), resamples=5)
    model = Model("m-1", "f" * 64, "smn-25", 1.5, Thresholds(0.3, 0.5, family=0.4))
    sets = (measured, known)
    text = describe_report(Report(model, predictions.taxonomy, sets, seed=3, resamples=5, train=Train("", 9)))
    assert "| Paintings / artists | 60 / unknown | 60 / " in text
    assert "**No picture of made names an artist.** Nothing can be said about leakage by artist" in text
    assert "60 paintings without named artists" in text
    assert "5 resamplings of artists, or of pictures where no artist is known (seed 3)" in text
    assert "Too few" not in text
    text = describe_report(Report(model, predictions.taxonomy, (measured,), seed=3, resamples=5))
    assert "5 resamplings of pictures, as no artist is known (seed 3)" in text
    assert "Intervals resample pictures, as no artist is known" in text
    text = describe_report(Report(model, predictions.taxonomy, (known,), seed=3, resamples=5))
    assert "5 resamplings of artists (seed 3)" in text
    assert "`--train MANIFEST:train` adds three." in text


def test_few_pictures_are_marked_and_keep_no_promise(make_predictions: Callable[..., Predictions]) -> None:
    predictions = make_predictions(rows=8)
    one, none = Figure(0.8, 0.7, 0.9), Figure(float("nan"), float("nan"), float("nan"))
    kept = PolicyReport((PrecisionReport(0.9, one, one, one, one),), (SizeReport(0.8, one, one),))
    model = Model("m-1", "f" * 64, "smn-25", 1.5, Thresholds(0.0, 0.5, family=0.0))
    few = replace(measure(predictions, resamples=5), promises=kept)
    text = describe_report(Report(model, predictions.taxonomy, (few,), seed=3, resamples=5))
    assert "**Too few pictures: made has 8.** With fewer than 50" in text
    assert "a model that is right 63% of the time has all of 8 right on one such set in 40" in text
    assert "That is fewer than 50: too few for these figures." in text
    assert "Left out: 8 paintings are too few to tell whether a promise is kept." in text
    assert "Precision asked for" not in text

    unkept = PolicyReport((PrecisionReport(0.9, Figure(0, 0, 0), none, Figure(0, 0, 0), none),), kept.sets)
    many = replace(measure(make_predictions(rows=60), resamples=5), promises=unkept)
    text = describe_report(Report(model, predictions.taxonomy, (many,), seed=3, resamples=5))
    assert "The model names nothing at a precision of 90%: no threshold reached these on validation" in text
    assert "Precision asked for" not in text
    assert "| Coverage asked for |" in text


def test_page_says_everything(page: str) -> None:
    for meaning in FIGURES.values():
        assert f"| {meaning.title} | " in page
        assert f"**{meaning.title}**: {meaning.note}." in page
    for said in (
        "# How good m-1 is",
        "taxonomy smn-25, read in taxonomy origin-8: 8 labels",
        "smn evaluate b",
        "## made",
        "| **m-1** |",
        "| Majority class |",
        "learn from 9 paintings",
        "| per-work | how the label is known | 30 |",
        "| east | source | 20 |",
        "![made: What is taken for what](made-confusion.png)",
        "made-reliability.png",
        "a perfectly calibrated model's calibration error is ",
        "made-coverage.png",
        "made-classes.png",
        "| 90% | 44.7 (36.3–53.0) | 44.7 (36.3–53.0) | 44.7 (36.3–53.0) | 44.7 (36.3–53.0) |",
        "| 80% | 44.7 (36.3–53.0) | 4.50 (4.00–5.00) |",
        "names the family alone from a probability of 0.40 on",
        "no answer for cubism",
        "tonalism (3)",
        "could not be read: 1",
        "| bad-1 | It \\| is cut. |",
    ):
        assert said in page, said
    assert " nan" not in page
    assert "\n\n\n" not in page


def test_a_model_that_promises_nothing_has_no_such_section(make_predictions: Callable[..., Predictions]) -> None:
    predictions = make_predictions(rows=30)
    model = Model("m-1", "f" * 64, "origin-8", 1.5, Thresholds(0.3, 0.5))
    page = describe_report(Report(model, predictions.taxonomy, (measure(predictions, resamples=0),), 0, 0))
    assert "Promises" not in page
    assert "family alone from" not in page


def test_accepted_figures_robustness_and_probe_have_their_sections(
    make_predictions: Callable[..., Predictions],
) -> None:
    made = make_predictions(rows=30)
    accepted = np.eye(len(made.taxonomy.labels), dtype=bool)[made.truth]
    accepted[3] = np.roll(accepted[3], 1)
    accepted[4] |= np.roll(accepted[4], 1)
    one = Figure(0.4466, 0.363, 0.53)
    measured = replace(
        measure(replace(made, accepted=accepted), resamples=0),
        robustness=RobustnessReport(30, (ChangeReport("as-is", "as it is", one, one, one),), one, one),
        probe=ProbeReport("source", 28, 7, {"north": 2}, 0.5, one, one, (ProbeClass("east", 14, one),)),
    )
    model = Model("m-1", "f" * 64, "origin-8", 1.5, None)
    page = describe_report(Report(model, made.taxonomy, (measured,), 0, 0))
    for said in (
        "30 paintings have such a movement in this taxonomy, 1 of them several, and of 1 the source's label is none",
        "| Part | by | Paintings | Artists | Top-1, strict | Top-3, strict | Macro-F1 | Top-1, accepted |",
        "by accepted labels, ",
        "| as it is | 44.7 (36.3–53.0) | 44.7 (36.3–53.0) | 44.7 (36.3–53.0) |",
        "strict 44.7 (36.3–53.0), accepted 44.7 (36.3–53.0) points",
        "(made-robustness.png)",
        "accuracy of 44.7 (36.3–53.0) %; chance is 50.0 %",
        "| east | 14 | 44.7 (36.3–53.0) |",
        "Too rare to be probed: north (2).",
    ):
        assert said in page, said


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
    monkeypatch.setattr(report_writing, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install .*\[evaluate\]"'):
        check_folder(tmp_path, ())
