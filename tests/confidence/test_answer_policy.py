"""How sure an answer must be, and what is said of it."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from awkward_files import jpeg
from smn.bundle import Bundle
from smn.confidence.answer_policy import AnswerPolicy, Thresholds, fit_policy, is_correct
from smn.confidence.conformal import SetTable, fit_sets
from smn.confidence.selective import PRECISION_LEVELS, OperatingPoint, PrecisionTable, fit_precision
from smn.errors import BundleError, InputError
from smn.movements import read_taxonomy
from smn.predict import Model, Outcome

BundleMaker = Callable[..., Bundle]
Painter = Callable[..., Path]
PURPLE = (255, 0, 255)  # half Fauvism, half Impressionism
TEAL = (0, 255, 255)  # half Realism, half Impressionism


def make_policy(movements: float | None, families: float | None) -> AnswerPolicy:
    """Thresholds that hold for every precision up to 0.9."""

    def points(height: float | None) -> tuple[OperatingPoint | None, ...]:
        return tuple(
            None if height is None or asked > 0.9 else OperatingPoint(height, 0.9, 0.12) for asked in PRECISION_LEVELS
        )

    return AnswerPolicy(PrecisionTable(points(movements), points(families)), SetTable((0.1,) * 40 + (0.7,) * 10))


def test_without_a_precision_the_bundles_thresholds_hold(make_tiny_bundle: BundleMaker, tmp_path: Path) -> None:
    old = Model(make_tiny_bundle(tmp_path / "old", thresholds=Thresholds(0.4, 0.5)))
    assert old.thresholds == Thresholds(0.4, 0.5, family=None)
    new = Model(make_tiny_bundle(tmp_path / "new", thresholds=Thresholds(0.4, 0.5, family=0.3)))
    assert new.thresholds == new.bundle.thresholds
    assert new.precision_note is None


@pytest.mark.parametrize(
    ("movements", "families", "said"),
    [
        (0.7, 0.5, "At 90 % right on validation pictures, tiny-1 names a movement for about 12% of paintings and a"),
        (0.7, None, "names a movement for about 12% of paintings."),
        (None, 0.5, "No threshold gave 90 % right on validation pictures, so tiny-1 names only a family"),
        (None, None, "names neither movement nor family."),
    ],
)
def test_a_precision_raises_the_thresholds_and_says_what_to_expect(
    make_tiny_bundle: BundleMaker, movements: float | None, families: float | None, said: str
) -> None:
    policy = make_policy(movements, families)
    confidence = math.inf if movements is None else movements
    thresholds = Thresholds(confidence, 0.5, families)
    assert policy.choose_thresholds(0.9, painting=0.5) == thresholds
    assert said in policy.describe_precision(0.9, model="tiny-1")
    model = Model(make_tiny_bundle(thresholds=Thresholds(0.4, 0.5), policy=policy), precision=0.9)
    assert (model.thresholds, model.precision_note) == (thresholds, policy.describe_precision(0.9, model="tiny-1"))


def test_what_an_old_bundle_does_not_know_says_what_to_do(tiny_bundle: Bundle) -> None:
    with pytest.raises(InputError, match=r"tiny-1 was exported without what precision needs; export it anew"):
        Model(tiny_bundle, precision=0.9)
    with pytest.raises(InputError, match=r"what coverage needs; .* or leave coverage out"):
        Model(tiny_bundle).predict(jpeg(), coverage=0.9)
    assert Model(tiny_bundle).predict(jpeg()).set is None


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
    bundle, file = make_tiny_bundle(policy=make_policy(0.6, None)), paint_file("a.png", PURPLE)
    assert Model(bundle).predict(file).outcome is Outcome.MOVEMENT
    assert Model(bundle, precision=0.9).predict(file).outcome is Outcome.UNSURE
    red = paint_file("b.png", (255, 0, 0))
    assert Model(bundle, precision=0.9).predict(red).outcome is Outcome.MOVEMENT
    assert Model(bundle, precision=0.95).predict(red).outcome is Outcome.UNSURE


def test_a_set_holds_more_for_more_coverage(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    model = Model(make_tiny_bundle(policy=make_policy(0.6, None)))
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
    model = Model(make_tiny_bundle(policy=make_policy(0.6, None)), taxonomy="origin-8")
    answer = model.predict(paint_file("a.png", TEAL), coverage=0.95)
    assert set(answer.set or ()) == {"realism", "impressionism"}


TAXONOMY = read_taxonomy("origin-8")


def made(count: int = 400) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(8, 0.4), count)
    targets = np.array([random.choice(8, p=row) for row in probabilities])
    return probabilities, targets, np.arange(count) % 40


def test_movements_and_families_are_judged() -> None:
    ids = TAXONOMY.label_ids
    row = np.full(8, 0.02)
    row[ids.index("abstract")], row[ids.index("color-field")], row[ids.index("cubism")] = 0.3, 0.25, 0.35
    (confidence, right), (family, family_right) = is_correct(row[None], np.array([ids.index("abstract")]), TAXONOMY)
    assert (confidence[0], right[0]) == (0.35, False)
    # Abstract and Colour Field are of one family, which together is likelier than Cubism.
    assert (family[0], family_right[0]) == (pytest.approx(0.55), True)


def test_a_policy_is_made_of_its_parts() -> None:
    probabilities, targets, artists = made()
    policy = fit_policy(probabilities, targets, taxonomy=TAXONOMY, artists=artists)
    assert policy.precision == fit_precision(*is_correct(probabilities, targets, TAXONOMY))
    assert policy.sets == fit_sets(probabilities, targets, artists=artists)


def test_a_policy_survives_json() -> None:
    probabilities, targets, artists = made()
    policy = fit_policy(probabilities, targets, taxonomy=TAXONOMY, artists=artists)
    assert AnswerPolicy.from_dict(json.loads(json.dumps(policy.to_dict())), where="bundle.json") == policy


@pytest.mark.parametrize("data", [{}, {"precision": {}}, {"precision": 3, "sets": []}])
def test_a_damaged_policy_names_the_file(data: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"here\.json has promises that do not fit .*export the model anew"):
        AnswerPolicy.from_dict(data, where="here.json")
