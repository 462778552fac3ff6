from pathlib import Path

import numpy as np
import pytest

from smn.clean import CHECKS
from smn.clean.checks import label_checks as under_test
from smn.clean.checks.label_checks import MIN_NEIGHBOURS, score_labels, score_outliers
from smn.clean.measurements import Measured
from smn.errors import InputError
from smn.manifest import COLUMNS, NOT_A_PAINTING, Manifest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("sklearn")

MOVEMENTS = ("baroque", "cubism", "impressionism", "ukiyo-e")
FINDINGS = 0.5
FEATURES = 12


def silent(what, done, total):
    """Shows nothing."""


def make_rows(*, artists=15, works=8, seed=0):
    """Per movement some artists with some works each, as manifest columns and features; every artist has his manner."""
    rng = np.random.default_rng(seed)
    columns = {"movement": [], "artist": [], "label_kind": [], "raw_label": []}
    features = []
    for place, movement in enumerate(MOVEMENTS):
        for artist in range(artists):
            manner = rng.normal(size=FEATURES) * 0.6
            for _ in range(works):
                columns["movement"].append(movement)
                columns["artist"].append(f"{movement} painter {artist}")
                columns["label_kind"].append("work")
                columns["raw_label"].append(None)
                features.append(manner + rng.normal(size=FEATURES) + 3.0 * (np.arange(FEATURES) == place))
    return columns, np.array(features)


def make_measured(columns, features, *, unreadable=(), painting=None):
    total = len(features)
    filled = {name: columns.get(name, [None] * total) for name in COLUMNS}
    filled |= {"id": [f"{row:016x}" for row in range(total)], "sha256": ["0"] * total}
    table = pa.table({name: pa.array(values, pa.type_for_alias(COLUMNS[name])) for name, values in filled.items()})
    features = np.array(features, dtype=np.float16)
    opinion = np.full(total, 3.0, np.float32) if painting is None else np.array(painting, np.float32)
    features[list(unreadable)], opinion[list(unreadable)] = 0.0, np.nan
    return Measured(
        manifest=Manifest(Path("manifest.parquet"), table),
        reasons=["It is broken." if row in unreadable else None for row in range(total)],
        pixels=np.zeros(total, "S32"),
        hashes=np.zeros((total, 4), np.uint64),
        values={},
        logits=np.zeros((total, 1), np.float32),
        painting=opinion,
        embedding=features,
        labels=("baroque",),
    )


def swap_labels(columns, *, share=0.05, seed=0):
    """Give some rows another movement; their numbers and what they were."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(columns["movement"]), round(share * len(columns["movement"])), replace=False)
    truth = {int(row): columns["movement"][row] for row in rows}
    for row, movement in truth.items():
        columns["movement"][row] = str(rng.choice([other for other in MOVEMENTS if other != movement]))
    return truth


def found_by(scores, check):
    return set(np.flatnonzero(scores[check].score < FINDINGS).tolist())


@pytest.fixture(scope="module")
def clean():
    columns, features = make_rows()
    return score_labels(make_measured(columns, features), progress=silent)


def test_every_check_scores_every_row(clean):
    assert set(clean) == {"label", "outlier", "not_a_painting"}
    assert set(clean) < set(CHECKS)
    for scores in clean.values():
        assert scores.score.shape == (480,)
        assert scores.score.dtype == np.float32
        assert not np.isnan(scores.score).any()
        assert ((scores.score >= 0) & (scores.score <= 1)).all()
        assert all(len(values) == 480 for values in scores.evidence.values())
    assert set(clean["label"].evidence) == {"suggestion", "probability", "given"}
    assert set(clean["outlier"].evidence) == {"deviations"}
    assert set(clean["not_a_painting"].evidence) == {"like"}


def test_clean_data_has_hardly_a_finding(clean):
    assert all(CHECKS[name].threshold == FINDINGS for name in clean)
    assert all(len(found_by(clean, name)) <= 5 for name in clean)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_swapped_labels(seed):
    columns, features = make_rows(seed=seed)
    truth = swap_labels(columns, seed=seed)
    scores = score_labels(make_measured(columns, features), seed=seed, progress=silent)
    found = found_by(scores, "label")
    hits = found & set(truth)
    assert len(hits) / len(truth) > 0.7
    assert len(hits) / len(found) > 0.8
    label = scores["label"]
    assert sum(label.evidence["suggestion"][row] == truth[row] for row in hits) / len(hits) > 0.9
    assert all(label.evidence["probability"][row] > label.evidence["given"][row] for row in hits)


def test_swapped_labels_where_no_artist_is_known():
    columns, features = make_rows()
    truth = swap_labels(columns)
    columns["artist"] = ["Unknown"] * len(features)
    scores = score_labels(make_measured(columns, features), progress=silent)
    found = found_by(scores, "label")
    assert len(found & set(truth)) / len(truth) > 0.5
    assert len(found & set(truth)) / len(found) > 0.7


def test_an_outlier():
    columns, features = make_rows()
    features[100] = -6.0
    scores = score_labels(make_measured(columns, features), progress=silent)
    assert 100 in found_by(scores, "outlier")
    assert scores["outlier"].evidence["deviations"][100] > 3.5


def test_the_seed_decides():
    columns, features = make_rows(artists=6, works=6)
    swap_labels(columns)
    first, again, other = (
        score_labels(make_measured(columns, features), seed=seed, progress=silent) for seed in (1, 1, 2)
    )
    assert all((first[name].score == again[name].score).all() for name in first)
    assert all(first[name].evidence == again[name].evidence for name in first)
    assert (first["label"].score != other["label"].score).any()


def test_thin_movements_are_not_judged_nor_suggested():
    columns, features = make_rows()
    columns["movement"][:19] = ["tonalism"] * 19  # too few works
    for row in range(200, 240):
        columns["movement"][row], columns["artist"][row] = "byzantine", f"painter {row % 4}"  # too few artists
    scores = score_labels(make_measured(columns, features), progress=silent)
    thin = [*range(19), *range(200, 240)]
    for name in ("label", "outlier"):
        assert np.isnan(scores[name].score[thin]).all()
        assert not np.isnan(scores[name].score[300:]).any()
        assert all(values[row] is None for values in scores[name].evidence.values() for row in thin)
    assert not {"tonalism", "byzantine"} & set(scores["label"].evidence["suggestion"])
    assert not np.isnan(scores["not_a_painting"].score).any()


def test_who_is_half_of_a_movement_cannot_be_judged_by_the_rest():
    columns, features = make_rows()
    his = list(range(60))
    for row in his:
        columns["artist"][row] = "Vincent van Gogh"
    scores = score_labels(make_measured(columns, features), progress=silent)
    assert np.isnan(scores["label"].score[his]).all()
    assert not np.isnan(scores["label"].score[60:]).any()
    assert not np.isnan(scores["outlier"].score[60:]).any()


def test_rows_of_which_nothing_is_known():
    columns, features = make_rows()
    columns["movement"][5] = None
    columns["movement"][6] = NOT_A_PAINTING
    columns["artist"][7] = None
    scores = score_labels(make_measured(columns, features, unreadable=(8,)), progress=silent)
    for name in ("label", "outlier"):
        assert np.isnan(scores[name].score[[5, 6, 8]]).all()
    assert not np.isnan(scores["label"].score[7])
    assert np.isnan(scores["not_a_painting"].score[[6, 8]]).all()
    assert not np.isnan(scores["not_a_painting"].score[[5, 7]]).any()


@pytest.mark.parametrize("kept", [[], [0], list(range(120)), list(range(0, 480, 40))])
def test_nothing_to_compare(kept):
    """No rows, one row, a single movement, and a few rows of each: not judged, and no error."""
    columns, features = make_rows()
    columns = {name: [values[row] for row in kept] for name, values in columns.items()}
    scores = score_labels(make_measured(columns, features[kept]), progress=silent)
    for name in ("label", "outlier"):
        assert np.isnan(scores[name].score).all()
        assert all(values == [None] * len(kept) for values in scores[name].evidence.values())
    assert not np.isnan(scores["not_a_painting"].score).any()


def test_nothing_readable():
    columns, features = make_rows(artists=5)
    scores = score_labels(make_measured(columns, features, unreadable=range(len(features))), progress=silent)
    assert all(np.isnan(one.score).all() for one in scores.values())


def make_things(*, total=100, seed=5):
    rng = np.random.default_rng(seed)
    things = rng.normal(size=(total, FEATURES)) + 6.0 * (np.arange(FEATURES) == 11)
    return {
        "movement": [NOT_A_PAINTING] * total,
        "raw_label": [f"photo of thing {at % 20}" for at in range(total)],
    }, things


@pytest.mark.parametrize("inside", [True, False])
def test_photographs_among_the_paintings(inside):
    columns, features = make_rows()
    planted = [0, 130, 260, 390]
    others, things = make_things()
    features[planted] = make_things(seed=6)[1][:4]
    if inside:
        columns = {name: [*values, *others.get(name, [None] * 100)] for name, values in columns.items()}
        scores = score_labels(make_measured(columns, [*features, *things]), progress=silent)
    else:
        scores = score_labels(
            make_measured(columns, features), negatives=make_measured(others, things), progress=silent
        )
    found = found_by(scores, "not_a_painting")
    assert set(planted) <= found
    assert len(found) <= 8
    assert all(scores["not_a_painting"].evidence["like"][row].startswith("photo of") for row in found)
    assert np.isnan(scores["not_a_painting"].score[480:]).all()


def test_without_pictures_of_other_things_the_bundle_is_asked():
    columns, features = make_rows()
    opinion = np.full(480, 2.0)
    opinion[9] = -4.0
    few = make_measured(*make_things(total=5))
    for negatives in (None, few):
        scores = score_labels(make_measured(columns, features, painting=opinion), negatives=negatives, progress=silent)
        assert found_by(scores, "not_a_painting") == {9}
        assert scores["not_a_painting"].evidence == {"like": [None] * 480}


def test_progress_is_told():
    columns, features = make_rows()
    told = []
    negatives = make_measured(*make_things())
    score_labels(make_measured(columns, features), negatives=negatives, progress=lambda *step: told.append(step))
    assert told == [
        (what, done, 5) for what in ("Judging movements", "Judging what is a painting") for done in range(1, 6)
    ]


def test_too_few_folds():
    with pytest.raises(InputError, match="must be 3 or more"):
        score_labels(make_measured(*make_rows(artists=5)), folds=2, progress=silent)


def make_movements(*, seed=0):
    """Two movements of 200 works by 40 artists each, the second three times as varied; works 0 and 200 are far off."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(80), 5)
    given = np.repeat([0, 1], 200)
    features = rng.normal(size=(400, 8)) * np.where(given == 0, 1.0, 3.0)[:, None]
    features[given == 1] += 30.0
    features[0] = 12.0
    features[200] = -10.0
    return features.astype(np.float32), given, groups


def test_far_from_its_movement():
    score, deviations = score_outliers(*make_movements(), seed=0)
    assert score[0] < 0.05
    assert score[200] < 0.05
    others = np.setdiff1d(np.arange(400), [0, 200])
    assert (score[others] < 0.5).mean() < 0.02
    assert np.median(deviations) == pytest.approx(0.0, abs=0.01)


def test_a_mixed_movement_has_no_more_findings_than_an_even_one():
    score, given = score_outliers(*make_movements(), seed=0)[0], make_movements()[1]
    assert abs((score[given == 0] < 0.9).mean() - (score[given == 1] < 0.9).mean()) < 0.05


def test_an_artist_is_not_compared_with_himself():
    """All works of artist 3 stand together far away: near each other, and all the same unlike the movement."""
    features, given, groups = make_movements()
    features[groups == 3] = 15.0 + np.arange(8)
    assert (score_outliers(features, given, groups, seed=0)[0][groups == 3] < 0.05).all()


def test_too_few_others():
    features, given, groups = make_movements()
    few = np.flatnonzero(groups < MIN_NEIGHBOURS // 5)
    score, deviations = score_outliers(features[few], given[few], groups[few], seed=0)
    assert np.isnan(score).all()
    assert np.isnan(deviations).all()


def test_equal_pictures():
    score, _ = score_outliers(np.ones((60, 4), np.float32), np.zeros(60, np.int64), np.arange(60), seed=0)
    assert (score > 0.9).all()


def test_a_large_movement_is_sampled(monkeypatch):
    monkeypatch.setattr(under_test, "_MAX_REFERENCES", 100)
    monkeypatch.setattr(under_test, "_CHUNK", 64)
    first, again = (score_outliers(*make_movements(), seed=3)[0] for _ in range(2))
    assert (first == again).all()
    assert first[0] < 0.05
    assert (first < 0.5).mean() < 0.03
