import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalogue.conftest import answer
from catalogue.killing import killed
from smn.bundle import Bundle
from smn.catalogue.answer_updates import merge_answers, plan_update, replace_answers, tell_changes
from smn.catalogue.answers_file import apply_to_answers, read_answers
from smn.clean.decisions import Decision, Verdict
from smn.cli import main
from smn.predict.jobs import Input

Painter = Callable[..., Path]
DECIDED = {"verdict": "relabel", "note": "", "decided_at": ""}


@pytest.fixture
def inputs(tmp_path: Path) -> list[Input]:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    files = [Input(name, tmp_path / name, {"columns": {"sign": name}}) for name in ("a", "b", "c")]
    return [*files, Input("https://museum.example/d.jpg", lambda: b"d"), Input("lost", tmp_path / "lost")]


def test_only_what_is_new_or_changed_is_wanted(inputs: list[Input], tmp_path: Path) -> None:
    first = plan_update(inputs, [], model="m")
    assert (first.new, len(first.wanted)) == (5, 5)
    assert first.wanted[0].extra == {"columns": {"sign": "a"}, "sha256": first.hashes["a"]}
    rows = [answer(item.path, model="m", **item.extra) for item in first.wanted] + [answer("gone", model="m")]
    rows[2]["model"] = "older"
    assert plan_update(inputs, [answer("a")], model="m").unhashed == 1
    (tmp_path / "b").write_text("another", encoding="utf-8")
    plan = plan_update(inputs, rows, model="m")
    assert [item.path for item in plan.wanted] == ["b"]
    assert (plan.new, plan.changed, plan.unchanged, plan.other_model, plan.gone) == (0, 1, 4, 1, 1)
    assert [item.path for item in plan_update(inputs, rows, model="m", again=True).wanted] == ["b", "c"]


def test_decisions_stay_with_the_picture_that_was_decided() -> None:
    before = [answer("a", "cubism", sha256="1", decision=DECIDED, confidence=None),
              answer("b", "cubism", sha256="2", decision=DECIDED), answer("c", "realism", sha256="3"),
              answer("d", sha256="4")]  # fmt: skip
    answered = [answer("a", sha256="1", model="n"), answer("b", sha256="9"), answer("c", sha256="3"), answer("e")]
    rows, differing, dropped = merge_answers(before, answered)
    assert [(row["path"], row["movement"], "decision" in row) for row in rows] == [
        ("a", "cubism", True), ("b", "impressionism", False), ("c", "impressionism", False),
        ("d", "impressionism", False), ("e", "impressionism", False),
    ]  # fmt: skip
    assert (rows[0]["model"], rows[0]["confidence"]) == ("n", None)
    assert dropped == ["b"]
    assert tell_changes(differing) == "Answers that changed: 1: Realism to Impressionism 1."
    assert tell_changes([]) == ""


def test_the_answers_before_stay(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    assert replace_answers(out, [answer("a")]) is None
    assert replace_answers(out, [answer("b")]) == tmp_path / "answers.1.jsonl"
    assert replace_answers(out, [answer("c")]) == tmp_path / "answers.2.jsonl"
    assert [read_answers(tmp_path / f"answers{n}.jsonl")[0]["path"] for n in (".1", ".2", "")] == ["a", "b", "c"]


@pytest.mark.parametrize(("call", "at"), [("shutil.copy2", 1), ("os.fsync", 1), ("os.replace", 1), ("os.replace", 2)])
def test_a_kill_leaves_the_answers_before_and_doubles_no_backup(tmp_path: Path, call: str, at: int) -> None:
    out = tmp_path / "answers.jsonl"
    replace_answers(out, [answer("a")])
    assert killed(lambda: replace_answers(out, [answer("a"), answer("b")]), call, at=at)
    assert [row["path"] for row in read_answers(out)] == ["a"]
    assert replace_answers(out, [answer("a"), answer("b")]) == tmp_path / "answers.1.jsonl"
    assert [row["path"] for row in read_answers(out)] == ["a", "b"]
    assert sorted(path.name for path in tmp_path.glob("answers*")) == ["answers.1.jsonl", "answers.jsonl"]


# Through the command.


@pytest.fixture
def update(tiny_bundle: Bundle, tmp_path: Path) -> Callable[..., Result]:
    def run(*options: str) -> Result:
        words = ["predict", str(tmp_path / "scans"), "--model", str(tiny_bundle.folder), "--update", *options]
        return CliRunner().invoke(main, [*words, "--out", str(tmp_path / "answers.jsonl")])

    return run


def rows_of(tmp_path: Path) -> dict[str, Any]:
    return {Path(row["path"]).name: row for row in read_answers(tmp_path / "answers.jsonl")}


def test_a_growing_collection(update: Callable[..., Result], paint_file: Painter, tmp_path: Path) -> None:
    for name, colour in {"a.png": (255, 0, 0), "b.png": (0, 0, 255), "c.png": (0, 0, 255)}.items():
        paint_file(f"scans/{name}", colour)
    assert "Pictures: 3 new." in update().stderr
    first = rows_of(tmp_path)
    decided = {first["c.png"]["path"]: Decision(first["c.png"]["path"], Verdict.RELABEL, movement="cubism")}
    rows = apply_to_answers(list(first.values()), decided)
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    before = (tmp_path / "answers.jsonl").read_bytes()

    report = tmp_path / "report.html"
    assert "Pictures: 3 unchanged and left as they are." in update("--report", str(report)).stderr
    first_report = report.read_bytes()
    assert (tmp_path / "answers.jsonl").read_bytes() == before
    assert sorted(path.name for path in tmp_path.glob("answers*")) == ["answers.jsonl"]

    paint_file("scans/b.png", (255, 0, 0))
    paint_file("scans/d.png", (0, 0, 255))
    (tmp_path / "scans" / "a.png").unlink()
    result = update("--report", str(report))
    assert result.exit_code == 0
    assert (tmp_path / "report.1.html").read_bytes() == first_report != report.read_bytes()
    said = result.stderr
    assert "Pictures: 1 new, 1 changed, 1 unchanged and left as they are, 1 no longer there, whose rows stay." in said
    assert "Answers that changed: 1: Impressionism to Fauvism 1." in said
    found = rows_of(tmp_path)
    assert {name: row["movement"] for name, row in found.items()} == {
        "a.png": "fauvism", "b.png": "fauvism", "c.png": "cubism", "d.png": "impressionism",
    }  # fmt: skip
    assert (tmp_path / "answers.1.jsonl").read_bytes() == before

    rows = [row | {"model": "older"} for row in found.values()]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert "3 of the unchanged were answered by another model than tiny-1; --update --again" in update().stderr
    assert rows_of(tmp_path)["c.png"]["model"] == "older"
    assert update("--again").exit_code == 0
    found = rows_of(tmp_path)
    assert (found["c.png"]["model"], found["c.png"]["movement"]) == ("tiny-1", "cubism")  # the decision stays
    assert found["a.png"]["model"] == "older"


def test_answers_that_were_not_written_by_an_update_are_updated(
    update: Callable[..., Result], tiny_bundle: Bundle, paint_file: Painter, tmp_path: Path
) -> None:
    paint_file("scans/a.png", (255, 0, 0))
    words = ["predict", str(tmp_path / "scans"), "--model", str(tiny_bundle.folder)]
    assert CliRunner().invoke(main, [*words, "--out", str(tmp_path / "answers.jsonl")]).exit_code == 0
    assert "Pictures: 1 unchanged and left as they are." in update().stderr
    (row,) = rows_of(tmp_path).values()
    del row["sha256"]  # as an older version wrote it
    (tmp_path / "answers.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    assert "Pictures: 1 answered without a hash and answered again." in update().stderr
    assert "sha256" in rows_of(tmp_path)["a.png"]


def test_options_that_need_others_are_refused(update: Callable[..., Result], paint_file: Painter) -> None:
    paint_file("scans/a.png", (255, 0, 0))
    for words in (["--again"], ["--update"], ["--update", "--out", "a.csv"]):
        result = CliRunner().invoke(main, ["predict", "scans", *words])
        assert result.exit_code == 2
