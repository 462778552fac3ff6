"""Reads the pictures of a manifest's rows in a few threads; a bad one becomes a failure with its reason."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.errors import ImageError, ManifestError
from smn.images import open_image

if TYPE_CHECKING:
    from smn.manifest import Manifest
    from smn.progress import Progress

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Failure:
    """A picture that could not be read.

    Args:
        id: its row's id, or its path; None where it has neither.
        reason: what is wrong with it, one sentence.
    """

    id: str | None
    reason: str


def choose_threads() -> int:
    """How many pictures to look at at the same time: one for each processor that may be used, 8 at most."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, usable)


def map_ahead(function: Callable[[S], T], items: Iterable[S], *, ahead: int, threads: int | None = None) -> Iterator[T]:
    """Apply a function to items in a few threads and yield the results in the items' order.

    Args:
        function: called in threads.
        items: taken one by one, no more than ``ahead`` further than the result that is waited for.
        ahead: how many results may wait to be asked for, 0 or more.
        threads: how many; None for `choose_threads`.
    """
    pool = ThreadPoolExecutor(threads or choose_threads())
    waiting: deque[Future[T]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def read_pictures(
    manifest: "Manifest",
    rows: NDArray[np.int64],
    convert: Callable[[Image.Image], T],
    *,
    reduce_to: int | None,
    title: str,
    on_progress: "Progress | None" = None,
    ahead: int = 64,
) -> Iterator[T | Failure]:
    """Open the pictures of some rows, in order.

    Args:
        manifest: where the rows are.
        rows: (N,), their numbers.
        convert: what to make of each upright RGB picture; called in threads.
        reduce_to: the shorter side, in pixels, that ``convert`` needs; None for the whole picture.
        title: what is being read, for ``on_progress``.
        on_progress: called after each picture.
        ahead: how many pictures may be converted before they are asked for.

    Yields:
        N times what ``convert`` made, or a failure.
    """
    ids = manifest.column("id")

    def list_sources() -> Iterator[tuple[str, bytes | Path | ManifestError]]:
        for row in rows.tolist():
            try:
                yield ids[row], manifest.picture(row)
            except ManifestError as error:
                yield ids[row], error

    def read(item: tuple[str, bytes | Path | ManifestError]) -> T | Failure:
        name, source = item
        if isinstance(source, ManifestError):
            return Failure(name, str(source))
        try:
            return convert(open_image(source, reduce_to=reduce_to))
        except ImageError as error:
            return Failure(name, str(error))

    for done, result in enumerate(map_ahead(read, list_sources(), ahead=ahead), start=1):
        yield result
        if on_progress is not None:
            on_progress(title, done, len(rows))


class OpenedRows(Sequence[Image.Image]):
    """The pictures of some rows as a sequence that opens each when it is asked for.

    Args:
        manifest: where the rows are.
        rows: their numbers.
    """

    def __init__(self, manifest: "Manifest", rows: Sequence[int]) -> None:
        self._manifest, self._rows = manifest, rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Image.Image: ...
    @overload
    def __getitem__(self, place: slice) -> "OpenedRows": ...
    def __getitem__(self, place: int | slice) -> "Image.Image | OpenedRows":
        """An upright RGB picture.

        Raises:
            ImageError: it cannot be read.
        """
        if isinstance(place, slice):
            return OpenedRows(self._manifest, self._rows[place])
        return open_image(self._manifest.picture(int(self._rows[place])))
