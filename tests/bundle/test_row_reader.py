from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from smn.bundle.row_reader import Failure, OpenedRows, choose_threads, read_pictures
from smn.errors import ImageError
from smn.manifest import read_manifest

SetMaker = Callable[..., Path]


def test_pictures_come_in_order_and_bad_ones_with_their_reason(tmp_path: Path, make_painted_set: SetMaker) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "many", splits={"train": 20}, side=32))
    (tmp_path / "many" / "0.jpg").write_bytes(b"no picture at all")
    seen: list[tuple[str, int, int]] = []
    read = list(
        read_pictures(
            manifest,
            np.array([79, 0, 3]),
            lambda image: image.size,
            reduce_to=32,
            title="many",
            on_progress=lambda *said: seen.append(said),
        )
    )
    assert read[0] == read[2] == (48, 32)
    assert isinstance(read[1], Failure)
    assert read[1].id == manifest.column("id")[0]
    assert "not a picture that smn can read" in read[1].reason
    assert seen == [("many", 1, 3), ("many", 2, 3), ("many", 3, 3)]
    assert len(list(read_pictures(manifest, np.arange(80), lambda _: 0, reduce_to=8, title=""))) == 80


def test_a_row_without_a_picture_is_a_failure(tmp_path: Path, make_painted_set: SetMaker) -> None:
    from pyarrow import parquet

    file = make_painted_set(tmp_path / "one", splits={"train": 1}, side=32)
    table = parquet.read_table(file)
    at = table.column_names.index("path")
    parquet.write_table(table.set_column(at, "path", pa.nulls(len(table), pa.string())), file)
    read = list(read_pictures(read_manifest(file), np.arange(1), lambda _: 0, reduce_to=8, title=""))
    assert isinstance(read[0], Failure)
    assert "neither a path nor a picture" in read[0].reason


def test_rows_are_opened_one_by_one(tmp_path: Path, make_painted_set: SetMaker) -> None:
    manifest = read_manifest(make_painted_set(tmp_path / "few", splits={"train": 1}, side=32))
    opened = OpenedRows(manifest, [2, 0])
    (tmp_path / "few" / "0.jpg").write_bytes(b"no picture at all")
    assert len(opened) == 2
    assert len(opened[1:]) == 1
    assert opened[0].size == (48, 32)
    assert opened[0].mode == "RGB"
    with pytest.raises(ImageError):
        _ = opened[-1]


@pytest.mark.parametrize(("usable", "threads"), [(1, 1), (3, 3), (64, 8)])
def test_a_thread_for_each_usable_processor_but_not_for_very_many(
    monkeypatch: pytest.MonkeyPatch, usable: int, threads: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(usable)), raising=False)
    assert choose_threads() == threads
