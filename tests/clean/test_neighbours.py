import numpy as np
import pytest

from smn.clean.neighbours import nearest_neighbours


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


def test_tells_how_far_it_is() -> None:
    calls: list[tuple[str, int, int]] = []
    nearest_neighbours(styles(50), progress=lambda *call: calls.append(call))
    assert calls == [("Finding neighbours", 50, 50)]
