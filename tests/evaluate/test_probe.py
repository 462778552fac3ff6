import numpy as np
import pytest

from smn.evaluate.probe import ProbeReport, measure_probe

ROWS = 150


def _measure(*, shift: float, by_label: bool = False, artists: list[str] | None = None) -> ProbeReport | None:
    """A probe of noise to which the source adds ``shift`` in one direction."""
    random = np.random.default_rng(0)
    source = random.integers(0, 3, ROWS)
    embedding = random.normal(size=(ROWS, 12)).astype(np.float32)
    embedding[np.arange(ROWS), source] += shift
    values = [("east", "west", "north")[at] for at in source]
    values[:4] = ["rare"] * 4
    values[4] = None  # type: ignore[call-overload]
    truth = source if by_label else random.integers(0, 4, ROWS)
    artists = artists or [f"artist {at}" for at in random.integers(0, 40, ROWS)]
    return measure_probe(embedding, values, column="source", truth=truth, artists=artists, resamples=30)


def test_an_embedding_that_shows_the_source_is_found_out() -> None:
    report = _measure(shift=4.0)
    assert report is not None
    assert report.balanced_accuracy.value > 0.9
    assert report.balanced_accuracy.low > report.chance
    assert report.chance == pytest.approx(1 / 3)
    assert (report.column, report.rows, dict(report.left_out)) == ("source", ROWS - 5, {"rare": 4})
    assert {one.name for one in report.classes} == {"east", "west", "north"}
    assert sum(one.rows for one in report.classes) == report.rows
    assert all(one.recall.value > 0.8 for one in report.classes)
    assert report.by_movement.value < 0.6


def test_an_embedding_that_shows_nothing_is_near_chance() -> None:
    report = _measure(shift=0.0, by_label=True)
    assert report is not None
    assert abs(report.balanced_accuracy.value - report.chance) < 0.15
    assert report.by_movement.value > 0.9  # the movement alone tells


def test_an_artist_stands_in_one_fold_only() -> None:
    # Each source has an artist's own mark; with artists held out it tells nothing.
    random = np.random.default_rng(1)
    artist = np.repeat(np.arange(20), 10)
    embedding = random.normal(size=(20, 30))[artist] * 3 + random.normal(size=(200, 30)) * 0.1
    values = [("east", "west")[at % 2] for at in artist]
    report = measure_probe(
        embedding,
        values,
        column="source",
        truth=np.zeros(200, np.int64),
        artists=[str(at) for at in artist],
        resamples=2,
    )
    assert report is not None
    assert report.artists == 20
    assert report.balanced_accuracy.value < 0.75


def test_one_source_or_too_few_artists_cannot_be_probed() -> None:
    one = measure_probe(
        np.zeros((20, 2)), ["east"] * 20, column="source", truth=np.zeros(20, np.int64), artists=[None] * 20
    )
    assert one is None
    assert _measure(shift=1.0, artists=["one"] * ROWS) is None
