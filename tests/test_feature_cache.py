"""The cache of features: what was written is found, damaged values are not, whoever wrote them."""

import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smn.errors import InputError
from smn.feature_cache import FILE_NAME, FeatureCache, FeatureSet, compute_missing

WIDTH = 5
FEATURES = FeatureSet("test", 1, {"side": 32, "levels": [1, 2]}, np.dtype(("<f4", (WIDTH,))))


def name(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def vectors(numbers: list[int] | range) -> np.ndarray:
    return np.stack([np.random.default_rng(number).normal(size=WIDTH).astype(np.float32) for number in numbers])


def add(folder: Path, numbers: list[int] | range, features: FeatureSet = FEATURES) -> None:
    with FeatureCache(folder, features) as cache:
        cache.write([name(number) for number in numbers], vectors(numbers))


def read(
    folder: Path, numbers: list[int] | range, features: FeatureSet = FEATURES
) -> tuple[np.ndarray, dict[str, list[int]]]:
    with FeatureCache(folder, features) as cache:
        return cache.read([name(number) for number in numbers])


def change(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / FILE_NAME)) as database, database:
        database.execute(statement)


def test_what_was_written_is_read_in_any_order_and_as_often_as_wanted(tmp_path: Path) -> None:
    add(tmp_path, [1, 2, 3])
    add(tmp_path, [4])
    found, missing = read(tmp_path, [4, 2, 2, 1])
    assert (found.dtype, found.shape, missing) == (np.float32, (4, WIDTH), {})
    assert np.array_equal(found, vectors([4, 2, 2, 1]))


def test_what_was_not_written_is_missing_at_all_its_places(tmp_path: Path) -> None:
    add(tmp_path, [1])
    found, missing = read(tmp_path, [7, 1, 8, 7])
    assert missing == {name(7): [0, 3], name(8): [2]}
    assert np.array_equal(found[1], vectors([1])[0])
    assert not found[[0, 2, 3]].any()


def test_an_empty_cache_holds_nothing(tmp_path: Path) -> None:
    found, missing = read(tmp_path / "new", [1])
    assert (found.shape, missing) == ((1, WIDTH), {name(1): [0]})
    assert read(tmp_path / "new", [])[0].shape == (0, WIDTH)


def test_more_pictures_than_one_query_takes(tmp_path: Path) -> None:
    add(tmp_path, range(1200))
    found, missing = read(tmp_path, range(1300))
    assert list(missing) == [name(number) for number in range(1200, 1300)]
    assert np.array_equal(found[:1200], vectors(range(1200)))


@pytest.mark.parametrize(
    "other",
    [
        FeatureSet("other", 1, FEATURES.facts, FEATURES.dtype),
        FeatureSet("test", 2, FEATURES.facts, FEATURES.dtype),
        FeatureSet("test", 1, {"side": 33, "levels": [1, 2]}, FEATURES.dtype),
        FeatureSet("test", 1, FEATURES.facts, np.dtype(("<f2", (WIDTH,)))),
    ],
)
def test_whatever_decides_the_values_keeps_them_apart(tmp_path: Path, other: FeatureSet) -> None:
    add(tmp_path, [1])
    assert list(read(tmp_path, [1], other)[1]) == [name(1)]
    add(tmp_path, [1, 2], other)
    assert list(read(tmp_path, [2])[1]) == [name(2)]
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as database:
        known = dict(database.execute("SELECT id, facts FROM feature_sets").fetchall())
    assert known == {one.id: one.to_json() for one in (FEATURES, other)}


def test_the_order_of_facts_does_not_matter(tmp_path: Path) -> None:
    add(tmp_path, [1])
    assert not read(tmp_path, [1], FeatureSet("test", 1, {"levels": [1, 2], "side": 32}, FEATURES.dtype))[1]


def test_a_value_may_have_fields_of_several_types(tmp_path: Path) -> None:
    dtype = np.dtype([("hashes", "<u8", (2,)), ("digest", "S4"), ("embedding", "<f2", (3,)), ("nothing", "<f4", (0,))])
    records = np.zeros(2, dtype)
    records["hashes"], records["digest"], records["embedding"] = 2**63, b"abcd", [[1, 2, 3], [np.nan, 5, 6]]
    with FeatureCache(tmp_path, FeatureSet("fields", 1, {}, dtype)) as cache:
        cache.write(["a", "b"], records)
        found, missing = cache.read(["b", "a", "c"])
    assert missing == {"c": [2]}
    assert found[:2].tobytes() == records[::-1].tobytes()


@pytest.mark.parametrize(
    "damage",
    [
        "value = zeroblob(20)",
        "value = substr(value, 1, 19)",
        "value = x''",
        "crc32 = crc32 + 1",
        "value = '20 letters, all in.'",
    ],
)
def test_damage_costs_only_the_value_that_it_hits(tmp_path: Path, damage: str) -> None:
    add(tmp_path, range(4))
    change(tmp_path, f"UPDATE features SET {damage} WHERE picture = '{name(1)}'")  # noqa: S608
    found, missing = read(tmp_path, range(4))
    assert list(missing) == [name(1)]
    assert np.array_equal(found[[0, 2, 3]], vectors([0, 2, 3]))
    add(tmp_path, [1])
    assert np.array_equal(read(tmp_path, range(4))[0], vectors(range(4)))


def test_a_file_that_is_no_cache_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 200)
    with pytest.raises(InputError, match=r"features\.sqlite cannot be used .* delete it"):
        read(tmp_path, [1])


ADDS = """
import hashlib, sys
from pathlib import Path
import numpy as np
from smn.feature_cache import FeatureCache, FeatureSet
features = FeatureSet("test", 1, {"side": 32, "levels": [1, 2]}, np.dtype(("<f4", (5,))))
with FeatureCache(Path(sys.argv[1]), features) as cache:
    for number in range(0, 1_000_000, int(sys.argv[2])):
        name = hashlib.sha256(str(number).encode()).hexdigest()
        cache.write([name], np.random.default_rng(number).normal(size=(1, 5)).astype(np.float32))
        if number == 300:
            print("started", flush=True)
"""


def test_two_processes_add_at_once_and_are_killed(tmp_path: Path) -> None:
    # Even numbers by one, every third by the other: some by both.
    # Of more processes at once, none may fail because another one makes the file.
    commands = [[sys.executable, "-c", ADDS, str(tmp_path), step] for step in ("2", "3")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
    running, missing = read(tmp_path, [300, 2, 3])
    assert not missing
    assert np.array_equal(running, vectors([300, 2, 3]))
    for process in processes:
        process.kill()
        process.communicate()
    found, missing = read(tmp_path, range(1000))
    stored = [number for number in range(1000) if name(number) not in missing]
    assert stored[:5] == [0, 2, 3, 4, 6]
    assert all(number % 2 == 0 or number % 3 == 0 for number in stored)
    assert np.array_equal(found[stored], vectors(stored))


def test_what_is_missing_is_computed_once_and_stored(tmp_path: Path) -> None:
    add(tmp_path, [1, 2])
    asked: list[list[int]] = []
    told: list[tuple[str, int, int]] = []

    def compute(places: list[int]) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
        asked.append(places)
        for at in range(0, len(places), 2):
            yield at, vectors([numbers[place] for place in places[at : at + 2]])

    for numbers in ([5, 1, 4, 5, 2, 3], [3, 5, 1]):
        found = compute_missing(
            tmp_path, FEATURES, [name(number) for number in numbers], compute, title="looking",
            progress=lambda *said: told.append(said),
        )  # fmt: skip
        assert np.array_equal(found, vectors(numbers))
    assert asked == [[0, 2, 5]]
    assert told == [("looking", 5, 6), ("looking", 6, 6)]
