"""Small sets of pictures with findings, for the tests of deciding: what is found is said by the test, not measured."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from smn.clean.check_thresholds import resolve_thresholds
from smn.clean.checks import Scores
from smn.clean.findings import About, Findings, build_table, write_findings
from smn.manifest import COLUMNS, Manifest, read_manifest, write_manifest

Row = Mapping[str, Any]


def picture(seed: int, size: tuple[int, int] = (96, 64)) -> bytes:
    """A JPEG of coarse random blocks; another seed is another picture."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(blocks).resize(size, Image.Resampling.NEAREST).save(stream, "JPEG", quality=80)
    return stream.getvalue()


def make_set(folder: Path, rows: Sequence[Row], *, first: int = 0, embed: bool = False) -> Manifest:
    """A manifest whose pictures are painted by their number, from ``first`` on.

    A row may give any column; ``data`` gives the picture's bytes. Ids are ``p0``, ``p1`` ... unless given.
    """
    columns: list[dict[str, Any]] = []
    images = []
    for number, given in enumerate(rows):
        row = dict(given)
        data = row.pop("data", None) or picture(first + number)
        base = {"id": f"p{first + number}", "sha256": hashlib.sha256(data).hexdigest(), "movement": "realism"}
        images.append({"bytes": data, "path": None})
        if not embed:
            file = folder / "images" / f"{number}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            base["path"] = f"images/{number}.jpg"
        columns.append(dict.fromkeys(COLUMNS) | base | row)
    extra = sorted({name for row in columns for name in row} - set(COLUMNS))
    kinds = {"string": pa.string(), "int32": pa.int32()}
    schema = pa.schema([(name, kinds[COLUMNS.get(name, "string")]) for name in (*COLUMNS, *extra)])
    table = pa.Table.from_pylist(columns, schema)
    if embed:
        table = table.append_column(
            "image", pa.array(images, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
        )
    return read_manifest(write_manifest(table, folder / "manifest.parquet"))


def make_findings(
    manifest: Manifest,
    scores: Mapping[str, Mapping[int, float]],
    evidence: Mapping[str, Mapping[str, Mapping[int, Any]]] | None = None,
    *,
    against: Manifest | None = None,
    name: str = "findings.parquet",
) -> Findings:
    """Findings as said: ``{"label": {3: 0.1}}`` scores row 3; all other rows score 0.9.

    Args:
        manifest: what they are about; they are written beside it.
        scores: by check and row.
        evidence: by check, name and row, such as ``{"near_duplicate": {"of": {3: "p1"}}}``.
        against: the held-out manifest.
        name: of the file.
    """
    made = {}
    for check, some in scores.items():
        score = np.full(len(manifest), 0.9, dtype=np.float32)
        score[list(some)] = list(some.values())
        notes = {
            kind: [values.get(row) for row in range(len(manifest))]
            for kind, values in (evidence or {}).get(check, {}).items()
        }
        made[check] = Scores(score, notes)
    plain = {check: one.score for check, one in made.items()}
    thresholds = resolve_thresholds(plain, manifest.column("movement"), given={})
    about = About(
        version="0",
        manifest=str(manifest.file.resolve()),
        data_hash=manifest.data_hash(),
        model="none",
        model_sha256="0" * 64,
        against=str(against.file.resolve()) if against else None,
        negatives=None,
        seed=0,
        thresholds=thresholds,
    )
    findings = Findings(manifest.file.with_name(name), build_table(manifest, made, thresholds=thresholds), about)
    write_findings(findings)
    return findings
