"""Fetches a source's pictures: lists, downloads concurrently, verifies and stores them; resumes a stopped run."""

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from smn.dataset.fetch.collection import FETCH_REPORTS, PUBLIC_DOMAIN, Collection, FetchReport, check_manifest, refuse
from smn.dataset.fetch.fetch_source import Candidate, FetchSource, Flaw, Limits, Page, Politeness, Query
from smn.dataset.fetch.http import Client, Download, Stopped
from smn.dataset.fetch.journal import Journal, Missed, Stored, claim_folder, tidy_folder
from smn.dataset.label_map import LabelMap
from smn.dataset.picture_store import measure_picture, store_picture
from smn.dataset.reports import write_reports
from smn.errors import FetchError, ImageError, InputError
from smn.extras import require_extra
from smn.progress import Progress

_MAX_FAILURES = 10  # of the server, one after another, after which a fetch stops

_storing = threading.Lock()  # two threads may download the same picture
_CHECKSUMS = ("sha256", "sha1", "md5")


def fetch_dataset(
    source: FetchSource,
    query: Query,
    out: str | Path,
    *,
    limit: int | None = None,
    licence: str | None = None,
    mapping: Mapping[str, str] | None = None,
    refresh: bool = False,
    politeness: Politeness | None = None,
    contact: str | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> FetchReport:
    """Fetch pictures and their metadata into a folder with a manifest; the same call continues a stopped one.

    A journal in the folder records what has been listed and downloaded, so that nothing is downloaded twice or lost,
    whenever the process ends. Failed downloads are reported, and retried by the next call. Once the list has been read
    to its end, a further call only does that, unless ``refresh``.

    Args:
        source: from `smn.dataset.fetch.get_source`, or one of your own.
        query: the query.
        out: the folder; made if it is not there.
        limit: the most pictures of all calls together; a later call may raise it.
        licence: ``public-domain`` to fetch only what is free everywhere, or None.
        mapping: raw label to movement, before smn's own names and aliases.
        refresh: read the list again, and download every stored picture that has changed.
        politeness: rate and connections, if not the source's own.
        contact: e-mail or web address for the User-Agent.
        limits: when to give up on a request.
        progress: called after every picture.

    Returns:
        The report of all calls together; also written to ``out`` as JSON and Markdown.

    Raises:
        InputError: the source cannot answer the query, the folder holds another fetch, or the disk is full.
        OutputExistsError: the folder holds a manifest that is not this fetch's, or that was changed.
        FetchError: the list cannot be read, or the server no longer answers; what is stored is kept.
        MissingExtraError: the extra ``fetch`` is not installed.

    Example:
        >>> report = fetch_dataset(get_source("aic"), Query(search="Monet"), "data/monet", limit=50)  # doctest: +SKIP
    """
    require_extra("data", "pyarrow")
    out = Path(out)
    query = replace(query, public_domain=query.public_domain or licence == PUBLIC_DOMAIN)
    source.check(query)
    labels = LabelMap(mapping)
    politeness = politeness or source.politeness
    with _disk(out), Client(politeness, contact=contact, limits=limits) as client:
        identity = claim_folder(out, source=source.name, query=query, licence=licence)
        with Journal(out / "fetch-journal.jsonl") as journal:
            check_manifest(out / "manifest.parquet", journal)
            tidy_folder(out, journal)
            if refresh:
                journal.note_refresh()
            client.remember_hosts(address for name in journal.stored if (address := journal.candidates[name].address))
            run = _Fetch(source, query, out, client=client, journal=journal, limit=limit, licence=licence)
            run.run(progress, threads=politeness.connections)
            collection = Collection(journal, source=source.name, labels=labels, licence=licence)
            report = collection.report(out / "manifest.parquet", requests=client.requests, received=client.received)
            write_reports(report, out, names=FETCH_REPORTS)
            if not report.rows:
                raise InputError(_explain_empty(report, out))
            made_by = {"command": "dataset fetch", **identity, "map": dict(mapping or {})}
            collection.write(report.manifest, made_by=made_by)
    return report


class Downloads:
    """A pool of download threads; results come in the order in which they are ready. A context manager.

    The threads are daemons: an interrupted program ends at once, and the next run repeats what was under way.

    Args:
        work: downloads one picture.
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
        """Queue a picture."""
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
        """Whether a result is ready."""
        return not self._results.empty()

    def _run(self) -> None:
        while (candidate := self._jobs.get()) is not None:
            try:
                self._results.put(self._work(candidate))
            except Stopped:
                return
            except BaseException as error:  # noqa: BLE001 - raised again in `result`
                self._results.put(error)


class _Fetch:
    """One run of a fetch."""

    def __init__(
        self,
        source: FetchSource,
        query: Query,
        out: Path,
        *,
        client: Client,
        journal: Journal,
        limit: int | None,
        licence: str | None,
    ) -> None:
        self._source, self._query, self._out, self._client = source, query, out, client
        self._journal, self._limit, self._licence = journal, limit, licence
        self._contents = {stored.sha256 for stored in journal.stored.values()}
        self._new: set[str] = set()  # under way, and not stored yet
        self._failures = 0
        self._progress: Progress | None = None

    def run(self, progress: Progress | None, *, threads: int) -> None:
        self._progress = progress
        with Downloads(self._download, threads=threads) as downloads:
            for candidate in self._offers(downloads):
                if candidate.id not in self._journal.stored and not self._has_room(downloads):
                    if self._journal.is_refreshing:
                        continue
                    return
                while downloads.under_way >= 2 * threads:
                    self._take(downloads)
                if candidate.id not in self._journal.stored:
                    self._new.add(candidate.id)
                downloads.submit(candidate)
                while downloads.is_ready():
                    self._take(downloads)
            self._finish(downloads)

    def _offers(self, downloads: Downloads) -> Iterator[Candidate]:
        """The candidates to download: those left over, the rest of the list, those that an earlier run missed."""
        journal = self._journal
        missed = [name for name in journal.missed if name not in journal.stored and name in journal.candidates]
        yield from filter(self._is_wanted, journal.pending())
        if not journal.listed:
            pages = iter(self._source.pages(self._client, self._query, cursor=journal.cursor))
            while journal.is_refreshing or self._has_room(downloads):
                page = next(pages, None)
                if page is None:
                    break
                yield from self._read(page, downloads)
            else:
                return
            if not journal.listed:
                journal.note_cursor(None)
        yield from filter(self._is_wanted, [journal.candidates[name] for name in missed])

    def _read(self, page: Page, downloads: Downloads) -> Iterator[Candidate]:
        """A page's candidates. A page that holds the pictures themselves counts as read once they are stored."""
        journal = self._journal
        entries = [_require_picture(entry) for entry in page.entries]
        inside = {entry.id: entry for entry in entries if isinstance(entry, Candidate) and entry.image is not None}
        journal.note_entries(entries, total=page.total)
        if not inside:
            journal.note_cursor(page.cursor)
        for name in dict.fromkeys(entry.id for entry in entries if isinstance(entry, Candidate)):
            candidate = inside.get(name, journal.candidates[name])
            if journal.needs(name) and self._is_wanted(candidate):
                yield candidate
        if inside:
            self._finish(downloads)
            journal.note_cursor(page.cursor)

    def _is_wanted(self, candidate: Candidate) -> bool:
        """Whether it can be downloaded and passes the licence filter."""
        there = candidate.address is not None or candidate.image is not None
        return there and refuse(candidate, licence=self._licence) is None

    def _has_room(self, downloads: Downloads) -> bool:
        """Whether the limit allows one more; waits for those under way where they decide it."""
        if self._limit is None:
            return True
        while self._new and len(self._contents) + len(self._new) >= self._limit:
            self._take(downloads)
        return len(self._contents) < self._limit

    def _download(self, candidate: Candidate) -> Stored | Missed:
        before = self._journal.stored.get(candidate.id)
        return fetch_picture(candidate, self._out, client=self._client, before=before)

    def _finish(self, downloads: Downloads) -> None:
        while downloads.under_way:
            self._take(downloads)

    def _take(self, downloads: Downloads) -> None:
        """Record the next result, and stop where a server has failed too often in a row."""
        outcome = downloads.result()
        self._journal.note_outcome(outcome)
        self._new.discard(outcome.id)
        if isinstance(outcome, Stored):
            self._contents.add(outcome.sha256)
            self._failures = 0
        elif outcome.passing:
            self._failures += 1
        self._show_progress()
        if isinstance(outcome, Missed) and self._failures >= _MAX_FAILURES:
            address = self._journal.candidates[outcome.id].address or outcome.id
            raise FetchError(
                f"{self._failures} pictures in a row could not be downloaded, the last because: {outcome.reason} "
                f"{len(self._contents)} pictures are stored in {self._out}.",
                address=address,
            )

    def _show_progress(self) -> None:
        if self._progress is None:
            return
        journal = self._journal
        done = len(self._contents) if self._limit else len(journal.stored) + len(journal.missed)
        known = len(journal.candidates) if journal.listed else max(journal.total or 0, len(journal.candidates))
        total = known if self._limit is None else min(self._limit, known)
        self._progress("Fetching pictures", min(done, total), total)


def _require_picture(entry: Candidate | Flaw) -> Candidate | Flaw:
    """The entry; a flaw in place of a candidate that has neither an address nor a picture."""
    if isinstance(entry, Candidate) and entry.address is None and entry.image is None:
        return Flaw(entry.id, "The source gives no address of a picture.")
    return entry


def _explain_empty(report: FetchReport, out: Path) -> str:
    reasons = [*report.refused, *report.missed, *report.flawed]
    if not reasons:
        return f"{report.source} lists nothing for this question; ask for another movement, or search for less."
    return (
        f"None of the {report.listed} entries that {report.source} lists can be used; the first reason: "
        f"{reasons[0].reason} All reasons are in {out / 'fetch-report.md'}."
    )


@contextmanager
def _disk(out: Path) -> Iterator[None]:
    """Turn errors of the disk into one sentence."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}); make room or choose another --out, then run the "
            "same command again: what is stored is kept."
        ) from error


def fetch_picture(candidate: Candidate, out: Path, *, client: Client, before: Stored | None = None) -> Stored | Missed:
    """Download and verify one picture, and store it below ``out/images``.

    Args:
        candidate: the picture.
        out: the fetch's folder.
        client: the HTTP client.
        before: what is stored of it already; then it is downloaded only if it changed.

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
        _check_checksum(data, candidate.checksum)
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


def _check_checksum(data: bytes, wanted: str | None) -> None:
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
