"""Splits a manifest into training, validation and test, by artist."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.dataset.leakage import Leakage, check_leakage
from smn.duplicates import group_same, hash_pictures
from smn.errors import InputError, ManifestError, OutputExistsError
from smn.extras import require_extra
from smn.manifest import SPLITS, Manifest, read_manifest
from smn.manifest.identity import artist_key
from smn.manifest.writer import rewrite_manifest
from smn.progress import Progress

Integers = NDArray[np.int64]

MAX_FOLDS = 20
_CUTS = 5  # cuts into folds that are tried,
_WAYS = 200  # and ways to hand out the folds of each


@dataclass(frozen=True)
class SplitReport:
    """What a split came out as.

    Args:
        manifest: the file written.
        by: the column whose values stay together.
        groups: how many groups each split has.
        rows: how many rows each split has.
        movements: rows by movement and split; rows without one stand under ``""``.
        leakage: proof that nothing leaks.
    """

    manifest: Path
    by: str
    groups: Mapping[str, int]
    rows: Mapping[str, int]
    movements: Mapping[str, Mapping[str, int]]
    leakage: Leakage

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON."""
        return {**asdict(self), "manifest": str(self.manifest)}


def split_manifest(
    manifest: str | Path,
    out: str | Path,
    *,
    by: str = "artist",
    ratios: Sequence[int] = (70, 10, 20),
    seed: int = 0,
    pixels: bool = False,
    progress: Progress | None = None,
) -> SplitReport:
    """Write a copy of a manifest in which every row has a split and no group is in two.

    scikit-learn's StratifiedGroupKFold cuts the rows into as many folds as the ratios need, at most 20: 70/10/20 makes
    ten folds, of which 7, 1 and 2 are handed out; finer ratios are rounded to twentieths, and no split with a ratio
    above 0 goes without a fold. Of five seeded cuts, with 200 ways each to hand out the folds, the one is taken in
    which the fewest movements are missing from a split, and then the one nearest to the ratios in every movement. Big
    groups make exact ratios impossible.

    Args:
        manifest: the manifest's file or folder; its own splits are ignored.
        out: the file (ending in ``.parquet``) or folder to write.
        by: the column whose values stay together, compared without case, accents and order of words. Rows without a
            value, or by an unknown artist, are each a group of their own.
        ratios: shares of train, val and test; they need not sum to 100.
        seed: the same seed gives the same split.
        pixels: rows that show the same picture, see `smn.duplicates`, stay together too; identical files always do.
        progress: called while pictures are hashed.

    Returns:
        Counts, and the proof that nothing leaks.

    Raises:
        OutputExistsError: ``out`` exists.
        InputError: the ratios are not three numbers of which the first is above 0, or there are too few groups.
        ManifestError: there is no such column.
        MissingExtraError: the extra ``data`` is not installed.
    """
    require_extra("data", "pyarrow", "sklearn")
    file = Path(out) if Path(out).suffix == ".parquet" else Path(out) / "manifest.parquet"
    if file.exists():
        raise OutputExistsError(file)
    shares = share_folds(ratios)
    source = read_manifest(manifest)
    if by not in source.table.column_names:
        raise ManifestError(
            f"{source.file} has no column {by!r}; choose one of {', '.join(source.table.column_names)}."
        )
    groups = _groups(source, by=by, pixels=pixels, progress=progress)
    count = int(groups.max(initial=-1)) + 1
    if count < sum(shares):
        raise InputError(
            f"{source.file} has {count} groups by {by}, too few for {sum(shares)} folds; use coarser "
            "ratios such as 60/20/20, another column, or more pictures."
        )
    classes = np.unique([movement or "" for movement in source.column("movement")], return_inverse=True)
    splits = _assign(classes[1], groups, shares, seed)
    made_by = {
        "command": "dataset split",
        "by": by,
        "ratios": "/".join(map(str, ratios)),
        "seed": seed,
        "pixels": pixels,
    }
    rewrite_manifest(source, file, columns={"split": splits}, made_by=made_by)
    return _report(read_manifest(file), by=by, groups=groups, pixels=pixels, progress=progress)


def share_folds(ratios: Sequence[int]) -> tuple[int, ...]:
    """How many folds train, val and test get.

    Args:
        ratios: three whole numbers, not below 0; the first is above 0.

    Returns:
        Folds of each: the ratios in lowest terms where those sum to `MAX_FOLDS` or less, else rounded to twentieths,
        the largest remainders up, with at least one fold where the ratio is above 0.

    Raises:
        InputError: they are no such numbers.

    Example:
        >>> share_folds((70, 10, 20))
        (7, 1, 2)
    """
    if len(ratios) != len(SPLITS) or min(ratios) < 0 or ratios[0] == 0 or sum(map(bool, ratios)) < 2:
        raise InputError(
            f"The ratios {'/'.join(map(str, ratios))} cannot be used; give three whole numbers for "
            f"{', '.join(SPLITS)}, of which train and one other are above 0, such as 70/10/20."
        )
    divisor = math.gcd(*ratios)
    if sum(ratios) // divisor <= MAX_FOLDS:
        return tuple(ratio // divisor for ratio in ratios)
    exact = [ratio * MAX_FOLDS / sum(ratios) for ratio in ratios]
    folds = [max(int(share), int(share > 0)) for share in exact]
    while sum(folds) != MAX_FOLDS:
        step = 1 if sum(folds) < MAX_FOLDS else -1
        gains = [step * (share - fold) for share, fold in zip(exact, folds, strict=True)]
        free = [split for split, fold in enumerate(folds) if fold and fold + step > 0]
        folds[max(free, key=gains.__getitem__)] += step
    return tuple(folds)


def _groups(manifest: Manifest, *, by: str, pixels: bool, progress: Progress | None) -> Integers:
    """Group numbers (N,), 0..G-1: rows that share a value, a file or a picture, directly or through others."""
    values = [None if value is None else artist_key(str(value)) for value in manifest.column(by)]
    kinds: list[Sequence[Any]] = [values, manifest.column("sha256")]
    if pixels:
        hashes, _ = hash_pictures(manifest, range(len(manifest)), progress=progress)
        kinds.append([None if group < 0 else group for group in group_same(hashes).tolist()])
    parents = list(range(len(manifest)))
    for keys in kinds:
        first: dict[Any, int] = {}
        for row, key in enumerate(keys):
            if key is not None:
                parents[_root(parents, row)] = _root(parents, first.setdefault(key, row))
    roots = [_root(parents, row) for row in range(len(manifest))]
    return np.unique(np.asarray(roots, dtype=np.int64), return_inverse=True)[1].astype(np.int64)


def _root(parents: list[int], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]
        row = parents[row]
    return row


def _assign(classes: Integers, groups: Integers, shares: Sequence[int], seed: int) -> list[str]:
    """The split of each row: the best of all cuts and ways to hand out their folds."""
    if np.bincount(classes).max() < sum(shares):
        classes = np.zeros_like(classes)  # no movement can be spread over the folds, so only the groups count
    best: tuple[tuple[int, float], Integers] | None = None
    for cut in range(_CUTS):
        folds = _cut(classes, groups, count=sum(shares), seed=seed * _CUTS + cut)
        table = np.zeros((sum(shares), classes.max() + 1))
        np.add.at(table, (folds, classes), 1)
        miss, splits = _hand_out(table, shares, seed)
        if best is None or miss < best[0]:
            best = miss, splits[folds]
    return [SPLITS[split] for split in best[1]] if best else []


def _cut(classes: Integers, groups: Integers, *, count: int, seed: int) -> Integers:
    """The fold (N,) of each row."""
    from sklearn.model_selection import StratifiedGroupKFold

    folds = np.zeros(len(classes), dtype=np.int64)
    with warnings.catch_warnings():
        # Movements of fewer rows than folds are expected; they go where their artists go.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        for fold, (_, rows) in enumerate(splitter.split(classes, classes, groups)):
            folds[rows] = fold
    return folds


def _hand_out(table: NDArray[np.float64], shares: Sequence[int], seed: int) -> tuple[tuple[int, float], Integers]:
    """The split (F,) of each fold, given rows (F, C) by fold and class: the best of `_WAYS` orders.

    Returns:
        How far it misses (first the movements that a split goes without, then the distance from the ratios), and it.
    """
    places = np.repeat(np.arange(len(shares)), shares)
    wanted = np.asarray(shares)[:, None] / sum(shares)
    totals = table.sum(axis=0)
    random = np.random.default_rng(seed)

    def miss(order: Integers) -> tuple[int, float]:
        # Missing 5 of 10 points of val is worse than missing 5 of 70 of train.
        parts = np.stack([table[order == split].sum(axis=0) for split in range(len(shares))]) / totals
        return int(((parts == 0) & (wanted > 0)).sum()), float(((parts - wanted) ** 2 / np.maximum(wanted, 0.01)).sum())

    ways = [random.permutation(places) for _ in range(_WAYS)]
    return min(((miss(way), way) for way in ways), key=lambda pair: pair[0])


def _report(manifest: Manifest, *, by: str, groups: Integers, pixels: bool, progress: Progress | None) -> SplitReport:
    splits, movements = manifest.column("split"), manifest.column("movement")
    table: dict[str, dict[str, int]] = {}
    for movement, split in zip(movements, splits, strict=True):
        counts = table.setdefault(movement or "", dict.fromkeys(SPLITS, 0))
        counts[split] += 1
    members = {split: {int(groups[row]) for row, own in enumerate(splits) if own == split} for split in SPLITS}
    return SplitReport(
        manifest=manifest.file,
        by=by,
        groups={split: len(found) for split, found in members.items()},
        rows={split: splits.count(split) for split in SPLITS},
        movements=dict(sorted(table.items())),
        leakage=check_leakage(manifest, by=by, pixels=pixels, progress=progress),
    )
