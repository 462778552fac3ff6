"""The table between stages: its file, its lineage, and the keys of an artist and of a work."""

from smn.manifest.parquet_file import (
    COLUMNS,
    HASHED,
    NOT_A_PAINTING,
    SPLITS,
    Manifest,
    hash_rows,
    read_manifest,
    resolve,
    write_manifest,
)

__all__ = [
    "COLUMNS",
    "HASHED",
    "NOT_A_PAINTING",
    "SPLITS",
    "Manifest",
    "hash_rows",
    "read_manifest",
    "resolve",
    "write_manifest",
]
