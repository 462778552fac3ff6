import json
from pathlib import Path

import numpy as np
import pytest

from made_index import make_index
from smn.errors import SimilarError
from smn.works import find_artists, read_index, recognize
from smn.works.recognition import NO_BITS, UNRELATED, Match, MatchRule, find_matches, read_rule
from smn.works.work_index import Work

RULE = {
    "similarity": 10.0,
    "bits": -0.06,
    "margin": 0.0,
    "offset": 0.0,
    "threshold": 4.0,
    "threshold_refused": 4.0,
    "worth": [[4.0, 0.9], [8.0, 1.0]],
}
DRAW = np.random.default_rng(0)
VECTORS = DRAW.normal(size=(80, 16)).astype(np.float32)
HASHES = DRAW.integers(1, 2**63, (80, 4)).astype(np.uint64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = make_index(tmp_path / "index", VECTORS, artists=["Ann"] * 40 + ["Bo"] * 39 + ["Unknown"])
    np.save(made / "hashes.npy", HASHES)
    (made / "rules.json").write_text(json.dumps({"recognition": RULE}))
    return made


def test_the_work_itself_is_recognized_and_says_how_sure(folder: Path) -> None:
    found = recognize(read_index(folder), VECTORS[7], HASHES[7:8])
    assert found is not None
    match, confidence = found
    assert (match.work.id, match.place, match.bits, confidence) == ("7", 7, 0, 1.0)
    assert match.similarity > 0.99


def test_where_the_vector_is_near_the_threshold_the_layout_decides(folder: Path) -> None:
    index, unlike = read_index(folder), np.array([[1, 2, 3, 4]], np.uint64)
    halfway = VECTORS[7] + 0.5 * DRAW.normal(size=16).astype(np.float32)
    assert recognize(index, halfway, HASHES[7:8]) is not None
    assert recognize(index, halfway, unlike) is None
    assert recognize(index, DRAW.normal(size=16).astype(np.float32), unlike) is None


def test_a_picture_that_is_refused_needs_a_better_match(folder: Path) -> None:
    index, rules = read_index(folder), json.dumps({"recognition": RULE | {"threshold_refused": 99.0}})
    assert recognize(index, VECTORS[7], HASHES[7:8], refused=True) is not None
    (folder / "rules.json").write_text(rules)
    assert recognize(read_index(folder), VECTORS[7], HASHES[7:8], refused=True) is None
    assert recognize(read_index(folder), VECTORS[7], HASHES[7:8]) is not None


def test_a_work_is_found_by_its_layout_where_the_vector_leads_elsewhere(folder: Path) -> None:
    nearby = HASHES[7:8] ^ np.array([[7, 0, 0, 0]], np.uint64)
    matches = find_matches(read_index(folder), VECTORS[60], nearby)
    assert {match.place: match.bits for match in matches}[7] == 3
    assert 60 in {match.place for match in matches}


def test_the_margin_is_to_the_nearest_work_with_another_layout(folder: Path) -> None:
    index = read_index(folder)
    twin = HASHES[7:8] ^ np.array([[1, 0, 0, 0]], np.uint64)
    np.save(folder / "hashes.npy", np.concatenate([HASHES[:8], twin, HASHES[9:]]))
    matches = {match.place: match for match in find_matches(read_index(folder), VECTORS[7], HASHES[7:8])}
    others = [match for match in matches.values() if match.bits >= 60]
    assert len(others) > 3
    best = max(match.similarity for match in others)
    assert matches[7].margin == pytest.approx(matches[7].similarity - best, abs=2e-4)
    assert matches[8].bits == 1  # no rival
    first, second = sorted(others, key=lambda match: -match.similarity)[:2]
    assert first.margin == pytest.approx(first.similarity - second.similarity, abs=2e-4)
    alone = find_matches(index, VECTORS[7], HASHES[7:8], without=frozenset({7}))
    assert 7 not in {match.place for match in alone}


def test_many_more_bits_than_those_of_unrelated_layouts_tell_nothing_more() -> None:
    rule = MatchRule(1.0, -0.1, 0.0, 0.0, 0.0, 0.0, ((0.0, 0.5),))
    work = Work("1", None, None, None, None, None, None, None)
    scores = [rule.score(Match(work, 0, 0.5, bits, 0.1)) for bits in (0, UNRELATED, NO_BITS)]
    assert scores[0] > scores[1] == scores[2]


def test_a_picture_or_an_index_without_layout_has_no_bits_to_compare(folder: Path) -> None:
    empty = np.zeros((2, 4), np.uint64)
    assert {match.bits for match in find_matches(read_index(folder), VECTORS[7], empty)} == {NO_BITS}
    (folder / "hashes.npy").unlink()
    assert {match.bits for match in find_matches(read_index(folder), VECTORS[7], HASHES[7:8])} == {NO_BITS}


def test_without_a_rule_nothing_is_recognized_and_a_damaged_one_is_said(folder: Path) -> None:
    (folder / "rules.json").write_text(json.dumps({"recognition": {"similarity": 1}}))
    with pytest.raises(SimilarError, match="has no valid rule"):
        read_rule(read_index(folder))
    (folder / "rules.json").unlink()
    assert recognize(read_index(folder), VECTORS[7], HASHES[7:8]) is None


def test_confidence_rises_with_the_score() -> None:
    rule = MatchRule(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, ((0.0, 0.5), (1.0, 0.9)))
    assert [rule.confidence(score) for score in (-1.0, 0.0, 0.5, 1.0, 2.0)] == [0.5, 0.5, 0.7, 0.9, 0.9]


def test_artists_are_named_by_the_votes_of_their_works(folder: Path) -> None:
    index = read_index(folder)
    near = find_artists(index, VECTORS[7], top_k=2)
    assert near[0].artist == "Ann"
    assert sum(one.share for one in near) == pytest.approx(1.0, abs=0.002)  # an unknown artist has no vote
    alone = find_artists(index, VECTORS[7], top_k=2, without=7)
    assert {one.artist: one.share for one in alone}["Ann"] < near[0].share
