import numpy as np
import pytest
from PIL import Image

import recognition
from recognition import fit_rule
from recognition_queries import VIEWS, Query
from smn.examples import paint

DRAW = np.random.default_rng(0)


def draw_pairs(count: int, similarity: tuple[float, float], bits: tuple[int, int]) -> list[tuple[float, int]]:
    return list(zip(DRAW.uniform(*similarity, count).tolist(), DRAW.integers(*bits, count).tolist(), strict=True))


RIGHT = draw_pairs(200, (0.5, 0.95), (15, 90))
WRONG = draw_pairs(400, (0.3, 0.75), (95, 140))
SERIES = draw_pairs(100, (0.6, 0.9), (70, 130))


def test_the_rule_lets_no_more_pass_than_it_may() -> None:
    rule = fit_rule(RIGHT, WRONG + SERIES, limits=[(WRONG, 0.005), (SERIES, 0.05)])
    passed = {name: [rule.score(*one) >= rule.threshold for one in pairs]
              for name, pairs in (("right", RIGHT), ("wrong", WRONG), ("series", SERIES))}  # fmt: skip
    assert np.mean(passed["wrong"]) <= 0.005
    assert np.mean(passed["series"]) <= 0.05
    assert np.mean(passed["right"]) > 0.7
    assert rule.similarity > 0 > rule.bits
    shares = [share for _, share in rule.worth]
    assert shares == sorted(shares)
    assert all(0.5 < share < 1 for share in shares)


@pytest.mark.parametrize(("share", "passing"), [(0.0, 0), (0.2, 2), (0.99, 9)])
def test_a_threshold_allows_a_share(share: float, passing: int) -> None:
    scores = [float(score) for score in range(10)]
    assert sum(score >= recognition._allow(scores, share) for score in scores) == passing


def test_views_are_other_pictures_of_the_same_painting() -> None:
    painting = paint("cubism", seed=0)
    made = {name: view(painting, 3) for name, view in VIEWS.items()}
    assert made["the same scan"] is painting
    assert made["greyscale copy"].convert("L").convert("RGB").tobytes() == made["greyscale copy"].tobytes()
    width, height = made["crop"].size
    assert 0.55 <= width / painting.width <= 0.95
    assert 0.55 <= height / painting.height <= 0.95
    assert isinstance(made["wall photograph"], Image.Image)


def test_an_artist_is_in_one_half() -> None:
    def is_chosen_on(group: str, artist: str) -> bool:
        return Query(group, None, 0, "", frozenset(), frozenset(), artist).chosen_on  # type: ignore[arg-type]

    artists = ("claude monet", "titian", "hokusai katsushika", "paul klee", "el greco", "jan vermeer")
    halves = [is_chosen_on("crop", artist) for artist in artists]
    assert halves == [is_chosen_on("a series", artist) for artist in artists]
    assert set(halves) == {True, False}


def test_tables_show_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    group = {"pictures": 200, "right": 190, "wrong": 1}
    told = {
        "works": 2000, "groups": {"crop": group, "a series": group},
        "similar": {"precision": {"before, same artist": {"1": 0.5, "5": 0.4, "10": 0.3}}},
        "artists": {"questions": 90, "top1": 0.4, "top3": 0.6},
        "cost": {"milliseconds": 3.2, "bytes": {"a": 1000, "b": 2000}},
    }  # fmt: skip
    monkeypatch.setattr(recognition, "_told", lambda: told)
    shown = {name: table() for name, table in recognition.TABLES.items()}
    assert "| crop | 200 | 95.0 % (91.0–97.3) | 1 |" in shown["recognition-recall"]
    assert "| a series | 200 | 0.5 % (0.1–2.8) |" in shown["recognition-false"]
    assert "| before, same artist | 50.0 | 40.0 | 30.0 |" in shown["recognition-similar"]
    assert "named first for 40 % and among three for 60 %" in shown["recognition-artists"]
    assert "| together | 3 |" in shown["recognition-cost"]
    monkeypatch.setattr(recognition, "_told", dict)
    assert all("%" not in line for line in recognition.TABLES["recognition-recall"]().split("\n")[2:])
