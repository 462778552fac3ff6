"""The sheet of the worst."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from smn.clean.findings import About, Findings, build_table
from smn.clean.scores import Scores
from smn.clean.sheet import draw_worst
from smn.manifest import Manifest, read_manifest


def make(manifest: Manifest, scores: dict[str, list[float]], folder: Path) -> Findings:
    thresholds = dict.fromkeys(scores, 0.5)
    made = {name: Scores(np.array(values, np.float32)) for name, values in scores.items()}
    about = About("1", "/m", "d", "m", "s", None, None, 0, thresholds)
    return Findings(folder / "f.parquet", build_table(manifest, made, thresholds=thresholds), about)


def test_a_row_is_drawn_for_each_check_that_found_something(
    tmp_path: Path, make_painted_set: Callable[..., Path]
) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "set", splits={"train": 1}))
    (tmp_path / "set" / "2.jpg").unlink()
    heights = []
    for dark in (1.0, 0.1):
        scores = {"dark": [dark, 1, 1, 1], "blurred": [1, 0.2, 0.1, 1], "tiny": [1.0] * 4}
        file = draw_worst(make(manifest, scores, tmp_path), manifest, tmp_path / "worst.png")
        assert file == tmp_path / "worst.png"
        with Image.open(file) as sheet:
            heights.append(sheet.height)
            assert len(sheet.convert("RGB").getcolors(10**6) or ()) > 100
    assert heights[1] > heights[0]


def test_nothing_is_drawn_where_nothing_was_found(tmp_path: Path, make_painted_set: Callable[..., Path]) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "set", splits={"train": 1}))
    assert draw_worst(make(manifest, {"dark": [1.0] * 4}, tmp_path), manifest, tmp_path / "worst.png") is None
    assert not (tmp_path / "worst.png").exists()
