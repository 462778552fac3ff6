"""Fetches pictures from museums, archives, hubs and lists: every source by name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from smn.dataset.fetch.address_table import AddressSource
from smn.dataset.fetch.aic import AicSource
from smn.dataset.fetch.fetch_source import FetchSource, Politeness
from smn.dataset.fetch.hub import HubSource
from smn.dataset.fetch.iiif import IiifSource
from smn.dataset.fetch.wikidata import WikidataSource
from smn.errors import InputError, UnknownNameError


@dataclass(frozen=True)
class Worth:
    """A source's labels and licences, in words.

    Args:
        labels: what its movement labels are worth.
        licences: what licences its pictures have.
    """

    labels: str
    licences: str


def index_sources(sources: Iterable[FetchSource]) -> dict[str, FetchSource]:
    """Sources by name.

    Raises:
        InputError: two have the same name.
    """
    named: dict[str, FetchSource] = {}
    for source in sources:
        if source.name in named:
            raise InputError(f"Two sources are named {source.name!r}; give one of them another name.")
        named[source.name] = source
    return named


_SOURCES = index_sources(
    (
        WikidataSource(),
        AicSource(),
        HubSource("wikiart", "WikiArt on the Hugging Face hub", "huggan/wikiart"),
        HubSource("artbench", "ArtBench-10 on the Hugging Face hub", "zguo0525/ArtBench"),
        IiifSource(),
        AddressSource(),
    )
)

_YOURS = ("iiif", "csv")  # sources whose host the user chooses

WORTH: Mapping[str, Worth] = {
    "wikidata": Worth("explicit (P135), of the work or of its artist", "public domain only, as Commons says"),
    "aic": Worth("style titles, often empty", "CC0-1.0 for works in the public domain"),
    "wikiart": Worth("explicit, 27 styles", "non-commercial, fair use"),
    "artbench": Worth("explicit, 10 styles", "non-commercial, fair use"),
    "iiif": Worth("none", "one per manifest, where it says so"),
    "csv": Worth("whatever the table says", "whatever the table says"),
}
"""Shown by ``smn dataset fetch --list`` and in docs/fetch.md; every source has its line."""


def choose_politeness(
    source: FetchSource, *, requests_per_second: float | None = None, connections: int | None = None
) -> Politeness:
    """A source's own rate and connections, or lower ones; any where the host is the user's choice.

    Args:
        source: the source.
        requests_per_second: another rate, or None.
        connections: another number of connections, or None.

    Raises:
        InputError: it is more than the source wants, or nothing at all.
    """
    own = source.politeness
    for option, wanted, most in (
        ("--requests-per-second", requests_per_second, own.requests_per_second),
        ("--connections", connections, own.connections),
    ):
        if wanted is not None and wanted <= 0:
            raise InputError(f"{option} {wanted} is too little; give a number above 0.")
        if wanted is not None and wanted > most and source.name not in _YOURS:
            raise InputError(f"{option} {wanted} is more than {source.title} wants; give {most} or less.")
    return replace(
        own,
        requests_per_second=requests_per_second or own.requests_per_second,
        connections=connections or own.connections,
    )


def list_sources() -> tuple[FetchSource, ...]:
    """Every source, in the order of the list above."""
    return tuple(_SOURCES.values())


def get_source(name: str) -> FetchSource:
    """The source of a name.

    Raises:
        UnknownNameError: there is none; the error lists all of them.
    """
    if name not in _SOURCES:
        raise UnknownNameError("source", name, _SOURCES)
    return _SOURCES[name]
