"""Holds training pictures out by chance, so that one trained model shows what it knows of artists it has seen.

A random split, as most published figures have it, tests on pictures by artists that stand in training too. Training
twice, once on either split, would compare two models on two training sets; holding pictures out of the training split
compares one model on artists that it has seen and on artists that it has not.
"""

import hashlib
from pathlib import Path

from smn.manifest import Manifest
from smn.manifest.writer import rewrite_manifest

TRAINING, KNOWN = "training.parquet", "known.parquet"
"""The files written: what is trained on, and, as its split ``test``, what was held out."""


def hold_out(manifest: Manifest, folder: Path, *, share: float, seed: int) -> tuple[Path, Path]:
    """Write two copies of a manifest that differ in the column ``split``, unless they are there.

    Which rows are held out depends on their ids and the seed alone, so that a row added moves no other.

    Args:
        manifest: with rows of split ``train``.
        folder: where to write `TRAINING` and `KNOWN`.
        share: of the training rows that is held out, 0..1.
        seed: another seed, other rows.

    Returns:
        The two files: in the first, rows held out have no split; in the second, they are all of split ``test``.
    """
    held_out = [
        split == "train" and _draw(identifier, seed) < share
        for split, identifier in zip(manifest.column("split"), manifest.column("id"), strict=True)
    ]
    splits = {
        TRAINING: [None if held else split for held, split in zip(held_out, manifest.column("split"), strict=True)],
        KNOWN: ["test" if held else None for held in held_out],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, column in splits.items():
        if not (folder / name).exists():
            made_by = {"command": "ladder", "share": share, "seed": seed}
            rewrite_manifest(manifest, folder / name, columns={"split": column}, made_by=made_by)
    return folder / TRAINING, folder / KNOWN


def _draw(identifier: object, seed: int) -> float:
    """A number in 0..1 that is the same for the same row."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{identifier}".encode()).digest()[:8]) / 2**64
