"""Planting: what was planted is what is there, and nothing else has changed."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleaning_benchmark.faults import FAULTS, Way
from cleaning_benchmark.planting import PLANTED, Planted, plant_faults, read_planted
from smn.errors import ImageError, InputError, ManifestError, OutputExistsError, UnknownNameError
from smn.images import open_image
from smn.manifest import Manifest, read_manifest

SetMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> Path:
    import pyarrow as pa

    from smn.manifest import write_manifest

    folder = tmp_path_factory.mktemp("base") / "set"
    make_painted_set(folder, splits={"train": 20, "val": 4, "test": 4})
    read = read_manifest(folder)
    # Six works by a hand.
    hands = [f"{movement} hand {row // 6}" for row, movement in enumerate(read.column("movement"))]
    table = read.table.set_column(read.table.column_names.index("artist"), "artist", pa.array(hands))
    return write_manifest(table, folder / "hands.parquet")


@pytest.fixture(scope="module")
def planted(
    base: Path, tmp_path_factory: pytest.TempPathFactory, make_other_set: SetMaker
) -> tuple[Manifest, Manifest, tuple[Planted, ...]]:
    others = make_other_set(tmp_path_factory.mktemp("others") / "set", splits={"train": 3, "test": 4})
    out = tmp_path_factory.mktemp("planted")
    told: list[tuple[str, int, int]] = []
    faults = plant_faults(base, out, each=3, not_paintings=others, seed=5, progress=lambda *news: told.append(news))
    assert told[-1] == ("planting faults", len(FAULTS), len(FAULTS))
    return read_manifest(base), read_manifest(out), faults


def test_every_fault_is_planted_as_often_as_asked(planted: tuple[Manifest, Manifest, tuple[Planted, ...]]) -> None:
    old, new, faults = planted
    counts = Counter(one.fault for one in faults)
    assert counts.keys() == FAULTS.keys()
    assert set(counts.values()) == {3}
    added = sum(count for name, count in counts.items() if FAULTS[name].way in (Way.COPY, Way.LEAK, Way.FOREIGN))
    assert len(new) == len(old) + added
    assert read_planted(new.file.parent) == faults
    assert {one.id for one in faults} <= set(new.column("id"))
    assert len({one.id for one in faults}) == len(faults), "no row has two faults"


def test_what_is_not_planted_is_as_it_was(planted: tuple[Manifest, Manifest, tuple[Planted, ...]]) -> None:
    old, new, faults = planted
    touched = {one.id for one in faults}
    before = {row["id"]: row for row in old.table.to_pylist()}
    for row in new.table.to_pylist():
        if row["id"] in touched:
            continue
        assert {**row, "path": None} == {**before[row["id"]], "path": None}
    for row in (0, len(old) - 1):
        assert open_image(old.picture(row)).size
    for place in range(len(new)):
        if new.column("id")[place] not in touched:
            assert Path(new.picture(place)).is_file()  # type: ignore[arg-type]


def test_each_way_does_what_it_says(planted: tuple[Manifest, Manifest, tuple[Planted, ...]]) -> None:
    old, new, faults = planted
    rows = {row["id"]: (place, row) for place, row in enumerate(new.table.to_pylist())}
    before = {row["id"]: row for row in old.table.to_pylist()}
    for one in faults:
        place, row = rows[one.id]
        way = FAULTS[one.fault].way
        assert one.check == FAULTS[one.fault].check
        if one.fault == "truncated":
            with pytest.raises(ImageError):
                open_image(new.picture(place))
            continue
        picture = open_image(new.picture(place))
        assert way is Way.SWAP or picture.size == (row["width"], row["height"])
        if way is Way.SWAP:
            assert before[one.id]["movement"] == one.movement_before != row["movement"]
        if way in (Way.COPY, Way.LEAK):
            assert one.of in rows
            assert rows[one.of][1]["sha256"] == before[one.of]["sha256"], "the original stays"
            assert row["movement"] == rows[one.of][1]["movement"]
        if way is Way.LEAK:
            assert (row["split"], rows[one.of][1]["split"] in ("val", "test")) == ("train", True)
        if one.fault == "same-pixels":
            twin = open_image(new.picture(rows[one.of][0]))
            assert np.array_equal(np.asarray(picture), np.asarray(twin))
            assert row["sha256"] != rows[one.of][1]["sha256"]


def test_faults_stay_in_the_splits_that_are_named(base: Path, tmp_path: Path) -> None:
    faults = plant_faults(base, tmp_path / "out", faults=["swapped", "blurred"], each=6, splits=["train"])
    new = {row["id"]: row for row in read_manifest(tmp_path / "out").table.to_pylist()}
    assert {new[one.id]["split"] for one in faults} == {"train"}
    assert len(faults) == 12


def test_planting_is_decided_by_the_seed(base: Path, tmp_path: Path) -> None:
    drawn = [
        plant_faults(base, tmp_path / name, faults=["swapped", "blurred"], each=4, seed=seed)
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_pictures_inside_a_manifest_become_files(base: Path, tmp_path: Path, make_painted_set: SetMaker) -> None:
    from smn.dataset import import_dataset

    make_painted_set(tmp_path / "plain", splits={"train": 6})
    import_dataset([tmp_path / "plain" / "manifest.parquet"], tmp_path / "inside", embed=True)
    plant_faults(tmp_path / "inside", tmp_path / "out", faults=["mirrored"], each=2)
    new = read_manifest(tmp_path / "out")
    assert all(Path(new.picture(row)).is_file() for row in range(len(new)))  # type: ignore[arg-type]


def test_what_cannot_be_planted_says_what_to_do(base: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Choose one of"):
        plant_faults(base, tmp_path, faults=["scratched"])
    with pytest.raises(InputError, match="as not_paintings"):
        plant_faults(base, tmp_path, faults=["photograph"])
    with pytest.raises(ManifestError, match="plant fewer with a lower each"):
        plant_faults(base, tmp_path, faults=["blurred"], each=5000)
    with pytest.raises(InputError, match="make it with plant_faults"):
        read_planted(tmp_path)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / PLANTED).write_text("mine")
    with pytest.raises(OutputExistsError):
        plant_faults(base, tmp_path / "taken", faults=["blurred"], each=1)
    assert (tmp_path / "taken" / PLANTED).read_text() == "mine"
