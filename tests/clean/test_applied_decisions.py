import hashlib
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from review_sets import make_set, picture
from smn.clean.applied_decisions import BEFORE, apply_decisions
from smn.clean.decisions import Decision, Verdict, append_decisions, undo_decisions
from smn.errors import DecisionsError, OutputExistsError, UnknownNameError
from smn.manifest import read_manifest

DROP, KEEP, RELABEL = Verdict.DROP, Verdict.KEEP, Verdict.RELABEL


@pytest.fixture
def rows(tmp_path):
    splits = ("train", "train", "val", "test", None)
    return make_set(tmp_path / "set", [{"split": split, "museum": "Louvre", "raw_label": "R"} for split in splits])


@pytest.fixture
def decide(tmp_path):
    def decide(*lines, name="decisions.csv"):
        return append_decisions(tmp_path / name, lines)

    return decide


def test_rows_are_dropped_and_relabelled(rows, decide, tmp_path):
    old = rows.file.read_bytes()
    file = decide(
        Decision("p0", DROP, sha256=rows.column("sha256")[0], checks=("tiny", "leak")),
        Decision("p2", RELABEL, movement="cubism"),
        Decision("p3", KEEP),
        Decision("p4", RELABEL, movement="realism"),
    )
    seen = []
    applied = apply_decisions(rows, [file], tmp_path / "out", progress=lambda *state: seen.append(state))
    new = read_manifest(tmp_path / "out")
    assert new.column("id") == ["p1", "p2", "p3", "p4"]
    assert new.column("movement") == ["realism", "cubism", "realism", "realism"]
    assert new.column(BEFORE) == [None, "realism", None, None]
    assert new.column("museum") == ["Louvre"] * 4
    assert new.column("raw_label") == ["R"] * 4
    assert [hashlib.sha256(new.picture(row).read_bytes()).hexdigest() for row in range(4)] == new.column("sha256")
    assert rows.file.read_bytes() == old
    assert seen == [("Writing rows", 5, 5)]
    assert (applied.dropped, applied.relabelled, applied.kept) == (1, 1, 1)
    assert (applied.rows_before, applied.rows_after) == (5, 4)
    assert applied.dropped_by_check == {"tiny": 1, "leak": 1}
    assert applied.relabelled_to == {"realism -> cubism": 1}
    assert (applied.data_hash_before, applied.data_hash_after) == (rows.data_hash(), new.data_hash())


def test_the_reports_say_what_was_done(rows, decide, tmp_path):
    file = decide(
        Decision("p0", DROP, sha256="0" * 64),
        Decision("gone|away", DROP),
        Decision("p3", DROP),
        Decision("p1", DROP, checks=("tiny",)),
    )
    applied = apply_decisions(rows, [file], tmp_path / "out", splits=["train", "val"])
    assert applied.picture_changed == ("p0",)
    assert applied.not_in_manifest == ("gone|away",)
    assert applied.other_splits == ("p3",)
    assert applied.decisions[0].sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert json.loads((tmp_path / "out/applied.json").read_text()) == applied.to_dict() | {
        name: list(applied.to_dict()[name])
        for name in ("decisions", "splits", "not_in_manifest", "picture_changed", "other_splits")
    }
    said = (tmp_path / "out/applied.md").read_text()
    for part in ("4 of 5 pictures", "1 were dropped", "Only rows of train, val", "| tiny | 1 |", "- `gone|away`",
                 "not the one that was looked at", "in another split", applied.data_hash_after[:16]):  # fmt: skip
        assert part in said


def test_a_frozen_test_split_never_changes(rows, decide, tmp_path):
    file = decide(*(Decision(f"p{number}", DROP) for number in range(5)))
    new = apply_decisions(rows, [file], tmp_path / "out", splits=["train", "val"]).after
    assert read_manifest(new).column("id") == ["p3", "p4"]
    with pytest.raises(UnknownNameError, match=r"no split 'tset'\. Did you mean test"):
        apply_decisions(rows, [file], tmp_path / "other", splits=["tset"])


def test_the_same_decisions_give_the_same_table(rows, decide, tmp_path):
    file = decide(Decision("p0", DROP), Decision("p1", RELABEL, movement="cubism"))
    one = apply_decisions(rows, [file], tmp_path / "one")
    two = apply_decisions(rows, [file], tmp_path / "two")
    assert parquet.read_table(one.after).equals(parquet.read_table(two.after))
    assert one.data_hash_after == two.data_hash_after
    again = apply_decisions(one.after, [file], tmp_path / "three")
    assert again.data_hash_after == one.data_hash_after
    assert (again.dropped, again.relabelled, again.not_in_manifest) == (0, 0, ("p0",))
    assert read_manifest(again.after).column(BEFORE) == read_manifest(one.after).column(BEFORE)


def test_the_manifest_remembers_what_made_it(rows, decide, tmp_path):
    file = decide(Decision("p0", DROP))
    one = apply_decisions(rows, [file], tmp_path / "one", splits=["train"])
    (step,) = read_manifest(one.after).lineage()
    assert (step.parents, step.data) == ((rows.data_hash(),), one.data_hash_after)
    assert step.made_by == {"command": "clean apply", "decisions": [one.decisions[0].sha256], "splits": ["train"]}
    again = read_manifest(apply_decisions(one.after, [file], tmp_path / "two").after)
    assert [known.made_by["command"] for known in again.lineage()] == ["clean apply"] * 2


def test_undoing_gives_the_rows_back(rows, decide, tmp_path):
    file = decide(Decision("p0", DROP), Decision("p1", RELABEL, movement="cubism"))
    assert apply_decisions(rows, [file], tmp_path / "one").data_hash_after != rows.data_hash()
    undo_decisions(file, last=2)
    assert apply_decisions(rows, [file], tmp_path / "two").data_hash_after == rows.data_hash()


def test_a_later_file_wins(rows, decide, tmp_path):
    one, two = decide(Decision("p0", DROP)), decide(Decision("p0", KEEP), name="more.csv")
    assert apply_decisions(rows, [one, two], tmp_path / "one").dropped == 0
    assert apply_decisions(rows, [two, one], tmp_path / "two").dropped == 1


def test_pictures_inside_stay_inside(decide, tmp_path):
    rows = make_set(tmp_path / "set", [{"data": picture(number, (40, 30))} for number in range(70)], embed=True)
    assert parquet.read_schema(rows.file).metadata is None
    applied = apply_decisions(rows, [decide(Decision("p3", DROP))], tmp_path / "out/small.parquet")
    new = read_manifest(applied.after)
    assert len(new) == 69
    assert [new.picture(row) for row in (2, 3, 68)] == [rows.picture(row) for row in (2, 4, 69)]
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "small.parquet", "small-applied.json", "small-applied.md",
    }  # fmt: skip


def test_metadata_and_odd_types_are_kept(rows, decide, tmp_path):
    table = parquet.read_table(rows.file).append_column("tags", pa.array([["a"]] * 5))
    table = table.set_column(table.column_names.index("year"), "year", pa.array([1900] * 5, pa.int64()))
    parquet.write_table(table.replace_schema_metadata({"huggingface": "{}"}), rows.file)
    new = parquet.read_table(apply_decisions(rows.file, [decide(Decision("p0", DROP))], tmp_path / "out").after)
    assert new.schema.metadata[b"huggingface"] == b"{}"
    assert new["tags"].to_pylist() == [["a"]] * 4
    assert new.schema.field("year").type == pa.int32()


def test_everything_may_be_dropped(rows, decide, tmp_path):
    file = decide(*(Decision(f"p{number}", DROP) for number in range(5)))
    assert apply_decisions(rows, [file], tmp_path / "out").rows_after == 0


@pytest.mark.parametrize("taken", ["manifest.parquet", "applied.json", "applied.md"])
def test_nothing_is_overwritten(rows, decide, tmp_path, taken):
    file = decide(Decision("p0", DROP))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / taken).write_text("mine")
    with pytest.raises(OutputExistsError):
        apply_decisions(rows, [file], tmp_path / "out")
    assert [one.name for one in (tmp_path / "out").iterdir()] == [taken]


def test_wrong_decisions_write_nothing(rows, tmp_path):
    (tmp_path / "bad.csv").write_text("id,decision,movement\np0,relabel,impresionism\n")
    with pytest.raises(DecisionsError, match=r"no movement 'impresionism' \(did you mean impressionism\?\)"):
        apply_decisions(rows, [tmp_path / "bad.csv"], tmp_path / "out")
    assert not (tmp_path / "out").exists()
