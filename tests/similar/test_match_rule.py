from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import smn
from made_index import MOVEMENTS
from smn.bundle import Bundle
from smn.cli import main
from smn.examples import paint
from smn.images import open_image
from smn.similar import find_similar, match_rule
from smn.similar.match_rule import fit_rule
from smn.works import read_index
from smn.works.recognition import Match
from smn.works.work_index import Work

DRAW = np.random.default_rng(0)


def draw_matches(
    count: int, similarity: tuple[float, float], bits: tuple[int, int], margin: tuple[float, float]
) -> list[Match]:
    work = Work("1", None, None, None, None, None, None, None)
    drawn = zip(
        DRAW.uniform(*similarity, count).tolist(), DRAW.integers(*bits, count).tolist(),
        DRAW.uniform(*margin, count).tolist(), strict=True,
    )  # fmt: skip
    return [Match(work, 0, *measured) for measured in drawn]


RIGHT = draw_matches(200, (0.5, 0.95), (15, 90), (0.1, 0.5))
WRONG = draw_matches(400, (0.3, 0.75), (60, 140), (-0.2, 0.15))
SERIES = draw_matches(100, (0.6, 0.9), (50, 130), (-0.1, 0.2))


def test_the_rule_lets_no_more_pass_than_it_may() -> None:
    rule = fit_rule(RIGHT, WRONG + SERIES, limits=[(WRONG, 0.005), (SERIES, 0.05)])
    passed = {name: [rule.score(one) >= rule.threshold for one in matches]
              for name, matches in (("right", RIGHT), ("wrong", WRONG), ("series", SERIES))}  # fmt: skip
    assert np.mean(passed["wrong"]) <= 0.005
    assert np.mean(passed["series"]) <= 0.05
    assert np.mean(passed["right"]) > 0.7
    assert rule.similarity > 0 > rule.bits
    assert rule.margin > 0
    assert rule.threshold_refused == rule.threshold
    refused = draw_matches(100, (0.7, 0.9), (30, 60), (0.0, 0.1))
    stricter = fit_rule(RIGHT, WRONG, limits=[(WRONG, 0.005)], refused=refused)
    assert stricter.threshold_refused > stricter.threshold
    assert not any(stricter.believes(one, refused=True) for one in refused)
    assert sum(stricter.believes(one, refused=False) for one in refused) > 0
    shares = [share for _, share in rule.worth]
    assert shares == sorted(shares)
    assert all(0.5 < share < 1 for share in shares)


@pytest.mark.parametrize(("share", "passing"), [(0.0, 0), (0.2, 2), (0.99, 9)])
def test_a_threshold_allows_a_share(share: float, passing: int) -> None:
    scores = [float(score) for score in range(10)]
    assert sum(score >= match_rule._allow(scores, share) for score in scores) == passing


def test_a_bundle_recognises_the_works_of_its_own_index(  # type: ignore[no-untyped-def]
    make_painted_set, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    manifest = make_painted_set(tmp_path / "painted", splits={"train": 15})
    model = str(tiny_bundle.folder)
    done = CliRunner().invoke(main, ["index", "build", str(manifest), "--model", model])
    assert done.exit_code == 0, done.output
    assert done.stdout.rstrip().endswith(f"smn similar FILE --model {model}")
    index = read_index(tiny_bundle.folder / "index")
    assert set(index.rules) == {"recognition"}
    loaded = smn.load(tiny_bundle.folder)
    known = open_image(manifest.parent / "20.jpg")
    found = loaded.predict(known.crop((2, 2, known.width - 3, known.height - 2))).work
    assert found is not None
    assert found.artist == "cubism 5"
    assert 0.5 < found.confidence < 1
    # Strangers of the very movements that the model learned, not only of others.
    strangers = [paint(name, seed=seed, size=(88, 72)) for name in MOVEMENTS for seed in range(100, 110)]
    assert sum(loaded.predict(one).work is not None for one in strangers) <= 1
    assert find_similar(loaded, known)[0].work.artist == "cubism 5"
    shown = CliRunner().invoke(main, ["index", "show", str(index.folder)])
    assert "recognises works" in shown.stdout
    # What is added and removed keeps the rule.
    gone = index.work(0).id
    done = CliRunner().invoke(main, ["index", "remove", str(index.folder), gone, "--model", model])
    assert done.exit_code == 0, done.output
    assert read_index(index.folder).rules == index.rules


def test_a_few_works_have_no_rule_and_it_is_said(  # type: ignore[no-untyped-def]
    make_painted_set, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    manifest = make_painted_set(tmp_path / "painted", splits={"train": 3})
    done = CliRunner().invoke(main, ["index", "build", str(manifest), "--model", str(tiny_bundle.folder)])
    assert done.exit_code == 0, done.output
    assert "recognises no work: a rule for that is fitted from 50 works on" in done.stderr
    loaded = smn.load(tiny_bundle.folder)
    assert loaded.predict(manifest.parent / "0.jpg").work is None


def test_a_work_of_which_nothing_is_known_is_called_by_its_file(tiny_bundle: Bundle, tmp_path: Path) -> None:
    for name in ("cubism", "romanticism"):
        (tmp_path / "folders" / name).mkdir(parents=True)
        paint(name).save(tmp_path / "folders" / name / f"my-{name}.png")
    for words in (["dataset", "import", "folders", "--out", "data"], ["index", "build", "data", "--out", "works"]):
        more = ["--model", str(tiny_bundle.folder)] if words[0] == "index" else []
        at = [str(tmp_path / word) if word in {"folders", "data", "works"} else word for word in words]
        done = CliRunner().invoke(main, [*at, *more])
        assert done.exit_code == 0, done.output
    index = read_index(tmp_path / "works")
    assert sorted(index.work(place).name for place in range(2)) == ["my-cubism", "my-romanticism"]


def test_an_index_of_the_package_s_model_needs_a_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["index", "build", str(tmp_path), "--model", "fast"])
    assert done.exit_code == 2
    assert "fast is no bundle of your own that could hold an index; name a folder with --out" in done.stderr
