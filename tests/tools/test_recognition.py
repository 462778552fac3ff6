import pytest
from PIL import Image

import recognition
from recognition_queries import VIEWS, Query
from smn.examples import paint


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
