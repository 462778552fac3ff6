"""Reads a source's pages as tests want them: quickly, whole, and from every place at which a fetch may have stopped."""

import hashlib
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fetch_server import Answer, FetchServer, Request, painted_jpeg
from smn.dataset.fetch.fetch_source import Candidate, FetchSource, Flaw, Limits, Page, Politeness, Query
from smn.dataset.fetch.fetcher import fetch_dataset
from smn.dataset.fetch.http import Client
from smn.errors import FetchError
from smn.manifest import read_manifest


def quick_client() -> Client:
    """A client that waits for nothing."""
    return Client(Politeness(2000.0, connections=2), limits=Limits(attempts=2, back_off=0.001, read=5.0, connect=5.0))


def read_pages(source: FetchSource, query: Query, *, cursor: str | None = None) -> list[Page]:
    with quick_client() as http:
        return list(source.pages(http, query, cursor=cursor))


def read_until_ill(source: FetchSource, query: Query) -> list[Page]:
    """The pages before the one at which a service falls ill."""
    pages: list[Page] = []
    with quick_client() as http:
        try:
            pages.extend(source.pages(http, query))
        except FetchError:
            return pages
    raise AssertionError("the service did not fall ill")


def entries(pages: list[Page]) -> list[Candidate | Flaw]:
    return [entry for page in pages for entry in page.entries]


def candidates(pages: list[Page]) -> dict[str, Candidate]:
    return {entry.id: entry for entry in entries(pages) if isinstance(entry, Candidate)}


def flaws(pages: list[Page]) -> dict[str, str]:
    return {entry.id: entry.reason for entry in entries(pages) if isinstance(entry, Flaw)}


def assert_resumes(source: FetchSource, query: Query, *, pages: int) -> list[Page]:
    """The list from its beginning is the list so far and the list from there, wherever it is stopped."""
    whole = read_pages(source, query)
    assert len(whole) == pages
    assert whole[-1].cursor is None
    for place, page in enumerate(whole[:-1]):
        assert page.cursor is not None
        assert entries(read_pages(source, query, cursor=page.cursor)) == entries(whole[place + 1 :])
    names = [entry.id for entry in entries(whole)]
    assert len(names) == len(set(names))
    return whole


def answer_of(value: Any, *, status: int = 200, kind: str = "application/json; charset=utf-8") -> Answer:
    """JSON as museums send it: in UTF-8, not escaped."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), {"Content-Type": kind})


def html_answer(status: int = 200) -> Answer:
    """What stands between us and a service that is ill, or that thinks that we are."""
    return Answer(status, b"<!DOCTYPE html><html><title>Just a moment...</title></html>", {"Content-Type": "text/html"})


def paint(server: FetchServer, below: str) -> None:
    """Answer every address below a path with a picture of its own."""
    server.route(
        f"{below}/*",
        lambda request: Answer(200, painted_jpeg(zlib.crc32(request.path.encode())), {"Content-Type": "image/jpeg"}),
    )


def then(first: Answer, rest: Callable[[Request], Answer], *, at: int) -> Callable[[Request], Answer]:
    """Answers as ``rest``, but the request of number ``at`` (from 0) and every later one with ``first``."""
    seen = iter(range(10**6))
    return lambda request: first if next(seen) >= at else rest(request)


def fetch_rows(
    source: FetchSource, query: Query, out: Path, *, licence: str | None = None, limit: int | None = None
) -> dict[str, dict[str, Any]]:
    """Fetch into a folder for real, only without waiting, and give the manifest's rows by title."""
    hurried = replace(source.politeness, requests_per_second=2000.0)
    limits = Limits(attempts=2, back_off=0.001)
    fetch_dataset(source, query, out, licence=licence, limit=limit, politeness=hurried, limits=limits)
    table = read_manifest(out).table.to_pylist()
    for row in table:
        assert hashlib.sha256((out / row["path"]).read_bytes()).hexdigest() == row["sha256"]
        assert datetime.fromisoformat(row["retrieved_at"]).tzinfo is not None
    return {row["title"]: row for row in table}
