"""Says what a fetch would do, by the first page of the list and a few of its pictures; writes nothing."""

import math
from collections import Counter

from smn.dataset.fetch.candidate import Candidate, FetchSource, Flaw, Page, Politeness, Query
from smn.dataset.fetch.collecting import refuse
from smn.dataset.fetch.http import Client, Limits
from smn.dataset.fetch.report import Estimate
from smn.errors import FetchError

_TRIED = 3  # pictures


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
    """Read the first page of a source's list, have three of its pictures, and reckon; nothing is written.

    Args:
        source: from `smn.dataset.fetch.registry.get_source`, or one of your own.
        query: what it is asked for.
        limit: at most so many pictures.
        licence: ``public-domain``, or None.
        politeness: how to ask, if not as the source wants it.
        contact: e-mail or web address for the User-Agent.
        limits: when to give up on a request.

    Raises:
        InputError: the source cannot answer the query.
        FetchError: the list cannot be had.
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
