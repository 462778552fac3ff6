"""The example painters: every one paints, the same for a seed, and files are never overwritten."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from smn.errors import InputError, UnknownNameError
from smn.examples import list_examples, paint, write_examples

SMALL = (96, 80)
TALL = (200, 260)
ASKED_FOR = {
    "impressionism",
    "neo-impressionism",
    "post-impressionism",
    "cubism",
    "ukiyo-e",
    "baroque",
    "abstract-expressionism",
    "geometric-abstraction",
    "minimalism",
    "pop-art",
    "fauvism",
    "surrealism",
    "art-nouveau",
    "romanticism",
    "color-field",
}


def test_fifteen_movements_in_a_fixed_order() -> None:
    names = list_examples()
    assert len(names) == 15
    assert len(set(names)) == 15
    assert set(names) == ASKED_FOR
    assert names == list_examples()


@pytest.mark.parametrize(("size", "seeds"), [(SMALL, (0, 1)), (TALL, (2,))])
def test_every_example_paints_at_the_size_asked_for(size: tuple[int, int], seeds: tuple[int, ...]) -> None:
    seen = 0
    for movement in list_examples():
        for seed in seeds:
            picture = paint(movement, seed=seed, size=size)
            assert picture.mode == "RGB", movement
            assert picture.size == size, movement
            pixels = np.asarray(picture, dtype=np.float64)
            assert pixels.std() > 4, f"{movement} {seed} is blank"
            assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 50, f"{movement} {seed} is flat"
            seen += 1
    assert seen == 15 * len(seeds)


def test_a_seed_gives_the_same_picture_and_another_seed_another() -> None:
    seen = 0
    for movement in list_examples():
        first, again = (paint(movement, seed=3, size=SMALL).tobytes() for _ in range(2))
        other = paint(movement, seed=4, size=SMALL).tobytes()
        assert first == again, movement
        assert first != other, movement
        seen += 1
    assert seen == 15


def test_seeds_move_the_composition_not_only_the_grain() -> None:
    seen = 0
    for movement in list_examples():
        tiny = [
            np.asarray(paint(movement, seed=seed, size=SMALL).resize((12, 10), Image.Resampling.BOX), dtype=np.float64)
            for seed in range(4)
        ]
        apart = [np.abs(tiny[i] - tiny[j]).mean() for i in range(4) for j in range(i)]
        assert max(apart) > 5, movement
        seen += 1
    assert seen == 15


def test_the_smallest_and_the_oblong_sizes_paint() -> None:
    seen = 0
    for movement in list_examples():
        for size in ((32, 32), (160, 40), (40, 160)):
            assert paint(movement, seed=1, size=size).size == size
            seen += 1
    assert seen == 45


def test_an_unknown_movement_names_the_ones_there_are() -> None:
    with pytest.raises(UnknownNameError) as caught:
        paint("cubizm")
    named = [movement for movement in list_examples() if movement in str(caught.value)]
    assert len(named) == 15
    assert caught.value.allowed == list_examples()


@pytest.mark.parametrize("size", [(31, 100), (100, 0), (5000, 100)])
def test_a_size_out_of_range_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="out of range"):
        paint("cubism", size=size)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(InputError, match="negative"):
        paint("cubism", seed=-1, size=SMALL)


def test_write_examples_writes_every_movement_once_per_seed(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    paths = write_examples(folder, seed=5, count=2, size=SMALL)
    assert [path.name for path in paths] == [f"{name}-{seed}.jpg" for name in list_examples() for seed in (5, 6)]
    assert sorted(folder.iterdir()) == sorted(paths)
    opened = 0
    for path in paths:
        with Image.open(path) as picture:
            assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", SMALL)
        opened += 1
    assert opened == 30


def test_write_examples_keeps_what_is_there(tmp_path: Path) -> None:
    mine = tmp_path / "cubism-0.jpg"
    mine.write_bytes(b"not a picture, but mine")
    paths = write_examples(tmp_path, size=SMALL)
    assert mine in paths
    assert mine.read_bytes() == b"not a picture, but mine"
    before = {path: path.read_bytes() for path in paths}
    assert write_examples(tmp_path, size=SMALL) == paths
    assert {path: path.read_bytes() for path in paths} == before
    assert len(before) == 15


def test_a_stopped_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Image.Image, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        write_examples(tmp_path, size=SMALL)
    assert list(tmp_path.iterdir()) == []
