import hashlib
import json
from pathlib import Path

import pytest
from pyarrow import parquet

from smn.dataset.importer import Intake, import_dataset
from smn.dataset.label_map import LabelMap
from smn.dataset.sources import Failed, Row
from smn.errors import InputError, ManifestError, OutputExistsError, UnknownNameError
from smn.images import open_image
from smn.manifest import COLUMNS, NOT_A_PAINTING, read_manifest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def folder(write, paint, tmp_path):
    write("set/Cubism/á 画.png", paint(1))
    write("set/Ukiyo_e/b.jpg", paint(2, (64, 40), "JPEG"))
    write("set/landscape/c.webp", paint(3, form="WEBP"))
    return tmp_path / "set"


def test_a_folder_is_referenced_not_copied(folder, tmp_path):
    report = import_dataset([folder], tmp_path / "out", licence="CC0")
    manifest = read_manifest(tmp_path / "out")
    assert report.manifest == manifest.file
    assert manifest.column("movement") == ["cubism", "ukiyo-e", None]
    assert manifest.column("raw_label") == ["Cubism", "Ukiyo_e", "landscape"]
    assert manifest.column("width") == [48, 64, 48]
    assert manifest.column("height") == [32, 40, 32]
    assert set(manifest.column("source")) == {"set"}
    assert set(manifest.column("licence")) == {"CC0"}
    assert [value[:16] for value in manifest.column("sha256")] == manifest.column("id")
    assert manifest.picture(0) == folder / "Cubism" / "á 画.png"
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "import-report.json", "import-report.md", "manifest.parquet",
    ]  # fmt: skip


def test_pictures_below_the_manifest_have_relative_paths(folder):
    import_dataset([folder], folder)
    assert read_manifest(folder).column("path")[1] == "Ukiyo_e/b.jpg"


def test_unmapped_labels_are_counted_with_suggestions(folder, write, paint, tmp_path):
    write("set/Symbolism, Expressionism/d.png", paint(4))
    report = import_dataset([folder], tmp_path / "out", mapping={"landscape": "impressionism"})
    assert report.movements == {"impressionism": 1, "cubism": 1, "ukiyo-e": 1}
    assert [(item.label, item.rows) for item in report.unmapped] == [("Symbolism, Expressionism", 1)]
    assert report.unmapped[0].suggestions[:2] == ("symbolism", "expressionism")


def test_bad_pictures_cost_themselves_only(folder, write, paint, tmp_path):
    write("set/Cubism/cut.jpg", paint(5, (300, 300), "JPEG")[:-4000])
    write("set/Cubism/page.png", b"<html>")
    write("set/Cubism/empty.png", b"")
    report = import_dataset([folder], tmp_path / "out")
    assert (report.rows, report.seen) == (3, 6)
    reasons = {Path(item.name).name: item.reason for item in report.failed}
    assert "truncated" in reasons["cut.jpg"]
    assert "web page" in reasons["page.png"]
    assert "empty" in reasons["empty.png"]
    written = json.loads((tmp_path / "out/import-report.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(report.to_dict()))
    assert "| truncated" not in written
    assert "web page" in (tmp_path / "out/import-report.md").read_text(encoding="utf-8")


def test_of_identical_files_the_first_is_kept(folder, write, paint, tmp_path):
    write("set/Cubism/same.png", paint(1))
    write("set/Surrealism/same.png", paint(1))
    report = import_dataset([folder], tmp_path / "out")
    assert report.rows == 3
    assert [item.labels for item in report.duplicates] == [(), ("cubism", "surrealism")]
    assert "same.png" in report.duplicates[0].kept
    assert "á 画.png" in report.duplicates[0].dropped


def test_a_csv_with_a_missing_file(write, paint, tmp_path):
    write("pics/ü.png", paint(1))
    rows = "path,style,artist,year,split,museum\npics/ü.png,Cubism,Juan Gris,c. 1912,validation,MoMA\ngone.png,x,,,,\n"
    table = write("t.csv", rows.encode())
    report = import_dataset([table], tmp_path / "out", source="mine")
    manifest = read_manifest(tmp_path / "out")
    row = {name: manifest.column(name)[0] for name in ("movement", "artist", "year", "split", "museum", "source")}
    assert row == {
        "movement": "cubism", "artist": "Juan Gris", "year": None, "split": "val", "museum": "MoMA", "source": "mine",
    }  # fmt: skip
    assert "gone.png" in report.failed[0].name
    assert "cannot be read" in report.failed[0].reason
    assert report.notes == ("1 values of year could not be read and were left empty.",)


def test_two_shards_are_written_out_once(shard, paint, tmp_path):
    for part in range(2):
        image = [{"bytes": paint(10 * part + n, form="JPEG"), "path": None} for n in range(3)]
        shard(f"hub/{part}.parquet", {"image": image, "style": [0, 1, 0]}, {"style": ["Cubism", "Pop_Art"]})
    report = import_dataset([tmp_path / "hub"], tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert report.movements == {"cubism": 4, "pop-art": 2}
    assert manifest.column("path")[0] == f"images/{manifest.column('id')[0][:2]}/{manifest.column('id')[0]}.jpg"
    assert manifest.picture(4).read_bytes() == paint(11, form="JPEG")


def test_an_interrupted_import_can_be_repeated(shard, paint, tmp_path):
    file = shard("t.parquet", {"image": [{"bytes": paint(n), "path": None} for n in range(70)]})

    def interrupt(what, done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_dataset([file], tmp_path / "out", progress=interrupt)
    assert not (tmp_path / "out/manifest.parquet").exists()
    assert len(list((tmp_path / "out/images").glob("*/*.png"))) == 64
    assert import_dataset([file], tmp_path / "out").rows == 70


def test_embedding_puts_pictures_inside(folder, shard, paint, tmp_path):
    file = shard("t.parquet", {"image": [{"bytes": paint(9), "path": None}], "museum": ["Louvre"]})
    import_dataset([folder, file], tmp_path / "out", embed=True)
    manifest = read_manifest(tmp_path / "out")
    assert manifest.column("path") == [None] * 4
    assert manifest.picture(0) == paint(1)
    assert manifest.picture(3) == paint(9)
    assert manifest.column("museum") == [None, None, None, "Louvre"]
    assert not (tmp_path / "out/images").exists()
    again = import_dataset([manifest.file], tmp_path / "again")
    assert again.rows == 4
    assert read_manifest(tmp_path / "again").data_hash() == manifest.data_hash()


def test_the_sources_own_raw_label_is_kept_unless_the_label_would_be_lost(shard, paint, tmp_path):
    image = [{"bytes": paint(n), "path": None} for n in range(3)]
    columns = {"image": image, "movement": ["Cubism", "landscape", None], "raw_label": ["Kubismus", "Land", "Was"]}
    report = import_dataset([shard("t.parquet", columns)], tmp_path / "out")
    assert read_manifest(tmp_path / "out").column("raw_label") == ["Kubismus", "landscape", "Was"]
    assert report.unlabelled == 1


def test_not_paintings(folder, tmp_path):
    report = import_dataset([folder], tmp_path / "out", not_paintings=True)
    assert report.movements == {NOT_A_PAINTING: 3}
    assert report.unmapped == ()


def test_taxonomy_counts_inside_and_outside(folder, tmp_path):
    report = import_dataset([folder], tmp_path / "out", taxonomy="origin-8")
    assert report.taxonomy is not None
    assert report.taxonomy.labels["cubism"] == 1
    assert report.taxonomy.outside == {"ukiyo-e": 1}
    assert report.rows == 3


def test_ids_of_two_sources_do_not_collide(shard, paint, tmp_path):
    files = [
        shard(f"{n}.parquet", {"id": ["a"], "year": [1900], "n": [n], "image": [{"bytes": paint(n), "path": None}]})
        for n in range(2)
    ]
    import_dataset(files, tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert manifest.column("id") == ["a", manifest.column("sha256")[1][:16]]
    assert manifest.column("year") == [1900, 1900]
    assert manifest.column("n") == [0, 1]


def test_an_extra_column_of_two_types_becomes_text(shard, paint, tmp_path):
    files = [
        shard(f"{n}.parquet", {"n": [value], "image": [{"bytes": paint(n), "path": None}]})
        for n, value in enumerate((7, "seven"))
    ]
    import_dataset(files, tmp_path / "out")
    assert read_manifest(tmp_path / "out").column("n") == ["7", "seven"]


@pytest.mark.parametrize("name", ["manifest.parquet", "import-report.json", "import-report.md"])
def test_nothing_is_overwritten(folder, write, tmp_path, name):
    file = write(f"out/{name}", b"mine")
    with pytest.raises(OutputExistsError, match="already exists"):
        import_dataset([folder], tmp_path / "out", embed=True)
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == [name]
    assert file.read_bytes() == b"mine"


def test_what_is_wrong_is_found_before_any_work(folder, tmp_path):
    for wrong, error in (
        ({"taxonomy": "origin-9"}, UnknownNameError),
        ({"mapping": {"a": "b"}}, UnknownNameError),
    ):
        with pytest.raises(error):
            import_dataset([folder], tmp_path / "out", **wrong)
    with pytest.raises(InputError, match="no file or folder"):
        import_dataset([folder, tmp_path / "nowhere"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("embed", [True, False])
def test_nothing_usable_is_an_error_with_the_first_reason(write, tmp_path, embed):
    write("set/Cubism/a.png", b"no")
    with pytest.raises(InputError, match=r"None of the 1 pictures .* not a picture .* Correct it"):
        import_dataset([tmp_path / "set"], tmp_path / "out", embed=embed)
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_a_table_without_pictures_says_so(write, tmp_path):
    with pytest.raises(ManifestError, match="--column path=NAME"):
        import_dataset([write("t.csv", b"a\n1\n")], tmp_path / "out")


def test_progress_ends_at_the_total(folder, tmp_path):
    calls = []
    import_dataset([folder], tmp_path / "out", progress=lambda *step: calls.append(step))
    assert calls[-1] == ("Reading pictures", 3, 3)


def test_the_manifest_has_the_schemas_types(folder, tmp_path):
    schema = parquet.read_schema(import_dataset([folder], tmp_path / "out").manifest)
    assert {name: str(schema.field(name).type) for name in COLUMNS} == COLUMNS


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared paintings are not on this machine")
def test_real_paintings_are_all_mapped(tmp_path):
    report = import_dataset([SHARED / "famous"], tmp_path / "famous", taxonomy="smn-25")
    assert (report.rows, report.unmapped, report.failed, report.unlabelled) == (913, (), (), 0)
    assert open_image(read_manifest(tmp_path / "famous").picture(912)).mode == "RGB"
    others = import_dataset([SHARED / "not-paintings"], tmp_path / "others", not_paintings=True, embed=True)
    assert others.movements == {NOT_A_PAINTING: 900}
    assert "photo of camel" in read_manifest(tmp_path / "others").column("what")


@pytest.mark.parametrize("embed", [False, True])
def test_an_artist_under_two_spellings_comes_to_stand_in_one_split(write, paint, tmp_path, embed):
    rows = [("Vasily Kandinsky", "train"), ("Paul Klee", "train"), ("Kandinsky, Wassily", "test"), ("Paul Klee", "")]
    for number in range(len(rows)):
        write(f"{number}.png", paint(number))
    lines = [f'{number}.png,Expressionism,"{artist}",{split}' for number, (artist, split) in enumerate(rows)]
    table = write("t.csv", "\n".join(["path,movement,artist,split", *lines]).encode())
    aliases = write("aliases.csv", b"artist,canonical\nVasily Kandinsky,Wassily Kandinsky\n")
    report = import_dataset([table], tmp_path / "out", artist_aliases=aliases, embed=embed)
    manifest = read_manifest(tmp_path / "out")
    assert manifest.column("split") == ["test", "train", "test", None]
    assert manifest.column("artist")[0] == "Wassily Kandinsky"
    assert manifest.column("artist_before") == ["Vasily Kandinsky", None, None, None]
    assert [note[:6] for note in report.notes] == ["1 rows", "1 rows"]
    assert [step.made_by["command"] for step in manifest.lineage()][-1] == "dataset import"
    assert open_image(manifest.picture(0)).size == (48, 32)
    assert not list((tmp_path / "out").glob("*unjoined*"))


def test_extra_columns_of_a_manifest_are_kept(shard, paint, tmp_path):
    columns = {
        "image": [{"bytes": paint(seed), "path": None} for seed in (1, 2)],
        "movement": ["Cubism", "Fauvism"],
        "accepted": ["Cubism|Expressionism", "Fauvism"],
        "same_work": [None, "0123456789abcdef"],
    }
    import_dataset([shard("set/part-000.parquet", columns)], tmp_path / "first")
    import_dataset([tmp_path / "first"], tmp_path / "second")
    manifest = read_manifest(tmp_path / "second")
    assert manifest.column("accepted") == columns["accepted"]
    assert manifest.column("same_work") == columns["same_work"]
    assert manifest.picture(0).is_file()


class ListSource:
    name, extras = "list", {}

    def __init__(self, rows):
        self._rows = rows

    def __len__(self):
        return len(self._rows)

    def rows(self):
        return iter(self._rows)


@pytest.fixture
def intake(tmp_path):
    def intake(*rows, embed=True, aliases=None):
        return Intake(
            [ListSource(rows)], tmp_path, labels=LabelMap(), defaults={"source": None, "licence": "CC0"}, texts={"n"},
            not_paintings=False, embed=embed, aliases=aliases or {},
        )  # fmt: skip

    return intake


def test_a_record_has_what_was_offered_and_what_was_measured(intake, paint):
    values = {"movement": " Cubism ", "year": 1907.0, "n": 7, "width": 9999, "sha256": "forged"}
    (record,) = intake(Row("a", paint(1), values)).records()
    assert record["movement"] == "cubism"
    assert record["year"] == 1907
    assert record["n"] == "7"
    assert record["width"] == 48
    assert record["sha256"] == hashlib.sha256(paint(1)).hexdigest()
    assert (record["source"], record["licence"]) == ("list", "CC0")
    assert record["image"] == {"bytes": paint(1), "path": None}


def test_failures_of_the_source_are_passed_on_in_order(intake, paint):
    work = intake(Failed("a", "gone"), Row("b", paint(1), {}), Row("c", b"no", {}))
    assert len(list(work.records())) == 1
    assert [item.name for item in work.failed] == ["a", "c"]


def test_a_taken_place_is_a_reason(intake, paint, write):
    sha256 = hashlib.sha256(paint(1)).hexdigest()
    write(f"images/{sha256[:2]}/{sha256[:16]}.png", b"mine")
    work = intake(Row("a", paint(1), {}), Row("b", paint(2), {}), embed=False)
    assert len(list(work.records())) == 1
    assert "taken by a different file" in work.failed[0].reason


def test_order_does_not_depend_on_threads(intake, paint):
    rows = [Row(str(n), paint(n, (48 + 40 * (n % 3), 32)), {"title": str(n)}) for n in range(130)]
    assert [record["title"] for record in intake(*rows).records()] == [row.name for row in rows]


def test_artists_get_their_other_name_and_the_old_one_is_kept(intake, paint):
    rows = [Row(name, paint(seed), {"artist": name}) for seed, name in enumerate(["Kandinsky, Vasily", "Paul Klee"])]
    work = intake(*rows, aliases={"kandinsky vasily": "Wassily Kandinsky"})
    first, second = work.records()
    assert (first["artist"], first["artist_before"]) == ("Wassily Kandinsky", "Kandinsky, Vasily")
    assert (second["artist"], second.get("artist_before")) == ("Paul Klee", None)
    assert any("1 rows" in note for note in work.report(work._out, taxonomy=None).notes)
