from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.dataset.splitting import MAX_FOLDS, share_folds, split_manifest
from smn.errors import InputError, ManifestError, OutputExistsError
from smn.manifest import SPLITS, read_manifest

MOVEMENTS = ("cubism", "baroque", "impressionism")


@pytest.fixture
def rows():
    """Three movements of twenty artists of two works each, twenty rows by nobody."""
    named = [
        {"movement": movement, "artist": f"Artist {movement} N{n:02d}" if work else f"N{n:02d}, artist {movement}"}
        for movement in MOVEMENTS
        for n in range(20)
        for work in range(2)
    ]
    return named + [{"movement": "rococo", "artist": "unknown"} for _ in range(20)]


def test_no_artist_stands_in_two_splits_and_ratios_are_met(manifest, rows, tmp_path):
    report = split_manifest(manifest(rows).file, tmp_path / "split")
    table = read_manifest(tmp_path / "split")
    homes = defaultdict(set)
    for row, split in zip(rows, table.column("split"), strict=True):
        if row["artist"] != "unknown":
            words = sorted(row["artist"].replace(",", "").lower().split())
            homes[tuple(words)].add(split)
    assert len(homes) == 60
    assert all(len(splits) == 1 for splits in homes.values())
    assert report.rows == {"train": 98, "val": 14, "test": 28}
    assert report.movements["cubism"] == {"train": 28, "val": 4, "test": 8}
    assert report.movements["rococo"] == {"train": 14, "val": 2, "test": 4}
    assert sum(report.groups.values()) == 80
    assert report.leakage.leaks == ()
    assert report.to_dict()["manifest"] == str(table.file)


def test_the_seed_decides(manifest, rows, tmp_path):
    file = manifest(rows).file
    splits = [
        read_manifest(split_manifest(file, tmp_path / f"{n}.parquet", seed=seed).manifest).column("split")
        for n, seed in enumerate((0, 0, 1))
    ]
    assert splits[0] == splits[1] != splits[2]


def test_files_and_pixels_stay_together(manifest, rows, paint, tmp_path):
    for row in rows:
        row["artist"] = None
    for number in (5, 25, 125):
        rows[number]["sha256"] = "same"
    table = manifest(rows, pictures=True)
    (table.file.parent / "images/60.png").write_bytes(paint(5, form="BMP"))
    for seed in range(3):
        report = split_manifest(table.file, tmp_path / f"{seed}", seed=seed, pixels=True)
        splits = read_manifest(report.manifest).column("split")
        assert len({splits[number] for number in (5, 25, 60, 125)}) == 1
        assert report.leakage.compared == ("artist", "sha256", "pixels")


def test_another_column(manifest, rows, tmp_path):
    for number, row in enumerate(rows):
        row["source"] = f"Set {number % 14}"
    report = split_manifest(manifest(rows).file, tmp_path / "out", by="source", ratios=(1, 1, 1))
    assert report.by == "source"
    assert sum(report.groups.values()) == 14


def test_few_rows_of_every_movement(manifest, tmp_path):
    rows = [{"movement": f"movement-{n}", "artist": f"Artist {n}"} for n in range(12)]
    report = split_manifest(manifest(rows).file, tmp_path / "out")
    assert all(report.rows.values())


def test_rows_without_a_movement_are_split_too(manifest, rows, tmp_path):
    for row in rows[::2]:
        row["movement"] = None
    report = split_manifest(manifest(rows).file, tmp_path / "out")
    assert sum(report.movements[""].values()) == len(rows[::2])
    assert sum(report.rows.values()) == len(rows)


def test_what_cannot_be_done(manifest, rows, write, tmp_path):
    table = manifest(rows)
    with pytest.raises(ManifestError, match="no column 'painter'; choose one of id"):
        split_manifest(table.file, tmp_path / "out", by="painter")
    with pytest.raises(InputError, match="4 groups by artist, too few for 10 folds; use coarser ratios"):
        split_manifest(manifest([{"artist": f"A{n % 4}"} for n in range(40)], "few").file, tmp_path / "out")
    with pytest.raises(OutputExistsError):
        split_manifest(table.file, table.file)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("ratios", "folds"),
    [
        *[((70, 10, 20), (7, 1, 2)), ((80, 10, 10), (8, 1, 1)), ((1, 1, 1), (1, 1, 1)), ((80, 0, 20), (4, 0, 1))],
        *[((98, 1, 1), (18, 1, 1)), ((85, 5, 10), (17, 1, 2)), ((66, 17, 17), (13, 4, 3))],
    ],
)
def test_folds(ratios, folds):
    assert share_folds(ratios) == folds


@given(st.tuples(st.integers(1, 999), st.integers(0, 999), st.integers(1, 999)))
def test_folds_are_near_the_ratios(ratios):
    folds = share_folds(ratios)
    assert 2 <= sum(folds) <= MAX_FOLDS
    assert [bool(fold) for fold in folds] == [bool(ratio) for ratio in ratios]
    for fold, ratio in zip(folds, ratios, strict=True):
        assert abs(fold / sum(folds) - ratio / sum(ratios)) < 2 / MAX_FOLDS


@pytest.mark.parametrize("ratios", [(70, 30), (0, 50, 50), (100, 0, 0), (80, -10, 30), ()])
def test_wrong_ratios(ratios):
    with pytest.raises(InputError, match=r"cannot be used; give three whole numbers .* such as 70/10/20"):
        share_folds(ratios)


def test_splits_are_the_manifests():
    assert len(SPLITS) == len(share_folds((1, 1, 1)))
