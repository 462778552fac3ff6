"""Small pictures and tables, made anew for every test."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from smn.manifest import COLUMNS, Manifest, read_manifest, write_manifest
from smn.manifest.writer import manifest_schema, write_records


def paint(seed: int, size: tuple[int, int] = (48, 32), form: str = "PNG") -> bytes:
    """A picture of coarse random blocks, encoded; another seed is another picture."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 12, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(stream, form)
    return stream.getvalue()


@pytest.fixture(name="paint")
def paint_fixture() -> Callable[..., bytes]:
    return paint


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, bytes], Path]:
    """Writes bytes to a file below tmp_path."""

    def write(name: str, data: bytes) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    return write


@pytest.fixture
def shard(tmp_path: Path) -> Callable[..., Path]:
    """Writes a Parquet file below tmp_path, with the hub's metadata for ClassLabel columns."""

    def shard(name: str, columns: dict[str, Any], classes: dict[str, list[str]] | None = None) -> Path:
        table = pa.table(columns)
        if classes is not None:
            features = {column: {"names": names, "_type": "ClassLabel"} for column, names in classes.items()}
            features["image"] = {"_type": "Image"}
            table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(table, file)
        return file

    return shard


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[..., Manifest]:
    """Writes and reads a manifest; rows leave out what does not matter, pictures are painted by their number."""

    def manifest(rows: list[dict[str, Any]], folder: str = "set", *, pictures: bool = False) -> Manifest:
        place = tmp_path / folder
        complete = []
        for number, row in enumerate(rows):
            base = {"id": f"{folder}-{number}", "sha256": f"{folder}-{number:064d}"}
            if pictures:
                file = place / "images" / f"{number}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(paint(number))
                base["path"] = f"images/{number}.png"
            complete.append(dict.fromkeys(COLUMNS) | base | row)
        schema = pa.schema(
            [(name, {"string": pa.string(), "int32": pa.int32()}[kind]) for name, kind in COLUMNS.items()]
        )
        return read_manifest(write_manifest(pa.Table.from_pylist(complete, schema), place / "manifest.parquet"))

    return manifest


@pytest.fixture
def collect(tmp_path: Path) -> Callable[..., Manifest]:
    """Writes and reads a manifest of painted pictures: ``collect([{"seed": 1, "artist": "Gris"}], "new")``.

    ``seed`` says which picture a row has, ``form`` and ``size`` how it is encoded, ``picture`` gives its bytes instead.
    """

    def collect(rows: list[dict[str, Any]], folder: str = "old", *, embed: bool = False, **extras: Any) -> Manifest:
        place = tmp_path / folder
        complete = []
        for row in rows:
            given = dict(row)
            how = {key: given.pop(key) for key in ("size", "form") if key in given}
            seed = given.pop("seed", 0)
            data = given.pop("picture", None) or paint(seed, **how)
            digest = hashlib.sha256(data).hexdigest()
            known: dict[str, Any] = {"id": digest[:16], "sha256": digest, "source": folder}
            if embed:
                known["image"] = {"bytes": data, "path": None}
            else:
                file = place / f"{digest}.img"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                known["path"] = file.name
            complete.append(dict.fromkeys(COLUMNS) | known | given)
        schema = manifest_schema(extras, embedded=embed)
        return read_manifest(write_records(complete, place / "manifest.parquet", schema=schema))

    return collect
