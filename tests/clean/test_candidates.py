from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from measured_sets import measure_set, write_set
from smn.clean.candidates import RADIUS, find_candidates, near_pairs, same_works
from smn.errors import InputError
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


def clustered(count: int, *, seed: int = 0, scenes: int = 12, noise: float = 0.05, free: int = 256) -> np.ndarray:
    """Hashes around a few scenes, of which ``free`` bits vary at all."""
    random = np.random.default_rng(seed)
    bits = (random.random((scenes, 256)) < 0.5)[random.integers(0, scenes, count)]
    bits ^= random.random((count, 256)) < noise
    bits[:, free:] = False
    return np.packbits(bits, axis=1).view(np.uint64)


def distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.bitwise_count(left[:, None] ^ right[None]).sum(axis=2)


def brute(hashes: np.ndarray, radius: int) -> set[tuple[int, int, int]]:
    """Every pair of first rows within the radius, and every later equal row with its first."""
    _, first, inverse = np.unique(hashes, axis=0, return_index=True, return_inverse=True)
    head = first[inverse.reshape(-1)]
    between = distances(hashes, hashes)
    heads = [row for row in range(len(hashes)) if head[row] == row]
    found = {(int(head[row]), row, 0) for row in range(len(hashes)) if head[row] != row}
    return found | {(a, b, int(between[a, b])) for a in heads for b in heads if a < b and between[a, b] <= radius}


def as_set(pairs) -> set[tuple[int, int, int]]:
    found = list(zip(*(part.tolist() for part in pairs), strict=True))
    assert len(found) == len(set(found)), "a pair stands twice"
    return set(found)


@given(
    rows=hnp.arrays(np.uint64, st.tuples(st.integers(0, 14), st.just(4)), elements=st.integers(0, 2**64 - 1)),
    flips=st.lists(st.tuples(st.integers(0, 13), st.lists(st.integers(0, 255), max_size=40)), max_size=12),
    radius=st.integers(0, 255),
)
def test_finds_what_comparing_all_with_all_finds(rows: np.ndarray, flips: list, radius: int) -> None:
    copies = []
    for row, places in flips:
        if row < len(rows):
            copy = rows[row].copy()
            for place in places:
                copy[place // 64] ^= np.uint64(1) << np.uint64(place % 64)
            copies.append(copy)
    hashes = np.concatenate([rows, np.array(copies, dtype=np.uint64).reshape(-1, 4)])
    assert as_set(near_pairs(hashes, radius=radius)) == brute(hashes, radius)


@pytest.mark.parametrize("radius", [0, 1, 2, 7, 15, 24, 32, 40, 64, 120, 255])
@pytest.mark.parametrize("free", [256, 40])
def test_is_exact_on_clustered_hashes(radius: int, free: int) -> None:
    hashes = clustered(300, seed=radius, free=free)
    assert as_set(near_pairs(hashes, radius=radius)) == brute(hashes, radius)


@pytest.mark.parametrize("radius", [0, 1, 7, 16, 24, 32, 40])
def test_is_exact_over_several_blocks(radius: int) -> None:
    hashes = np.unique(clustered(2000, seed=radius, scenes=500, noise=0.06), axis=0)
    expected = set()
    for start in range(0, len(hashes), 500):
        between = distances(hashes[start : start + 500], hashes)
        near = np.argwhere(between <= radius)
        expected |= {(int(a) + start, int(b), int(between[a, b])) for a, b in near if a + start < b}
    assert as_set(near_pairs(hashes, radius=radius)) == expected


def test_fifty_thousand_equal_hashes_make_as_many_pairs() -> None:
    hashes = np.concatenate([clustered(3), np.zeros((50_000, 4), np.uint64)])
    pairs = near_pairs(hashes, radius=24)
    equal = pairs.distance == 0
    assert equal.sum() == 49_999
    assert set(pairs.left[equal].tolist()) == {3}


def test_beyond_the_most_pairs_groups_stay_whole_and_closest() -> None:
    hashes = clustered(400, scenes=2, noise=0.02)
    everything = near_pairs(hashes, radius=40)
    few = near_pairs(hashes, radius=40, most=1)
    assert len(few.left) < len(everything.left) / 20
    assert as_set(few) <= as_set(everything)
    assert groups(few, 400) == groups(everything, 400)
    assert nearest(few, 400) == nearest(everything, 400)


def nearest(pairs, rows: int) -> list[int]:
    least = np.full(rows, 999)
    for ends in (pairs.left, pairs.right):
        np.minimum.at(least, ends, pairs.distance)
    return least.tolist()


def groups(pairs, rows: int) -> list[int]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(pairs.left)), (pairs.left, pairs.right)), shape=(rows, rows))
    return connected_components(graph, directed=False)[1].tolist()


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_hashes_have_no_pairs(count: int) -> None:
    assert len(near_pairs(clustered(count), radius=24).left) == 0


def test_tells_how_far_it_is() -> None:
    calls: list[tuple[str, int, int]] = []
    near_pairs(clustered(3000, scenes=900), radius=20, progress=lambda *call: calls.append(call))
    assert len(calls) > 1
    assert calls[-1] == ("Comparing hashes", 3000, 3000)
    assert [done for _, done, _ in calls] == sorted({done for _, done, _ in calls})


@pytest.mark.parametrize(
    ("hashes", "radius", "fix"),
    [
        (np.zeros((3, 2), np.uint64), 4, r"give \(N, 4\) of uint64"),
        (np.zeros((3, 4), np.int64), 4, r"give \(N, 4\) of uint64"),
        (np.zeros((3, 4), np.uint64), 256, "choose one from 0 to 255"),
        (np.zeros((3, 4), np.uint64), -1, "choose one from 0 to 255"),
    ],
)
def test_refuses_what_is_no_hash_or_radius(hashes: np.ndarray, radius: int, fix: str) -> None:
    with pytest.raises(InputError, match=fix):
        near_pairs(hashes, radius=radius)
