import json

import pytest
from click.testing import CliRunner

from smn.cli.dataset import dataset
from smn.errors import LeakageError, OutputExistsError
from smn.manifest import read_manifest


@pytest.fixture
def run():
    def run(*arguments, code=0):
        result = CliRunner().invoke(dataset, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    return run


@pytest.fixture
def folder(write, paint, tmp_path):
    for number in range(24):
        write(f"set/{('Cubism', 'Pop_Art', 'land[scape]')[number % 3]}/{number}.png", paint(number))
    write("set/Cubism/bad.png", b"no")
    return tmp_path / "set"


def test_import_tells_what_happened(run, folder, tmp_path):
    out = run("import", folder, "--out", tmp_path / "out", "--taxonomy", "origin-8", "--licence", "CC0")
    for part in ("Cubism", "Pop Art", "land[scape]", "pop-art", "not a picture", "--map", "24 of 25 pictures"):
        assert part in " ".join(out.split()), out
    with pytest.raises(OutputExistsError):
        run("import", folder, "--out", tmp_path / "out")


def test_import_options(run, write, paint, tmp_path):
    write("a.png", paint(1))
    table = write("t.csv", b"file,stil,wer\na.png,Kubismus = kantig,Juan Gris\n")
    run(
        *("import", table, "--out", tmp_path / "out", "--column", "path=file", "--column", "movement=stil"),
        *("--column", "artist=wer", "--map", "Kubismus = kantig=cubism", "--source", "mine", "--embed"),
    )
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.column("movement"), manifest.column("artist")) == (["cubism"], ["Juan Gris"])
    assert manifest.column("source") == ["mine"]
    assert manifest.picture(0) == paint(1)


def test_import_with_artist_aliases(run, write, paint, tmp_path):
    write("a.png", paint(1))
    table = write("t.csv", b"path,movement,artist,split\na.png,Cubism,Andr Lhote,train\n")
    aliases = write("aliases.csv", "artist,canonical\nAndr Lhote,André Lhote\n".encode())
    assert "1 rows" in run("import", table, "--out", tmp_path / "out", "--artist-aliases", aliases)
    assert read_manifest(tmp_path / "out").column("artist") == ["André Lhote"]


def test_import_of_not_paintings(run, folder, tmp_path):
    assert "Not a painting" in run("import", folder, "--out", tmp_path / "out", "--not-paintings")


def test_split_check_and_info(run, folder, tmp_path):
    run("import", folder, "--out", tmp_path / "out")
    out = run("split", tmp_path / "out", "--out", tmp_path / "split.parquet", "--ratios", "50/25/25")
    assert "No leakage by sha256." in out
    assert "No row has a known artist, so nothing can be said about leakage by artist" in out
    assert "Cubism" in out
    loaded = json.loads(run("split", tmp_path / "out", "--out", tmp_path / "b", "--format", "json", "--pixels"))
    assert sum(loaded["rows"].values()) == 24
    checked = run("check", tmp_path / "split.parquet", "--pixels")
    assert "by sha256, pixels: 0 in both" in checked
    assert "nothing can be said about leakage by artist" in checked
    sheet = tmp_path / "sheet.png"
    assert "Pop Art" in run("info", tmp_path / "split.parquet", "--split", "train", "--sheet", sheet)
    assert sheet.is_file()
    described = json.loads(run("info", tmp_path / "split.parquet", "--format", "json"))
    assert described["rows"] == 24
    with pytest.raises(OutputExistsError):
        run("info", tmp_path / "split.parquet", "--sheet", sheet)


def test_split_and_check_name_the_folders_that_match_no_movement(folder, tmp_path):
    def said(*arguments):
        return CliRunner().invoke(dataset, [str(argument) for argument in arguments]).stderr

    said("import", folder, "--out", tmp_path / "out")
    line = "8 pictures have a label that matches no movement, so no model learns from them: land[scape] (8). Map such"
    for form in ("table", "json"):
        assert line in said(
            "split", tmp_path / "out", "--out", tmp_path / form, "--ratios", "60/20/20", "--format", form
        )
    assert line in said("check", tmp_path / "table")
    said("import", folder, "--out", tmp_path / "mapped", "--map", "land[scape]=realism")
    assert said("split", tmp_path / "mapped", "--out", tmp_path / "all") == ""


def test_check_shows_leaks_and_fails(run, manifest):
    table = manifest([{"artist": "Juan Gris", "split": "train"}, {"artist": "Gris, Juan", "split": "test"}])
    with pytest.raises(LeakageError, match="gris juan"):
        run("check", table.file)


def test_check_against_another_manifest(run, manifest):
    training = manifest([{"artist": "Juan Gris", "title": "Breakfast"}])
    held_out = manifest([{"artist": "Juan Gris", "title": "Guitar"}], "held")
    arguments = ("check", training.file, "--against", held_out.file, "--no-pixels")
    assert "In common (not an error)" in run(*arguments)
    loaded = json.loads(run(*arguments, "--format", "json"))
    assert loaded["in_common"][0]["value"] == "gris juan"


def test_wrong_ratios_are_a_usage_error(run, manifest, tmp_path):
    table = manifest([{}])
    assert "is not like 70/10/20" in run("split", table.file, "--out", tmp_path / "x", "--ratios", "most", code=2)


@pytest.mark.parametrize("command", ["import", "split", "check", "info"])
def test_every_command_has_help(run, command):
    assert "Usage:" in run(command, "--help")
    assert command in run("--help")
