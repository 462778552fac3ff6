import itertools
from collections.abc import Callable

import pytest
from PIL import Image, ImageOps

from smn.clean.matching import Match
from smn.clean.verifying import score_distance, score_match, verify_pairs
from smn.errors import ImageError
from smn.examples import paint


def opener(pictures: list[Image.Image | None]) -> Callable[[int], Image.Image]:
    def open_picture(row: int) -> Image.Image:
        picture = pictures[row]
        if picture is None:
            raise ImageError("The file is gone; copy it back.")
        return picture

    return open_picture


def test_the_score_never_rises_with_the_evidence() -> None:
    steps = [0.0, 0.2, 0.35, 0.6, 0.95]
    for points, more in itertools.pairwise([0, 6, 10, 12, 40, 200]):
        for agreement, shared in itertools.product(steps, steps):
            assert score_match(Match(more, agreement, shared)) <= score_match(Match(points, agreement, shared))
    for low, high in itertools.pairwise(steps):
        assert score_match(Match(50, high, 1.0)) <= score_match(Match(50, low, 1.0))
        assert score_match(Match(50, 1.0, high)) <= score_match(Match(50, 1.0, low))
    assert [score_match(Match(0)), score_match(Match(80, 0.95, 0.9))] == [1.0, 0.0]


def test_hashes_alone_are_never_sure() -> None:
    scores = [score_distance(distance) for distance in range(33)]
    assert scores == sorted(scores)
    assert scores[0] == pytest.approx(0.3)
    assert scores[9] < 0.5 <= scores[10]
    assert scores[32] == 1.0


def test_says_what_speaks_for_a_pair() -> None:
    picture, other = paint("cubism", seed=2, size=(260, 220)), paint("romanticism", seed=2, size=(260, 220))
    pictures = [picture, picture.crop((20, 10, 250, 210)), ImageOps.mirror(picture), other, None]
    pairs = [(0, 1), (0, 2), (0, 3), (0, 4), (3, 4)]
    calls: list[tuple[str, int, int]] = []
    found = verify_pairs(
        pairs,
        distances=[30, None, None, 4, None],
        open_picture=opener(pictures),
        progress=lambda *call: calls.append(call),
    )
    cropped, mirrored, unlike, gone, unknown = found
    assert cropped.score < 0.1
    assert "matched points, detail agrees by" in cropped.how
    assert "mirrored" not in cropped.how
    assert mirrored.score < 0.1
    assert mirrored.how.endswith("mirrored")
    assert unlike.score == 1.0
    assert (gone.score, gone.how) == (pytest.approx(0.38), "hash distance 4")
    assert unknown.score == 1.0
    assert calls == [("Comparing pictures", 5, 5)]


def test_no_pairs_are_no_work() -> None:
    assert verify_pairs([], distances=[], open_picture=opener([])) == []
