"""Matches the rows offered to a data set with those that it has, to find the new ones."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import file_digest, sha256
from itertools import islice
from pathlib import Path

from smn.duplicates.hashing import REDUCED, Hashes, hash_picture
from smn.duplicates.search import HashIndex
from smn.errors import ImageError
from smn.images import open_image
from smn.manifest import Manifest
from smn.manifest.identity import work_key
from smn.progress import Progress

FEEDBACK = "feedback"
"""The ``label_kind`` of rows whose label is what a visitor of the service said."""

_AT_ONCE = 64  # pictures in memory
_YES = {"yes", "true", "1", "y"}


@dataclass(frozen=True)
class Entry:
    """A row that is offered to a data set, or is in it.

    Args:
        manifest: its manifest's file.
        place: which of the manifests that is, counted from 0, the old one.
        row: its number there.
        id: its id there.
        sha256: of its picture.
        movement: its label, or None.
        artist: or None.
        title: or None.
        source: or None.
        label_kind: or None.
        split: what its manifest says, or None.
        consent: what the person said whose feedback it is, or None.
    """

    manifest: Path
    place: int
    row: int
    id: str
    sha256: str
    movement: str | None
    artist: str | None
    title: str | None
    source: str | None
    label_kind: str | None
    split: str | None
    consent: str | None

    @property
    def key(self) -> tuple[int, int]:
        """Which manifest's row it is."""
        return self.place, self.row

    @property
    def has_consent(self) -> bool:
        """Whether it may be used: anything but feedback may, feedback if its column ``consent`` says yes."""
        return self.label_kind != FEEDBACK or str(self.consent or "").strip().casefold() in _YES


def read_entries(manifest: Manifest, *, place: int = 0) -> list[Entry]:
    """Every row of a manifest, in order."""
    names = ("id", "sha256", "movement", "artist", "title", "source", "label_kind", "split", "consent")
    columns = zip(*(manifest.column(name) for name in names), strict=True)
    return [Entry(manifest.file, place, row, *values) for row, values in enumerate(columns)]


class LeftOutReason(StrEnum):
    """Why a row is not in the result."""

    SAME_FILE = "same-file"  # the same bytes are in the set already
    SAME_PICTURE = "same-picture"  # another encoding or size of a picture that is in it
    HELD_OUT = "held-out"  # the picture or the work is in the held-out set
    UNREADABLE = "unreadable"
    NO_CONSENT = "no-consent"


@dataclass(frozen=True)
class LeftOut:
    """A row that is not in the result.

    Args:
        manifest: its manifest's file.
        id: its id there.
        why: the kind of reason.
        kept: id of the row that stands for it, in the result or in the held-out set; None where there is none.
        detail: the reason in words, or the two labels where they contradict each other; may be empty.
    """

    manifest: Path
    id: str
    why: LeftOutReason
    kept: str | None = None
    detail: str = ""


@dataclass
class Matches:
    """What was found.

    Args:
        accepted: the new rows, in order, the first of equal ones, with the ids that they have from now on.
        left_out: the others, in order.
        also_in: by the key of a row that is kept, the new rows that it stands for.
        renamed: old ids by new ones, of accepted rows whose id another row has; the new id comes of the picture.
    """

    accepted: list[Entry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    also_in: dict[tuple[int, int], list[Entry]] = field(default_factory=lambda: defaultdict(list))
    renamed: dict[str, str] = field(default_factory=dict)


class Matcher:
    """Matches new rows with those of a data set and of a held-out set.

    Pictures are the same where their bytes are, or where their hashes nearly are, see `smn.duplicates`. Works are the
    same where `work_key` is; two pictures of one work may both be in a set, but one of a held-out work may not.

    ``found`` is what was found so far; ``unreadable`` are rows of the old and of the held-out set whose pictures cannot
    be read, so that only their bytes and works could be compared.
    """

    def __init__(self, progress: Progress) -> None:
        self.found = Matches()
        self.unreadable: list[LeftOut] = []
        self._progress = progress
        self._files: dict[str, Entry] = {}
        self._pictures = HashIndex()
        self._held_out: dict[str, str] = {}
        self._held_out_pictures = HashIndex()
        self._ids: set[str] = set()

    def know(self, manifest: Manifest, entries: Sequence[Entry]) -> None:
        """Remember the rows of the old set."""
        for entry, seen in zip(entries, self._look_at(manifest, entries), strict=True):
            self._ids.add(entry.id)
            self._files.setdefault(entry.sha256, entry)
            self._pictures.add(self._readable(entry, seen), entry)

    def hold_out(self, manifest: Manifest, entries: Sequence[Entry]) -> None:
        """Remember what no new row may be."""
        for entry, seen in zip(entries, self._look_at(manifest, entries), strict=True):
            self._held_out_pictures.add(self._readable(entry, seen), entry.id)
            for key in (entry.sha256, work_key(entry.artist, entry.title)):
                if key is not None:
                    self._held_out.setdefault(key, entry.id)

    def take(self, manifest: Manifest, entries: Sequence[Entry]) -> None:
        """Accept the rows of a new manifest that are new, and note why the others are not."""
        for entry, seen in zip(entries, self._look_at(manifest, entries), strict=True):
            picture = None if isinstance(seen, str) else seen
            held_out = self._find_held_out(entry, picture)
            kept, same = self._files.get(entry.sha256), self._pictures.find(picture)
            if not entry.has_consent:
                self._leave_out(entry, LeftOutReason.NO_CONSENT, detail="Its column consent does not say yes.")
            elif held_out is not None:
                self._leave_out(entry, LeftOutReason.HELD_OUT, kept=held_out[0], detail=held_out[1])
            elif kept is not None:
                self._match(entry, LeftOutReason.SAME_FILE, kept)
            elif isinstance(seen, str):
                self._leave_out(entry, LeftOutReason.UNREADABLE, detail=seen)
            elif same is not None:
                self._match(entry, LeftOutReason.SAME_PICTURE, same)
            else:
                self._accept(entry, picture)

    def _readable(self, entry: Entry, seen: Hashes | str) -> Hashes | None:
        if isinstance(seen, str):
            self.unreadable.append(LeftOut(entry.manifest, entry.id, LeftOutReason.UNREADABLE, detail=seen))
            return None
        return seen

    def _find_held_out(self, entry: Entry, picture: Hashes | None) -> tuple[str, str] | None:
        """The id of the held-out row that it may not be beside, and what they have in common."""
        work = work_key(entry.artist, entry.title) or ""
        found = {
            "the same file": self._held_out.get(entry.sha256),
            "the same picture": self._held_out_pictures.find(picture),
            "the same work": self._held_out.get(work),
        }
        return next(((known, common) for common, known in found.items() if known is not None), None)

    def _accept(self, entry: Entry, picture: Hashes | None) -> None:
        free = next(one for one in (entry.id, entry.sha256[:16], entry.sha256) if one not in self._ids)
        if free != entry.id:
            self.found.renamed[free] = entry.id
            entry = replace(entry, id=free)
        self._ids.add(free)
        self.found.accepted.append(entry)
        self._files[entry.sha256] = entry
        self._pictures.add(picture, entry)

    def _match(self, entry: Entry, why: LeftOutReason, kept: Entry) -> None:
        labels = (kept.movement, entry.movement)
        contradict = None not in labels and labels[0] != labels[1]
        self._leave_out(entry, why, kept=kept.id, detail=" / ".join(map(str, labels)) if contradict else "")
        self.found.also_in[kept.key].append(entry)

    def _leave_out(self, entry: Entry, why: LeftOutReason, *, kept: str | None = None, detail: str = "") -> None:
        self.found.left_out.append(LeftOut(entry.manifest, entry.id, why, kept, detail))

    def _look_at(self, manifest: Manifest, entries: Sequence[Entry]) -> Iterator[Hashes | str]:
        """The hash of each row's picture; see `read_hash`."""
        pictures, done = iter(zip(manifest.stream_pictures(), entries, strict=True)), 0
        with ThreadPoolExecutor() as threads:
            while some := list(islice(pictures, _AT_ONCE)):
                yield from threads.map(lambda pair: read_hash(pair[0], expected=pair[1].sha256), some)
                done += len(some)
                self._progress(f"looking at {manifest.file}", done, len(entries))


def read_hash(picture: bytes | Path | None, *, expected: str) -> Hashes | str:
    """The hash of a row's picture.

    Args:
        picture: its bytes or its path; None where the row has neither.
        expected: its SHA-256 as the manifest says.

    Returns:
        See `smn.duplicates.hash_picture`; or the reason why the picture cannot be used.
    """
    if picture is None:
        return "The row has neither a path nor a picture inside; import it anew."
    try:
        image = open_image(picture, reduce_to=REDUCED)
        digest = _digest(picture)
    except (ImageError, OSError) as error:
        return str(error)
    if digest != expected:
        return "The picture is no longer the one that was imported (its SHA-256 differs); import it anew."
    return hash_picture(image)


def _digest(picture: bytes | Path) -> str:
    if isinstance(picture, bytes):
        return sha256(picture).hexdigest()
    with picture.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()


def group_works(entries: Sequence[Entry], known: Sequence[Entry]) -> Mapping[str, tuple[str, ...]]:
    """Works of which a new row is another picture: ids by `work_key`, where there are two or more.

    Args:
        entries: the new rows.
        known: the old ones.
    """
    works: dict[str, list[str]] = defaultdict(list)
    wanted = {work_key(entry.artist, entry.title) for entry in entries} - {None}
    for entry in (*known, *entries):
        key = work_key(entry.artist, entry.title)
        if key is not None and key in wanted:
            works[key].append(entry.id)
    return {key: tuple(ids) for key, ids in works.items() if len(ids) > 1}
