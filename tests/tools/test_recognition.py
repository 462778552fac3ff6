from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image, ImageEnhance

import recognition
from recognition_queries import VIEWS, LocalFeatures, Query
from smn.cli import main
from smn.examples import paint
from smn.manifest import read_manifest


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


def test_local_features_tell_another_scan_from_another_work(tmp_path: Path) -> None:
    for movement in ("cubism", "impressionism"):
        for name in ("entries", "scans"):
            (tmp_path / name / movement).mkdir(parents=True)
        for seed in range(2):
            picture = paint(movement, seed=seed, size=(400, 320))
            picture.save(tmp_path / "entries" / movement / f"{seed}.png")
            cut = picture.crop((8, 8, 380, 310)).resize((300, 240))
            ImageEnhance.Brightness(cut).enhance(0.8).save(tmp_path / "scans" / movement / f"{seed}.jpg")
    sets = []
    for name in ("entries", "scans"):
        done = CliRunner().invoke(
            main, ["dataset", "import", str(tmp_path / name), "--out", str(tmp_path / f"{name}-set")]
        )
        assert done.exit_code == 0, done.output
        sets.append(read_manifest(tmp_path / f"{name}-set"))
    entries, scans = sets
    features = LocalFeatures([*entries.column("id"), "gone"], [entries])
    files = [[Path(path).with_suffix("").parts[-2:] for path in one.column("path")] for one in sets]
    found = [[features.show_one_work(scans, row, place) for place in range(5)] for row in range(4)]
    assert found == [[here == there for there in files[0]] + [False] for here in files[1]]
