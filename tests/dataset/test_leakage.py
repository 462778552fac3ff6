import json

import pytest

from smn.dataset.leakage import check_leakage, compare_manifests, find_leakage
from smn.errors import LeakageError, ManifestError


def test_a_clean_split(manifest):
    table = manifest([
        {"artist": "Claude Monet", "split": "train"}, {"artist": "Juan Gris", "split": "test"}, {"artist": "Juan Gris"},
        {"artist": "Unknown", "split": "train"}, {"artist": "unknown", "split": "test"}, {"split": "val"},
    ])  # fmt: skip
    leakage = check_leakage(table)
    assert leakage.leaks == ()
    assert leakage.sides == {"train": 2, "val": 1, "test": 2}
    assert leakage.compared == leakage.comparable == ("artist", "sha256")
    assert leakage.caveat == "3 of 5 rows have no known artist; nothing can be said about their leakage by it."


def test_where_no_artist_is_known_nothing_is_said_about_artists(manifest):
    leakage = find_leakage(manifest([{"split": "train"}, {"artist": "unknown", "split": "test"}]))
    assert leakage.comparable == ("sha256",)
    assert "nothing can be said about leakage by artist" in leakage.caveat
    named = find_leakage(manifest([{"artist": "A", "split": "train"}, {"artist": "B", "split": "test"}], "named"))
    assert named.caveat is None


def test_artists_and_files_leak_whatever_their_spelling(manifest):
    table = manifest([
        {"artist": "Claude Monet", "split": "train"}, {"artist": "Monet, Claude", "split": "test"},
        {"artist": "claude-monet", "split": "test"}, {"artist": "A", "sha256": "same", "split": "val"},
        {"artist": "B", "sha256": "same", "split": "test"},
    ])  # fmt: skip
    with pytest.raises(
        LeakageError, match=r"2 things stand .* artist 'claude monet' \(1 in train.* Split anew"
    ) as caught:
        check_leakage(table)
    leakage = caught.value.evidence
    assert [(item.kind, item.value, item.size) for item in leakage.leaks] == [
        ("artist", "claude monet", 3), ("sha256", "same", 2),
    ]  # fmt: skip
    assert leakage.leaks[0].rows == {"train": ("set-0",), "test": ("set-1", "set-2")}
    assert json.dumps(leakage.to_dict())


def test_pixels_are_compared_on_request(manifest, paint):
    table = manifest([{"split": "train"}, {"split": "test"}, {"split": "test"}], pictures=True)
    (table.file.parent / "images/1.png").write_bytes(paint(0, form="BMP"))
    (table.file.parent / "images/2.png").write_bytes(b"no")
    assert find_leakage(table).leaks == ()
    leakage = find_leakage(table, pixels=True)
    assert [item.kind for item in leakage.leaks] == ["pixels"]
    assert "not a picture" in leakage.unreadable["set-2"]


def test_a_manifest_without_splits_says_what_to_do(manifest):
    with pytest.raises(ManifestError, match="has no splits; make them with: smn dataset split"):
        check_leakage(manifest([{}]))
    with pytest.raises(ManifestError, match="has no column 'painter'; it has id"):
        check_leakage(manifest([{"split": "train"}], "other"), by="painter")


def test_a_held_out_set(manifest, paint):
    training = manifest(
        [
            {"artist": "Claude Monet", "title": "Impression, Sunrise", "split": "train"},
            {"artist": "Juan Gris", "title": "Still Life", "split": "train"},
            {"artist": "Franz Marc", "title": "Tiger", "split": "test"},
            {"artist": "X", "split": "train", "sha256": "same"},
        ],
        pictures=True,
    )
    held_out = manifest(
        [
            {"artist": "MONET Claude", "title": "Impression – Sunrise"},
            {"artist": "Juan Gris", "title": "Still life"},
            {"artist": "Franz Marc", "title": "Tiger"},
            {"artist": "Y", "sha256": "same"},
        ],
        "held",
        pictures=True,
    )
    for number in range(4):
        (held_out.file.parent / f"images/{number}.png").write_bytes(paint(number + 50))
    (held_out.file.parent / "images/1.png").write_bytes(paint(1, form="BMP"))
    leakage = compare_manifests(training, held_out)
    assert {(item.kind, item.rows["train"]) for item in leakage.leaks} == {
        ("work", ("set-0",)), ("sha256", ("set-3",)), ("pixels", ("set-1",)),
    }  # fmt: skip
    assert {item.value for item in leakage.in_common} == {"claude monet", "gris juan"}
    assert leakage.sides == {"train": 3, "held-out": 4}
    with pytest.raises(LeakageError, match="Leave those rows out"):
        leakage.raise_if_any()
    assert {item.kind for item in compare_manifests(training, held_out, pixels=False).leaks} == {"work", "sha256"}


def test_the_sentence_lists_the_worst_only(manifest):
    rows = [{"artist": f"Artist{n}", "split": split} for n in range(8) for split in ("train", "test")]
    with pytest.raises(LeakageError, match=r"^8 things .*; and 3 more\. Split anew"):
        check_leakage(manifest(rows))
