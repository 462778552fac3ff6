"""A small ladder, climbed for real: colour, a network from scratch, and a rung that breaks."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.cli import main
from smn.experiments.ladder.ladder_run import hold_out
from smn.manifest import read_manifest

LADDER = """
name = "small"
known = 0.4

[[rungs]]
name = "colour-1"
recipe = "colour-1"

[[rungs]]
name = "broken"
recipe = "vgg16-frozen"
set = { "model.weights" = "nowhere.safetensors" }

[[rungs]]
name = "tiny"
recipe = "cnn-small"
set = { "model.widths" = [4, 8], "model.size" = 32, "finetune.epochs" = 1, "finetune.batch_size" = 4 }
"""


@pytest.fixture(scope="module")
def sets(
    tmp_path_factory: pytest.TempPathFactory, make_painted_set: Callable[..., Path], make_other_set: Callable[..., Path]
) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("sets")
    pictures = make_painted_set(folder / "pictures", splits={"train": 8, "val": 2, "test": 2})
    return pictures, make_other_set(folder / "others", splits={"train": 4})


@pytest.fixture(scope="module")
def climbed(sets: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], str]:
    """The ladder's folder, the command, and what it said."""
    folder = tmp_path_factory.mktemp("ladder")
    file = folder / "small.toml"
    file.write_text(LADDER, encoding="utf-8")
    pictures, others = sets
    command = [
        "ladder", str(file), "--manifest", str(pictures), "--negatives", str(others), "--out", str(folder / "out"),
        "--also", f"again={pictures}:test",
    ]  # fmt: skip
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2, result.output
    return folder / "out", command, result.output


def test_a_rung_that_breaks_costs_that_rung_only(climbed: tuple[Path, list[str], str]) -> None:
    out, _, said = climbed
    assert "Rung broken failed: " in said
    assert "nowhere.safetensors" in said
    assert {file.parent.name for file in out.glob("reports/*/report.json")} == {"colour-1", "tiny"}
    assert "| `colour-1` |" in (out / "ladder.md").read_text(encoding="utf-8")
    assert "| `tiny` |" in (out / "ladder.md").read_text(encoding="utf-8")
    assert (out / "ladder.png").stat().st_size > 10_000


def test_every_rung_is_measured_on_the_same_pictures(climbed: tuple[Path, list[str], str]) -> None:
    out, _, _ = climbed
    seen = []
    for file in sorted(out.glob("reports/*/report.json")):
        sets = json.loads(file.read_text(encoding="utf-8"))["sets"]
        assert [one["name"] for one in sets] == ["known-artists", "unseen-artists", "again"]
        seen.append([(one["rows"], one["data_hash"]) for one in sets])
    assert seen[0] == seen[1]


def test_costs_are_counted(climbed: tuple[Path, list[str], str]) -> None:
    out, _, _ = climbed
    tiny, colour = (json.loads((out / "costs" / f"{name}.json").read_text()) for name in ("tiny", "colour-1"))
    # Convolutions 3*4*9 + 4*8*9, their normalisation 2*4 + 2*8, head 8*25 + 25, one refusing judge 8 + 1.
    assert tiny["parameters"] == 108 + 288 + 24 + 225 + 9
    # Two operations for each weight at each place of the map; the heads once.
    assert tiny["flops"] == 2 * (108 * 32**2 + 288 * 16**2 + 200 + 8)
    assert colour["flops"] is None
    assert all(cost[key] > 0 for cost in (tiny, colour) for key in ("milliseconds", "megabytes", "parameters"))


def test_what_is_finished_is_used_again(climbed: tuple[Path, list[str], str]) -> None:
    out, command, _ = climbed
    files = [*out.glob("runs/*/model.pt"), *out.glob("runs/*/colour.npz"), *out.glob("reports/*/report.json")]
    before = {file: file.stat().st_mtime_ns for file in files}
    result = CliRunner().invoke(main, [*command, "--only", "colour-1,tiny"])
    assert result.exit_code == 0, result.output
    assert "2 of 3 rungs" in result.output
    assert {file: file.stat().st_mtime_ns for file in files} == before
    assert len(before) == 4


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--only", "colour-2"], "There is no rung 'colour-2'"),
        (["--weights", "mine.pt"], "--weights 'mine.pt' is not RUNG=FILE"),
        (["--weights", "none=mine.pt"], "There is no rung none to give weights to."),
    ],
)
def test_options_that_do_not_fit_are_said_to_be_wrong(
    climbed: tuple[Path, list[str], str], options: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(main, [*climbed[1], *options])
    assert result.exit_code == 2
    assert sentence in result.output


@pytest.fixture
def without_runs(climbed: tuple[Path, list[str], str], tmp_path: Path) -> tuple[Path, list[str]]:
    """A copy of the climbed ladder from which the runs and bundles were deleted, and its command."""
    out, command, _ = climbed
    copied = tmp_path / "out"
    shutil.copytree(out, copied, ignore=shutil.ignore_patterns("runs", "bundles"))
    return copied, [str(copied) if word == str(out) else word for word in command]


def test_a_result_stands_without_its_run(without_runs: tuple[Path, list[str]]) -> None:
    out, command = without_runs
    result = CliRunner().invoke(main, [*command, "--only", "colour-1,tiny"])
    assert result.exit_code == 0, result.output
    assert "2 of 3 rungs" in result.output
    assert not (out / "runs").exists()


def test_a_result_of_another_recipe_or_of_other_pictures_is_refused(without_runs: tuple[Path, list[str]]) -> None:
    out, command = without_runs
    file = out / "costs" / "tiny.json"
    costs = json.loads(file.read_text(encoding="utf-8"))
    costs["recipe"]["seed"] = 7
    file.write_text(json.dumps(costs), encoding="utf-8")
    report = out / "reports" / "colour-1" / "report.json"
    report.write_text(report.read_text(encoding="utf-8").replace('"data_hash": "', '"data_hash": "0'), encoding="utf-8")
    result = CliRunner().invoke(main, [*command, "--only", "colour-1,tiny"])
    assert result.exit_code == 2
    assert "Rung tiny failed" in result.output
    assert "holds the result of another recipe; remove it and tiny.json" in result.output
    assert "holds the result of another data" in result.output


def test_networks_can_be_timed_again_without_their_runs(without_runs: tuple[Path, list[str]]) -> None:
    out, command = without_runs
    before = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in out.glob("costs/*.json")}
    result = CliRunner().invoke(main, [*command, "--only", "colour-1,tiny", "--time-again"])
    assert result.exit_code == 0, result.output
    after = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in out.glob("costs/*.json")}
    assert after["colour-1"] == before["colour-1"]
    assert after["tiny"]["milliseconds"] > 0
    assert after["tiny"]["milliseconds"] != before["tiny"]["milliseconds"]
    assert {**after["tiny"], "milliseconds": 0} == {**before["tiny"], "milliseconds": 0}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory, make_painted_set: Callable[..., Path]) -> Path:
    splits = {"train": 12, "val": 1, "test": 2}
    return make_painted_set(tmp_path_factory.mktemp("sets") / "pictures", splits=splits)


def splits_of(file: Path) -> list[str | None]:
    return list(read_manifest(file).column("split"))


def test_held_out_pictures_leave_training_and_become_a_test(pictures: Path, tmp_path: Path) -> None:
    before = splits_of(pictures)
    training, known = (splits_of(file) for file in hold_out(read_manifest(pictures), tmp_path, share=0.5, seed=0))
    moved = [row for row, split in enumerate(known) if split == "test"]
    assert 0 < len(moved) < before.count("train")
    assert all(before[row] == "train" and training[row] is None for row in moved)
    assert all(training[row] == before[row] for row in range(len(before)) if row not in moved)


def test_the_same_seed_holds_the_same_out_and_another_does_not(pictures: Path, tmp_path: Path) -> None:
    first, again, other = (
        splits_of(hold_out(read_manifest(pictures), tmp_path / name, share=0.5, seed=seed)[1])
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert first == again != other


def test_what_is_there_stays(pictures: Path, tmp_path: Path) -> None:
    training, _ = hold_out(read_manifest(pictures), tmp_path, share=0.5, seed=0)
    content = training.read_bytes()
    hold_out(read_manifest(pictures), tmp_path, share=0.5, seed=0)
    assert training.read_bytes() == content


def test_pictures_are_found_from_the_new_place(pictures: Path, tmp_path: Path) -> None:
    training, _ = hold_out(read_manifest(pictures), tmp_path / "deep" / "down", share=0.5, seed=0)
    assert Path(str(read_manifest(training).picture(0))).is_file()
