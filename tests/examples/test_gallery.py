"""The examples: all are drawn, the same for a seed, and files are never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from smn.cli.examples import examples
from smn.errors import InputError, UnknownNameError
from smn.examples import draw_other, list_examples, list_others, paint, write_examples, write_others
from smn.examples.gallery import OTHERS, Group, Part

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


KINDS = 27
WITHOUT_PHOTOGRAPHS = 17


def photograph(seed: int) -> Image.Image:
    return draw_other("texture", seed=seed).resize((64, 48))


PHOTOGRAPHS = [photograph(seed) for seed in range(3)]


def test_some_kinds_are_never_learned_from() -> None:
    learned, held_out = list_others(Part.LEARNED), list_others(Part.HELD_OUT)
    assert len(list_others()) == KINDS == len(learned) + len(held_out)
    assert not set(learned) & set(held_out)
    assert min(len(learned), len(held_out)) >= 6


@pytest.mark.parametrize("kind", list_others())
def test_a_seed_gives_the_same_picture_of_a_kind_and_another_seed_another(kind: str) -> None:
    one, again, other = (np.asarray(draw_other(kind, seed=seed, photographs=PHOTOGRAPHS)) for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.array_equal(one, other)
    assert one.ndim == 3
    assert all(260 <= side < 1100 for side in one.shape[:2])


@pytest.mark.parametrize("group", list(Group))
def test_each_group_has_learned_and_held_out_kinds_that_other_code_draws(group: Group) -> None:
    learned, held_out = (
        [OTHERS[kind].draw or OTHERS[kind].compose for kind in list_others(part, group=group)] for part in Part
    )
    assert learned
    assert held_out
    assert not set(learned) & set(held_out)


@pytest.mark.parametrize("kind", list_others(needs_photograph=True))
def test_photographs_are_what_it_is_made_of(kind: str) -> None:
    one, other = (np.asarray(draw_other(kind, seed=1, photographs=PHOTOGRAPHS[at:])) for at in (0, 2))
    assert one.shape == other.shape
    assert not np.array_equal(one, other)
    with pytest.raises(InputError, match="made of photographs, and there are 0; give one or more") as raised:
        draw_other(kind, seed=1)
    assert "text-page" in str(raised.value)


def test_kinds_are_made_of_photographs_or_not() -> None:
    assert len(list_others(needs_photograph=False)) == WITHOUT_PHOTOGRAPHS
    assert set(list_others()) == {*list_others(needs_photograph=True), *list_others(needs_photograph=False)}
    assert all((OTHERS[kind].draw is None) == OTHERS[kind].needs_photograph for kind in list_others())


def test_photographs_are_opened_when_they_are_asked_for() -> None:
    """A sequence that knows its length and opens what is asked for is enough."""
    asked: list[int] = []

    class Shelf(Sequence[Image.Image]):
        def __len__(self) -> int:
            return 900

        def __getitem__(self, place: int) -> Image.Image:  # type: ignore[override]
            asked.append(place)
            return PHOTOGRAPHS[0]

    draw_other("meme", seed=2, photographs=Shelf())
    assert len(asked) == 1
    assert 0 <= asked[0] < 900


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="text-page"):
        draw_other("text-pages")
    with pytest.raises(InputError, match="-1 is negative; give 0 or more"):
        draw_other("map", seed=-1)


def test_they_are_written_and_never_overwritten(tmp_path: Path) -> None:
    kept = tmp_path / "map-1.jpg"
    kept.write_bytes(b"mine")
    written = CliRunner().invoke(examples, [str(tmp_path), "--others", "--seed", "1"], catch_exceptions=False)
    assert written.exit_code == 0
    assert kept.read_bytes() == b"mine"
    assert sorted(tmp_path.glob("*.jpg")) == sorted(write_others(tmp_path, seed=1))
    assert len(list(tmp_path.glob("*.jpg"))) == WITHOUT_PHOTOGRAPHS
