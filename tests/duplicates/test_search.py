import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image, ImageEnhance

from smn.duplicates import SAME_BITS, HashIndex, group_same, hash_picture, near_pairs, nearest_neighbours
from smn.errors import InputError
from smn.examples import paint


def styles(count: int, *, width: int = 60, seed: int = 0) -> np.ndarray:
    """Embeddings that vary mostly along three axes, as those of one collection do."""
    random = np.random.default_rng(seed)
    common = random.standard_normal((count, 3)) @ random.standard_normal((3, width)) * 10
    return (common + random.standard_normal((count, width))).astype(np.float16)


def with_copies(count: int, **known) -> np.ndarray:
    own = styles(count, **known)
    noise = np.random.default_rng(9).standard_normal(own[:20].shape) * 0.05
    return np.concatenate([own, (own[:20] + noise).astype(np.float16)])


def as_dict(found) -> dict[tuple[int, int], float]:
    return dict(
        zip(zip(found.left.tolist(), found.right.tolist(), strict=True), found.similarity.tolist(), strict=True)
    )


@pytest.mark.parametrize("width", [60, 700])  # more rows than columns, and fewer
def test_names_a_copy_though_all_resemble_each_other(width: int) -> None:
    found = as_dict(nearest_neighbours(with_copies(560, width=width), count=1, floor=0.5))
    assert all((row, 560 + row) in found for row in range(20))
    assert all(left < right and 0.5 <= cosine <= 1.001 for (left, right), cosine in found.items())


def test_few_rows_name_their_nearest_however_far() -> None:
    found = as_dict(nearest_neighbours(styles(40), count=1, floor=0.99))
    assert {row for pair in found for row in pair} == set(range(40))


def test_each_row_names_so_many_at_most() -> None:
    found = nearest_neighbours(with_copies(300), count=3, floor=-1.0)
    assert 320 * 3 / 2 <= len(found.left) <= 320 * 3
    assert len(set(zip(found.left.tolist(), found.right.tolist(), strict=True))) == len(found.left)


def test_unreadable_rows_have_no_neighbours() -> None:
    embedding = with_copies(100)
    embedding[[3, 50]] = 0
    found = nearest_neighbours(embedding, floor=-1.0)
    assert not {3, 50} & {*found.left.tolist(), *found.right.tolist()}
    assert (4, 104) in as_dict(found)


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_few_rows_do_not_matter(rows: int) -> None:
    assert len(nearest_neighbours(styles(rows)).left) <= rows


def test_rows_that_are_all_alike_have_no_neighbours() -> None:
    assert len(nearest_neighbours(np.ones((30, 8), np.float16)).left) == 0


def test_the_search_for_neighbours_tells_how_far_it_is() -> None:
    calls: list[tuple[str, int, int]] = []
    nearest_neighbours(styles(50), progress=lambda *call: calls.append(call))
    assert calls == [("Finding neighbours", 50, 50)]


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
    assert least_distances(few, 400) == least_distances(everything, 400)


def least_distances(pairs, rows: int) -> list[int]:
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


def test_the_search_for_near_hashes_tells_how_far_it_is() -> None:
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


def encoded(image: Image.Image, quality: int) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream)


def test_copies_are_recognised_and_other_pictures_are_not() -> None:
    manners = ("cubism", "impressionism", "romanticism", "ukiyo-e", "pop-art", "fauvism")
    paintings = [paint(movement, seed=seed, size=(200, 160)) for movement in manners for seed in (0, 1)]
    index, found = HashIndex(), 0
    for number, picture in enumerate(paintings):
        assert index.find(hash_picture(picture)) is None
        index.add(hash_picture(picture), number)
    for number, picture in enumerate(paintings):
        smaller = picture.resize((140, 112), Image.Resampling.LANCZOS)
        copies = [
            encoded(picture, 70),
            encoded(smaller, 80),
            encoded(ImageEnhance.Brightness(smaller).enhance(0.9), 80),
        ]
        answers = [index.find(hash_picture(copy)) for copy in copies]
        assert set(answers) <= {number, None}
        found += answers.count(number)
    assert found >= 0.9 * 3 * len(paintings)


def flipped(row: np.ndarray, bits: int) -> np.ndarray:
    places = np.zeros(256, dtype=np.uint8)
    places[:bits] = 1
    return row ^ np.packbits(np.random.default_rng(bits).permutation(places)).view(np.uint64)


@pytest.mark.parametrize(("bits", "same"), [(0, True), (SAME_BITS, True), (SAME_BITS + 1, False)])
def test_index_and_groups_draw_the_same_line(bits: int, same: bool) -> None:
    (row,) = clustered(1)
    index = HashIndex()
    index.add(row, "first")
    index.add(row, "second")
    assert index.find(flipped(row, bits)) == ("first" if same else None)
    assert group_same(np.stack([row, flipped(row, bits)])).tolist() == ([0, 0] if same else [0, 1])


def test_the_index_grows() -> None:
    hashes = np.random.default_rng(3).integers(1, 2**63, (3000, 4)).astype(np.uint64)
    index = HashIndex()
    for number, row in enumerate(hashes):
        index.add(row, number)
    assert [index.find(hashes[number]) for number in (0, 1023, 1024, 2999)] == [0, 1023, 1024, 2999]


def test_pictures_without_a_hash_resemble_nothing() -> None:
    nothing = np.zeros(4, np.uint64)
    index = HashIndex()
    index.add(nothing, "page")
    index.add(None, "none")
    assert index.find(nothing) is None
    assert index.find(None) is None
    assert group_same(np.zeros((3, 4), np.uint64)).tolist() == [-1, -1, -1]
    assert group_same(np.zeros((0, 4), np.uint64)).tolist() == []


def test_groups_go_through_others() -> None:
    (row,) = clustered(1)
    chain = [row]
    for step in range(1, 4):
        bits = np.zeros(256, dtype=np.uint8)
        bits[8 * (step - 1) : 8 * step] = 1
        chain.append(chain[-1] ^ np.packbits(bits).view(np.uint64))
    other = ~row
    assert group_same(np.stack([chain[0], other, chain[3], chain[1], chain[2]])).tolist() == [0, 1, 0, 0, 0]
