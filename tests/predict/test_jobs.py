import csv
import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awkward_files import READABLE, UNREADABLE, encode, jpeg, scene
from catalogue.killing import killed
from smn.bundle import Bundle
from smn.bundle.runtime import Outputs, Runtime
from smn.catalogue.answers_file import read_answers
from smn.errors import ImageError, InputError, OutputExistsError
from smn.images import SUFFIXES
from smn.predict.formats import Format
from smn.predict.jobs import Input, Journal, find_inputs, predict_stream
from smn.predict.model import Model
from smn.predict.prediction import Outcome, Prediction, failed

SETTINGS = {"model": "tiny-1", "taxonomy": "smn-25", "top_k": 3}
# Separators that str.splitlines takes for a line's end stand in the names.
NAMES = [f"{number}\u2028naïve\x85.jpg" for number in range(6)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "sub/deep/c.tiff", ".cache/d.jpg", "sub/e.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def shown(inputs: Iterable[Input], folder: Path) -> list[str]:
    return [os.path.relpath(item.path, folder) for item in inputs]


def test_a_file_is_taken_whatever_its_ending(folder: Path) -> None:
    for name in ("b.jpg", "notes.txt", ".hidden.jpg"):
        file = folder / name
        assert find_inputs([str(file)]) == (Input(str(file), file),)


def test_a_folder_is_searched_in_a_fixed_order_without_hidden_names(folder: Path) -> None:
    assert shown(find_inputs([str(folder)]), folder) == ["a.PNG", "b.jpg", "sub/e.webp", "sub/deep/c.tiff"]


def test_every_picture_ending_is_found_in_a_folder(tmp_path: Path) -> None:
    for ending in SUFFIXES:
        (tmp_path / f"a{ending}").write_bytes(b"")
    assert len(find_inputs([str(tmp_path)])) == len(SUFFIXES) == 18


def test_a_pattern_finds_files_only(folder: Path) -> None:
    assert shown(find_inputs([str(folder / "*")]), folder) == ["a.PNG", "b.jpg", "notes.txt"]
    assert shown(find_inputs([str(folder / "**" / "*.[tw]*")]), folder) == [
        "notes.txt",
        "sub/deep/c.tiff",
        "sub/e.webp",
    ]


def test_a_relative_pattern_is_searched_from_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert [item.path for item in find_inputs(["sub/**/*.webp", "./b.jpg", "b.jpg"])] == ["sub/e.webp", "b.jpg"]


def test_a_file_whose_name_looks_like_a_pattern_is_itself(folder: Path) -> None:
    file = folder / "[1].jpg"
    file.write_bytes(b"")
    assert shown(find_inputs([str(file)]), folder) == ["[1].jpg"]


def test_names_that_match_nothing_are_kept(folder: Path) -> None:
    names = [str(folder / "missing.jpg"), str(folder / "*.gif"), str(folder / "scnas")]
    assert [item.path for item in find_inputs(names, strict=False)] == names
    assert all(isinstance(item.source, Path) for item in find_inputs(names, strict=False))
    assert [item.path for item in find_inputs(names[:1])] == names[:1]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("sbu", r"There is no file or folder '.*sbu'; check the path. Did you mean .*sub\?"), ("*.gif", "matches no file"),
     ("nowhere/sub", "There is no file or folder")],
)  # fmt: skip
def test_a_mistyped_folder_and_a_pattern_without_hits_are_errors(folder: Path, name: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        find_inputs([str(folder / name)])


def test_what_is_hidden_is_told(folder: Path) -> None:
    hidden: list[Path] = []
    others: list[Path] = []
    find_inputs([str(folder)], hidden=hidden, others=others)
    assert hidden == [folder / ".cache", folder / ".hidden.jpg"]
    assert others == [folder / "notes.txt"]


def test_an_empty_folder_has_no_pictures(tmp_path: Path) -> None:
    assert find_inputs([str(tmp_path)]) == ()


def test_a_picture_is_listed_once_however_often_it_is_named(folder: Path) -> None:
    names = [str(folder / "b.jpg"), str(folder), str(folder / "*.jpg"), str(folder / "b.jpg")]
    assert shown(find_inputs(names), folder) == ["b.jpg", "a.PNG", "sub/e.webp", "sub/deep/c.tiff"]


def test_standard_input_is_a_list_of_names(folder: Path) -> None:
    names = f"{folder / 'b.jpg'}\r\n\n{folder / 'sub'}\n-\n{folder / 'missing.jpg'}"
    found = find_inputs(["-"], stdin=names.encode())
    assert shown(found, folder) == ["b.jpg", "sub/e.webp", "sub/deep/c.tiff", "missing.jpg"]


@pytest.mark.parametrize("name", [name for name in READABLE if len(name) < 100])
def test_standard_input_is_a_picture(name: str) -> None:
    data = READABLE[name].make()
    assert find_inputs(["-"], stdin=data) == (Input("-", data),)


def test_a_picture_without_a_zero_byte_is_a_picture() -> None:
    data = encode(scene(), "PPM")
    assert b"\0" not in data
    assert find_inputs(["-"], stdin=data) == (Input("-", data),)


@pytest.mark.parametrize("stdin", [None, b"", b" \n"])
def test_empty_standard_input_becomes_one_row(stdin: bytes | None) -> None:
    assert find_inputs(["-"], stdin=stdin) == (Input("-", stdin or b""),)


def test_standard_input_stands_beside_other_names(folder: Path) -> None:
    assert [item.path for item in find_inputs([str(folder / "b.jpg"), "-"], stdin=jpeg())] == [
        str(folder / "b.jpg"),
        "-",
    ]


def test_names_that_are_not_unicode_are_told_apart_and_can_be_shown(tmp_path: Path) -> None:
    names = [b"caf\xe8.jpg", b"caf\xe9.jpg", "café.jpg".encode()]
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(jpeg())
    listed = b"\n".join(os.fsencode(tmp_path) + b"/" + name for name in names)
    for found in (find_inputs([str(tmp_path)]), find_inputs(["-"], stdin=listed)):
        assert len(found) == 3
        assert {item.path.encode("utf-8") for item in found} == {
            os.fsencode(tmp_path) + name for name in (b"/caf\\udce8.jpg", b"/caf\\udce9.jpg", "/café.jpg".encode())
        }
        assert all(item.source.read_bytes() == jpeg() for item in found if isinstance(item.source, Path))


class CountingModel:
    """Answers with the path alone, and counts the pictures that are prepared and not yet answered."""

    name = "counting"

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.held = self.most = self.prepared = 0
        self.batches: list[int] = []

    @property
    def runtime(self) -> "CountingModel":
        return self

    def preprocess(self, source: bytes) -> tuple[np.ndarray, None]:
        if source == b"bad":
            raise ImageError("It is bad; mend it.")
        # Later pictures are ready sooner, so that an order by readiness would show.
        time.sleep(0.002 / int(source))
        with self.lock:
            self.prepared += 1
            self.held += 1
            self.most = max(self.most, self.held)
        return np.array([int(source)]), None

    run_batches = Runtime.run_batches

    def run(self, batch: np.ndarray, *, evidence: bool) -> Outputs:
        assert not evidence
        with self.lock:
            self.held -= len(batch)
        self.batches.append(len(batch))
        return Outputs(batch, batch, batch)

    def to_predictions(
        self, outputs: Outputs, paths: Sequence[str], *, found: list[None], top_k: int, coverage: float | None,
        batch: object,
    ) -> tuple[Prediction, ...]:  # fmt: skip
        assert len(batch) == len(paths)  # type: ignore[arg-type]
        assert (top_k, coverage, found) == (3, None, [None])
        assert [str(number) for number in outputs.logits[:, 0]] == list(paths)
        return tuple(failed(path, "no answer", model=self.name) for path in paths)


def numbered(count: int, *, bad: Sequence[int] = ()) -> list[Input]:
    return [Input(str(at), b"bad" if at in bad else str(at).encode()) for at in range(1, count + 1)]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 8, 30])
def test_answers_come_in_order_and_in_batches(count: int) -> None:
    model: Any = CountingModel()
    answers = list(predict_stream(model, numbered(count), batch_size=4))
    assert [answer.path for answer in answers] == [str(number) for number in range(1, count + 1)]
    assert sorted(model.batches, reverse=True) == [4] * (count // 4) + [count % 4] * (count % 4 > 0)


def test_no_more_than_two_batches_are_ever_held() -> None:
    model: Any = CountingModel()
    for number, _ in enumerate(predict_stream(model, numbered(60), batch_size=4, workers=1), start=1):
        time.sleep(0.001)  # a slow reader must not make the decoders run ahead
        assert model.prepared <= number + 2 * 4
    assert model.most <= 8


def test_batches_are_answered_at_the_same_time() -> None:
    class Meeting(CountingModel):
        met = threading.Barrier(3)

        def run(self, batch: np.ndarray, *, evidence: bool) -> Outputs:
            self.met.wait(10)
            return super().run(batch, evidence=evidence)

    model: Any = Meeting()
    assert [one.path for one in predict_stream(model, numbered(9), workers=3)] == [str(at) for at in range(1, 10)]


def test_the_next_batch_is_decoded_while_the_network_answers() -> None:
    class Waiting(CountingModel):
        ahead = threading.Event()

        def preprocess(self, source: bytes) -> tuple[np.ndarray, None]:
            if source == b"5":
                self.ahead.set()
            return super().preprocess(source)

        def run(self, batch: np.ndarray, *, evidence: bool) -> Outputs:
            assert self.ahead.wait(10)
            return super().run(batch, evidence=evidence)

    model: Any = Waiting()
    assert len(list(predict_stream(model, numbered(8), batch_size=4, workers=2))) == 8


def test_a_bad_picture_becomes_a_row_where_it_stood() -> None:
    model: Any = CountingModel()
    answers = list(predict_stream(model, numbered(9, bad=(2, 5, 6, 7, 8)), batch_size=4))
    assert [answer.path for answer in answers] == [str(number) for number in range(1, 10)]
    assert [at for at, answer in enumerate(answers, 1) if answer.error == "It is bad; mend it."] == [2, 5, 6, 7, 8]
    assert sorted(model.batches) == [1, 3]  # the second batch holds no readable picture and is never asked for


def test_what_is_no_image_error_is_not_swallowed() -> None:
    model: Any = CountingModel()
    with pytest.raises(ValueError, match="invalid literal"):
        list(predict_stream(model, [Input("a", b"word")]))


def test_an_address_is_a_picture_of_its_own(tmp_path: Path) -> None:
    address = "https://example.org/a%20b.jpg"
    assert find_inputs([address, address]) == (Input(address, address),)


def test_pictures_are_taken_as_they_are_needed() -> None:
    model: Any = CountingModel()
    taken = 0

    def endless() -> Iterator[Input]:
        nonlocal taken
        while True:
            taken += 1
            yield Input(str(taken), str(taken).encode())

    stream = predict_stream(model, endless(), batch_size=4, workers=1)
    assert [next(stream).path for _ in range(3)] == ["1", "2", "3"]
    assert taken <= 4 + 1 + 2 * 4


def test_a_stream_can_be_left_early() -> None:
    model: Any = CountingModel()
    threads = threading.active_count()
    stream = predict_stream(model, numbered(1000), batch_size=4, workers=1)
    assert next(stream).path == "1"
    stream.close()
    assert model.prepared <= 8
    assert threading.active_count() == threads


def test_the_stream_answers_as_the_model_does(tiny_bundle: Bundle, awkward_folder: Path) -> None:
    model = Model(tiny_bundle, threads=1)
    inputs = find_inputs([str(awkward_folder)])
    for batch_size in (1, 7, 100):
        for item, answer in zip(inputs, predict_stream(model, inputs, top_k=2, batch_size=batch_size), strict=True):
            name = Path(item.path).name
            assert answer.path == item.path
            assert (answer.outcome is Outcome.ERROR) == (name in UNREADABLE)
            if name in READABLE:
                assert answer == model.predict(Path(item.path), top_k=2)
    assert len(inputs) == len(READABLE) + len(UNREADABLE)


def test_a_wrong_top_k_is_an_input_error(tiny_bundle: Bundle, awkward_folder: Path) -> None:
    with pytest.raises(InputError, match="top_k"):
        list(predict_stream(Model(tiny_bundle), find_inputs([str(awkward_folder / "plain.jpg")]), top_k=0))


def answers(names: list[str]) -> Iterator[Prediction]:
    return (failed(name, "no answer", model="tiny-1") for name in names)


def work(journal: Journal, names: list[str]) -> None:
    assert [answer.path for answer in journal.add(answers(names))] == names


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "new" / "out.jsonl"


@pytest.fixture
def partial(out: Path) -> Path:
    return out.with_name("out.jsonl.partial")


def paths_in(file: Path) -> list[str]:
    return [json.loads(line)["path"] for line in file.read_bytes().decode().split("\n")[:-1]]


def test_a_job_without_interruption_leaves_its_output_only(out: Path, partial: Path) -> None:
    journal = Journal(out, SETTINGS)
    assert journal.done == set()
    assert partial.is_file()
    work(journal, NAMES)
    assert [row["path"] for row in journal.rows()] == NAMES
    journal.finish(Format.JSONL, top_k=3)
    assert paths_in(out) == NAMES
    assert list(out.parent.iterdir()) == [out]


def test_an_interrupted_job_continues_where_it_was(out: Path) -> None:
    work(Journal(out, SETTINGS), NAMES[:4])
    journal = Journal(out, SETTINGS)
    assert journal.done == set(NAMES[:4])
    work(journal, NAMES[4:])
    journal.finish(Format.JSONL, top_k=3)
    assert paths_in(out) == NAMES


def test_a_line_that_a_kill_cut_short_is_answered_again(out: Path, partial: Path) -> None:
    work(Journal(out, SETTINGS), NAMES[:4])
    whole = partial.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    for cut in (1, 2, last // 2, last - 1):
        partial.write_bytes(whole[:-cut])
        assert Journal(out, SETTINGS).done == set(NAMES[:3])
        assert partial.read_bytes() == whole[:-last]
    journal = Journal(out, SETTINGS)
    work(journal, NAMES[3:])
    journal.finish(Format.JSONL, top_k=3)
    assert paths_in(out) == NAMES


def test_answers_are_on_disk_before_the_job_is_over(out: Path, partial: Path) -> None:
    stream = Journal(out, SETTINGS).add(answers(NAMES), flush_every=2)
    for _ in range(5):
        next(stream)
    assert len(partial.read_bytes().splitlines()) - 1 >= 4
    stream.close()
    assert Journal(out, SETTINGS).done == set(NAMES[:5])


@pytest.mark.parametrize("key", SETTINGS)
def test_a_job_with_other_settings_is_refused_and_kept(out: Path, partial: Path, key: str) -> None:
    work(Journal(out, SETTINGS), NAMES[:2])
    before = partial.read_bytes()
    with pytest.raises(InputError, match=r"unfinished job with other settings .*finish it with those, or move"):
        Journal(out, SETTINGS | {key: "other"})
    assert partial.read_bytes() == before


NO_JOURNALS = [b"my notes\nwithout an end", b"no line", b"\xff\xfe\n", b"[]\n7\n", b'{"a": 1}\n{}\n']


@pytest.mark.parametrize("content", NO_JOURNALS)
def test_a_file_that_is_no_journal_is_refused_and_kept(out: Path, partial: Path, content: bytes) -> None:
    partial.parent.mkdir()
    partial.write_bytes(content)
    with pytest.raises(InputError, match="is not an unfinished job of smn's; move it away"):
        Journal(out, SETTINGS)
    assert partial.read_bytes() == content


def test_an_empty_journal_begins_anew(out: Path, partial: Path) -> None:
    partial.parent.mkdir()
    partial.touch()
    work(Journal(out, SETTINGS), NAMES)
    assert Journal(out, SETTINGS).done == set(NAMES)


def test_an_existing_output_is_never_overwritten(out: Path, partial: Path) -> None:
    out.parent.mkdir()
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="overwrites nothing"):
        Journal(out, SETTINGS)
    assert not partial.exists()
    assert out.read_text(encoding="utf-8") == "mine"


def test_an_output_that_appears_meanwhile_is_not_overwritten_either(out: Path, partial: Path) -> None:
    journal = Journal(out, SETTINGS)
    work(journal, NAMES)
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError):
        journal.finish(Format.JSONL, top_k=3)
    assert out.read_text(encoding="utf-8") == "mine"
    assert sorted(out.parent.iterdir()) == [out, partial]


def test_a_place_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written .*name another place"):
        Journal(tmp_path / "file" / "out.csv", SETTINGS)


@pytest.mark.parametrize("form", [Format.JSON, Format.JSONL, Format.CSV, Format.PARQUET])
@pytest.mark.parametrize("call", ["os.fsync", "os.replace"])
def test_a_kill_while_the_output_is_written_loses_nothing(tmp_path: Path, form: Format, call: str) -> None:
    out = tmp_path / f"out.{form}"
    journal = Journal(out, SETTINGS)
    written = list(journal.add([failed(name, "no answer", model="tiny-1") for name in NAMES]))
    assert killed(lambda: journal.finish(form, top_k=1), call, at=1)
    assert not out.exists()
    again = Journal(out, SETTINGS)
    assert again.done == set(NAMES)
    again.finish(form, top_k=1)
    assert [row["path"] for row in read_answers(out)] == [one.path for one in written]
    assert not again.file.exists()


def test_what_a_list_brought_along_is_written_with_the_answers(tmp_path: Path) -> None:
    answers = [failed(name, "no answer", model="tiny-1") for name in ("a", "b")]

    def more(path: str | None) -> dict[str, object]:
        return {"columns": {"inventory": "7", "model": "x"}} if path == "a" else {}

    for form in (Format.JSONL, Format.CSV):
        out = tmp_path / f"out.{form}"
        journal = Journal(out, SETTINGS)
        assert list(journal.add(answers, extra=more)) == answers
        journal.finish(form, top_k=1, columns=["inventory", "model"])
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines())
    assert (first["columns"], "columns" in second) == ({"inventory": "7", "model": "x"}, False)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["inventory"], row["input_model"], row["model"]) for row in rows] == [
        ("7", "x", "tiny-1"), ("", "", "tiny-1"),
    ]  # fmt: skip
