"""Estimates a fetch from the first page of the list and a few of its pictures; writes nothing."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from smn.dataset.fetch.collection import refuse
from smn.dataset.fetch.fetch_source import Candidate, FetchSource, Flaw, Limits, Page, Politeness, Query
from smn.dataset.fetch.http import Client
from smn.errors import FetchError

_TRIED = 3  # pictures


@dataclass(frozen=True)
class Estimate:
    """The estimate of a fetch, from the first page of the list.

    Args:
        source: its name.
        total: entries that the source says there are; None where it does not say.
        listed: entries on the first page.
        matching: of these, pictures that the licence filter lets through.
        pictures: how many would be downloaded in all; None where the source does not say how many there are.
        requests: how many that would take: one a picture, and those for the list.
        picture_bytes: mean size of the pictures tried; None where none could be had.
        requests_per_second: the rate that the estimate assumes.
        reasons: why entries of the first page are left out, with how many.
    """

    source: str
    total: int | None
    listed: int
    matching: int
    pictures: int | None
    requests: int | None
    picture_bytes: int | None
    requests_per_second: float
    reasons: Mapping[str, int]

    @property
    def bytes(self) -> int | None:
        """Of all pictures."""
        known = self.pictures is not None and self.picture_bytes is not None
        return self.pictures * self.picture_bytes if known else None  # type: ignore[operator]

    @property
    def minutes(self) -> float | None:
        """At the source's rate; slower where the line is slow."""
        return None if self.requests is None else self.requests / self.requests_per_second / 60

    def to_dict(self) -> dict[str, Any]:
        """The estimate as plain values, ready for JSON."""
        return {**asdict(self), "bytes": self.bytes, "minutes": self.minutes}


def estimate_fetch(
    source: FetchSource,
    query: Query,
    *,
    limit: int | None = None,
    licence: str | None = None,
    politeness: Politeness | None = None,
    contact: str | None = None,
    limits: Limits | None = None,
) -> Estimate:
    """Estimate a fetch from the first page of a source's list and three of its pictures; nothing is written.

    Args:
        source: from `smn.dataset.fetch.get_source`, or one of your own.
        query: the query.
        limit: the most pictures.
        licence: ``public-domain``, or None.
        politeness: rate and connections, if not the source's own.
        contact: e-mail or web address for the User-Agent.
        limits: when to give up on a request.

    Raises:
        InputError: the source cannot answer the query.
        FetchError: the list cannot be read.
        MissingExtraError: the extra ``fetch`` is not installed.
    """
    source.check(query)
    politeness = politeness or source.politeness
    with Client(politeness, contact=contact, limits=limits) as client:
        page = next(iter(source.pages(client, query)), Page((), None))
        reasons: Counter[str] = Counter()
        matching = []
        for entry in page.entries:
            reason = entry.reason if isinstance(entry, Flaw) else refuse(entry, licence=licence)
            if reason is not None:
                reasons[reason] += 1
            elif isinstance(entry, Candidate):
                matching.append(entry)
        asked = client.requests
        sizes = _sizes(matching[:_TRIED], client, reasons)
    listed = len(page.entries)
    total = listed if page.total is None and page.cursor is None else page.total
    pictures = _expect(total, len(matching), listed, limit)
    return Estimate(
        source=source.name,
        total=total,
        listed=listed,
        matching=len(matching),
        pictures=pictures,
        requests=None if pictures is None else pictures + math.ceil(asked * pictures / max(1, len(matching))),
        picture_bytes=sum(sizes) // len(sizes) if sizes else None,
        requests_per_second=politeness.requests_per_second,
        reasons=dict(reasons.most_common()),
    )


def _sizes(candidates: list[Candidate], client: Client, reasons: Counter[str]) -> list[int]:
    sizes = []
    for candidate in candidates:
        try:
            data = candidate.image or (candidate.address and client.download(candidate.address).data)
        except FetchError as error:
            reasons[error.reason] += 1
        else:
            sizes += [len(data)] if data else []
    return sizes


def _expect(total: int | None, matching: int, listed: int, limit: int | None) -> int | None:
    if not matching:
        return 0
    if total is None:
        return limit
    expected = max(matching, round(total * matching / listed))
    return expected if limit is None else min(limit, expected)
