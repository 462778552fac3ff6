import hashlib

import numpy as np
import pyarrow as pa
import pytest

from smn.dataset.matching import LeftOutReason, Matcher, group_works, read_entries, read_hash


def match(old, *new, held_out=None):
    matcher = Matcher(lambda *_: None)
    matcher.know(old, read_entries(old))
    if held_out is not None:
        matcher.hold_out(held_out, read_entries(held_out))
    for place, manifest in enumerate(new, start=1):
        matcher.take(manifest, read_entries(manifest, place=place))
    return matcher


def test_the_same_bytes_and_the_same_picture_are_left_out(collect):
    old = collect([{"seed": 1}, {"seed": 2}])
    new = collect([{"seed": 1}, {"seed": 2, "size": (96, 64)}, {"seed": 3}], "new")
    found = match(old, new).found
    assert [entry.id for entry in found.accepted] == [new.column("id")[2]]
    assert [(one.why, one.kept) for one in found.left_out] == [
        (LeftOutReason.SAME_FILE, old.column("id")[0]),
        (LeftOutReason.SAME_PICTURE, old.column("id")[1]),
    ]
    assert {key: [entry.row for entry in copies] for key, copies in found.also_in.items()} == {(0, 0): [0], (0, 1): [1]}


def test_the_first_of_new_pictures_stays(collect):
    one = collect([{"seed": 1}, {"seed": 1, "id": "again"}], "one")
    two = collect([{"seed": 1, "id": "third", "form": "JPEG", "size": (480, 320)}], "two")
    found = match(collect([{"seed": 9}]), one, two).found
    assert [entry.key for entry in found.accepted] == [(1, 0)]
    assert [entry.id for entry in found.also_in[1, 0]] == ["again", "third"]


def test_a_manifest_that_is_added_to_itself_brings_nothing(collect):
    old = collect([{"seed": 1}, {"seed": 2}])
    found = match(old, old, old).found
    assert (len(found.accepted), len(found.left_out)) == (0, 4)


def test_labels_that_contradict_are_told(collect):
    old = collect([{"seed": 1, "movement": "cubism"}, {"seed": 2, "movement": "cubism"}, {"seed": 3}])
    new = collect(
        [{"seed": seed, "movement": name} for seed, name in enumerate(["pop-art", "cubism", "rococo"], 1)], "n"
    )
    assert [one.detail for one in match(old, new).found.left_out] == ["cubism / pop-art", "", ""]


def test_nothing_of_the_held_out_set_comes_in(collect):
    held_out = collect(
        [{"seed": 1}, {"seed": 2}, {"seed": 3, "artist": "Juan Gris", "title": "Breakfast"}, {"seed": 4}], "held"
    )
    new = collect(
        [
            {"seed": 1},
            {"seed": 2, "size": (96, 64)},
            {"seed": 13, "artist": "Gris, Juan", "title": "breakfast!"},
            {"seed": 14, "artist": "Juan Gris", "title": "Guitar"},
            {"seed": 4},
        ],
        "new",
    )
    found = match(collect([{"seed": 4}]), new, held_out=held_out).found
    assert [entry.row for entry in found.accepted] == [3]
    assert [(one.why, one.kept) for one in found.left_out] == [
        (LeftOutReason.HELD_OUT, held_out.column("id")[row]) for row in (0, 1, 2, 3)
    ]
    assert [one.detail for one in found.left_out] == [
        "the same file", "the same picture", "the same work", "the same file",
    ]  # fmt: skip


def test_a_bad_picture_costs_that_row_only(collect, paint):
    new = collect([{"seed": 1}, {"picture": b"no picture"}, {"picture": paint(2)[:90]}, {"seed": 3}], "new")
    old = collect([{"seed": 4}, {"picture": b"nor this"}])
    matcher = match(old, new, held_out=collect([{"picture": b"nor that"}], "held"))
    assert [entry.row for entry in matcher.found.accepted] == [0, 3]
    assert [(one.id, one.why) for one in matcher.found.left_out] == [
        (new.column("id")[row], LeftOutReason.UNREADABLE) for row in (1, 2)
    ]
    assert "not a picture" in matcher.found.left_out[0].detail
    assert [one.manifest.parent.name for one in matcher.unreadable] == ["old", "held"]


def test_a_picture_that_was_changed_since_is_not_taken(collect, paint):
    new = collect([{"seed": 1}, {"seed": 2}], "new")
    new.picture(0).write_bytes(paint(3))
    found = match(collect([{"seed": 4}]), new).found
    assert [entry.row for entry in found.accepted] == [1]
    assert "import it anew" in found.left_out[0].detail


def test_ids_that_are_taken_give_way_to_the_pictures_own(collect):
    old = collect([{"seed": 1, "id": "1"}])
    new = collect([{"seed": 2, "id": "1"}, {"seed": 3, "id": "2"}], "new")
    other = collect([{"seed": 4, "id": "2"}], "other")
    found = match(old, new, other).found
    names = [new.column("sha256")[0][:16], "2", other.column("sha256")[0][:16]]
    assert [entry.id for entry in found.accepted] == names
    assert found.renamed == {names[0]: "1", names[2]: "2"}


@pytest.mark.parametrize(
    ("consent", "taken"), [("yes", True), (" TRUE ", True), ("no", False), ("", False), (None, False)]
)
def test_feedback_needs_consent(collect, consent, taken):
    rows = [
        {"seed": 1, "label_kind": "feedback", "consent": consent},
        {"seed": 2, "label_kind": "work", "consent": consent},
    ]
    found = match(collect([{"seed": 9}]), collect(rows, "new", consent=pa.string())).found
    assert [entry.row for entry in found.accepted] == ([0, 1] if taken else [1])
    assert [one.why for one in found.left_out] == ([] if taken else [LeftOutReason.NO_CONSENT])


def test_progress_is_told_for_every_manifest(collect):
    told = []
    matcher = Matcher(lambda *what: told.append(what))
    for take, name in ((matcher.know, "old"), (matcher.hold_out, "held"), (matcher.take, "new")):
        manifest = collect([{"seed": seed} for seed in range(70)], name)
        take(manifest, read_entries(manifest))
        assert told == [(f"looking at {manifest.file}", done, 70) for done in (64, 70)]
        told.clear()


def test_pictures_of_one_work_are_grouped(collect):
    old = collect(
        [{"seed": 1, "artist": "Juan Gris", "title": "Guitar"}, {"seed": 2, "artist": "Juan Gris", "title": "Fruit"}]
    )
    new = collect([{"seed": 3, "artist": "juan gris", "title": "guitar"}, {"seed": 4, "title": "Guitar"}], "new")
    works = group_works(read_entries(new), read_entries(old))
    assert works == {"gris juan: guitar": (old.column("id")[0], new.column("id")[0])}


def test_a_picture_that_cannot_be_used_has_a_reason(tmp_path, paint):
    data = paint(1)
    file = tmp_path / "a.png"
    file.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    found = read_hash(file, expected=digest)
    assert not isinstance(found, str)
    assert np.array_equal(found, read_hash(data, expected=digest))
    assert "neither a path nor a picture inside; import it anew" in read_hash(None, expected=digest)
    assert "no longer the one that was imported" in read_hash(file, expected="0" * 64)
    assert "gone.png" in read_hash(tmp_path / "gone.png", expected=digest)
    assert isinstance(read_hash(data[:90], expected=digest), str)
