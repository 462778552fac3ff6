import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn import metrics as reference

from smn.evaluate import Figure, metrics
from smn.evaluate.metrics import bootstrap, draw_weights, weighted_mean

CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.6])
HITS = np.array([True, True, False, True])


@pytest.fixture
def answers() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    probabilities = random.dirichlet(np.ones(5), 300)
    return probabilities, random.integers(0, 5, 300)


def test_rank_truth_counts_what_stands_before() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.4, 0.4, 0.2], [0.4, 0.4, 0.2]])
    assert metrics.rank_truth(probabilities, np.array([0, 2, 0, 1])).tolist() == [0, 2, 0, 1]


def test_rank_agrees_with_argmax_and_sklearn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    rank = metrics.rank_truth(probabilities, truth)
    assert ((rank == 0) == (probabilities.argmax(axis=1) == truth)).all()
    assert (rank < 3).mean() == pytest.approx(reference.top_k_accuracy_score(truth, probabilities, k=3))


def test_rank_accepted_is_that_of_the_first_accepted_label(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    strict = np.eye(5, dtype=bool)[truth]
    np.testing.assert_array_equal(
        metrics.rank_accepted(probabilities, strict), metrics.rank_truth(probabilities, truth)
    )
    two = strict | np.roll(strict, 1, axis=1)
    ranks = [metrics.rank_truth(probabilities, (truth + step) % 5) for step in (0, 1)]
    np.testing.assert_array_equal(metrics.rank_accepted(probabilities, two), np.minimum(*ranks))
    assert metrics.rank_accepted(probabilities, np.zeros_like(strict)).tolist() == [5] * 300


def test_log_loss_agrees_with_sklearn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    own = metrics.weighted_mean(metrics.negative_log_likelihood(probabilities, truth))
    assert own == pytest.approx(reference.log_loss(truth, probabilities))


def test_log_loss_of_an_impossible_truth_is_finite() -> None:
    assert metrics.negative_log_likelihood(np.array([[1.0, 0.0]]), np.array([1]))[0] == pytest.approx(27.63, abs=0.01)


def test_weighted_mean() -> None:
    assert metrics.weighted_mean([1, 0, 1]) == pytest.approx(2 / 3)
    assert metrics.weighted_mean([1, 0, 1], [1, 2, 1]) == pytest.approx(0.5)
    assert np.isnan(metrics.weighted_mean([], []))


def test_confusion_by_hand() -> None:
    confusion = metrics.count_confusion(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), classes=3)
    assert confusion.tolist() == [[1, 1, 0], [0, 2, 0], [0, 0, 0]]
    np.testing.assert_allclose(metrics.recall(confusion), [0.5, 1.0, np.nan])
    np.testing.assert_allclose(metrics.precision(confusion), [1.0, 2 / 3, np.nan])
    np.testing.assert_allclose(metrics.f1(confusion), [2 / 3, 0.8, np.nan])
    assert metrics.macro_f1(confusion) == pytest.approx((2 / 3 + 0.8) / 2)
    assert metrics.balanced_accuracy(confusion) == pytest.approx(0.75)


def test_f1_and_balanced_accuracy_agree_with_sklearn(answers: tuple[np.ndarray, np.ndarray]) -> None:
    probabilities, truth = answers
    truth = np.where(truth == 4, 0, truth)  # the last label is answered and never right
    answer = probabilities.argmax(axis=1)
    confusion = metrics.count_confusion(truth, answer, classes=5)
    present = np.unique(truth)
    macro = reference.f1_score(truth, answer, labels=present, average="macro", zero_division=0)
    assert metrics.macro_f1(confusion) == pytest.approx(macro)
    recall = reference.recall_score(truth, answer, labels=present, average="macro", zero_division=0)
    assert metrics.balanced_accuracy(confusion) == pytest.approx(recall)


def test_bins_by_hand() -> None:
    made = metrics.bin_by_confidence(CONFIDENCE, HITS, bins=2)
    np.testing.assert_allclose(made.confidence, [0.65, 0.85])
    np.testing.assert_allclose(made.accuracy, [0.5, 1.0])
    np.testing.assert_allclose(made.count, [2, 2])
    assert metrics.calibration_error(CONFIDENCE, HITS, bins=2) == pytest.approx((0.15 + 0.15) / 2)


def test_bins_have_equal_mass() -> None:
    random = np.random.default_rng(0)
    made = metrics.bin_by_confidence(random.random(997), random.random(997) < 0.5)
    assert len(made.count) == 15
    assert made.count.max() - made.count.min() <= 1
    assert made.count.sum() == 997


def test_calibration_error_of_tied_confidence_is_one_bin() -> None:
    hits = np.array([True] * 3 + [False] * 7)
    assert metrics.calibration_error(np.full(10, 0.3), hits) == pytest.approx(0.0)


def test_a_calibrated_model_has_little_error_and_a_boaster_much() -> None:
    random = np.random.default_rng(1)
    confidence = random.uniform(0.2, 1.0, 20_000)
    hits = random.random(20_000) < confidence
    assert metrics.calibration_error(confidence, hits) < 0.02
    assert metrics.calibration_error(np.sqrt(confidence), hits) > 0.1


def test_what_chance_alone_makes_of_a_calibrated_model() -> None:
    random = np.random.default_rng(3)
    confidence = random.beta(2, 3, 900)
    drawn = [metrics.calibration_error(confidence, random.random(900) < confidence) for _ in range(200)]
    made = metrics.bin_by_confidence(confidence, np.zeros(900))
    expected = metrics.calibration_error_by_chance(made)
    assert expected == pytest.approx(np.mean(drawn), rel=0.05)
    # Four times the pictures, half of it; a model that is always sure leaves nothing to chance.
    more = metrics.Bins(made.confidence, made.accuracy, 4 * made.count)
    assert metrics.calibration_error_by_chance(more) == pytest.approx(expected / 2)
    sure = metrics.Bins(np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([5.0, 5.0]))
    assert metrics.calibration_error_by_chance(sure) == 0.0
    nothing = np.zeros(0)
    assert np.isnan(metrics.calibration_error_by_chance(metrics.Bins(nothing, nothing, nothing)))


def test_accuracy_at_coverage_by_hand() -> None:
    found = metrics.accuracy_at_coverage(CONFIDENCE, HITS, coverage=[0.25, 0.5, 0.75, 0.875, 1.0])
    np.testing.assert_allclose(found, [1.0, 1.0, 2 / 3, 2.5 / 3.5, 0.75])


def test_accuracy_at_coverage_shares_out_ties() -> None:
    found = metrics.accuracy_at_coverage(np.full(4, 0.5), [True, False, False, True], coverage=[0.25, 0.5])
    np.testing.assert_allclose(found, [0.5, 0.5])


def test_coverage_at_precision_by_hand() -> None:
    assert metrics.coverage_at_precision(CONFIDENCE, HITS, wanted=0.9) == 0.5
    assert metrics.coverage_at_precision(CONFIDENCE, HITS, wanted=0.75) == 1.0
    assert metrics.coverage_at_precision(CONFIDENCE, ~HITS, wanted=0.9) == 0.0


def test_auroc_by_hand_and_against_sklearn() -> None:
    assert metrics.auroc(np.array([0.9, 0.5]), np.array([0.5, 0.1])) == pytest.approx(3.5 / 4)
    random = np.random.default_rng(2)
    above, below = random.normal(0.5, 1, 80).round(1), random.normal(0, 1, 120).round(1)
    expected = reference.roc_auc_score([1] * 80 + [0] * 120, np.concatenate([above, below]))
    assert metrics.auroc(above, below) == pytest.approx(expected)


def test_nothing_is_unknown_and_not_an_error() -> None:
    nothing = np.zeros(0)
    assert np.isnan(metrics.auroc(nothing, np.ones(3)))
    assert np.isnan(metrics.calibration_error(nothing, nothing))
    assert np.isnan(metrics.coverage_at_precision(nothing, nothing))
    assert np.isnan(metrics.accuracy_at_coverage(nothing, nothing, coverage=[0.5])).all()
    assert np.isnan(metrics.macro_f1(np.zeros((2, 2))))


SCORES = st.lists(
    st.tuples(st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9, 1.0]), st.booleans(), st.integers(0, 3)),
    min_size=1,
    max_size=40,
)


def _all_figures(confidence: np.ndarray, hits: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    at = metrics.accuracy_at_coverage(confidence, hits, coverage=[0.3, 0.5, 1.0], weights=weights)
    return np.array(
        [
            metrics.weighted_mean(hits, weights),
            metrics.calibration_error(confidence, hits, weights=weights),
            metrics.coverage_at_precision(confidence, hits, weights=weights),
            metrics.auroc(confidence, 1 - confidence, weights=(weights, weights)),
            *at,
        ]
    )


@given(SCORES, st.randoms(use_true_random=False))
def test_figures_are_shares_and_do_not_depend_on_order(rows: list[tuple[float, bool, int]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (
        _all_figures(np.array([row[0] for row in these]), np.array([row[1] for row in these]))
        for these in (rows, shuffled)
    )
    assert ((first >= 0) & (first <= 1 + 1e-9)).all()
    np.testing.assert_allclose(first, second, atol=1e-9)


@given(SCORES)
def test_a_weight_is_a_repetition(rows: list[tuple[float, bool, int]]) -> None:
    confidence, hits, weights = (np.array(values) for values in zip(*rows, strict=True))
    weighted = _all_figures(confidence, hits, weights)
    repeated = _all_figures(np.repeat(confidence, weights), np.repeat(hits, weights))
    np.testing.assert_allclose(weighted, repeated, atol=1e-9)


@settings(max_examples=50)
@given(arrays.arrays(np.int64, (3, 3), elements=st.integers(0, 9)))
def test_f1_lies_between_precision_and_recall(confusion: np.ndarray) -> None:
    counts = confusion.astype(np.float64)
    scores = np.stack([metrics.precision(counts), metrics.recall(counts)])
    known = ~np.isnan(scores).any(axis=0)
    f1 = metrics.f1(counts)[known]
    assert (f1 <= scores[:, known].max(axis=0) + 1e-9).all()
    assert (f1 >= scores[:, known].min(axis=0) - 1e-9).all()


def test_weights_draw_whole_clusters_as_many_as_there_are() -> None:
    clusters = np.array([0, 0, 0, 1, 2, 2])
    for weights in draw_weights(clusters, resamples=20, seed=1):
        assert weights[0] == weights[1] == weights[2]
        assert weights[0] + weights[3] + weights[4] == 3


def _interval(hits: np.ndarray, clusters: np.ndarray) -> Figure:
    return bootstrap(lambda weights: np.array([weighted_mean(hits, weights)]), [clusters], resamples=400, seed=5)[0]


def test_interval_is_wider_when_artists_are_clustered() -> None:
    random = np.random.default_rng(0)
    hits = np.repeat(random.random(40) < 0.5, 20)  # all of an artist's works succeed or fail together
    alone, together = _interval(hits, np.arange(800)), _interval(hits, np.repeat(np.arange(40), 20))
    assert alone.value == together.value
    assert (together.high - together.low) > 3 * (alone.high - alone.low)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(60):
        figure = _interval(random.random(200) < 0.6, np.arange(200))
        covered += figure.low <= 0.6 <= figure.high
    assert covered >= 52


def test_equal_seeds_give_equal_intervals() -> None:
    hits = np.random.default_rng(0).random(50) < 0.5
    assert _interval(hits, np.arange(50)) == _interval(hits, np.arange(50))


def test_interval_holds_its_value_and_strata_are_drawn_apart() -> None:
    def statistic(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        assert first.sum() == 5
        assert second.sum() == 7
        return np.array([first.max(), np.nan])

    known, unknown = bootstrap(statistic, [np.arange(5), np.arange(7)], resamples=10)
    assert known.low == known.value == 1.0
    assert known.high > 1.0
    assert not unknown.is_known


def test_without_resamples_the_interval_is_the_value() -> None:
    figure = bootstrap(lambda weights: weights[:1] * 3, [np.arange(4)], resamples=0)[0]
    assert figure == Figure(3.0, 3.0, 3.0)


def test_no_rows_are_no_error() -> None:
    figure = bootstrap(
        lambda weights: np.array([weighted_mean([], weights)]), [np.zeros(0, dtype=np.int64)], resamples=3
    )
    assert not figure[0].is_known
    assert figure[0].value == pytest.approx(float("nan"), nan_ok=True)
