"""Thresholds: from the command line, from a file, and from what is usual in a movement."""

from pathlib import Path

import numpy as np
import pytest

from smn.clean.check_thresholds import (
    are_edited,
    parse_thresholds,
    read_thresholds,
    render_thresholds,
    resolve_thresholds,
    threshold_of,
)
from smn.clean.checks import CHECKS
from smn.errors import InputError, UnknownNameError


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def test_thresholds_are_read_as_written() -> None:
    assert parse_thresholds(["blurred=0.2", "baroque.dark=0.05"]) == {"blurred": 0.2, "baroque.dark": 0.05}


@pytest.mark.parametrize("text", ["blurred", "blurred=", "blurred=much", "blurred=1.5", "blurred=-0.1", "blurred=nan"])
def test_what_is_no_threshold_is_told_with_an_example(text: str) -> None:
    with pytest.raises(InputError, match=r"write check=0\.2 or movement\.check=0\.2, with a number in 0\.\.1"):
        parse_thresholds([text])


def test_an_unknown_check_is_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean blurred"):
        parse_thresholds(["baroque.blured=0.2"])


def test_a_file_of_thresholds_comes_back_as_it_was_written(tmp_path: Path) -> None:
    thresholds = {
        "dark": 0.32,
        "baroque.dark": 0.05,
        "high renaissance.dark": 0.1,
        "v1.2.dark": 0.2,
        'l\'art "brut".dark': 0.3,
        "blurred": 0.5,
    }
    file = tmp_path / "thresholds.toml"
    file.write_text(render_thresholds(thresholds), encoding="utf-8")
    assert "# Dark: Hardly any light" in file.read_text(encoding="utf-8")
    assert read_thresholds(file) == thresholds


def test_retired_checks_in_an_older_file_are_ignored(tmp_path: Path) -> None:
    file = tmp_path / "thresholds.toml"
    file.write_text("dark = 0.2\ncolour_chart = 0.5\nartist = 0.4\n[baroque]\ntext_overlay = 0.1\ndark = 0.05\n")
    assert read_thresholds(file) == {"dark": 0.2, "baroque.dark": 0.05}


def test_a_file_knows_whether_it_was_edited() -> None:
    text = render_thresholds({"dark": 0.32})
    assert not are_edited(text)
    assert are_edited(text.replace("0.32", "0.1"))
    assert are_edited("dark = 0.32")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("dark = ", "write lines like: baroque.dark = 0.05"),
        ("dark = 2", "a number in 0..1"),
        ("dark = true", "a number in 0..1"),
        ("baroque.dark = 'low'", "a number in 0..1"),
    ],
)
def test_a_wrong_file_is_told_by_name(tmp_path: Path, text: str, advice: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_thresholds(file)
    assert advice in str(caught.value)
    assert "mine.toml" in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name a TOML file"):
        read_thresholds(tmp_path / "none.toml")


def test_a_dark_movement_gets_a_threshold_of_its_own() -> None:
    dark = [*np.linspace(0.25, 0.45, 39), 0.02]
    scores = {"dark": floats(*dark, *[0.9] * 40)}
    movements = ["baroque"] * 40 + ["rococo"] * 40
    resolved = resolve_thresholds(scores, movements, given={})
    assert resolved["dark"] == CHECKS["dark"].threshold
    assert 0.02 < resolved["baroque.dark"] < 0.25  # only the one that stands out
    assert "rococo.dark" not in resolved
    assert threshold_of(resolved, "dark", "baroque") == resolved["baroque.dark"]
    assert threshold_of(resolved, "dark", "rococo") == threshold_of(resolved, "dark", None) == resolved["dark"]


def test_a_small_movement_and_a_check_that_is_not_relative_keep_the_threshold() -> None:
    few = resolve_thresholds({"dark": floats(*[0.1] * 19)}, ["baroque"] * 19, given={})
    assert few == {"dark": CHECKS["dark"].threshold}
    absolute = resolve_thresholds({"border": floats(*[0.1] * 40)}, ["baroque"] * 40, given={})
    assert absolute == {"border": CHECKS["border"].threshold}


def test_pictures_that_were_not_judged_do_not_count() -> None:
    scores = {"dark": floats(*[0.3] * 30, *[np.nan] * 30)}
    assert resolve_thresholds(scores, ["baroque"] * 60, given={})["baroque.dark"] == pytest.approx(0.3)


def test_what_a_third_of_a_movement_does_is_not_called_a_fault() -> None:
    resolved = resolve_thresholds({"greyscale": floats(*[0.01] * 20, *[1.0] * 40)}, ["realism"] * 60, given={})
    assert resolved["realism.greyscale"] == pytest.approx(0.01)  # none is below
    rare = resolve_thresholds({"greyscale": floats(*[0.01] * 5, *[1.0] * 55)}, ["realism"] * 60, given={})
    assert rare == {"greyscale": CHECKS["greyscale"].threshold}


def test_what_the_user_says_of_a_movement_is_taken_as_it_is() -> None:
    scores = {"dark": floats(*np.linspace(0.1, 0.5, 40))}
    given = {"baroque.dark": 0.31, "dark": 0.2, "blurred": 0.4}
    resolved = resolve_thresholds(scores, ["baroque"] * 40, given=given)
    assert resolved == {"dark": 0.2, "baroque.dark": 0.31}


def test_thresholds_written_out_and_given_back_are_the_same() -> None:
    random = np.random.default_rng(0)
    scores = {"dark": random.random(100).astype(np.float32), "border": random.random(100).astype(np.float32)}
    movements = ["baroque", "rococo"] * 50
    resolved = resolve_thresholds(scores, movements, given={})
    assert resolve_thresholds(scores, movements, given=resolved) == resolved


def test_a_movement_that_no_row_has_is_told() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean baroque"):
        resolve_thresholds({}, ["baroque"], given={"barock.dark": 0.1})
