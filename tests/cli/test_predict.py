import csv
import errno
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from pyarrow import parquet

from awkward_files import READABLE, UNREADABLE, jpeg
from smn.bundle import Bundle
from smn.cli import main
from smn.cli.predict import short_names
from smn.confidence.answer_policy import AnswerPolicy
from smn.confidence.conformal import SetTable
from smn.confidence.selective import PRECISION_LEVELS, OperatingPoint, PrecisionTable
from smn.predict import Model

SMN = Path(sys.executable).with_name("smn")
Predict = Callable[..., Result]
Painter = Callable[..., Path]


@pytest.fixture
def predict(tiny_bundle: Bundle) -> Predict:
    """Runs ``smn predict`` with the tiny bundle."""

    def run(*arguments: object, stdin: bytes | None = None) -> Result:
        words = ["predict", "--model", str(tiny_bundle.folder), *map(str, arguments)]
        return CliRunner(env={"COLUMNS": "160"}).invoke(main, words, input=stdin)

    return run


@pytest.fixture
def gallery(paint_file: Painter) -> Path:
    """A folder of a red, a blue and a grey picture, and one that cannot be read."""
    paint_file("gallery/a-red.png", (255, 0, 0))
    paint_file("gallery/b-blue.jpg", (0, 0, 255))
    file = paint_file("gallery/sub/c-grey.png", (128, 128, 128))
    (file.parent / "d-text.jpg").write_text("no picture", encoding="utf-8")
    return file.parent.parent


OUTCOMES = ["movement", "movement", "not_a_painting", "error"]


# What is shown.


def test_a_table_shows_every_picture(predict: Predict, gallery: Path) -> None:
    result = predict(gallery)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "By movement: Fauvism 1, Impressionism 1." in result.stdout
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.split()}
    assert "Fauvism" in lines["a-red.png"]
    assert "Fauvism, 99 %" in lines["a-red.png"]
    assert "Impressionism" in lines["b-blue.jpg"]
    assert "not look like a painting" in lines["c-grey.png"]
    assert "unreadable" in lines["d-text.jpg"]
    assert "use JPEG, PNG" in " ".join(result.stdout.split())
    assert "tiny-1 · taxonomy smn-25" in result.stdout


def test_no_name_is_cut_and_equal_names_get_their_folders(tiny_bundle: Bundle, paint_file: Painter) -> None:
    long = "inventory-number-1923-0457-a-recto-detail.png"
    for name in ("recto/0001.png", "verso/0001.png", f"recto/{long}"):
        file = paint_file(f"set/{name}", (255, 0, 0))
    words = ["predict", "--model", str(tiny_bundle.folder), str(file.parent.parent)]
    result = CliRunner(env={"COLUMNS": "80"}).invoke(main, words)
    assert {"recto/0001.png", "verso/0001.png"} <= set(result.stdout.split())
    lines = result.stdout.splitlines()
    end = next(line.index("answer") for line in lines if "answer" in line)
    assert long in "".join(line[:end].strip() for line in lines)
    assert "By movement: Fauvism 3." in result.stdout
    assert "…" not in result.stdout


def test_short_names_differ_wherever_the_paths_do() -> None:
    paths = ["a/x/1.jpg", "b/x/1.jpg", "b/2.jpg", "1.jpg", "http://host/i/2.jpg"]
    assert short_names(paths) == ["a/x/1.jpg", "b/x/1.jpg", "b/2.jpg", "1.jpg", "i/2.jpg"]
    assert short_names(["same.jpg", "same.jpg"]) == ["same.jpg", "same.jpg"]


def test_json_jsonl_and_csv_show_the_same_answers(predict: Predict, gallery: Path) -> None:
    rows = json.loads(predict(gallery, "--format", "json").stdout)
    assert [row["outcome"] for row in rows] == OUTCOMES
    assert [json.loads(line) for line in predict(gallery, "--format", "jsonl").stdout.splitlines()] == rows
    flat = list(csv.DictReader(io.StringIO(predict(gallery, "--format", "csv").stdout)))
    assert [row["path"] for row in flat] == [row["path"] for row in rows]
    assert [row["outcome"] for row in flat] == OUTCOMES


def test_the_answers_are_the_models(predict: Predict, gallery: Path, tiny_bundle: Bundle) -> None:
    model, file = Model(tiny_bundle), gallery / "a-red.png"
    shown = json.loads(predict(file, "--format", "json", "--top-k", 5).stdout)
    assert shown == [model.predict(file, top_k=5).to_dict()]


def test_another_taxonomy_answers_in_its_labels(predict: Predict, gallery: Path) -> None:
    result = predict(gallery / "b-blue.jpg", "--taxonomy", "origin-8", "--format", "json", "--top-k", 8)
    assert {guess["movement"] for guess in json.loads(result.stdout)[0]["predictions"]} == {
        "abstract", "color-field", "cubism", "expressionism", "impressionism", "realism", "renaissance", "romanticism",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_awkward_files_become_rows_in_every_format(predict: Predict, awkward_folder: Path, form: str) -> None:
    result = predict(awkward_folder, "--format", form)
    assert result.exit_code == 0
    total = len(READABLE) + len(UNREADABLE)
    assert result.stderr.endswith(f"pictures: {total} of {total}\n")
    if form == "jsonl":
        rows = {Path(row["path"]).name: row for row in map(json.loads, result.stdout.split("\n")[:-1])}
        assert set(rows) == set(READABLE) | set(UNREADABLE)
        assert {name for name, row in rows.items() if row["outcome"] == "error"} == set(UNREADABLE)


# Standard input.


def test_a_picture_from_standard_input(predict: Predict, gallery: Path) -> None:
    result = predict("-", "--format", "json", stdin=(gallery / "a-red.png").read_bytes())
    (row,) = json.loads(result.stdout)
    assert (row["path"], row["movement"]) == ("-", "fauvism")


def test_names_from_standard_input(predict: Predict, gallery: Path) -> None:
    names = f"{gallery / 'sub' / 'c-grey.png'}\n{gallery / 'a-red.png'}\n"
    result = predict("-", "--format", "jsonl", stdin=names.encode())
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [Path(row["path"]).name for row in rows] == ["c-grey.png", "a-red.png"]


# Exit codes: 1 when nothing could be read, 2 for wrong input.


def test_nothing_readable_is_exit_code_1(predict: Predict, gallery: Path) -> None:
    missing, text = gallery / "missing.jpg", gallery / "sub" / "d-text.jpg"
    for form in ("table", "json", "csv"):
        result = predict(missing, text, "--format", form)
        assert result.exit_code == 1
        assert "check the path" in " ".join(result.stdout.split())
    assert predict(missing, gallery / "a-red.png").exit_code == 0
    assert predict(missing, "--out", gallery / "out.csv").exit_code == 1
    assert predict("-", stdin=b"").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--taxonomy", "origin-9"], "There is no taxonomy 'origin-9'. Did you mean origin-8"),
        (["--model", "no-such-folder"], "no-such-folder is not a bundle: it has no bundle.json"),
        (["--format", "parquet"], "name a file with --out answers.parquet"),
        (["--out", "out.xlsx"], "use .json, .jsonl, .csv or .parquet, or name a --format"),
        (["--out", "out.csv", "--format", "table"], "for --out choose --format json, jsonl, csv or parquet"),
    ],
)
def test_wrong_input_is_exit_code_2_and_one_sentence(
    predict: Predict, gallery: Path, arguments: list[str], sentence: str
) -> None:
    result = predict(gallery, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: ")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--top-k", "0"], ["--format", "xml"], ["--batch-size", "0"], ["--colour"]])
def test_wrong_options_are_exit_code_2(predict: Predict, gallery: Path, arguments: list[str]) -> None:
    assert predict(gallery, *arguments).exit_code == 2


def test_a_folder_without_pictures_is_wrong_input(predict: Predict, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = predict(tmp_path / "empty")
    assert result.exit_code == 2
    assert result.stderr == (
        f"Error: No pictures in {tmp_path / 'empty'}; give a picture, or a folder that contains some.\n"
    )


def test_no_picture_at_all_is_wrong_input() -> None:
    assert CliRunner().invoke(main, ["predict"]).exit_code == 2


# Files.


def test_every_file_format_carries_the_same_answers(predict: Predict, gallery: Path, tmp_path: Path) -> None:
    for ending in ("json", "jsonl", "csv", "parquet"):
        result = predict(gallery, "--out", tmp_path / "out" / f"a.{ending}")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "4 rows (2 with a movement, 1 not a painting, 1 unreadable)." in result.stderr
    rows = json.loads((tmp_path / "out" / "a.json").read_text(encoding="utf-8"))
    assert [row["outcome"] for row in rows] == OUTCOMES
    lines = (tmp_path / "out" / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == rows
    assert [len(row.pop("sha256")) for row in rows] == [64] * 4  # for --update, which takes JSON lines only
    assert parquet.read_table(tmp_path / "out" / "a.parquet").to_pylist() == rows
    with (tmp_path / "out" / "a.csv").open(encoding="utf-8", newline="") as stream:
        assert [row["path"] for row in csv.DictReader(stream)] == [row["path"] for row in rows]
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_a_format_may_be_named_for_any_ending(predict: Predict, gallery: Path, tmp_path: Path) -> None:
    assert predict(gallery, "--out", tmp_path / "answers.txt", "--format", "jsonl").exit_code == 0
    assert len((tmp_path / "answers.txt").read_text(encoding="utf-8").splitlines()) == 4


def test_an_output_is_not_overwritten(predict: Predict, gallery: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    result = predict(gallery, "--out", out)
    assert result.exit_code == 2
    assert "already exists and smn overwrites nothing" in result.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    out.rename(tmp_path / "out.jsonl")
    assert "bring it up to date with --update" in predict(gallery, "--out", tmp_path / "out.jsonl").stderr


@pytest.fixture
def unfinished(predict: Predict, gallery: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The output of a job on the folder ``sub`` that was interrupted at its very end."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("smn.predict.jobs.Journal.finish", interrupted)
        assert predict(gallery / "sub", "--out", tmp_path / "out.jsonl").exit_code == 130
    return tmp_path / "out.jsonl"


def test_an_unfinished_job_is_finished(predict: Predict, gallery: Path, unfinished: Path) -> None:
    result = predict(gallery / "sub", "--out", unfinished)
    assert result.stderr.startswith("2 of 2 were already done; continuing.\n")
    assert len(unfinished.read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["sub", "--top-k", "5"], "unfinished job with other settings"),
        (["sub", "--taxonomy", "origin-8"], "unfinished job with other settings"),
        (["a-red.png"], "unfinished job with other pictures, such as "),
    ],
)
def test_an_unfinished_job_of_another_kind_is_kept(
    predict: Predict, gallery: Path, unfinished: Path, arguments: list[str], sentence: str
) -> None:
    partial = unfinished.with_name("out.jsonl.partial")
    before = partial.read_bytes()
    result = predict(gallery / arguments[0], "--out", unfinished, *arguments[1:])
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "move the file away" in result.stderr
    assert partial.read_bytes() == before
    assert not unfinished.exists()


# Interruptions, for real.

COUNT, STUCK = 300, 200


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Three hundred small pictures, of which one is a pipe: who reads it waits until somebody writes."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number:03}.jpg").write_bytes(jpeg())
    (folder / f"{STUCK:03}.jpg").unlink()
    os.mkfifo(folder / f"{STUCK:03}.jpg")
    return folder


@pytest.fixture
def stuck(many: Path, tiny_bundle: Bundle, tmp_path: Path) -> Any:
    """``smn predict`` on the folder, in a process of its own that has answered for some and waits at the pipe."""
    command = list(map(str, [
        SMN, "predict", many, "--model", tiny_bundle.folder, "--out", tmp_path / "out.jsonl", "--batch-size", "16",
    ]))  # fmt: skip
    partial = tmp_path / "out.jsonl.partial"
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Where the tests run in the background, an interrupt is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    ) as process:
        # 192 answers are twelve whole batches; the thirteenth holds the pipe.
        give_up = time.monotonic() + 60
        while not partial.exists() or partial.read_bytes().count(b"\n") < 1 + 192:
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.02)
        with open_pipe(many / f"{STUCK:03}.jpg", process) as pipe:
            yield process, pipe
        process.kill()


def open_pipe(file: Path, reader: subprocess.Popen[bytes]) -> io.FileIO:
    """The pipe, for writing, as soon as a process reads it; to open it before would hang where nobody does."""
    give_up = time.monotonic() + 60
    while True:
        try:
            return io.FileIO(os.open(file, os.O_WRONLY | os.O_NONBLOCK), "w")
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads it yet
                raise
        assert reader.poll() is None
        assert time.monotonic() < give_up
        time.sleep(0.02)


def check_that_it_continues(predict: Predict, many: Path, out: Path, *, done: int) -> None:
    (many / f"{STUCK:03}.jpg").unlink()
    (many / f"{STUCK:03}.jpg").write_bytes(jpeg())
    result = predict(many, "--out", out)
    assert result.exit_code == 0
    assert result.stderr.startswith(f"{done} of {COUNT} were already done; continuing.\n")
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [row["path"] for row in rows] == [str(many / f"{number:03}.jpg") for number in range(COUNT)]
    assert len({json.dumps(row | {"path": ""}) for row in rows}) == 1
    assert rows[0]["error"] is None
    assert not out.with_name("out.jsonl.partial").exists()


def test_a_killed_job_continues(stuck: Any, predict: Predict, many: Path, tmp_path: Path) -> None:
    process, _ = stuck
    process.kill()
    assert process.wait(30) == -signal.SIGKILL
    assert not (tmp_path / "out.jsonl").exists()
    check_that_it_continues(predict, many, tmp_path / "out.jsonl", done=192)


def test_an_interrupted_job_says_so_and_continues(stuck: Any, predict: Predict, many: Path, tmp_path: Path) -> None:
    process, pipe = stuck
    process.send_signal(signal.SIGINT)
    pipe.write(jpeg())
    pipe.close()  # the thread that reads it ends, and with it the process
    assert process.wait(30) == 130
    done = (tmp_path / "out.jsonl.partial").read_bytes().count(b"\n") - 1
    said = process.stderr.read().decode()
    assert (
        said
        == f"Stopped: {done} of {COUNT} pictures are done. To continue, run: {shlex.join(process.args)}\n".replace(
            str(SMN), "smn"
        )
    )
    assert 192 <= done < COUNT
    check_that_it_continues(predict, many, tmp_path / "out.jsonl", done=done)


# How sure.


@pytest.fixture
def promising(make_tiny_bundle: Callable[..., Bundle], tmp_path: Path) -> Bundle:
    """A bundle that names a movement from 0.6 on at up to 90 % right, and a family from 0.8 on."""
    points = tuple(OperatingPoint(0.6, 0.9, 0.25) if asked <= 0.9 else None for asked in PRECISION_LEVELS)
    families = tuple(OperatingPoint(0.8, 0.9, 0.5) for _ in PRECISION_LEVELS)
    return make_tiny_bundle(
        tmp_path / "promising",
        hues={"fauvism": (1, -1, -1), "expressionism": (-1, -1, 1)},
        policy=AnswerPolicy(PrecisionTable(points, families), SetTable((0.7,) * 50)),
    )


def test_an_unsure_answer_says_what_can_be_said(promising: Bundle, paint_file: Painter) -> None:
    file = paint_file("a.png", (255, 0, 255))
    words = ["predict", "--model", str(promising.folder), "--precision", "0.9", "--coverage", "0.8", str(file)]
    result = CliRunner(env={"COLUMNS": "160"}).invoke(main, words)
    assert result.exit_code == 0
    said = " ".join(result.stdout.split())
    assert "Between Fauvism and Expressionism, 99 %" in said or "Between Expressionism and Fauvism, 99 %" in said
    assert "one of these, 80%" in result.stdout
    assert result.stderr.startswith("At 90 % right on validation pictures, tiny-1 names a movement for about 25%")


def test_a_precision_never_reached_leaves_everything_unsure_and_says_so(promising: Bundle, paint_file: Painter) -> None:
    file = paint_file("a.png", (255, 0, 0))
    words = ["predict", "--model", str(promising.folder), "--precision", "0.975", "--format", "json", str(file)]
    result = CliRunner().invoke(main, words)
    assert json.loads(result.stdout)[0]["outcome"] == "unsure"
    assert "No threshold gave 97.5 % right" in result.stderr


@pytest.mark.parametrize("option", ["--precision", "--coverage"])
def test_what_the_bundle_cannot_promise_is_said_before_any_work(predict: Predict, gallery: Path, option: str) -> None:
    out = gallery.parent / "out.csv"
    result = predict(gallery, option, "0.9", "--out", out)
    assert (result.exit_code, out.exists(), out.with_name("out.csv.partial").exists()) == (2, False, False)
    assert "was exported without" in result.stderr


def test_a_job_is_not_continued_with_another_precision(promising: Bundle, paint_file: Painter, tmp_path: Path) -> None:
    file, out = paint_file("a.png", (255, 0, 0)), tmp_path / "out.jsonl"
    (tmp_path / "out.jsonl.partial").write_text('{"smn-predict": 2, "precision": 0.6}\n', encoding="utf-8")
    words = ["predict", "--model", str(promising.folder), "--precision", "0.9", "--out", str(out), str(file)]
    result = CliRunner().invoke(main, words)
    assert (result.exit_code, "with other settings" in result.stderr) == (2, True)
