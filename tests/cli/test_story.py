import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.cli import main


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, list(arguments), terminal_width=100)
    return result.exit_code, result.stdout, result.stderr


def test_a_movements_story_is_told() -> None:
    code, shown, errors = run("story", "impressionism")
    assert (code, errors) == (0, "")
    for part in ("Impressionism  1863–1890", "What to look for", "Impression, Sunrise", "Neighbours", "♪", "Read on"):
        assert part in shown
    code, shown, _ = run("story", "Ukiyo e", "--format", "json")
    assert json.loads(shown)["story"]["movement"] == "ukiyo-e"


def test_a_pictures_story_comes_with_a_label_and_a_timeline(painting: Path, tmp_path: Path) -> None:
    timeline = tmp_path / "timeline.png"
    code, shown, errors = run("story", "--for", str(painting), "--timeline", str(timeline), "--audience", "child")
    assert code == 0, errors
    assert "Can you find this" in " ".join(shown.split())
    assert timeline.stat().st_size > 10_000
    code, shown, _ = run("story", "--for", str(painting), "--format", "json")
    told = json.loads(shown)
    assert told["label"]["source"] == "written"
    assert told["playlist"]["pieces"]
    assert told["prediction"]["predictions"][0]["movement"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Give either a movement, such as impressionism, or a picture with --for FILE"),
        (("cubism", "--for", "a.png"), "either a movement"),
        (("cubism", "--endpoint", "http://127.0.0.1:9"), "give one with --for FILE"),
        (("cubsm",), "Did you mean cubism"),
    ],
)
def test_what_is_wrong_is_said(arguments: tuple[str, ...], said: str) -> None:
    code, shown, errors = run("story", *arguments)
    assert (code, shown) == (2, "")
    assert said in errors
