"""One cached pass over a manifest's pictures: image quality, perceptual hashes and the network's outputs."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle
from smn.bundle.runtime import Runtime
from smn.errors import ImageError, ManifestError
from smn.feature_cache import FeatureCache, FeatureSet
from smn.images import open_image
from smn.manifest import Manifest
from smn.progress import Progress

VERSION = 1
"""The version of all that is measured: raise it where a score or a hash changes, and the cache is not used any more."""

Floats = NDArray[np.float32]

_BATCH = 16  # pictures of one run of the network
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
        cache: folder of the cache, see `smn.feature_cache`.
        progress: called after each batch of pictures.
        what: for ``progress``.

    Raises:
        BundleError: the bundle's graph cannot be loaded.
    """
    from smn.clean.checks.image_quality import value_names

    names = () if bundle is None else value_names()
    # Decoding and the network wait for each other: each gets half of the cores.
    runtime = None if bundle is None else Runtime(bundle, threads=max(1, (os.cpu_count() or 1) // 2))
    contents = [str(digest) for digest in manifest.column("sha256")]
    reasons: dict[str, str] = {}
    with FeatureCache(cache, _describe(bundle, runtime, names)) as stored:
        found, missing = stored.read(contents)
        done, total = len(set(contents)) - len(missing), len(set(contents))
        progress(what, done, total)
        waiting = [places[0] for places in missing.values()]
        for batch in _measure_rows(manifest, waiting, bundle=bundle, runtime=runtime, dtype=found.dtype):
            if isinstance(batch, _Failed):
                reasons[contents[batch.row]] = batch.reason
                done += 1
            else:
                stored.write([contents[row] for row in batch.rows], batch.records)
                for row, record in zip(batch.rows, batch.records, strict=True):
                    found[missing.pop(contents[row])] = record
                done += len(batch.rows)
            progress(what, done, total)
    return _gather(manifest, found, [reasons.get(content) for content in contents], bundle=bundle, names=names)


@dataclass(frozen=True)
class _Failed:
    """A row whose picture cannot be read, and why."""

    row: int
    reason: str


@dataclass(frozen=True)
class _Batch:
    """Rows whose pictures were measured, and a record (n,) of each; see `_describe`."""

    rows: Sequence[int]
    records: NDArray[Any]


def _gather(
    manifest: Manifest,
    found: NDArray[Any],
    reasons: Sequence[str | None],
    *,
    bundle: Bundle | None,
    names: Sequence[str],
) -> Measured:
    """What was measured, row by row: what is not measured is NaN, or zero where the type has no NaN."""
    readable = np.array([reason is None for reason in reasons], dtype=np.bool_)
    arrays = {name: np.ascontiguousarray(found[name]) for name in found.dtype.names or ()}
    for name in ("values", "logits", "painting"):
        arrays[name][~readable] = np.nan
    values = arrays.pop("values")
    return Measured(
        manifest=manifest,
        reasons=reasons,
        values={"broken": readable.astype(np.float32)} | {name: values[:, at] for at, name in enumerate(names)},
        labels=() if bundle is None else bundle.labels,
        **arrays,
    )


def _measure_rows(
    manifest: Manifest, rows: Sequence[int], *, bundle: Bundle | None, runtime: Runtime | None, dtype: np.dtype[Any]
) -> Iterator[_Batch | _Failed]:
    """What is measured of the rows' pictures, in batches, and which of them cannot be read."""
    batch: list[tuple[int, _Decoded]] = []
    for row, decoded in _decode_rows(manifest, rows, bundle=bundle):
        if isinstance(decoded, str):
            yield _Failed(row, decoded)
            continue
        batch.append((row, decoded))
        if len(batch) == _BATCH:
            yield _run_batch(runtime, batch, dtype)
            batch.clear()
    if batch:
        yield _run_batch(runtime, batch, dtype)


def _run_batch(runtime: Runtime | None, batch: Sequence[tuple[int, _Decoded]], dtype: np.dtype[Any]) -> _Batch:
    records = np.zeros(len(batch), dtype=dtype)
    for at, (_, (pixels, hashes, values, _)) in enumerate(batch):
        records[at]["pixels"], records[at]["hashes"], records[at]["values"] = pixels, hashes, values
    if runtime is None:
        records["painting"] = np.nan
    else:
        outputs = runtime.run(np.stack([image for _, (_, _, _, image) in batch]))
        records["logits"], records["painting"] = outputs.logits, outputs.painting.reshape(-1)
        records["embedding"] = np.clip(outputs.embedding, -_MAX_FLOAT16, _MAX_FLOAT16)
    return _Batch([row for row, _ in batch], records)


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


def _describe(bundle: Bundle | None, runtime: Runtime | None, names: Sequence[str]) -> FeatureSet:
    """The feature set of everything that is measured of a picture."""
    facts: dict[str, Any] = {"values": list(names)}
    if bundle is not None:
        facts |= {"model": bundle.model_sha256, "preprocess": bundle.preprocess.to_dict()}
    labels, width = (0, 0) if bundle is None or runtime is None else (len(bundle.labels), runtime.width)
    dtype = np.dtype([
        ("pixels", "S32"), ("hashes", "<u8", (4,)), ("values", "<f4", (len(names),)), ("logits", "<f4", (labels,)),
        ("painting", "<f4"), ("embedding", "<f2", (width,)),
    ])  # fmt: skip
    return FeatureSet("checks of one picture", VERSION, facts, dtype)
