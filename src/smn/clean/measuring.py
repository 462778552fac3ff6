"""Measures every picture of a manifest, once: decoding, the checks of one picture, hashes and the network's outputs."""

import hashlib
import json
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle
from smn.clean.parts import Look, Part, blank_part, make_part, read_parts, write_part
from smn.clean.scores import Floats, Measured, Progress
from smn.errors import ImageError, ManifestError
from smn.images import open_image
from smn.manifest import Manifest
from smn.runtime import Runtime

VERSION = 1
"""The version of everything that is measured: where a score or a hash changes, raise it, and all is measured anew."""

_BATCH = 16  # pictures that the network sees at once
_PART = 256  # pictures that a part on disk holds
_AHEAD = 48  # pictures that are decoded ahead of the network
_HALF = 65504.0  # the largest float16

_Seen = tuple[str, NDArray[np.uint64], Floats, Floats]
"""Of one decoded picture: digest of its pixels, hashes, values, and the network's input; the last two may be empty."""

_NOTHING = np.zeros(0, np.float32)


def measure(
    manifest: Manifest, *, bundle: Bundle | None, cache: Path, progress: Progress, what: str = "Measuring pictures"
) -> Measured:
    """Measure every picture of a manifest.

    What was measured is kept in ``cache``, by the SHA-256 of the encoded picture and by what measured it, and is not
    measured again: not after a kill, not in a changed manifest, not in another manifest that uses the same folder. A
    picture that cannot be read is tried again every time.

    Args:
        manifest: N rows.
        bundle: the model that looks at them; None measures only what copies are found by without one, pixels and
            hashes, in a fraction of the time: no values, labels and features then.
        cache: folder of what has been measured.
        progress: called after each picture.
        what: for ``progress``.

    Raises:
        BundleError: the bundle's graph cannot be loaded.
    """
    from smn.clean.pictures import value_names

    names = () if bundle is None else value_names()
    folder = cache / _version_of(bundle, names)
    gathered = _Gathered(manifest, names)
    for part in read_parts(folder):
        gathered.add(part)
    missing, total = gathered.missing(), gathered.different
    done = total - len(missing)
    progress(what, done, total)
    looks: list[Look] = []
    for look in _look_at_all(manifest, missing, bundle=bundle, refuse=gathered.refuse) if missing else ():
        if look is not None:
            looks.append(look)
        done += 1
        if looks and (len(looks) == _PART or done == total):
            part = make_part(looks)
            write_part(folder, part)
            gathered.add(part)
            looks.clear()
        progress(what, done, total)
    return gathered.finish(() if bundle is None else bundle.labels)


class _Gathered:
    """The arrays of a `Measured` while they are filled, part by part."""

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
    def different(self) -> int:
        """How many different pictures there are."""
        return len(self._rows)

    def missing(self) -> list[int]:
        """A row of each picture that no part held."""
        return [rows[0] for rows in self._rows.values() if not self._known[rows[0]]]

    def add(self, part: Part) -> None:
        """Put what a part holds of this manifest into its rows."""
        pairs = [(at, row) for at, key in enumerate(part.sha256.tolist()) for row in self._rows.get(key, ())]
        at, rows = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        for name in ("pixels", "hashes", "values", "logits", "painting", "embedding"):
            values = getattr(part, name)
            if name not in self._arrays:
                # What is not measured is not a number, or nothing where the kind knows no such thing.
                nothing = np.nan if values.dtype == np.float32 else np.zeros((), values.dtype)
                self._arrays[name] = np.full((len(self._manifest), *values.shape[1:]), nothing, values.dtype)
            self._arrays[name][rows] = values[at]
        self._known[rows] = True

    def refuse(self, row: int, reason: str) -> None:
        """Note why a row's picture cannot be read."""
        for same in self._rows[self._keys[row]]:
            self._reasons[same] = reason

    def finish(self, labels: tuple[str, ...]) -> Measured:
        """Everything, when every picture was either added or refused."""
        if not self._arrays:  # not one picture can be read
            self.add(blank_part(values=len(self._names), labels=len(labels)))
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


def _look_at_all(
    manifest: Manifest, rows: Sequence[int], *, bundle: Bundle | None, refuse: Callable[[int, str], None]
) -> Iterator[Look | None]:
    """What there is to see in each row's picture; None for those that cannot be read, which are refused."""
    # The network waits for decoding as decoding waits for it: each gets half of the cores.
    runtime = None if bundle is None else Runtime(bundle, threads=max(1, (os.cpu_count() or 1) // 2))
    digests = manifest.column("sha256")
    batch: list[tuple[str, _Seen]] = []
    for row, seen in _see_all(manifest, rows, bundle=bundle):
        if isinstance(seen, str):
            refuse(row, seen)
            yield None
            continue
        batch.append((digests[row], seen))
        if len(batch) == _BATCH:
            yield from _ask(runtime, batch)
            batch.clear()
    if batch:
        yield from _ask(runtime, batch)


def _ask(runtime: Runtime | None, batch: Sequence[tuple[str, _Seen]]) -> Iterator[Look]:
    if runtime is None:
        for digest, (pixels, hashes, values, _) in batch:
            yield Look(digest, pixels, hashes, values, _NOTHING, np.nan, _NOTHING.astype(np.float16))
        return
    outputs = runtime.run(np.stack([image for _, (_, _, _, image) in batch]))
    painting = outputs.painting.reshape(-1)
    embedding = np.clip(outputs.embedding, -_HALF, _HALF).astype(np.float16)
    for at, (digest, (pixels, hashes, values, _)) in enumerate(batch):
        yield Look(digest, pixels, hashes, values, outputs.logits[at], float(painting[at]), embedding[at])


def _see_all(manifest: Manifest, rows: Sequence[int], *, bundle: Bundle | None) -> Iterator[tuple[int, _Seen | str]]:
    """Decode the rows' pictures in a few threads, some way ahead, in order."""
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    waiting: deque[tuple[int, Future[_Seen | str]]] = deque()
    try:
        for row in rows:
            try:
                waiting.append((row, pool.submit(_see, manifest.picture(row), bundle)))
            except ManifestError as error:
                yield row, str(error)
            if len(waiting) > _AHEAD:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _see(source: bytes | Path, bundle: Bundle | None) -> _Seen | str:
    from smn.clean.pictures import score_picture
    from smn.duplicates.hashing import hash_picture

    try:
        image = open_image(source)
    except ImageError as error:
        return error.reason
    if bundle is None:
        return _pixel_digest(image), hash_picture(image), _NOTHING, _NOTHING
    values = np.array(list(score_picture(image).values()), dtype=np.float32)
    return _pixel_digest(image), hash_picture(image), values, bundle.preprocess.apply(image)


def _pixel_digest(image: Image.Image) -> str:
    """32 hex digits that are equal where size and pixels are."""
    digest = hashlib.sha256(f"{image.width} {image.height} ".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()[:32]


def _version_of(bundle: Bundle | None, names: Sequence[str]) -> str:
    """A name that changes whenever a picture would be measured otherwise."""
    model = [] if bundle is None else [bundle.model_sha256, bundle.preprocess.to_dict()]
    made_by = [VERSION, *model, list(names)]
    return hashlib.sha256(json.dumps(made_by, sort_keys=True).encode()).hexdigest()[:16]
