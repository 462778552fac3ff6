"""Holding out by chance: repeatable, of training pictures only, and no row in both."""

from collections.abc import Callable
from pathlib import Path

import pytest

from smn.ladder.holding import hold_out
from smn.manifest import read_manifest


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
