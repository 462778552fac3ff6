"""One cached pass over a manifest's pictures: image quality, perceptual hashes and the network's outputs."""

import hashlib
import json
import os
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle
from smn.clean.checks import Progress
from smn.errors import ImageError, ManifestError
from smn.images import open_image
from smn.manifest import Manifest
from smn.runtime import Runtime

VERSION = 1
"""The version of all that is measured: raise it where a score or a hash changes, and the cache is not used any more."""

Floats = NDArray[np.float32]

_BATCH = 16  # pictures of one run of the network
_SHARD = 256  # pictures in a file of the cache
_PREFETCH = 48  # pictures that are decoded ahead of the network
_MAX_FLOAT16 = 65504.0
_EMPTY = np.zeros(0, np.float32)

_Decoded = tuple[str, NDArray[np.uint64], Floats, Floats]
"""Of one decoded picture: digest of its pixels, hashes, values, and the network's input; the last two may be empty."""


@dataclass(frozen=True)
class Measured:
    """What was measured of the N rows of a manifest.

    Args:
        manifest: the rows, in their order.
        reasons: why a picture could not be read; None for those that could.
        pixels: (N,) ``S32``, digest of the decoded pixels and size; empty where unreadable.
        hashes: (N, 4), perceptual hashes of 256 bits; see `smn.duplicates`.
        values: (N,) scores of the checks of a single picture, by check; NaN where unreadable.
        logits: (N, K), the model's; NaN where unreadable.
        painting: (N,), the model's log-odds that it is a painting; NaN where unreadable.
        embedding: (N, D), float16, the model's features; zero where unreadable.
        labels: the K labels' ids.
    """

    manifest: Manifest
    reasons: Sequence[str | None]
    pixels: NDArray[np.bytes_]
    hashes: NDArray[np.uint64]
    values: Mapping[str, Floats]
    logits: Floats
    painting: Floats
    embedding: NDArray[np.float16]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.manifest)

    @property
    def readable(self) -> NDArray[np.bool_]:
        """(N,), which pictures could be read."""
        return np.array([reason is None for reason in self.reasons], dtype=np.bool_)


@dataclass(frozen=True)
class Measurement:
    """What was measured of one readable picture; the fields are those of `Measured`.

    Args:
        sha256: of the encoded picture.
        pixels: digest of the decoded pixels and size, 32 hex digits.
        hashes: (4,).
        values: (V,), in the order of `smn.clean.checks.image_quality.value_names`.
        logits: (K,).
        painting: log-odds.
        embedding: (D,).
    """

    sha256: str
    pixels: str
    hashes: NDArray[np.uint64]
    values: Floats
    logits: Floats
    painting: float
    embedding: NDArray[np.float16]


@dataclass(frozen=True)
class Shard:
    """Measurements of M pictures, as a file of the cache holds them: every field has a first axis of M."""

    sha256: NDArray[np.bytes_]
    pixels: NDArray[np.bytes_]
    hashes: NDArray[np.uint64]
    values: Floats
    logits: Floats
    painting: Floats
    embedding: NDArray[np.float16]


_DTYPES: dict[str, Any] = {
    "sha256": "S64",
    "pixels": "S32",
    "hashes": np.uint64,
    "values": np.float32,
    "logits": np.float32,
    "painting": np.float32,
    "embedding": np.float16,
}


def measure(
    manifest: Manifest, *, bundle: Bundle | None, cache: Path, progress: Progress, what: str = "Measuring pictures"
) -> Measured:
    """Measure every picture of a manifest.

    Results are cached by the SHA-256 of the encoded picture and by model and version, and are used again: after a
    kill, in a changed manifest, in another manifest with the same cache. A picture that cannot be read is tried again
    every time.

    Args:
        manifest: N rows.
        bundle: the model; None measures only pixels and hashes, which find copies, in a fraction of the time: values,
            logits and features are empty then.
        cache: folder of the cache.
        progress: called after each picture.
        what: for ``progress``.

    Raises:
        BundleError: the bundle's graph cannot be loaded.
    """
    from smn.clean.checks.image_quality import value_names

    names = () if bundle is None else value_names()
    folder = cache / _version_of(bundle, names)
    arrays = _Arrays(manifest, names)
    for shard in read_shards(folder):
        arrays.add(shard)
    missing, total = arrays.missing(), arrays.distinct
    done = total - len(missing)
    progress(what, done, total)
    waiting: list[Measurement] = []
    for measurement in _measure_rows(manifest, missing, bundle=bundle, on_failure=arrays.fail) if missing else ():
        if measurement is not None:
            waiting.append(measurement)
        done += 1
        if waiting and (len(waiting) == _SHARD or done == total):
            shard = make_shard(waiting)
            write_shard(folder, shard)
            arrays.add(shard)
            waiting.clear()
        progress(what, done, total)
    return arrays.finish(() if bundle is None else bundle.labels)


class _Arrays:
    """The arrays of a `Measured` while they are filled, shard by shard."""

    def __init__(self, manifest: Manifest, names: Sequence[str]) -> None:
        self._manifest, self._names = manifest, names
        self._keys = [str(digest).encode()[:64] for digest in manifest.column("sha256")]
        self._rows: dict[bytes, list[int]] = {}
        for row, key in enumerate(self._keys):
            self._rows.setdefault(key, []).append(row)
        self._reasons: list[str | None] = [None] * len(manifest)
        self._known = np.zeros(len(manifest), dtype=np.bool_)
        self._arrays: dict[str, Any] = {}

    @property
    def distinct(self) -> int:
        """How many distinct pictures there are."""
        return len(self._rows)

    def missing(self) -> list[int]:
        """A row of each picture that no shard holds."""
        return [rows[0] for rows in self._rows.values() if not self._known[rows[0]]]

    def add(self, shard: Shard) -> None:
        """Copy what a shard holds of this manifest into its rows."""
        pairs = [(at, row) for at, key in enumerate(shard.sha256.tolist()) for row in self._rows.get(key, ())]
        at, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        for name in ("pixels", "hashes", "values", "logits", "painting", "embedding"):
            values = getattr(shard, name)
            if name not in self._arrays:
                # What is not measured is NaN, or zero where the type has no NaN.
                nothing = np.nan if values.dtype == np.float32 else np.zeros((), values.dtype)
                self._arrays[name] = np.full((len(self._manifest), *values.shape[1:]), nothing, values.dtype)
            self._arrays[name][rows] = values[at]
        self._known[rows] = True

    def fail(self, row: int, reason: str) -> None:
        """Note why a row's picture cannot be read."""
        for same in self._rows[self._keys[row]]:
            self._reasons[same] = reason

    def finish(self, labels: tuple[str, ...]) -> Measured:
        """Everything, when every picture was either added or failed."""
        if not self._arrays:  # not one picture can be read
            self.add(empty_shard(values=len(self._names), labels=len(labels)))
        arrays = dict(self._arrays)
        values = arrays.pop("values")
        return Measured(
            manifest=self._manifest,
            reasons=self._reasons,
            values={"broken": self._known.astype(np.float32)}
            | {name: values[:, at] for at, name in enumerate(self._names)},
            labels=labels,
            **arrays,
        )


def _measure_rows(
    manifest: Manifest, rows: Sequence[int], *, bundle: Bundle | None, on_failure: Callable[[int, str], None]
) -> Iterator[Measurement | None]:
    """Measure each row's picture; None for those that cannot be read, after ``on_failure`` was called."""
    # Decoding and the network wait for each other: each gets half of the cores.
    runtime = None if bundle is None else Runtime(bundle, threads=max(1, (os.cpu_count() or 1) // 2))
    digests = manifest.column("sha256")
    batch: list[tuple[str, _Decoded]] = []
    for row, decoded in _decode_rows(manifest, rows, bundle=bundle):
        if isinstance(decoded, str):
            on_failure(row, decoded)
            yield None
            continue
        batch.append((digests[row], decoded))
        if len(batch) == _BATCH:
            yield from _run_batch(runtime, batch)
            batch.clear()
    if batch:
        yield from _run_batch(runtime, batch)


def _run_batch(runtime: Runtime | None, batch: Sequence[tuple[str, _Decoded]]) -> Iterator[Measurement]:
    if runtime is None:
        for digest, (pixels, hashes, values, _) in batch:
            yield Measurement(digest, pixels, hashes, values, _EMPTY, np.nan, _EMPTY.astype(np.float16))
        return
    outputs = runtime.run(np.stack([image for _, (_, _, _, image) in batch]))
    painting = outputs.painting.reshape(-1)
    embedding = np.clip(outputs.embedding, -_MAX_FLOAT16, _MAX_FLOAT16).astype(np.float16)
    for at, (digest, (pixels, hashes, values, _)) in enumerate(batch):
        yield Measurement(digest, pixels, hashes, values, outputs.logits[at], float(painting[at]), embedding[at])


def _decode_rows(
    manifest: Manifest, rows: Sequence[int], *, bundle: Bundle | None
) -> Iterator[tuple[int, _Decoded | str]]:
    """Decode the rows' pictures in a few threads, ahead of use and in order; the reason where one cannot be read."""
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    waiting: deque[tuple[int, Future[_Decoded | str]]] = deque()
    try:
        for row in rows:
            try:
                waiting.append((row, pool.submit(_decode, manifest.picture(row), bundle)))
            except ManifestError as error:
                yield row, str(error)
            if len(waiting) > _PREFETCH:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _decode(source: bytes | Path, bundle: Bundle | None) -> _Decoded | str:
    from smn.clean.checks.image_quality import score_picture
    from smn.duplicates.hashing import hash_picture

    try:
        image = open_image(source)
    except ImageError as error:
        return error.reason
    if bundle is None:
        return _pixel_digest(image), hash_picture(image), _EMPTY, _EMPTY
    values = np.array(list(score_picture(image).values()), dtype=np.float32)
    return _pixel_digest(image), hash_picture(image), values, bundle.preprocess.apply(image)


def _pixel_digest(image: Image.Image) -> str:
    """A digest of size and pixels, 32 hex digits."""
    digest = hashlib.sha256(f"{image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()[:32]


def _version_of(bundle: Bundle | None, names: Sequence[str]) -> str:
    """The cache's key of model, preprocessing and version."""
    model = [] if bundle is None else [bundle.model_sha256, bundle.preprocess.to_dict()]
    made_by = [VERSION, *model, list(names)]
    return hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:16]


def make_shard(measurements: Sequence[Measurement]) -> Shard:
    """The shard that holds these measurements."""
    return Shard(
        **{name: np.array([getattr(one, name) for one in measurements], dtype=kind) for name, kind in _DTYPES.items()}
    )


def empty_shard(*, values: int, labels: int) -> Shard:
    """A shard of no pictures."""
    shapes = {"hashes": (0, 4), "values": (0, values), "logits": (0, labels), "embedding": (0, 0)}
    return Shard(**{name: np.zeros(shapes.get(name, (0,)), dtype=kind) for name, kind in _DTYPES.items()})


def write_shard(folder: Path, shard: Shard) -> Path:
    """Write a shard atomically, under a name made of its pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(shard.sha256.tobytes()).hexdigest()[:16]
    file = folder / f"{name}.npz"
    partial = folder / f"{name}.{os.getpid()}.partial"
    with partial.open("wb") as stream:
        np.savez(stream, **{name: getattr(shard, name) for name in _DTYPES})
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, file)
    return file


def read_shards(folder: Path) -> Iterator[Shard]:
    """The shards in a folder, one at a time. A damaged one is skipped: its pictures are measured again."""
    for file in sorted(folder.glob("*.npz")):
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                shard = Shard(**{name: arrays[name] for name in _DTYPES})
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            continue
        yield shard
