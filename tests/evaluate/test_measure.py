import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from smn.confidence.answer_policy import Thresholds
from smn.evaluate import FIGURES, Predictions, measure, measure_figures
from smn.evaluate.baselines import name_artists
from smn.movements.regroup import families_of

Make = Callable[..., Predictions]


def accept_neighbours(made: Predictions) -> Predictions:
    """The label and the next one are accepted; of rows 0..9 nothing is, and of 10..19 the next one alone."""
    accepted = np.eye(len(made.taxonomy.labels), dtype=bool)[made.truth]
    accepted |= np.roll(accepted, 1, axis=1)
    accepted[:10] = False
    accepted[10:20] = np.roll(np.eye(len(made.taxonomy.labels), dtype=bool), 1, axis=1)[made.truth[10:20]]
    return replace(made, accepted=accepted)


def test_measures_every_figure_with_its_interval(make_predictions: Make) -> None:
    made = accept_neighbours(make_predictions())
    figures = measure_figures(made, thresholds=Thresholds(0.3, 0.5, family=0.25), resamples=50)
    assert tuple(figures) == tuple(FIGURES)
    for name, figure in figures.items():
        assert figure.is_known, name
        assert figure.low <= figure.value <= figure.high
        assert figure.value <= 1.0 or name == "log_loss"


def test_figures_are_what_they_are_called(make_predictions: Make) -> None:
    made = make_predictions()
    figures = measure_figures(made, thresholds=Thresholds(0.3, 0.5, family=0.25), resamples=5)
    right = made.probabilities.argmax(axis=1) == made.truth
    refused = made.painting < 0.5
    unsure = ~refused & (made.probabilities.max(axis=1) < 0.3)
    assert figures["top1"].value == pytest.approx(right.mean())
    assert figures["paintings_refused"].value == pytest.approx(refused.mean())
    assert figures["not_paintings_caught"].value == pytest.approx((made.not_paintings < 0.5).mean())
    assert figures["unsure"].value == pytest.approx(unsure.mean())
    assert figures["answered_accuracy"].value == pytest.approx(right[~refused & ~unsure].mean())
    families, sums = families_of(made.probabilities, made.taxonomy)
    truth = [families.index(made.taxonomy.labels[at].family) for at in made.truth]
    assert figures["family_top1"].value == pytest.approx((sums.argmax(axis=1) == truth).mean())
    alone = unsure & (sums.max(axis=1) >= 0.25)
    assert 0 < alone.sum() < unsure.sum()
    assert figures["family_alone"].value == pytest.approx(alone.mean())
    assert figures["family_alone_accuracy"].value == pytest.approx((sums.argmax(axis=1) == truth)[alone].mean())


def test_what_a_model_does_not_say_is_unknown(make_predictions: Make) -> None:
    figures = measure_figures(make_predictions(painting=None), resamples=5)
    unknown = {name for name, figure in figures.items() if not figure.is_known}
    assert unknown == {
        "painting_auroc", "paintings_refused", "not_paintings_caught", "unsure", "answered_accuracy", "family_alone",
        "family_alone_accuracy", "named", "accepted_top1", "accepted_top3", "accepted_calibration_error",
        "accepted_family_top1", "accepted_answered_accuracy", "accepted_useful_at_85_precision",
    }  # fmt: skip


def test_accepted_figures_take_any_accepted_label(make_predictions: Make) -> None:
    made = accept_neighbours(make_predictions())
    assert made.accepted is not None
    thresholds = Thresholds(0.3, 0.5)
    measured = measure(made, thresholds=thresholds, resamples=5)
    answer = made.probabilities.argmax(axis=1)
    right = made.accepted[np.arange(200), answer]
    named = (made.painting >= 0.5) & (made.probabilities.max(axis=1) >= 0.3)
    figures = measured.figures
    assert figures["accepted_top1"].value == pytest.approx(right[10:].mean())
    assert figures["accepted_top1"].value > figures["top1"].value
    assert figures["named"].value == pytest.approx(named.mean())
    assert figures["accepted_answered_accuracy"].value == pytest.approx(right[10:][named[10:]].mean())
    best = np.argsort(-made.probabilities, axis=1)[:, :3]
    assert figures["accepted_top3"].value == pytest.approx(
        np.mean([made.accepted[at, best[at]].any() for at in range(10, 200)])
    )
    accepted = measured.accepted
    assert accepted is not None
    assert (accepted.rows, accepted.several, accepted.contradicted) == (190, 180, 10)
    assert accepted.coverage[-1].accuracy.value == pytest.approx(figures["accepted_top1"].value)
    assert accepted.reliability.count.sum() == 190
    group = next(group for group in measured.groups if group.name == "per-work")
    assert group.figures["accepted_top1"].value == pytest.approx(right[10:][::2].mean())


def test_a_set_without_accepted_labels_has_strict_figures_only(make_predictions: Make) -> None:
    measured = measure(make_predictions(), resamples=0)
    assert measured.accepted is None
    assert all(math.isnan(point.accepted_right.value) for point in measured.useful)
    assert all(math.isnan(group.figures["accepted_top1"].value) for group in measured.groups)


def test_useful_answers_are_more_than_movements(make_predictions: Make) -> None:
    made = accept_neighbours(make_predictions())
    measured = measure(made, thresholds=Thresholds(0.3, 0.5), resamples=5)
    low, high = measured.useful[0], measured.useful[-1]
    taken = float((made.painting >= 0.5).mean())
    assert (low.threshold, high.threshold) == (0.01, 0.99)
    assert low.movement == pytest.approx(taken)
    assert low.two == low.family == 0.0
    assert high.share < low.share
    assert sum(point.two + point.family for point in measured.useful) > 0
    point = max((one for one in measured.useful if one.right.value >= 0.85), key=lambda one: one.share)
    assert measured.figures["useful_at_85_precision"].value == pytest.approx(point.share)


def test_order_of_rows_does_not_matter(make_predictions: Make) -> None:
    made = make_predictions(rows=60)
    order = np.random.default_rng(0).permutation(60)
    shuffled = replace(
        made,
        probabilities=made.probabilities[order],
        truth=made.truth[order],
        painting=made.painting[order],
        artists=tuple(made.artists[at] for at in order),
        sources=tuple(made.sources[at] for at in order),
    )
    first, second = (measure_figures(one, resamples=0) for one in (made, shuffled))
    for name in FIGURES:
        assert first[name].value == pytest.approx(second[name].value, nan_ok=True)


def test_measure_has_groups_classes_and_curves(make_predictions: Make) -> None:
    made = make_predictions(excluded={"tonalism": 3})
    measured = measure(made, resamples=20)
    groups = {(group.kind, group.name): group for group in measured.groups}
    assert set(groups) == {
        *((("source", name)) for name in ("east", "west", "unknown")),
        ("labels", "per-work"),
        ("labels", "other"),
    }
    assert groups["labels", "per-work"].rows == 100
    assert sum(group.rows for (kind, _), group in groups.items() if kind == "source") == 200
    right = (made.probabilities.argmax(axis=1) == made.truth)[::2]
    assert groups["labels", "per-work"].figures["top1"].value == pytest.approx(right.mean())
    assert measured.confusion.sum() == 200
    assert [one.support for one in measured.classes] == measured.confusion.sum(axis=1).tolist()
    assert sum(one.support for one in measured.families) == 200
    assert measured.coverage[-1].share == 1.0
    assert measured.coverage[-1].accuracy.value == pytest.approx(measured.figures["top1"].value)
    assert measured.reliability.count.sum() == 200
    assert measured.artists == len(set(made.artists))
    assert measured.excluded == {"tonalism": 3}


def test_each_label_says_how_much_of_it_is_refused(make_predictions: Make) -> None:
    made = make_predictions()
    measured = measure(made, thresholds=Thresholds(painting=0.6, confidence=0.0), resamples=5)
    for place, one in enumerate(measured.classes):
        assert one.refused.value == pytest.approx((made.painting[made.truth == place] < 0.6).mean())
    together = sum(one.refused.value * one.support for one in measured.families) / len(made)
    assert together == pytest.approx(measured.figures["paintings_refused"].value)
    assert not any(one.refused.is_known for one in measure(made, resamples=0).classes)


def test_per_work_is_no_group_where_all_rows_are(make_predictions: Make) -> None:
    measured = measure(make_predictions(rows=9, label_kinds=("wikidata-work",) * 9), resamples=0)
    assert all(group.kind == "source" for group in measured.groups)


def test_labels_that_the_model_cannot_answer_are_named(make_predictions: Make) -> None:
    made = make_predictions()
    probabilities = made.probabilities.copy()
    probabilities[:, 2] = 0.0
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    measured = measure(replace(made, probabilities=probabilities), resamples=0)
    assert measured.unreachable == (made.taxonomy.label_ids[2],)


def test_absent_labels_have_no_recall(make_predictions: Make) -> None:
    made = make_predictions(rows=20, truth=np.zeros(20, dtype=np.int64))
    measured = measure(made, resamples=10)
    assert math.isnan(measured.classes[1].recall.value)
    assert math.isnan(measured.classes[1].f1.value)
    assert measured.figures["macro_f1"].is_known


def test_thousand_resamples_of_a_big_set_take_seconds(make_predictions: Make) -> None:
    import time

    made = make_predictions(rows=2600, taxonomy="smn-25")
    start = time.process_time()
    measure_figures(made, resamples=1000)
    assert time.process_time() - start < 20


def test_artists_that_were_trained_on_are_a_group_of_their_own(make_predictions: Make) -> None:
    rows = len(make_predictions())
    artists = tuple(("Ann Óne", "bea", None)[place % 3] for place in range(rows))
    measured = measure(make_predictions(artists=artists, known_artists=name_artists(["One, Ann"])), resamples=0)
    groups = {group.name: group.rows for group in measured.groups if group.kind == "artists"}
    assert groups == {"seen in training": artists.count("Ann Óne"), "never seen": artists.count("bea")}
    # Where all are known, there is nothing to compare.
    everyone = name_artists(["Ann one", "bea"])
    measured = measure(make_predictions(artists=artists, known_artists=everyone), resamples=0)
    assert not [group for group in measured.groups if group.kind == "artists"]


def test_centuries_are_groups(make_predictions: Make) -> None:
    rows = len(make_predictions())
    years = tuple((1500, 1501, 1900, None)[place % 4] for place in range(rows))
    measured = measure(make_predictions(years=years), resamples=0)
    groups = {group.name: group.rows for group in measured.groups if group.kind == "century"}
    assert groups == {"15th century": rows // 4, "16th century": rows // 4, "19th century": rows // 4}


def test_centuries_stand_in_order_and_are_named_as_people_name_them(make_predictions: Make) -> None:
    rows = len(make_predictions())
    years = tuple((2101, 2001, 1999, 1201, 1150, 1050, 850, 250, 150, 50)[place % 10] for place in range(rows))
    measured = measure(make_predictions(years=years), resamples=0)
    names = [group.name.removesuffix(" century") for group in measured.groups if group.kind == "century"]
    assert names == ["1st", "2nd", "3rd", "9th", "11th", "12th", "13th", "20th", "21st", "22nd"]
