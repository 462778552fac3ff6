"""The pass over the pictures: everything once, nothing twice, nothing lost."""

import hashlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from smn.bundle import Bundle
from smn.bundle.runtime import Runtime
from smn.clean.checks.image_quality import score_picture, value_names
from smn.clean.measurements import Measured, measure
from smn.feature_cache import FILE_NAME
from smn.images import open_image
from smn.manifest import COLUMNS, Manifest, read_manifest, write_manifest

SetMaker = Callable[..., Path]


def look(manifest: Path, bundle: Bundle, cache: Path) -> tuple[Measured, list[tuple[str, int, int]]]:
    told: list[tuple[str, int, int]] = []
    measured = measure(
        read_manifest(manifest), bundle=bundle, cache=cache, progress=lambda *said: told.append(said), what="Looking"
    )
    return measured, told


def add_rows(manifest: Path, rows: list[dict[str, object]], out: Path) -> Path:
    read = read_manifest(manifest)
    kinds = {"string": pa.string(), "int32": pa.int32()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    more = pa.Table.from_pylist([dict.fromkeys(COLUMNS) | row for row in rows], schema)
    return write_manifest(pa.concat_tables([read.table.select(schema.names), more]), out)


@pytest.fixture
def painted(tmp_path: Path, make_painted_set: SetMaker) -> Path:
    return make_painted_set(tmp_path / "set", splits={"train": 2})


def test_every_picture_is_measured_as_its_parts_say(painted: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    measured, told = look(painted, tiny_bundle, tmp_path / "cache")
    count = len(measured)
    assert count == 8
    assert measured.readable.all()
    assert tuple(measured.values) == ("broken", *value_names())
    assert measured.labels == tiny_bundle.labels
    assert measured.hashes.shape == (count, 4)
    assert measured.embedding.dtype == np.float16
    assert len(set(measured.pixels.tolist())) == count
    assert told[0] == ("Looking", 0, 8)
    assert told[-1] == ("Looking", 8, 8)
    image = open_image(measured.manifest.picture(5))
    for name, value in score_picture(image).items():
        assert measured.values[name][5] == pytest.approx(value, abs=1e-6), name
    outputs = Runtime(tiny_bundle).run(tiny_bundle.preprocess.apply_all([image]))
    np.testing.assert_allclose(measured.logits[5], outputs.logits[0], atol=1e-5)
    assert measured.painting[5] == pytest.approx(float(outputs.painting.reshape(-1)[0]), abs=1e-5)


def test_what_was_measured_is_not_measured_again(painted: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    first, _ = look(painted, tiny_bundle, tmp_path / "cache")
    for file in painted.parent.glob("*.jpg"):
        file.unlink()
    again, told = look(painted, tiny_bundle, tmp_path / "cache")
    assert told == [("Looking", 8, 8)]
    assert again.readable.all()
    np.testing.assert_array_equal(first.embedding, again.embedding)
    np.testing.assert_array_equal(first.hashes, again.hashes)


def test_another_model_measures_anew(
    painted: Path, tiny_bundle: Bundle, make_tiny_bundle: Callable[..., Bundle], tmp_path: Path
) -> None:
    look(painted, tiny_bundle, tmp_path / "cache")
    other = make_tiny_bundle(tmp_path / "other", hues={"cubism": (1, 1, 1)})
    _, told = look(painted, other, tmp_path / "cache")
    assert told[0] == ("Looking", 0, 8)


def test_a_picture_that_cannot_be_read_costs_only_itself(painted: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes((painted.parent / "0.jpg").read_bytes()[:300])
    rows = [
        {"id": "cut", "sha256": "1" * 64, "path": str(tmp_path / "cut.jpg")},
        {"id": "gone", "sha256": "2" * 64, "path": str(tmp_path / "gone.jpg")},
        {"id": "nowhere", "sha256": "3" * 64},
    ]
    more = add_rows(painted, rows, painted.parent / "more.parquet")
    measured, told = look(more, tiny_bundle, tmp_path / "cache")
    assert told[-1] == ("Looking", 11, 11)
    assert measured.readable.tolist() == [True] * 8 + [False] * 3
    assert measured.values["broken"].tolist() == [1.0] * 8 + [0.0] * 3
    assert "truncated" in str(measured.reasons[8])
    assert "neither a path nor a picture" in str(measured.reasons[10])
    assert np.isnan(measured.logits[8:]).all()
    assert np.isnan(measured.values["blurred"][8:]).all()
    assert (measured.pixels[8:] == b"").all()
    assert not measured.embedding[8:].any()
    # Mended, it is read the next time; the others are not read again.
    shutil.copy(painted.parent / "1.jpg", tmp_path / "gone.jpg")
    mended, told = look(more, tiny_bundle, tmp_path / "cache")
    assert told[0] == ("Looking", 8, 11)
    assert mended.readable.sum() == 9
    assert mended.pixels[9] == mended.pixels[1]


def test_a_set_of_which_nothing_can_be_read_has_the_same_shapes(tiny_bundle: Bundle, tmp_path: Path) -> None:
    table = pa.table(
        {name: pa.array([None], pa.string() if kind == "string" else pa.int32()) for name, kind in COLUMNS.items()}
    )
    table = table.set_column(0, "id", pa.array(["a"])).set_column(2, "sha256", pa.array(["0" * 64]))
    write_manifest(table, tmp_path / "m.parquet")
    measured, _ = look(tmp_path / "m.parquet", tiny_bundle, tmp_path / "cache")
    assert measured.logits.shape == (1, len(tiny_bundle.labels))
    assert measured.values["dark"].shape == (1,)
    assert measured.embedding.shape[0] == 1


def test_rows_of_the_same_file_are_measured_once(painted: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    read = read_manifest(painted)
    twin = {"id": "twin", "sha256": read.column("sha256")[3], "path": "3.jpg"}
    measured, told = look(add_rows(painted, [twin], painted.parent / "twin.parquet"), tiny_bundle, tmp_path / "cache")
    assert told[-1] == ("Looking", 8, 8)
    assert measured.pixels[8] == measured.pixels[3] != measured.pixels[2]
    np.testing.assert_array_equal(measured.embedding[8], measured.embedding[3])


def test_the_same_pixels_in_another_encoding_have_the_same_digest(tiny_bundle: Bundle, tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype=np.uint8))
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.bmp")
    image.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "c.png")
    rows = [{"id": name, "sha256": name * 64, "path": str(next(tmp_path.glob(f"{name}.*")))} for name in "abc"]
    kinds = {"string": pa.string(), "int32": pa.int32()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    write_manifest(pa.Table.from_pylist([dict.fromkeys(COLUMNS) | row for row in rows], schema), tmp_path / "m.parquet")
    measured, _ = look(tmp_path / "m.parquet", tiny_bundle, tmp_path / "cache")
    assert measured.pixels[0] == measured.pixels[1] != measured.pixels[2]


def _many(folder: Path, count: int) -> Manifest:
    folder.mkdir()
    random = np.random.default_rng(0)
    rows = []
    for number in range(count):
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(folder / f"{number}.png")
        digest = hashlib.sha256((folder / f"{number}.png").read_bytes()).hexdigest()
        rows.append(dict.fromkeys(COLUMNS) | {"id": f"{number}", "sha256": digest, "path": f"{number}.png"})
    kinds = {"string": pa.string(), "int32": pa.int32()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    return read_manifest(write_manifest(pa.Table.from_pylist(rows, schema), folder / "manifest.parquet"))


def count_stored(cache: Path) -> int:
    if not (cache / FILE_NAME).exists():
        return 0
    with closing(sqlite3.connect(cache / FILE_NAME)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM features").fetchone()[0])
        except sqlite3.OperationalError:  # there is no table yet
            return 0


KILLED = """
import sys
from pathlib import Path
from smn.bundle import read_bundle
from smn.clean.measurements import measure
from smn.manifest import read_manifest
measure(read_manifest(sys.argv[1]), bundle=read_bundle(sys.argv[2]), cache=Path(sys.argv[3]), progress=lambda *_: None)
"""


def test_a_kill_costs_one_batch_at_most(tiny_bundle: Bundle, tmp_path: Path) -> None:
    manifest, cache = _many(tmp_path / "many", 330), tmp_path / "cache"
    started = subprocess.Popen([sys.executable, "-c", KILLED, manifest.file, tiny_bundle.folder, cache])
    while not count_stored(cache) and started.poll() is None:
        time.sleep(0.01)
    started.send_signal(signal.SIGKILL)
    started.wait()
    kept = count_stored(cache)
    assert kept >= 16
    measured, told = look(manifest.file, tiny_bundle, cache)
    assert told[0] == ("Looking", kept, 330)
    assert measured.readable.all()
    assert len(set(measured.pixels.tolist())) == 330


def test_a_damaged_value_is_measured_anew(painted: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    first, _ = look(painted, tiny_bundle, tmp_path / "cache")
    with closing(sqlite3.connect(tmp_path / "cache" / FILE_NAME)) as database, database:
        database.execute("UPDATE features SET value = zeroblob(length(value)) WHERE rowid = 3")
    again, told = look(painted, tiny_bundle, tmp_path / "cache")
    assert told[0] == ("Looking", 7, 8)
    np.testing.assert_array_equal(first.hashes, again.hashes)
