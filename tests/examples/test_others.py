"""Pictures that are no paintings: each kind, the same for a seed, and written without overwriting."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from smn.cli.examples import examples
from smn.errors import InputError, UnknownNameError
from smn.examples import draw_other, list_others, write_others
from smn.examples.gallery import OTHERS, Group, Part

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
def test_a_seed_gives_the_same_picture_and_another_seed_another(kind: str) -> None:
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
    assert group.sentence.endswith("not a painting.")


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
