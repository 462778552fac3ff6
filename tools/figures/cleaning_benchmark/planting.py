"""Plants known faults in a copy of a data set, and notes which row got which."""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cleaning_benchmark.faults import FAULTS, Fault, Random, Way, encode
from smn.dataset.picture_store import store_picture
from smn.errors import ImageError, InputError, ManifestError, OutputExistsError, UnknownNameError
from smn.images import open_image
from smn.manifest import NOT_A_PAINTING, Manifest, read_manifest, write_manifest
from smn.manifest.writer import place_path
from smn.progress import Progress

if TYPE_CHECKING:
    import pyarrow as pa

PLANTED = "planted.csv"
"""The table of what was planted, beside the manifest."""


@dataclass(frozen=True)
class Planted:
    """One fault in one row.

    Args:
        id: the row's, in the new manifest.
        fault: a name in `cleaning_benchmark.faults.FAULTS`.
        check: the check that should find it.
        of: id of the row that it was copied from, if it was.
        movement_before: what the row's movement was, if it was changed.
    """

    id: str
    fault: str
    check: str
    of: str = ""
    movement_before: str = ""


def plant_faults(
    manifest: str | Path,
    out: str | Path,
    *,
    faults: Sequence[str] = (),
    each: int = 60,
    splits: Sequence[str] = (),
    not_paintings: str | Path | None = None,
    seed: int = 0,
    progress: Progress = lambda *_: None,
) -> tuple[Planted, ...]:
    """Write a copy of a data set with known faults in it.

    No row gets two faults, and a row that is copied gets none. The other rows stay as they are, and so do the
    originals of all pictures.

    Args:
        manifest: the data, the cleaner the better.
        out: the folder for ``manifest.parquet``, ``planted.csv`` and the faulty pictures.
        faults: names in `cleaning_benchmark.faults.FAULTS`; all, but photographs only with ``not_paintings`` and
            leaks only where the data is split.
        each: rows to plant each fault in.
        splits: plant only in rows of these splits; leaks are copied from the held-back ones all the same.
        not_paintings: a manifest of photographs of things; its split ``test`` is taken, or all of it.
        seed: equal seeds plant equally.
        progress: told how far things are.

    Returns:
        What was planted, also written to ``planted.csv``.

    Raises:
        UnknownNameError: there is no such fault.
        ManifestError: there are too few rows.
        OutputExistsError: ``out`` holds a manifest.
    """
    out = Path(out)
    for name in ("manifest.parquet", PLANTED):
        if (out / name).exists():
            raise OutputExistsError(out / name)
    planter = _Planter(read_manifest(manifest), out, np.random.default_rng(seed), splits=splits)
    photographs = None if not_paintings is None else read_manifest(not_paintings)
    for done, fault in enumerate(chosen := _choose(faults, planter, photographs)):
        progress("planting faults", done, len(chosen))
        planter.plant(fault, each, photographs)
    progress("planting faults", len(chosen), len(chosen))
    made_by = {"command": "plant faults", "faults": [fault.name for fault in chosen], "each": each, "seed": seed}
    parents = [planter.manifest, *([] if photographs is None else [photographs])]
    write_manifest(planter.table(), out / "manifest.parquet", made_by=made_by, parents=parents)
    write_planted(planter.planted, out / PLANTED)
    return tuple(planter.planted)


def write_planted(planted: Sequence[Planted], file: Path) -> None:
    """Write the table of what was planted as CSV."""
    with file.open("x", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [field.name for field in fields(Planted)])
        writer.writeheader()
        writer.writerows(asdict(one) for one in planted)


def read_planted(folder: str | Path) -> tuple[Planted, ...]:
    """What `plant_faults` planted in a folder.

    Raises:
        InputError: the folder holds no such table.
    """
    file = Path(folder) / PLANTED
    if not file.is_file():
        raise InputError(f"There is no {file}; make it with plant_faults(MANIFEST, {folder}).")
    with file.open(newline="", encoding="utf-8") as stream:
        return tuple(Planted(**row) for row in csv.DictReader(stream))


def _choose(names: Sequence[str], planter: "_Planter", photographs: Manifest | None) -> list[Fault]:
    for name in names:
        if name not in FAULTS:
            raise UnknownNameError("fault", name, FAULTS)
    if not names:
        lacking = {Way.FOREIGN} if photographs is None else set()
        lacking |= set() if planter.held_back else {Way.LEAK}
        return [fault for fault in FAULTS.values() if fault.way not in lacking]
    chosen = [FAULTS[name] for name in names]
    if photographs is None and any(fault.way is Way.FOREIGN for fault in chosen):
        raise InputError("Planting photographs needs some; give a manifest of them as not_paintings.")
    return chosen


class _Planter:
    """A copy under way: the rows as they will be, and those that are still free."""

    def __init__(self, manifest: Manifest, out: Path, random: Random, *, splits: Sequence[str]) -> None:
        self.planted: list[Planted] = []
        self.manifest, self._out, self._random = manifest, out, random
        self._rows: list[dict[str, Any]] = manifest.table.to_pylist()
        self._schema = manifest.table.schema
        usable = [row for row, known in enumerate(self._rows) if known["movement"] not in (None, NOT_A_PAINTING)]
        self.held_back = [row for row in usable if self._rows[row]["split"] in ("val", "test")]
        self._splits = tuple(splits)
        self._free = dict.fromkeys(random.permutation(usable).tolist())  # a set that keeps its order
        self._movements: list[str] = sorted({self._rows[row]["movement"] for row in usable})

    def plant(self, fault: Fault, each: int, photographs: Manifest | None) -> None:
        """Plant one fault in as many rows as asked for."""
        if fault.way is Way.SWAP:
            for row in self._take(each, fault):
                self._relabel(row, fault, self._other(self._rows[row]["movement"]))
        elif fault.way is Way.FOREIGN and photographs is not None:
            self._add_photographs(fault, each, photographs)
        elif fault.way is Way.CHANGE:
            for row, image in self._open(each, fault):
                self._rows[row] |= self._store(self._spoilt(fault, image))
                self.planted.append(Planted(self._rows[row]["id"], fault.name, fault.check))
        else:
            for row, image in self._open(each, fault):
                known = dict(self._rows[row])
                known |= {"split": "train"} if fault.way is Way.LEAK else {}
                known |= {"title": None, "source": "planted", **self._store(self._spoilt(fault, image))}
                self._rows.append(known)
                self.planted.append(Planted(known["id"], fault.name, fault.check, of=self._rows[row]["id"]))

    def table(self) -> "pa.Table":
        """The new manifest; pictures that were inside the old one are files beside the new one."""
        import pyarrow as pa

        for row in range(len(self.manifest)):
            if "stored" in self._rows[row]:
                continue
            picture = self.manifest.picture(row)
            if isinstance(picture, bytes):
                picture = store_picture(picture, self._out / "images", sha256=self._rows[row]["sha256"])
            self._rows[row]["path"] = place_path(picture, folder=self._out)
        return pa.Table.from_pylist([{**row, "stored": None} for row in self._rows], schema=self._schema)

    def _take(self, count: int, fault: Fault) -> Iterator[int]:
        """Rows that are free yet, from the held-back splits for a leak."""
        if fault.way is Way.LEAK:
            wanted = set(self.held_back)
        else:
            wanted = {row for row in self._free if not self._splits or self._rows[row]["split"] in self._splits}
        offered = [row for row in self._free if row in wanted]
        if len(offered) < count:
            raise ManifestError(
                f"{self.manifest.file} has {len(offered)} labelled rows left for the fault {fault.name}, "
                f"but {count} are wanted; plant fewer with a lower each."
            )
        for row in offered[:count]:
            del self._free[row]
            yield row

    def _open(self, count: int, fault: Fault) -> Iterator[tuple[int, Image.Image]]:
        """Free rows with their pictures; those that cannot be read are passed over."""
        opened = 0
        while opened < count:
            for row in list(self._take(count - opened, fault)):
                try:
                    image = open_image(self.manifest.picture(row))
                except ImageError:
                    continue  # broken before anything was planted
                opened += 1
                yield row, image

    def _spoilt(self, fault: Fault, image: Image.Image) -> bytes:
        if fault.spoil is None:
            whole = encode(image)
            return whole[: round(len(whole) * self._random.uniform(0.3, 0.7))]
        if fault.name == "same-pixels":
            return _as_png(image)
        return encode(fault.spoil(image, self._random))

    def _store(self, data: bytes) -> dict[str, Any]:
        sha256 = hashlib.sha256(data).hexdigest()
        file = store_picture(data, self._out / "images", sha256=sha256)
        known = {"id": sha256[:16], "sha256": sha256, "path": place_path(file, folder=self._out), "stored": True}
        try:
            width, height = open_image(data).size
        except ImageError:
            return known
        return {**known, "width": width, "height": height}

    def _other(self, movement: str) -> str:
        others: list[str] = [name for name in self._movements if name != movement]
        return others[int(self._random.integers(len(others)))]

    def _relabel(self, row: int, fault: Fault, movement: str) -> None:
        known = self._rows[row]
        self.planted.append(Planted(known["id"], fault.name, fault.check, movement_before=known["movement"]))
        known["movement"] = movement

    def _add_photographs(self, fault: Fault, count: int, photographs: Manifest) -> None:
        offered = photographs.rows(split="test") or list(range(len(photographs)))
        for place in self._random.permutation(offered)[:count].tolist():
            picture = photographs.picture(place)
            data = picture if isinstance(picture, bytes) else picture.read_bytes()
            host = self._rows[next(iter(self._take(1, fault)))]
            known = {**host, "title": None, "source": "planted", "label_kind": None, **self._store(data)}
            self._rows.append(known)
            self.planted.append(Planted(known["id"], fault.name, fault.check))


def _as_png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
