from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from smn.evaluate import Failure
from smn.evaluate.reading import read_pictures
from smn.manifest import read_manifest

from .conftest import Row


def test_pictures_come_in_order_and_bad_ones_with_their_reason(make_manifest: Callable[..., Path]) -> None:
    manifest = read_manifest(make_manifest("many", [Row("fauvism"), *[Row("realism")] * 150], broken=1))
    rows = np.array([150, 0, 3])
    seen: list[int] = []
    read = list(
        read_pictures(
            manifest,
            rows,
            lambda image: image.size,
            reduce_to=8,
            title="",
            on_progress=lambda *said: seen.append(said[1]),
        )
    )
    assert read[0] == read[2] == (48, 40)
    assert isinstance(read[1], Failure)
    assert read[1].id == "many-0"
    assert "not a picture that smn can read" in read[1].reason
    assert seen == [1, 2, 3]
    assert len(list(read_pictures(manifest, np.arange(151), lambda _: 0, reduce_to=8, title=""))) == 151


def test_a_row_without_a_picture_is_a_failure(make_manifest: Callable[..., Path]) -> None:
    from pyarrow import parquet

    folder = make_manifest("one", [Row("fauvism")])
    table = parquet.read_table(folder / "manifest.parquet")
    at = table.column_names.index("path")
    table = table.set_column(at, "path", pa.array([None], pa.string()))
    parquet.write_table(table, folder / "manifest.parquet")
    read = list(read_pictures(read_manifest(folder), np.arange(1), lambda _: 0, reduce_to=8, title=""))
    assert isinstance(read[0], Failure)
    assert "neither a path nor a picture" in read[0].reason
