from pathlib import Path
from typing import Any

from PIL import Image

from measured_sets import measure_set, write_set
from smn.clean.candidates import RADIUS, find_candidates, same_works
from smn.examples import paint


def test_names_near_hashes_with_their_distance_and_near_styles_without(tmp_path: Path) -> None:
    picture = paint("cubism", seed=1, size=(240, 200))
    pictures = [picture, picture.resize((150, 130)), picture.crop((40, 30, 240, 200)), *others(9)]
    found = find_candidates(measure_set(write_set(tmp_path / "own", [(each, {}) for each in pictures])))
    assert found[0, 1] is not None
    assert found[0, 1] <= RADIUS
    assert found[0, 2] is None
    assert list(found) == sorted(found)
    assert all(left < right for left, right in found)


def test_leaves_out_pairs_within_the_held_out_set(tmp_path: Path) -> None:
    picture = paint("cubism", seed=1, size=(240, 200))
    measured = measure_set(write_set(tmp_path / "own", [(picture, {}), *((each, {}) for each in others(4))]))
    held_out = measure_set(write_set(tmp_path / "other", [(picture, {}), (picture, {})]))
    found = find_candidates(measured, held_out=held_out)
    assert found[0, 5] == 0
    assert (5, 6) not in found


def test_names_the_same_works_but_not_whole_series(tmp_path: Path) -> None:
    def named(artist: str, title: str) -> tuple[Image.Image, dict[str, Any]]:
        return Image.new("RGB", (20, 20)), {"artist": artist, "title": title}

    rows = [named("Monet, Claude", "Haystacks"), named("Claude Monet", "haystacks"), named("Monet", "Haystacks")]
    rows += [named("Anonymous", "Haystacks"), named("Claude Monet", "Untitled")] * 2
    rows += [named("Katsushika Hokusai", "A View of Fuji")] * 9
    first = measure_set(write_set(tmp_path / "own", rows))
    second = measure_set(write_set(tmp_path / "other", [named("claude-monet", "Haystacks")]))
    pairs = same_works([first, second])
    assert [pair for pair in pairs if pair[0] < 7] == [(0, 1), (0, 16), (1, 16)]
    assert len(pairs) == 3 + 10


def others(count: int) -> list[Image.Image]:
    manners = ("romanticism", "pop-art", "impressionism")
    return [paint(manners[seed % 3], seed=seed, size=(240, 200)) for seed in range(count)]
