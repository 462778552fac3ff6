"""What a source of pictures offers, before anything is downloaded, and what the sources are asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Candidate:
    """One picture that a source offers.

    Args:
        id: stable in the source and prefixed by it, such as ``aic:27992``.
        address: of the image file.
        page: the work's page, for people.
        movement: the label as the source wrote it; nothing is guessed here.
        label_kind: how the movement is known: ``work``, ``artist``, or None where there is none.
        artist: name.
        title: of the work.
        year: of completion, or the earliest year given.
        medium: as the source wrote it.
        museum: or collection.
        licence: short name such as ``CC0-1.0``, ``PDM-1.0`` or ``CC-BY-4.0``, else as the source wrote it, or None.
        rights: the source's own statement or its address, unchanged.
        attribution: the line to print beside the picture.
        wikidata_id: of the work, such as ``Q12418``.
        image: the encoded picture itself, where the source's tables hold it and nothing needs downloading.
        checksum: of the file at ``address`` if the source gives one, such as ``sha256:9f86…``; or ``sha1``, ``md5``.
    """

    id: str
    address: str | None
    page: str | None = None
    movement: str | None = None
    label_kind: str | None = None
    artist: str | None = None
    title: str | None = None
    year: int | None = None
    medium: str | None = None
    museum: str | None = None
    licence: str | None = None
    rights: str | None = None
    attribution: str | None = None
    wikidata_id: str | None = None
    image: bytes | None = field(default=None, repr=False)
    checksum: str | None = None


@dataclass(frozen=True)
class Flaw:
    """One entry of a source that is no candidate, with the reason."""

    id: str
    reason: str


@dataclass(frozen=True)
class Page:
    """A part of a source's list.

    Args:
        entries: candidates, and flawed entries with their reasons.
        cursor: where to go on after this page; None at the end.
        total: how many entries the source says there are in all, where it says so.
    """

    entries: Sequence[Candidate | Flaw]
    cursor: str | None
    total: int | None = None


@dataclass(frozen=True)
class Query:
    """A query to a source.

    Args:
        movements: ids of smn's movements; empty for whatever the source has.
        search: free text, for sources that search.
        address: of the manifest, collection, table or repository, for sources that have many.
        size: wanted length of the longer side of the pictures in pixels, for sources that scale.
        public_domain: ask only for works that the source says are in the public domain.
        columns: for tables, smn's name of a column to the table's.
    """

    movements: tuple[str, ...] = ()
    search: str | None = None
    address: str | None = None
    size: int = 1024
    public_domain: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Politeness:
    """The rate and the headers that a source asks for.

    Args:
        requests_per_second: the most requests that start in a second, over all threads.
        connections: the most at once.
        agents: headers that name the program as the User-Agent does, where a museum asks for one of its own.
    """

    requests_per_second: float
    connections: int = 2
    agents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """When to give up.

    Args:
        max_bytes: size of a picture or a whole table, in bytes.
        attempts: how often something is asked for before it is given up.
        back_off: seconds before the second attempt; doubled before each further one, to a minute at most.
        patience: the longest wait that a server may ask for, in seconds; if it asks for more, it is given up.
        connect: seconds until a connection stands.
        read: seconds without a byte.
        total: seconds for one answer in all.
    """

    max_bytes: int = 50_000_000
    attempts: int = 6
    back_off: float = 1.0
    patience: float = 300.0
    connect: float = 15.0
    read: float = 75.0  # a SPARQL query may compute for a minute before its first byte
    total: float = 600.0


class Http(Protocol):
    """The HTTP client that a source is given; see `smn.dataset.fetch.http.Client`."""

    def get_json(self, address: str, *, params: Mapping[str, str | int] | None = None) -> Any:
        """The decoded JSON at an address.

        Raises:
            FetchError: the request fails; carries address and status.
        """

    def get_bytes(
        self, address: str, *, params: Mapping[str, str | int] | None = None, span: tuple[int, int] | None = None
    ) -> bytes:
        """The bytes at an address; with ``span`` only those from the first to before the second.

        Raises:
            FetchError: the request fails.
        """


class FetchSource(Protocol):
    """A museum, an archive, a hub or a list."""

    @property
    def name(self) -> str:
        """As on the command line, such as ``aic``."""

    @property
    def title(self) -> str:
        """For people, such as "Art Institute of Chicago"."""

    @property
    def politeness(self) -> Politeness:
        """How it wants to be asked."""

    def check(self, query: Query) -> None:
        """Refuse a query that the source cannot answer.

        Raises:
            InputError: the sentence says what the source needs.
        """

    def pages(self, http: Http, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """The source's list, a page at a time, from the beginning or from after the page that gave ``cursor``.

        Raises:
            FetchError: the source cannot be reached or answers nonsense.
        """
