"""README and documentation show the figures of the kept reports, and the kept reports are the default model's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import figures
import smn
import well_known
from smn.bundle import read_bundle

ROOT = Path(__file__).parents[2]
REPORTS = {name: ROOT / "docs" / "results" / name / "report.json" for name in ("default", "measured", "origin-8")}


def test_no_figure_is_stale() -> None:
    subprocess.run([sys.executable, ROOT / "tools" / "figures" / "figures.py", "check"], check=True)


def test_the_reports_are_of_the_model_in_the_package() -> None:
    bundle = read_bundle()
    told = {name: json.loads(file.read_text(encoding="utf-8"))["model"] for name, file in REPORTS.items()}
    assert (told["default"]["name"], told["default"]["sha256"]) == (bundle.name, bundle.model_sha256)
    # The other reports are of the fit that its temperature, thresholds and promises come from.
    measured = told["measured"]
    assert measured["name"] == bundle.metrics["calibrated_by"]
    assert measured["thresholds"]["painting"] == pytest.approx(bundle.thresholds.painting, abs=1e-6)
    assert told["origin-8"]["sha256"] == measured["sha256"]


def test_the_changelog_knows_this_version() -> None:
    assert f"## {smn.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kept", ["explain/explain.json", "similar/similar.json", "bench/single.json"])
def test_what_is_measured_on_the_model_alone_is_of_the_model_in_the_package(kept: str) -> None:
    told = json.loads((ROOT / "docs" / "results" / kept).read_text(encoding="utf-8"))
    # The index of works is made by the smaller model, whose embedding the default one gives, too.
    assert told["model"] == read_bundle("fast" if kept.startswith("similar") else "default").name


def test_well_known_works_are_found_by_title_and_artist_in_the_first_set_that_holds_them() -> None:
    rows = [
        {"title": "The Swing 2", "artist": "Jean-Honore Fragonard", "movement": "rococo", "accepted": None},
        {"title": "The Swing", "artist": "Pierre-Auguste Renoir", "movement": "impressionism", "accepted": None},
        {"title": None, "artist": None, "movement": None, "accepted": None},
    ]
    found, missing = well_known.find_works({"large": rows[1:], "famous": rows})
    assert [(one["work"], one["set"], one["artist"]) for one in found] == [
        ("Jean-Honoré Fragonard, The Swing", "famous", "Jean-Honore Fragonard")
    ]
    assert len(missing) == len(well_known.WORKS) - 1


def test_well_known_works_are_answered_by_the_model_in_the_package() -> None:
    told = json.loads((ROOT / "docs" / "results" / "well-known.json").read_text(encoding="utf-8"))
    assert told["models"][0]["model"] == read_bundle().name
    assert len(told["works"]) >= 20
    assert all(len(model["answers"]) == len(told["works"]) for model in told["models"])


def test_the_shipped_fit_is_measured_on_nothing_that_it_has_learned_from(tmp_path: Path) -> None:
    data = Path("data")
    alone = figures.plan_evaluations(data, None, {})
    assert list(alone) == ["default", "fast"]
    assert not any("pool" in word for words in alone.values() for word in words)
    (tmp_path / "measured").mkdir()
    (tmp_path / "fast-measured").mkdir()
    both = figures.plan_evaluations(data, tmp_path, {})
    assert set(both) == {"default", "fast", "fast-measured", "measured", "origin-8"}
    assert both["default"] == alone["default"]
    for name in ("measured", "origin-8", "fast-measured"):
        assert both[name][0] == str(tmp_path / ("fast-measured" if name == "fast-measured" else "measured"))
        tests = {"pool-test=data/pool:test", "pool-2-test=data/pool-2:test", "both-tests=data/pools:test"}
        assert tests < set(both[name])
        assert "data/pools:train" in both[name]
    assert list(figures.plan_evaluations(data, None, {"mine": "bundles/mine"})) == ["mine"]
