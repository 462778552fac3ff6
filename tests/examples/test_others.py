"""Pictures that are no paintings: each kind, the same for a seed, and written without overwriting."""

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from smn.cli.examples import examples
from smn.errors import InputError, UnknownNameError
from smn.examples import draw_other, list_others, write_others
from smn.examples.others import Part

KINDS = 14


def test_some_kinds_are_never_learned_from() -> None:
    learned, held_out = list_others(Part.LEARNED), list_others(Part.HELD_OUT)
    assert len(list_others()) == KINDS == len(learned) + len(held_out)
    assert not set(learned) & set(held_out)
    assert min(len(learned), len(held_out)) >= 6


@pytest.mark.parametrize("kind", list_others())
def test_a_seed_gives_the_same_picture_and_another_seed_another(kind: str) -> None:
    one, again, other = (np.asarray(draw_other(kind, seed=seed)) for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert one.shape != other.shape or not np.array_equal(one, other)
    assert one.ndim == 3
    assert all(260 <= side < 1100 for side in one.shape[:2])


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
    assert len(list(tmp_path.glob("*.jpg"))) == KINDS
