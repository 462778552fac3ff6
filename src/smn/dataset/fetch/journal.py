"""The folder of a fetch and its journal, by which it can be stopped at any moment and continued."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from smn.dataset.fetch.fetch_source import Candidate, Flaw, Query
from smn.errors import InputError, OutputExistsError
from smn.files import write_text

if sys.platform != "win32":
    import fcntl


@dataclass(frozen=True)
class Stored:
    """A picture that is stored in the folder.

    Args:
        id: of its candidate.
        sha256: of its bytes.
        path: of the file, relative to the folder.
        size: in bytes.
        width: of the upright picture, in pixels.
        height: of the upright picture, in pixels.
        retrieved_at: when it was downloaded or last found unchanged, UTC, ISO 8601.
        etag: for the next conditional request.
        modified: the same as a date.
    """

    id: str
    sha256: str
    path: str
    size: int
    width: int
    height: int
    retrieved_at: str
    etag: str | None = None
    modified: str | None = None


@dataclass(frozen=True)
class Missed:
    """A picture that could not be downloaded.

    Args:
        id: of its candidate.
        reason: what is wrong and what to do.
        passing: whether the server, not the picture, was at fault, so that the fault may pass.
    """

    id: str
    reason: str
    passing: bool = False


class Journal:
    """The journal of one fetch: a file of JSON lines that is only ever appended to.

    A torn last line of a killed run is dropped. While a journal is open, a second process cannot open it.

    Args:
        file: the journal; made if it is not there.

    Raises:
        InputError: it is damaged in the middle, or in use.

    Attributes:
        candidates: by id, in the order of the source's list.
        flaws: entries of the list that were no candidates.
        stored: by id.
        missed: by id; may be stored nevertheless, if an earlier attempt succeeded.
        cursor: where to go on in the list; None for its beginning.
        listed: whether the list has been read to its end.
        total: how many entries the source says there are.
        wrote: SHA-256 of every manifest that was written.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.candidates: dict[str, Candidate] = {}
        self.flaws: dict[str, Flaw] = {}
        self.stored: dict[str, Stored] = {}
        self.missed: dict[str, Missed] = {}
        self.cursor: str | None = None
        self.listed = False
        self.total: int | None = None
        self.wrote: set[str] = set()
        self._stale: set[str] = set()  # stored before the list was read again
        self._again: set[str] = set()  # of these, those that the list has named again
        self._stream = file.open("a+b")
        try:
            self._lock()
            self._read()
        except BaseException:
            self._stream.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def pending(self) -> list[Candidate]:
        """Candidates that have not been asked for, or that are to be asked for again; in the list's order."""
        return [candidate for candidate in self.candidates.values() if self.needs(candidate.id)]

    def needs(self, name: str) -> bool:
        """Whether a candidate has not been asked for yet, or is to be asked for again."""
        return name in self._again or (name not in self.stored and name not in self.missed)

    def note_entries(self, entries: Iterable[Candidate | Flaw], *, total: int | None) -> None:
        """Write down what a page of the list offers."""
        plain = [{name: value for name, value in asdict(entry).items() if value is not None} for entry in entries]
        for values in plain:
            values.pop("image", None)
        self._append("listed", {"entries": plain, "total": total})

    def note_cursor(self, cursor: str | None) -> None:
        """Write down that all before this place of the list has been noted; None for its end."""
        self._append("cursor", {"cursor": cursor})

    def note_outcome(self, outcome: Stored | Missed) -> None:
        """Write down what became of a candidate."""
        self._append("stored" if isinstance(outcome, Stored) else "missed", asdict(outcome))

    def note_refresh(self) -> None:
        """Write down that the list is read anew from its beginning, and what is stored asked for again."""
        self._append("refresh", {})

    def note_manifest(self, sha256: str) -> None:
        """Write down a manifest, before it takes its place."""
        self._append("manifest", {"sha256": sha256})

    @property
    def is_refreshing(self) -> bool:
        """Whether the list is being read anew and has not named everything again that is stored."""
        return bool(self._stale) and not self.listed

    def forget_lost_files(self, folder: Path) -> None:
        """Forget pictures whose files are gone or have another size, so that they are downloaded again.

        Where they came inside the list, that is read again from its beginning.
        """
        for name, stored in list(self.stored.items()):
            try:
                whole = (folder / stored.path).stat().st_size == stored.size
            except FileNotFoundError:
                whole = False
            if not whole:
                del self.stored[name]
                if self.candidates[name].address is None:
                    self.cursor, self.listed = None, False

    def _append(self, kind: str, values: Mapping[str, Any]) -> None:
        self._apply(kind, values)
        self._stream.write(json.dumps({kind: values}, ensure_ascii=False).encode() + b"\n")
        self._stream.flush()

    def _apply(self, kind: str, values: Mapping[str, Any]) -> None:
        match kind:
            case "listed":
                self.total = values["total"] if values["total"] is not None else self.total
                for entry in values["entries"]:
                    self._list(entry)
            case "cursor":
                self.cursor, self.listed = values["cursor"], values["cursor"] is None
            case "stored":
                stored = Stored(**values)
                self.stored[stored.id] = stored
                self.missed.pop(stored.id, None)
                self._again.discard(stored.id)
            case "missed":
                missed = Missed(**values)
                self.missed[missed.id] = missed
                self._again.discard(missed.id)
            case "refresh":
                self.cursor, self.listed, self.total = None, False, None
                self.flaws, self._again, self._stale = {}, set(), set(self.stored)
            case "manifest":
                self.wrote.add(values["sha256"])
            case _:
                raise ValueError(kind)

    def _list(self, entry: Mapping[str, Any]) -> None:
        name = entry["id"]
        if "reason" in entry:
            self.flaws.setdefault(name, Flaw(**entry))
        elif name in self._stale:
            self.candidates[name] = Candidate(**{"address": None, **entry})
            self._stale.discard(name)
            self._again.add(name)
        elif name not in self.candidates:
            self.candidates[name] = Candidate(**{"address": None, **entry})

    def _lock(self) -> None:
        if sys.platform == "win32":
            return  # has no such lock
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"Another fetch is writing to {self.file.parent}; wait until it has ended.") from error

    def _read(self) -> None:
        good = 0
        for number, line in enumerate(self._lines(), start=1):
            try:
                ((kind, values),) = json.loads(line).items()
                self._apply(kind, values)
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise InputError(
                    f"{self.file} is damaged in line {number}; fetch into another folder, or restore the file."
                ) from error
            good += len(line)
        self._stream.truncate(good)  # a line that was cut off

    def _lines(self) -> Iterator[bytes]:
        """The whole lines; the last one may be torn."""
        self._stream.seek(0)
        for line in self._stream:
            if not line.endswith(b"\n"):
                return
            yield line


def claim_folder(out: Path, *, source: str, query: Query, licence: str | None) -> dict[str, Any]:
    """Make the folder this fetch's own, or find that it is.

    Returns:
        What is fetched, as plain values; ``fetch.json`` in the folder holds the same.

    Raises:
        InputError: it is another's that has begun.
        OutputExistsError: it holds a manifest, and no fetch.
    """
    identity: dict[str, Any] = json.loads(json.dumps({"source": source, "query": asdict(query), "licence": licence}))
    file, journal = out / "fetch.json", out / "fetch-journal.jsonl"
    has_begun = journal.exists() and journal.stat().st_size > 0
    there = _read_identity(file)
    if there == identity:
        return identity
    if there is not None and has_begun:
        raise InputError(
            f"{out} holds another fetch ({', '.join(_flat(there))}) than asked for here "
            f"({', '.join(_flat(identity))}); choose another --out, or give the same options to continue that one."
        )
    for name in ("manifest.parquet", *(() if there else (journal.name,))):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    out.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(identity, ensure_ascii=False, indent=2) + "\n")
    return identity


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


def tidy_folder(out: Path, journal: Journal) -> None:
    """Remove half-written files of a killed run, and forget pictures whose files are gone."""
    images = out / "images"
    for partial_file in (*images.glob("*/.partial-*"), *images.glob("*/*.partial")):  # the second by earlier versions
        partial_file.unlink(missing_ok=True)
    journal.forget_lost_files(out)
