import json

import numpy as np
import pytest

from smn.conformal import fit_sets
from smn.errors import BundleError
from smn.movements import read_taxonomy
from smn.precision import fit_precision
from smn.promises import Promises, fit_promises, judge

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
    (confidence, right), (family, family_right) = judge(row[None], np.array([ids.index("abstract")]), TAXONOMY)
    assert (confidence[0], right[0]) == (0.35, False)
    # Abstract and Colour Field are of one family, which together is likelier than Cubism.
    assert (family[0], family_right[0]) == (pytest.approx(0.55), True)


def test_promises_are_made_of_their_parts() -> None:
    probabilities, targets, artists = made()
    promises = fit_promises(probabilities, targets, taxonomy=TAXONOMY, artists=artists)
    assert promises.precision == fit_precision(*judge(probabilities, targets, TAXONOMY))
    assert promises.sets == fit_sets(probabilities, targets, artists=artists)


def test_promises_survive_json() -> None:
    probabilities, targets, artists = made()
    promises = fit_promises(probabilities, targets, taxonomy=TAXONOMY, artists=artists)
    assert Promises.from_dict(json.loads(json.dumps(promises.to_dict())), where="bundle.json") == promises


@pytest.mark.parametrize("data", [{}, {"precision": {}}, {"precision": 3, "sets": []}])
def test_damaged_promises_name_the_file(data: dict[str, object]) -> None:
    with pytest.raises(BundleError, match=r"here\.json has promises that do not fit .*export the model anew"):
        Promises.from_dict(data, where="here.json")
