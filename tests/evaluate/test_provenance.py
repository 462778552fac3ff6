from pathlib import Path

from smn.bundle import read_bundle
from smn.evaluate import DataUse, EvaluationSet, Use
from smn.evaluate.provenance import list_training, note_use


def test_a_bundle_tells_what_it_was_trained_on() -> None:
    known = {"sha256": "a" * 64, "pictures": {"train": 7, "val": 2}, "negatives_sha256": "b" * 64, "negatives": 3}
    assert list_training("tiny-1", known) == [
        DataUse(Use.TRAINED, "tiny-1", None, None, 9, "a" * 64),
        DataUse(Use.TRAINED, "tiny-1", None, None, 3, "b" * 64),
    ]
    alone = {**known, "negatives_sha256": None, "negatives": 0}
    assert [one.rows for one in list_training("tiny-1", alone)] == [9]


def test_what_a_teacher_was_trained_on_counts_too() -> None:
    teacher = {"name": "large-1", "sha256": "m", "data": {"sha256": "b", "pictures": {"train": 5}}}
    known = {"sha256": "a", "pictures": {"train": 7}, "teachers": [teacher]}
    assert list_training("small-1", known) == [
        DataUse(Use.TRAINED, "small-1", None, None, 7, "a"),
        DataUse(Use.TRAINED, "large-1, teacher of small-1", None, None, 5, "b"),
    ]


def test_a_bundle_that_does_not_tell_is_no_error() -> None:
    assert list_training("tiny-1", {}) == []
    assert list_training("tiny-1", {"sha256": "c"}) == [DataUse(Use.TRAINED, "tiny-1", None, None, 0, "c")]


def test_the_model_inside_the_package_tells() -> None:
    (paintings, others) = list_training("default-1", read_bundle().data)
    assert paintings.rows > others.rows > 100
    assert len(paintings.data_hash) == len(others.data_hash) == 64


def test_a_use_is_written_as_it_was_given() -> None:
    chosen = EvaluationSet.parse("known=data/famous:test")
    used = note_use(Use.MEASURED, chosen, rows=3, data_hash="d")
    assert used == DataUse(Use.MEASURED, "known", Path("data/famous").as_posix(), "test", 3, "d")
