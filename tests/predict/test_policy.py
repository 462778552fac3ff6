"""How sure an answer must be, and what is said of it."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from smn.bundle import Bundle, Thresholds
from smn.conformal import SetTable
from smn.errors import InputError
from smn.precision import ASKED, Point, PrecisionTable
from smn.predict import Model, Outcome
from smn.predict.policy import choose_mass, choose_thresholds, describe_precision
from smn.promises import Promises

BundleMaker = Callable[..., Bundle]
Painter = Callable[..., Path]
PURPLE = (255, 0, 255)  # half Fauvism, half Impressionism
TEAL = (0, 255, 255)  # half Realism, half Impressionism


def promise(movements: float | None, families: float | None) -> Promises:
    """Thresholds that hold for every precision up to 0.9."""

    def points(height: float | None) -> tuple[Point | None, ...]:
        return tuple(None if height is None or asked > 0.9 else Point(height, 0.9, 0.12) for asked in ASKED)

    return Promises(PrecisionTable(points(movements), points(families)), SetTable((0.1,) * 40 + (0.7,) * 10))


def test_without_a_precision_the_bundles_thresholds_hold(make_tiny_bundle: BundleMaker, tmp_path: Path) -> None:
    old = make_tiny_bundle(tmp_path / "old", thresholds=Thresholds(0.4, 0.5))
    assert choose_thresholds(old, None) == Thresholds(0.4, 0.5, family=None)
    new = make_tiny_bundle(tmp_path / "new", thresholds=Thresholds(0.4, 0.5, family=0.3))
    assert choose_thresholds(new, None) == new.thresholds
    assert describe_precision(new, None) is None


@pytest.mark.parametrize(
    ("movements", "families", "said"),
    [
        (0.7, 0.5, "At 90 % right on validation pictures, tiny-1 names a movement for about 12% of paintings and a"),
        (0.7, None, "names a movement for about 12% of paintings."),
        (None, 0.5, "never reached 90 % right on validation pictures, so every answer is unsure; it names a family"),
        (None, None, "never reached 90 % right on validation pictures, so every answer is unsure."),
    ],
)
def test_a_precision_raises_the_thresholds_and_says_what_to_expect(
    make_tiny_bundle: BundleMaker, movements: float | None, families: float | None, said: str
) -> None:
    bundle = make_tiny_bundle(promises=promise(movements, families))
    confidence = math.inf if movements is None else movements
    assert choose_thresholds(bundle, 0.9) == Thresholds(confidence, bundle.thresholds.painting, families)
    assert said in (describe_precision(bundle, 0.9) or "")


def test_what_an_old_bundle_does_not_know_says_what_to_do(tiny_bundle: Bundle) -> None:
    with pytest.raises(InputError, match=r"tiny-1 was exported without what precision needs; export it anew"):
        Model(tiny_bundle, precision=0.9)
    with pytest.raises(InputError, match=r"what coverage needs; .* or leave coverage out"):
        choose_mass(tiny_bundle, 0.9)
    assert choose_mass(tiny_bundle, None) is None


def test_an_unsure_movement_may_have_a_sure_family(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    file = paint_file("a.png", PURPLE)
    hues = {"fauvism": (1, -1, -1), "expressionism": (-1, -1, 1)}  # of one family
    model = Model(make_tiny_bundle(hues=hues, thresholds=Thresholds(0.8, 0.5, family=0.8)), threads=1)
    answer = model.predict(file)
    assert (answer.outcome, answer.movement, answer.family) == (Outcome.UNSURE, None, "expressionist")
    sure = model.predict(paint_file("b.png", (255, 0, 0)))
    assert (sure.outcome, sure.movement, sure.family) == (Outcome.MOVEMENT, "fauvism", "expressionist")


def test_an_unsure_family_is_not_named(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    model = Model(make_tiny_bundle(thresholds=Thresholds(0.8, 0.5, family=0.8)), threads=1)
    answer = model.predict(paint_file("a.png", PURPLE))
    assert (answer.outcome, answer.family) == (Outcome.UNSURE, None)
    grey = model.predict(paint_file("b.png", (128, 128, 128)))
    assert (grey.outcome, grey.family) == (Outcome.NOT_A_PAINTING, None)


def test_a_higher_precision_answers_less(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    bundle, file = make_tiny_bundle(promises=promise(0.6, None)), paint_file("a.png", PURPLE)
    assert Model(bundle).predict(file).outcome is Outcome.MOVEMENT
    assert Model(bundle, precision=0.9).predict(file).outcome is Outcome.UNSURE
    red = paint_file("b.png", (255, 0, 0))
    assert Model(bundle, precision=0.9).predict(red).outcome is Outcome.MOVEMENT
    assert Model(bundle, precision=0.95).predict(red).outcome is Outcome.UNSURE


def test_a_set_holds_more_for_more_coverage(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    model = Model(make_tiny_bundle(promises=promise(0.6, None)))
    file = paint_file("a.png", PURPLE)
    assert model.predict(file).set is None
    small, large = (model.predict(file, coverage=coverage) for coverage in (0.5, 0.95))
    assert small.set == (small.predictions[0].movement,)
    assert large.set is not None
    assert set(large.set) == {"fauvism", "impressionism"}
    assert large.set[0] == large.predictions[0].movement
    with pytest.raises(InputError, match=r"must be 0\.5 to 0\.99"):
        model.predict(file, coverage=2.0)


def test_a_set_in_another_taxonomy_has_its_labels(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    model = Model(make_tiny_bundle(promises=promise(0.6, None)), taxonomy="origin-8")
    answer = model.predict(paint_file("a.png", TEAL), coverage=0.95)
    assert set(answer.set or ()) == {"realism", "impressionism"}
