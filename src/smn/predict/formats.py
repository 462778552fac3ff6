"""Answers as JSON, JSON lines, CSV or Parquet."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from smn.errors import InputError, MissingExtraError

Row = Mapping[str, Any]
"""What `Prediction.to_dict` gives."""


class Format(StrEnum):
    """How answers are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


def format_for(path: Path) -> Format:
    """The format that a file's ending asks for.

    Raises:
        InputError: the ending belongs to none.
    """
    ending = path.suffix.lower().lstrip(".")
    if ending not in ("json", "jsonl", "csv", "parquet"):
        raise InputError(f"{path} ends in {path.suffix!r}; use .json, .jsonl, .csv or .parquet, or name a --format.")
    return Format(ending)


def json_line(row: Row) -> str:
    """One answer as one line of JSON, without the line's end."""
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def csv_header(top_k: int, columns: Sequence[str] = ()) -> list[str]:
    """The columns of the flat form; ``columns`` are those that a list of pictures brought along."""
    guesses = [name for rank in range(1, top_k + 1) for name in (f"guess_{rank}", f"probability_{rank}")]
    told = [*_PLAIN[:4], *guesses, "family", "family_probability", *_PLAIN[4:]]
    header = [*told, "sure_family", "set", "rectified", "looks_like", *_WORK]
    return [*header, *(f"{CARRIED}{name}" if name in header else name for name in columns)]


CARRIED = "input_"
"""What a column of a list of pictures is prefixed with in CSV, where answers have a column of that name."""


_PLAIN = ("path", "outcome", "movement", "confidence", "is_painting", "painting_score", "model", "error")
_WORK = {f"work_{name}": name for name in ("title", "artist", "year", "movement", "similarity")}


def csv_row(row: Row, top_k: int) -> dict[str, Any]:
    """One answer in the flat form of `csv_header`."""
    flat = {name: row[name] for name in _PLAIN}
    for rank, guess in enumerate(row["predictions"][:top_k], start=1):
        flat |= {f"guess_{rank}": guess["movement"], f"probability_{rank}": guess["probability"]}
    # A column called family holds the likeliest one already, sure or not.
    flat |= {"sure_family": row["family"], "set": None if row["set"] is None else " ".join(row["set"])}
    flat["rectified"] = None if row["rectified"] is None else row["rectified"]["confidence"]
    flat["looks_like"] = row.get("looks_like")
    work = row.get("work") or {}
    flat |= {column: work.get(name) for column, name in _WORK.items()}
    if row["families"]:
        flat |= {"family": row["families"][0]["family"], "family_probability": row["families"][0]["probability"]}
    header = csv_header(top_k)
    carried = (row.get("columns") or {}).items()
    return flat | {f"{CARRIED}{name}" if name in header else name: value for name, value in carried}


def text_lines(rows: Iterable[Row], form: Format, *, top_k: int, columns: Sequence[str] = ()) -> Iterator[str]:
    """Answers as lines of text, ends included, in the form ``json``, ``jsonl`` or ``csv``; rows are read one by one.

    ``columns`` are those that a list of pictures brought along; only CSV has to know them before.
    """
    if form is Format.CSV:
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, csv_header(top_k, columns), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(csv_row(row, top_k))
            yield _drain(buffer)
        yield _drain(buffer)
    elif form is Format.JSONL:
        for row in rows:
            yield json_line(row) + "\n"
    else:
        before = "[\n  "
        for row in rows:
            yield before + json_line(row)
            before = ",\n  "
        yield "[]\n" if before.startswith("[") else "\n]\n"


def _drain(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def write_rows(rows: Iterable[Row], path: Path, form: Format, *, top_k: int, columns: Sequence[str] = ()) -> None:
    """Write answers to a file in any form but ``table``; rows are read in small groups; ``columns`` as `text_lines`."""
    if form is Format.PARQUET:
        _write_parquet(rows, path, columns)
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        stream.writelines(text_lines(rows, form, top_k=top_k, columns=columns))


def require_parquet() -> None:
    """Fail early where Parquet cannot be written.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("data", "pyarrow") from error


def parquet_schema(columns: Sequence[str]) -> Any:
    """The ``pyarrow.Schema`` of answers; ``columns`` as `text_lines`."""
    import pyarrow as pa

    def guesses(key: str) -> pa.DataType:
        return pa.list_(pa.struct([(key, pa.string()), ("label", pa.string()), ("probability", pa.float64())]))

    text, number = pa.string(), pa.float64()
    return pa.schema([
        ("path", text), ("outcome", text), ("movement", text), ("confidence", number),
        ("predictions", guesses("movement")), ("families", guesses("family")),
        ("is_painting", pa.bool_()), ("painting_score", number), ("model", text), ("error", text),
        ("family", text), ("set", pa.list_(text)),
        ("rectified", pa.struct([("corners", pa.list_(pa.list_(number))), ("confidence", number)])),
        ("looks_like", text),
        ("work", pa.struct([
            ("title", text), ("artist", text), ("year", pa.int64()), ("movement", text), ("source", text),
            ("museum", text), ("wikidata_id", text), ("image_url", text), ("similarity", number),
            ("confidence", number),
        ])),
        *([("columns", pa.struct([(name, text) for name in columns]))] if columns else []),
    ])  # fmt: skip


def _write_parquet(rows: Iterable[Row], path: Path, columns: Sequence[str]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = parquet_schema(columns)
    remaining = iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while group := list(islice(remaining, 1000)):
            writer.write_table(pa.Table.from_pylist([dict(row) for row in group], schema=schema))
