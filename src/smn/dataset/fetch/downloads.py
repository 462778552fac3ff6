"""Has pictures one by one, several at a time: asks, proves that it is a picture, stores it."""

import hashlib
import queue
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from smn.dataset.fetch.candidate import Candidate
from smn.dataset.fetch.http import Client, Download, Stopped
from smn.dataset.fetch.journal import Missed, Stored
from smn.dataset.picture_store import measure_picture, store_picture
from smn.errors import FetchError, ImageError

_storing = threading.Lock()  # two threads may have had the same picture
_CHECKSUMS = ("sha256", "sha1", "md5")


def fetch_picture(candidate: Candidate, out: Path, *, client: Client, before: Stored | None = None) -> Stored | Missed:
    """Have one picture and store it below ``out/images``.

    Args:
        candidate: what to have.
        out: the fetch's folder.
        client: the way to the web.
        before: what is stored of it already; then it is had only if it changed.

    Returns:
        What is stored, or why nothing is.

    Raises:
        Stopped: the fetch is being stopped.
        OSError: the disk is full, or the folder cannot be written.
    """
    try:
        got = _get(candidate, client, before)
        if got.data is None and before is not None:
            return Stored(**{**vars(before), "retrieved_at": _now(), "etag": got.etag, "modified": got.modified})
        data = got.data or b""
        _check_sum(data, candidate.checksum)
        measured = measure_picture(data)
        with _storing:
            file = store_picture(data, out / "images", sha256=measured.sha256)
    except FetchError as error:
        return Missed(
            candidate.id,
            error.reason,
            passing=error.status is None or error.status in (403, 408, 429, *range(500, 600)),
        )
    except ImageError as error:
        return Missed(candidate.id, error.reason)
    place = file.relative_to(out).as_posix()
    return Stored(
        id=candidate.id, path=place, size=len(data), retrieved_at=_now(), etag=got.etag, modified=got.modified,
        **vars(measured),
    )  # fmt: skip


class Downloads:
    """Threads that have pictures; results come in the order in which they are ready. A context manager.

    The threads are daemons: when the program is interrupted it ends at once, and what was under way is asked for again.

    Args:
        work: has one picture.
        threads: how many at once.
    """

    def __init__(self, work: Callable[[Candidate], Stored | Missed], *, threads: int) -> None:
        self.under_way = 0
        self._work = work
        self._threads = threads
        self._jobs: queue.SimpleQueue[Candidate | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[Stored | Missed | BaseException] = queue.SimpleQueue()

    def __enter__(self) -> "Downloads":
        for number in range(self._threads):
            threading.Thread(target=self._run, name=f"fetch-{number}", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for _number in range(self._threads):
            self._jobs.put(None)

    def submit(self, candidate: Candidate) -> None:
        """Have a picture soon."""
        self.under_way += 1
        self._jobs.put(candidate)

    def result(self) -> Stored | Missed:
        """The next result; waits for it.

        Raises:
            Exception: whatever went wrong beside the picture itself, such as a full disk.
        """
        result = self._results.get()
        self.under_way -= 1
        if isinstance(result, BaseException):
            raise result
        return result

    def is_ready(self) -> bool:
        """Whether a result can be had without waiting."""
        return not self._results.empty()

    def _run(self) -> None:
        while (candidate := self._jobs.get()) is not None:
            try:
                self._results.put(self._work(candidate))
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - raised again in `result`
                self._results.put(error)


def _get(candidate: Candidate, client: Client, before: Stored | None) -> Download:
    if candidate.image is not None:
        return Download(candidate.image)
    if candidate.address is None or not candidate.address.startswith(("http://", "https://")):
        raise ImageError(
            f"Its address {candidate.address!r} is no web address; it must begin with https:// or http://."
        )
    if before is None:
        return client.download(candidate.address)
    return client.download(candidate.address, etag=before.etag, modified=before.modified)


def _check_sum(data: bytes, wanted: str | None) -> None:
    if wanted is None:
        return
    kind, _, digest = wanted.partition(":")
    if kind not in _CHECKSUMS:
        raise ImageError(f"Its checksum {wanted!r} is of no kind that smn knows; use {', '.join(_CHECKSUMS)}.")
    found = hashlib.new(kind, data, usedforsecurity=False).hexdigest()
    if found != digest.casefold():
        raise ImageError(
            f"Its {kind} is {found}, not {digest} as the source says; it was changed or damaged on its way."
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
