"""Fetches pictures: reads a source's list, has the pictures, and continues where it was stopped."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from smn.dataset.fetch.candidate import Candidate, FetchSource, Flaw, Page, Politeness, Query
from smn.dataset.fetch.collecting import PUBLIC_DOMAIN, Collection, check_manifest, refuse
from smn.dataset.fetch.downloads import Downloads, fetch_picture
from smn.dataset.fetch.http import Client, Limits
from smn.dataset.fetch.journal import Journal, Missed, Stored
from smn.dataset.fetch.report import REPORTS, FetchReport
from smn.dataset.label_map import LabelMap
from smn.dataset.reports import write_reports
from smn.errors import FetchError, InputError, OutputExistsError
from smn.extras import require_extra

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and how much there is."""

_IN_A_ROW = 10  # servers' faults, one after another, after which a fetch stops


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
    """Fetch pictures and what is known of them into a folder with a manifest; the same call continues a stopped one.

    A journal in the folder holds what has been listed and had, so nothing is had twice and nothing is lost, whenever
    the process ends. Pictures that could not be had are reported, and tried again by the next call. Once the list is
    at its end, a further call only does that, unless ``refresh``.

    Args:
        source: from `smn.dataset.fetch.registry.get_source`, or one of your own.
        query: what it is asked for.
        out: the folder; made if it is not there.
        limit: at most so many pictures, in all calls together; a later call may raise it.
        licence: ``public-domain`` to have only what is free everywhere, or None.
        mapping: raw label to movement, before smn's own names and aliases.
        refresh: read the list anew, and ask for every stored picture again, if it changed.
        politeness: how to ask, if not as the source wants it.
        contact: e-mail or web address for the User-Agent.
        limits: when to give up on a request.
        progress: called after every picture.

    Returns:
        What was done, all calls together; also written to ``out`` as JSON and Markdown.

    Raises:
        InputError: the source cannot answer the query, the folder holds another fetch, or the disk is full.
        OutputExistsError: the folder holds a manifest that is not this fetch's, or that was changed.
        FetchError: the list cannot be had, or the server no longer answers; what is stored is kept.
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
        identity = json.loads(json.dumps({"source": source.name, "query": asdict(query), "licence": licence}))
        _claim(out, identity)
        with Journal(out / "fetch-journal.jsonl") as journal:
            check_manifest(out / "manifest.parquet", journal)
            _tidy(out, journal)
            if refresh:
                journal.note_refresh()
            client.remember_hosts(address for name in journal.stored if (address := journal.candidates[name].address))
            run = _Fetch(source, query, out, client=client, journal=journal, limit=limit, licence=licence)
            run.run(progress, threads=politeness.connections)
            collection = Collection(journal, source=source.name, labels=labels, licence=licence)
            report = collection.report(out / "manifest.parquet", requests=client.requests, received=client.received)
            write_reports(report, out, names=REPORTS)
            if not report.rows:
                raise InputError(_nothing(report, out))
            made_by = {"command": "dataset fetch", **identity, "map": dict(mapping or {})}
            collection.write(report.manifest, made_by=made_by)
    return report


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
        self._in_a_row = 0
        self._progress: Progress | None = None

    def run(self, progress: Progress | None, *, threads: int) -> None:
        self._progress = progress
        with Downloads(self._have, threads=threads) as downloads:
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
        """What is to be had: what an earlier run left over, the rest of the list, what an earlier run missed."""
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
        """A page's candidates. Where it brought the pictures themselves, it counts as read once they are stored."""
        journal = self._journal
        entries = [_without_nothing(entry) for entry in page.entries]
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
        """Whether to have it: it is there to be had, and the licence filter lets it through."""
        there = candidate.address is not None or candidate.image is not None
        return there and refuse(candidate, licence=self._licence) is None

    def _has_room(self, downloads: Downloads) -> bool:
        """Whether one more may be had; waits for those under way where they decide it."""
        if self._limit is None:
            return True
        while self._new and len(self._contents) + len(self._new) >= self._limit:
            self._take(downloads)
        return len(self._contents) < self._limit

    def _have(self, candidate: Candidate) -> Stored | Missed:
        before = self._journal.stored.get(candidate.id)
        return fetch_picture(candidate, self._out, client=self._client, before=before)

    def _finish(self, downloads: Downloads) -> None:
        while downloads.under_way:
            self._take(downloads)

    def _take(self, downloads: Downloads) -> None:
        """Write down the next result, and stop where a server answers nothing any more."""
        outcome = downloads.result()
        self._journal.note_outcome(outcome)
        self._new.discard(outcome.id)
        if isinstance(outcome, Stored):
            self._contents.add(outcome.sha256)
            self._in_a_row = 0
        elif outcome.passing:
            self._in_a_row += 1
        self._tell()
        if isinstance(outcome, Missed) and self._in_a_row >= _IN_A_ROW:
            address = self._journal.candidates[outcome.id].address or outcome.id
            raise FetchError(
                f"{self._in_a_row} pictures in a row could not be had, the last because: {outcome.reason} "
                f"{len(self._contents)} pictures are stored in {self._out}.",
                address=address,
            )

    def _tell(self) -> None:
        if self._progress is None:
            return
        journal = self._journal
        done = len(self._contents) if self._limit else len(journal.stored) + len(journal.missed)
        known = len(journal.candidates) if journal.listed else max(journal.total or 0, len(journal.candidates))
        total = known if self._limit is None else min(self._limit, known)
        self._progress("Fetching pictures", min(done, total), total)


def _without_nothing(entry: Candidate | Flaw) -> Candidate | Flaw:
    """A candidate that has neither an address nor a picture is none."""
    if isinstance(entry, Candidate) and entry.address is None and entry.image is None:
        return Flaw(entry.id, "The source gives no address of a picture.")
    return entry


def _nothing(report: FetchReport, out: Path) -> str:
    reasons = [*report.refused, *report.missed, *report.flawed]
    if not reasons:
        return f"{report.source} lists nothing for this question; ask for another movement, or search for less."
    return (
        f"None of the {report.listed} entries that {report.source} lists can be used; the first reason: "
        f"{reasons[0].reason} All reasons stand in {out / 'fetch-report.md'}."
    )


def _claim(out: Path, identity: Mapping[str, Any]) -> None:
    """Make the folder this fetch's own, or find that it is.

    Raises:
        InputError: it is another's that has begun.
        OutputExistsError: it holds a manifest, and no fetch.
    """
    file, journal = out / "fetch.json", out / "fetch-journal.jsonl"
    has_begun = journal.exists() and journal.stat().st_size > 0
    there = _read_identity(file)
    if there == identity:
        return
    if there is not None and has_begun:
        raise InputError(
            f"{out} holds another fetch ({', '.join(_flat(there))}) than asked for here "
            f"({', '.join(_flat(identity))}); choose another --out, or give the same options to continue that one."
        )
    for name in ("manifest.parquet", *(() if there else (journal.name,))):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    out.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name("fetch.json.partial")
    fresh.write_text(json.dumps(identity, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    os.replace(fresh, file)


def _read_identity(file: Path) -> Any:
    """What a folder's fetch was asked for; None where there is none."""
    if not file.exists():
        return None
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{file} cannot be read ({error}); fetch into another folder.") from error


def _flat(identity: Mapping[str, Any]) -> list[str]:
    """What a fetch was asked for, as ``name=value``, without what was not said."""
    values = {name: value for name, value in identity.items() if name != "query"} | dict(identity.get("query", {}))
    return [
        f"{name}={json.dumps(value)}" for name, value in sorted(values.items()) if value not in (None, [], {}, False)
    ]


def _tidy(out: Path, journal: Journal) -> None:
    """Remove what a kill left half written, and have pictures again whose files are gone."""
    for partial_file in (out / "images").glob("*/*.partial"):
        with suppress(FileNotFoundError):
            partial_file.unlink()
    journal.forget_lost_files(out)


@contextmanager
def _disk(out: Path) -> Iterator[None]:
    """Turns faults of the disk into one sentence."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror or error}); make room or choose another --out, then run the "
            "same command again: what is stored is kept."
        ) from error
