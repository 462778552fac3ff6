"""Takes rows in: decodes, labels and places each picture, and counts what happens to the rest."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

from smn.dataset.aliases import SPELLED, rename_artist
from smn.dataset.columns import IMAGE, MEASURED, READERS, read_text
from smn.dataset.labels import LabelMap, suggest_movements
from smn.dataset.pictures import Measured, measure_picture, store_picture
from smn.dataset.report import Duplicate, ImportReport, Unmapped, count_taxonomy
from smn.dataset.rows import Failed, Row, Source
from smn.errors import ImageError, InputError
from smn.manifest import COLUMNS, NOT_A_PAINTING
from smn.manifest.writer import place_path
from smn.movements import Taxonomy

Progress = Callable[[int, int], None]
"""Called with how many pictures are done, and how many there are."""

_AT_ONCE = 64  # pictures in memory


class Intake:
    """One import under way.

    Args:
        sources: where the rows come from.
        out: the manifest's folder.
        labels: raw label to movement.
        defaults: what columns say where a row does not.
        texts: extra columns that hold text, whatever the source's type.
        not_paintings: all rows are photographs of something else.
        embed: pictures go into the records.
        aliases: names to use for artists, from `read_aliases`; empty where all names stay.

    ``joined`` is how many rows came to their artist's other split, for the report.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        out: Path,
        *,
        labels: LabelMap,
        defaults: Mapping[str, str | None],
        texts: Collection[str],
        not_paintings: bool,
        embed: bool,
        aliases: Mapping[str, str],
    ) -> None:
        self.failed: list[Failed] = []
        self.joined = 0
        self._sources, self._out, self._labels, self._defaults = sources, out, labels, defaults
        self._texts, self._not_paintings, self._embed, self._aliases = texts, not_paintings, embed, aliases
        self._duplicates: list[Duplicate] = []
        self._kept: dict[str, tuple[str, str | None]] = {}  # sha256 -> name, label
        self._ids: set[str] = set()
        self._movements: Counter[str] = Counter()
        self._unmapped: Counter[str] = Counter()
        self._unread: Counter[str] = Counter()
        self._unlabelled = self._renamed = 0

    def records(self, progress: Progress | None = None) -> Iterator[dict[str, Any]]:
        """The manifest's rows by column, made while they are taken.

        Raises:
            InputError: not one picture can be used.
        """
        done, total = 0, sum(len(source) for source in self._sources)
        with ThreadPoolExecutor() as threads:
            for source in self._sources:
                offered = source.rows()
                while chunk := list(islice(offered, _AT_ONCE)):
                    for row in threads.map(_measure, chunk):
                        taken = row if isinstance(row, Failed) else self._take(*row, source.name)
                        if isinstance(taken, Failed):
                            self.failed.append(taken)
                        elif taken is not None:
                            yield taken
                    done += len(chunk)
                    if progress is not None:
                        progress(min(done, total), total)
        if not self._kept:
            raise InputError(
                f"None of the {len(self.failed)} pictures can be imported; the first reason: {self.failed[0].reason} "
                "Correct it and import again."
            )

    def report(self, manifest: Path, *, taxonomy: Taxonomy | None) -> ImportReport:
        """What happened, once all records have been taken."""
        unmapped = (Unmapped(label, rows, suggest_movements(label)) for label, rows in self._unmapped.most_common())
        notes = [
            f"{rows} values of {name} could not be read and were left empty." for name, rows in self._unread.items()
        ]
        if self._renamed:
            notes.append(f"{self._renamed} rows have their artist's other name, as the aliases say.")
        if self.joined:
            notes.append(f"{self.joined} rows went to the split of their artist's other rows.")
        return ImportReport(
            manifest=manifest,
            rows=len(self._kept),
            movements=dict(self._movements.most_common()),
            unlabelled=self._unlabelled,
            unmapped=tuple(unmapped),
            failed=tuple(self.failed),
            duplicates=tuple(self._duplicates),
            notes=tuple(notes),
            taxonomy=None if taxonomy is None else count_taxonomy(self._movements, taxonomy),
        )

    def _take(self, row: Row, measured: Measured, source: str) -> dict[str, Any] | Failed | None:
        """The manifest's record; or why there is none; or nothing, for a duplicate."""
        values = self._read(row.values)
        label = values["movement"]
        movement = self._label(label)
        if measured.sha256 in self._kept:
            self._duplicates.append(_duplicate(self._kept[measured.sha256], (row.name, movement or label)))
            return None
        try:
            placed = self._place(row.picture, measured)
        except ImageError as error:
            return Failed(row.name, error.reason)
        self._kept[measured.sha256] = (row.name, movement or label)
        self._count(movement, label)
        values["movement"] = movement
        # A label that names no movement would be lost if the source's own raw label stayed in its place.
        values["raw_label"] = label if label and not movement else values["raw_label"] or label
        values["id"] = self._new_id(values["id"], measured.sha256)
        values["source"] = values["source"] or self._defaults["source"] or source
        values["licence"] = values["licence"] or self._defaults["licence"]
        values |= self._rename(values["artist"])
        return {**values, **vars(measured), **placed}

    def _rename(self, artist: str | None) -> dict[str, str | None]:
        name = rename_artist(artist, self._aliases)
        if name == artist:
            return {}
        self._renamed += 1
        return {"artist": name, SPELLED: artist}

    def _read(self, offered: Mapping[str, Any]) -> dict[str, Any]:
        """The offered values, read as the manifest's columns; what cannot be read is noted and left empty."""
        values: dict[str, Any] = dict.fromkeys(COLUMNS)
        for name in offered.keys() - set(MEASURED):
            reader = READERS.get(name) or (read_text if name in self._texts else None)
            try:
                values[name] = reader(offered[name]) if reader else offered[name]
            except ValueError:
                self._unread[name] += 1
        return values

    def _label(self, label: str | None) -> str | None:
        if self._not_paintings:
            return NOT_A_PAINTING
        return self._labels.find(label) if label else None

    def _place(self, picture: bytes | Path, measured: Measured) -> dict[str, Any]:
        if self._embed:
            inside = picture if isinstance(picture, bytes) else picture.read_bytes()
            name = None if isinstance(picture, bytes) else picture.name
            return {"path": None, IMAGE: {"bytes": inside, "path": name}}
        if isinstance(picture, bytes):
            picture = store_picture(picture, self._out / "images", sha256=measured.sha256)
        return {"path": place_path(picture, folder=self._out)}

    def _new_id(self, wanted: str | None, sha256: str) -> str:
        chosen = next(name for name in (wanted, sha256[:16], sha256) if name and name not in self._ids)
        self._ids.add(chosen)
        return chosen

    def _count(self, movement: str | None, label: str | None) -> None:
        if movement:
            self._movements[movement] += 1
        elif label:
            self._unmapped[label] += 1
        else:
            self._unlabelled += 1


def _measure(row: Row | Failed) -> tuple[Row, Measured] | Failed:
    if isinstance(row, Failed):
        return row
    try:
        return row, measure_picture(row.picture)
    except ImageError as error:
        return Failed(row.name, error.reason)


def _duplicate(kept: tuple[str, str | None], dropped: tuple[str, str | None]) -> Duplicate:
    labels = (kept[1], dropped[1])
    contradict = labels[0] is not None and labels[1] is not None and labels[0] != labels[1]
    return Duplicate(kept[0], dropped[0], tuple(map(str, labels)) if contradict else ())
