from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from measured_sets import measure_set, write_set
from smn.clean.checks import Scores
from smn.clean.checks.duplicates import (
    HELD_OUT,
    RADIUS,
    build_match_graph,
    find_candidates,
    same_works,
    score_duplicates,
)
from smn.examples import paint

Rows = list[tuple[Image.Image | None, dict[str, Any]]]


def painted(seed: int, manner: str = "cubism", *, side: int = 220) -> Image.Image:
    return paint(manner, seed=seed, size=(side + 30, side))


def cropped(image: Image.Image) -> Image.Image:
    return image.crop((18, 12, image.width - 10, image.height - 8))


def judge(folder: Path, rows: Rows, *, held_out: Rows | None = None) -> dict[str, Scores]:
    others = None if held_out is None else measure_set(write_set(folder / "other", held_out))
    scores = score_duplicates(measure_set(write_set(folder / "own", rows)), held_out=others)
    assert list(scores) == ["exact_duplicate", "near_duplicate", "leak"]
    for score in scores.values():
        assert score.score.dtype == np.float32
        assert {len(values) for values in (score.score, *score.evidence.values())} == {len(rows)}
        assert ((score.score >= 0) & (score.score <= 1) | np.isnan(score.score)).all()
    return scores


def evidence(scores: Scores, row: int) -> dict[str, Any]:
    return {name: values[row] for name, values in scores.evidence.items()}


def test_finds_each_kind_of_copy_and_nothing_else(tmp_path: Path) -> None:
    manners = ("cubism", "romanticism", "impressionism", "pop-art", "fauvism", "baroque")
    originals = [painted(seed, manner) for seed in (1, 2) for manner in manners]
    copies = [cropped(originals[0]), ImageOps.mirror(originals[1]), originals[2].resize((125, 110)), originals[3]]
    scores = judge(tmp_path, [(picture, {}) for picture in originals + copies])
    near, exact = scores["near_duplicate"], scores["exact_duplicate"]
    assert [row for row in range(16) if near.score[row] < 0.5] == [12, 13, 14]
    assert [near.evidence["of"][row] for row in (12, 13, 14)] == ["own-0", "own-1", "own-2"]
    assert "mirrored" in near.evidence["how"][13]
    assert near.evidence["group"][12] == near.evidence["group"][0] == "own-0"
    assert near.evidence["group"][5] is None
    assert [row for row in range(16) if exact.score[row] < 1] == [15]
    assert evidence(exact, 15) == {"of": "own-3", "contradicts": None}
    assert np.isnan(near.score[15])
    assert np.isnan(scores["leak"].score).all(), "there is no split to leak into"


def test_keeps_the_row_labelled_by_work_then_the_larger_then_the_first(tmp_path: Path) -> None:
    one, two, three = painted(1), painted(2, "romanticism"), painted(3, "pop-art")
    rows: Rows = [
        (one.resize((400, 352)), {"label_kind": "artist"}),
        (cropped(one), {"label_kind": "wikidata-work"}),
        (two.resize((150, 132)), {}),
        (two, {}),
        (three, {"label_kind": "artist"}),
        (three, {"label_kind": "work"}),
        (three, {"label_kind": "work"}),
    ]
    scores = judge(tmp_path, rows)
    assert [row for row in range(7) if scores["near_duplicate"].score[row] < 0.5] == [0, 2]
    assert scores["near_duplicate"].evidence["of"][0] == "own-1"
    assert [row for row in range(7) if scores["exact_duplicate"].score[row] < 0.5] == [4, 6]
    assert scores["exact_duplicate"].evidence["of"][4] == "own-5"


def test_between_splits_it_is_a_leak_and_train_gives_way(tmp_path: Path) -> None:
    one, two, three = painted(1), painted(2, "romanticism"), painted(3, "pop-art")
    rows: Rows = [
        (one, {"split": "train", "label_kind": "work"}),
        (cropped(one), {"split": "val", "label_kind": "artist"}),
        (two, {"split": "val"}),
        (ImageOps.mirror(two), {"split": "test"}),
        (two.resize((140, 120)), {"split": "train"}),
        (three, {"split": "test"}),
        (three, {"split": None}),
    ]
    scores = judge(tmp_path, rows)
    leak = scores["leak"]
    assert [row for row in range(7) if leak.score[row] < 0.5] == [0, 2, 4, 6]
    assert [leak.evidence["where"][row] for row in (0, 2, 4, 6)] == ["val", "test", "test", "test"]
    assert [leak.evidence["of"][row] for row in (0, 2, 4, 6)] == ["own-1", "own-3", "own-3", "own-5"]
    assert leak.evidence["how"][6] == "same pixels"
    assert (scores["near_duplicate"].score == 1).all(), "each pair is judged once"
    assert (scores["exact_duplicate"].score == 1).all()


def test_everything_gives_way_to_the_held_out_set(tmp_path: Path) -> None:
    one = painted(1)
    rows: Rows = [(cropped(one), {"split": "test"}), (one, {"split": "train"}), (painted(2, "pop-art"), {})]
    leak = judge(tmp_path, rows, held_out=[(painted(7, "baroque"), {}), (one, {}), (one, {})])["leak"]
    assert [row for row in range(3) if leak.score[row] < 0.5] == [0, 1]
    assert set(leak.evidence["where"]) == {"held-out", None}
    assert leak.evidence["of"][1] == "other-1"
    assert leak.score[1] == 0


def test_whatever_is_dropped_one_row_of_each_picture_stays(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows: Rows = []
    for seed, manner in enumerate(("cubism", "romanticism", "pop-art", "impressionism")):
        picture = painted(seed, manner)
        for copy in (picture, cropped(picture), picture, picture.resize((200, 180)), ImageOps.mirror(picture)):
            split = str(random.choice(["train", "val", "test"]))
            rows.append((copy, {"split": split, "label_kind": str(random.choice(["work", "artist"])), "title": manner}))
    scores = judge(tmp_path, rows)
    dropped = np.any([score.score < 0.5 for score in scores.values()], axis=0)
    assert [known["title"] for (_, known), gone in zip(rows, dropped, strict=True) if not gone] == [
        "cubism", "romanticism", "pop-art", "impressionism"
    ]  # fmt: skip


def test_names_the_movements_that_contradict(tmp_path: Path) -> None:
    one = painted(1)
    rows: Rows = [(one, {"movement": "cubism"}), (cropped(one), {"movement": "realism"}), (one, {"movement": None})]
    scores = judge(tmp_path, rows)
    assert scores["near_duplicate"].evidence["contradicts"] == [None, "cubism", None]
    assert scores["exact_duplicate"].evidence["contradicts"][2] == "cubism, realism"


def test_the_same_title_is_a_hint_where_the_pictures_differ(tmp_path: Path) -> None:
    named = {"artist": "Claude Monet", "title": "Rouen Cathedral"}
    rows: Rows = [
        (painted(1), {"split": "train", **named}),
        (painted(2, "romanticism"), {"split": "test", **named}),
        (painted(3, "pop-art"), {"split": "test", **named}),
    ]
    scores = judge(tmp_path, rows)
    leak = scores["leak"]
    assert leak.score.tolist() == pytest.approx([0.6, 1, 1])
    assert evidence(leak, 0) == {
        "of": "own-1", "where": "test", "how": "same artist and title", "contradicts": None
    }  # fmt: skip
    assert (scores["near_duplicate"].score == 1).all()


def test_unreadable_rows_are_not_judged(tmp_path: Path) -> None:
    one = painted(1)
    rows: Rows = [(None, {"split": "train"}), (one, {"split": "train"}), (None, {}), (cropped(one), {"split": "train"})]
    for score in judge(tmp_path, rows).values():
        assert np.isnan(score.score[[0, 2]]).all()
        assert not np.isnan(score.score[[1, 3]]).any()


def test_a_picture_gone_since_it_was_measured_is_judged_by_its_hash(tmp_path: Path) -> None:
    one = painted(1)
    measured = measure_set(write_set(tmp_path / "own", [(one, {}), (one.resize((150, 132)), {}), (painted(2), {})]))
    (tmp_path / "own" / "1.png").unlink()
    near = score_duplicates(measured)["near_duplicate"]
    assert 0.3 <= near.score[1] < 0.5
    assert near.evidence["how"][1].startswith("hash distance")


def test_an_empty_canvas_is_no_copy_of_another(tmp_path: Path) -> None:
    plain = [Image.new("RGB", (120, 100), colour) for colour in ("white", "ivory", "navy", "white")]
    scores = judge(tmp_path, [(picture, {}) for picture in plain])
    assert [row for row in range(4) if scores["exact_duplicate"].score[row] < 1] == [3]
    assert np.nanmin(scores["near_duplicate"].score) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_sets_too_small_for_duplicates(tmp_path: Path, count: int) -> None:
    for name, score in judge(tmp_path, [(painted(1), {})] * count).items():
        assert len(score.score) == count
        assert name == "leak" or (score.score == 1).all()


def test_tells_how_far_it_is(tmp_path: Path) -> None:
    one = painted(1)
    measured = measure_set(write_set(tmp_path / "own", [(one, {}), (cropped(one), {}), (painted(2), {})]))
    calls: list[tuple[str, int, int]] = []
    score_duplicates(measured, progress=lambda *call: calls.append(call))
    assert [what for what, done, total in calls if done == total] == [
        "Comparing hashes", "Finding neighbours", "Comparing pictures"
    ]  # fmt: skip


def test_names_near_hashes_with_their_distance_and_near_styles_without(tmp_path: Path) -> None:
    picture = paint("cubism", seed=1, size=(240, 200))
    pictures = [picture, picture.resize((150, 130)), picture.crop((40, 30, 240, 200)), *others(9)]
    found = find_candidates(measure_set(write_set(tmp_path / "own", [(each, {}) for each in pictures])))
    assert found[0, 1] is not None
    assert found[0, 1] <= RADIUS
    assert found[0, 2] is None
    assert list(found) == sorted(found)
    assert all(left < right for left, right in found)


def test_leaves_out_pairs_within_the_held_out_set(tmp_path: Path) -> None:
    picture = paint("cubism", seed=1, size=(240, 200))
    measured = measure_set(write_set(tmp_path / "own", [(picture, {}), *((each, {}) for each in others(4))]))
    held_out = measure_set(write_set(tmp_path / "other", [(picture, {}), (picture, {})]))
    found = find_candidates(measured, held_out=held_out)
    assert found[0, 5] == 0
    assert (5, 6) not in found


def test_names_the_same_works_but_not_whole_series(tmp_path: Path) -> None:
    def named(artist: str, title: str) -> tuple[Image.Image, dict[str, Any]]:
        return Image.new("RGB", (20, 20)), {"artist": artist, "title": title}

    rows = [named("Monet, Claude", "Haystacks"), named("Claude Monet", "haystacks"), named("Monet", "Haystacks")]
    rows += [named("Anonymous", "Haystacks"), named("Claude Monet", "Untitled")] * 2
    rows += [named("Katsushika Hokusai", "A View of Fuji")] * 9
    first = measure_set(write_set(tmp_path / "own", rows))
    second = measure_set(write_set(tmp_path / "other", [named("claude-monet", "Haystacks")]))
    pairs = same_works([first, second])
    assert [pair for pair in pairs if pair[0] < 7] == [(0, 1), (0, 16), (1, 16)]
    assert len(pairs) == 3 + 10


def others(count: int) -> list[Image.Image]:
    manners = ("romanticism", "pop-art", "impressionism")
    return [paint(manners[seed % 3], seed=seed, size=(240, 200)) for seed in range(count)]


def test_groups_reach_through_rows_that_see_each_other(tmp_path: Path) -> None:
    whole = paint("cubism", seed=4, size=(420, 240))
    left, right = whole.crop((0, 0, 240, 240)), whole.crop((190, 0, 420, 240))
    rows = [(left, {"split": "train"}), (right, {"split": "test"}), (paint("pop-art", seed=1, size=(240, 200)), {})]
    measured = measure_set(write_set(tmp_path / "own", rows))
    held_out = measure_set(write_set(tmp_path / "other", [(whole, {})]))
    graph = build_match_graph(measured, held_out=held_out)
    assert graph.groups == [[0, 1, 3], [0, 1, 3], [2], [0, 1, 3]]
    assert graph.places == ["train", "test", None, HELD_OUT]
    assert graph.ids[3] == "other-0"
    assert {match.row for match in graph.matches[3] if match.score < 0.5} == {0, 1}
    assert all(a.score <= b.score for links in graph.matches for a, b in pairwise(links))
