"""Vectors by picture on disk: what is whole is found, what is torn is not, whoever wrote it."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.train.store import add_vectors, complete_vectors, read_vectors

WIDTH = 5


def name(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def vectors(numbers: list[int] | range) -> np.ndarray:
    return np.stack([np.random.default_rng(number).normal(size=WIDTH).astype(np.float32) for number in numbers])


def add(folder: Path, numbers: list[int] | range) -> None:
    with add_vectors(folder) as writer:
        writer.add([name(number) for number in numbers], vectors(numbers))


def read(folder: Path, numbers: list[int] | range) -> tuple[np.ndarray, dict[str, list[int]]]:
    return read_vectors(folder, [name(number) for number in numbers], width=WIDTH)


def part(folder: Path) -> tuple[Path, Path]:
    (index,) = folder.glob("*.index")
    return index, index.with_suffix(".values")


def test_what_was_added_is_read_in_any_order_and_as_often_as_wanted(tmp_path: Path) -> None:
    add(tmp_path, [1, 2, 3])
    add(tmp_path, [4])
    found, missing = read(tmp_path, [4, 2, 2, 1])
    assert (found.dtype, found.shape, missing) == (np.float32, (4, WIDTH), {})
    assert np.array_equal(found, vectors([4, 2, 2, 1]))


def test_what_was_not_added_is_missing_at_all_its_places(tmp_path: Path) -> None:
    add(tmp_path, [1])
    found, missing = read(tmp_path, [7, 1, 8, 7])
    assert missing == {name(7): [0, 3], name(8): [2]}
    assert np.array_equal(found[1], vectors([1])[0])


@pytest.mark.parametrize("folder", ["", "nothing"])
def test_an_empty_store_holds_nothing(tmp_path: Path, folder: str) -> None:
    found, missing = read(tmp_path / folder, [1])
    assert (found.shape, missing) == ((1, WIDTH), {name(1): [0]})
    assert read(tmp_path / folder, [])[0].shape == (0, WIDTH)


def test_no_part_is_ever_written_twice(tmp_path: Path) -> None:
    for numbers in ([1], [1], [2]):
        add(tmp_path, numbers)
    assert len([*tmp_path.glob("*.index")]) == 3
    assert np.array_equal(read(tmp_path, [1, 2])[0], vectors([1, 2]))


@given(index_bytes=st.integers(0, 300), value_bytes=st.integers(0, 100))
def test_torn_anywhere_the_rest_is_whole(
    tmp_path_factory: pytest.TempPathFactory, index_bytes: int, value_bytes: int
) -> None:
    """Whatever a killed writer or a full disk leaves of either file, what is found is right."""
    folder = tmp_path_factory.mktemp("torn")
    add(folder, range(4))
    index, values = part(folder)
    index.write_bytes(index.read_bytes()[:index_bytes])
    values.write_bytes(values.read_bytes()[:value_bytes])
    found, missing = read(folder, range(4))
    whole = min(index_bytes // 74, value_bytes // (4 * WIDTH), 4)
    assert list(missing) == [name(number) for number in range(whole, 4)]
    assert np.array_equal(found[:whole], vectors(range(4))[:whole])
    add(folder, range(whole, 4)) if whole < 4 else None
    assert np.array_equal(read(folder, range(4))[0], vectors(range(4)))


@pytest.mark.parametrize("which", [0, 1])
def test_damage_costs_only_what_it_hits(tmp_path: Path, which: int) -> None:
    add(tmp_path, range(4))
    file = part(tmp_path)[which]
    data = bytearray(file.read_bytes())
    data[len(data) // 4 + 3] ^= 0xFF
    file.write_bytes(data)
    found, missing = read(tmp_path, range(4))
    assert list(missing) == [name(1)]
    assert np.array_equal(found[[0, 2, 3]], vectors([0, 2, 3]))
    add(tmp_path, [1])
    assert np.array_equal(read(tmp_path, range(4))[0], vectors(range(4)))


def test_an_index_without_its_values_counts_for_nothing(tmp_path: Path) -> None:
    add(tmp_path, [1])
    part(tmp_path)[1].unlink()
    assert list(read(tmp_path, [1])[1]) == [name(1)]


ADDS = """
import hashlib, sys
from pathlib import Path
import numpy as np
from smn.train.store import add_vectors
with add_vectors(Path(sys.argv[1])) as writer:
    for number in range(0, 1_000_000, int(sys.argv[2])):
        name = hashlib.sha256(str(number).encode()).hexdigest()
        writer.add([name], np.random.default_rng(number).normal(size=(1, 5)).astype(np.float32))
        if number == 300:
            print("started", flush=True)
"""


def test_two_processes_add_at_once_and_are_killed(tmp_path: Path) -> None:
    # Even numbers by one, every third by the other: some by both.
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

    def compute(places: list[int]) -> Iterator[tuple[int, np.ndarray]]:
        asked.append(places)
        for at in range(0, len(places), 2):
            yield at, vectors([numbers[place] for place in places[at : at + 2]])

    for numbers in ([5, 1, 4, 5, 2, 3], [3, 5, 1]):
        found = complete_vectors(
            tmp_path, [name(number) for number in numbers], compute, width=WIDTH, title="looking",
            progress=lambda *said: told.append(said),
        )  # fmt: skip
        assert np.array_equal(found, vectors(numbers))
    assert asked == [[0, 2, 5]]
    assert told == [("looking", 5, 6), ("looking", 6, 6)]
