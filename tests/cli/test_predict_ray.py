from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.bundle import Bundle
from smn.cli import main

PARTITION = ["--engine", "ray", "--out"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workers", "2"], "--ray-address, --workers and --partition-size need --engine ray."),
        (["--engine", "ray"], "--engine ray writes a folder of Parquet files, not None; give one"),
        ([*PARTITION, "a.parquet"], "--engine ray writes a folder of Parquet files, not a.parquet; give one"),
        ([*PARTITION, "a", "--format", "csv"], "--engine ray writes Parquet, not csv; leave --format out."),
        ([*PARTITION, "a", "--report", "a.html"], "--report, --update and --again do not work with --engine ray"),
        ([*PARTITION, "a", "--update"], "--report, --update and --again do not work with --engine ray"),
        ([*PARTITION, "a", "--ray-address", "ray://head:1"], "The address is ray://head:1; give host:port"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(  # noqa: PLR0917 - fixtures
    arguments: list[str], sentence: str, paint_file: Callable[..., Path], tiny_bundle: Bundle, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    paint_file("gallery/a.png", (255, 0, 0))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["predict", "gallery", "--model", str(tiny_bundle.folder), *arguments])
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].startswith(f"Error: {sentence}")
    assert not list(tmp_path.glob("*/*.parquet"))


def test_the_defaults_are_in_the_help() -> None:
    said = " ".join(CliRunner().invoke(main, ["predict", "--help"], env={"COLUMNS": "100"}).output.split())
    assert "--engine [local|ray]" in said
    assert "pictures in one Parquet file of --out. [default: 1000]" in said
