"""``run.json``: what it says, and which command may continue the run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from smn.errors import InputError
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.train import Recipe, read_recipe
from smn.train.runfolder import describe_run, open_run, read_run
from smn.train.selection import select


def test_a_run_is_opened_again_by_what_described_it_only(head_recipe: Recipe, pictures: Path, tmp_path: Path) -> None:
    data = {
        split: select(read_manifest(pictures), read_taxonomy("origin-8"), split=split) for split in ("train", "val")
    }
    known = describe_run(head_recipe, data)
    assert (known.preprocess, known.backbone, known.negatives) == (None, None, None)
    assert known.data.pictures == {"train": 8, "val": 4}
    for _ in range(2):
        open_run(tmp_path / "run", known)
    assert read_run(tmp_path / "run") == known
    with pytest.raises(InputError, match="holds a run with another backbone; choose another --out"):
        open_run(tmp_path / "run", describe_run(head_recipe, data, backbone="another"))
    with pytest.raises(InputError, match="holds a run with another recipe and data"):
        open_run(
            tmp_path / "run",
            replace(describe_run(read_recipe("cnn-small"), {"train": data["val"]}), taxonomy=known.taxonomy),
        )
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["run.json"]


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is not a run: it has no run\.json; make one with: smn train"):
        read_run(tmp_path)


@pytest.mark.parametrize("key", ["recipe", "taxonomy", "data"])
def test_a_run_of_another_version_is_said(tiny_run: Path, tmp_path: Path, key: str) -> None:
    known = read_run(tiny_run).to_dict()
    del known[key]
    (tmp_path / "run.json").write_text(json.dumps(known))
    with pytest.raises(InputError, match=rf"run\.json lacks {key}: another version of smn made it, so train anew"):
        read_run(tmp_path)
