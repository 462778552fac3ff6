from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.errors import TaxonomyError
from smn.movements import Label, Taxonomy, list_taxonomies, read_taxonomy, regroup
from smn.movements.regroup import families_of

PRESETS = {name: read_taxonomy(name) for name in list_taxonomies()}
presets = st.sampled_from(sorted(PRESETS)).map(PRESETS.__getitem__)


def some(taxonomy: Taxonomy, *, rows: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.full(len(taxonomy.labels), 0.3), rows)


def certain(taxonomy: Taxonomy, **shares: float) -> np.ndarray:
    probabilities = np.zeros((1, len(taxonomy.labels)))
    for label, share in shares.items():
        probabilities[0, taxonomy.label_ids.index(label.replace("_", "-"))] = share
    return probabilities


def read_back(taxonomy: Taxonomy, probabilities: np.ndarray) -> dict[str, float]:
    pairs = zip(taxonomy.label_ids, probabilities[0], strict=True)
    return {label: pytest.approx(float(share)) for label, share in pairs if share > 0}


def taxonomy(name: str, **labels: tuple[str, ...]) -> Taxonomy:
    made = (Label(key.replace("_", "-"), key, "pop", movements) for key, movements in labels.items())
    return Taxonomy(name, name, "", tuple(made))


@given(presets, presets, st.integers(0, 2**32 - 1))
def test_probabilities_stay_probabilities(source: Taxonomy, target: Taxonomy, seed: int) -> None:
    probabilities = some(source, rows=5, seed=seed)
    regrouped, covered = regroup(probabilities, source=source, target=target)
    assert regrouped.shape == (5, len(target.labels))
    assert (regrouped >= 0).all()
    np.testing.assert_allclose(regrouped.sum(axis=1), 1.0)
    assert covered.shape == (5,)
    assert ((covered >= 0) & (covered <= 1 + 1e-9)).all()


@given(presets, presets, st.integers(0, 2**32 - 1))
def test_a_target_label_gets_the_sum_of_its_source_labels(source: Taxonomy, target: Taxonomy, seed: int) -> None:
    probabilities = some(source, rows=3, seed=seed)
    regrouped, covered = regroup(probabilities, source=source, target=target)
    for place, label in enumerate(target.labels):
        # A source label whose movements all lie in the target's belongs there without a doubt.
        parts = [at for at, part in enumerate(source.labels) if set(part.movements) <= set(label.movements)]
        assert (regrouped[:, place] * covered >= probabilities[:, parts].sum(axis=1) - 1e-9).all()


@given(presets, st.integers(0, 2**32 - 1))
def test_the_same_taxonomy_changes_nothing(source: Taxonomy, seed: int) -> None:
    probabilities = some(source, rows=3, seed=seed)
    regrouped, covered = regroup(probabilities, source=source, target=source)
    np.testing.assert_array_equal(regrouped, probabilities)
    np.testing.assert_array_equal(covered, 1.0)


@given(presets, st.integers(0, 2**32 - 1))
def test_families_are_sums_of_their_labels(source: Taxonomy, seed: int) -> None:
    probabilities = some(source, rows=4, seed=seed)
    families, sums = families_of(probabilities, source)
    assert set(families) == {label.family for label in source.labels}
    np.testing.assert_allclose(sums.sum(axis=1), 1.0)
    for place, family in enumerate(families):
        labels = [at for at, label in enumerate(source.labels) if label.family == family]
        np.testing.assert_allclose(sums[:, place], probabilities[:, labels].sum(axis=1), atol=1e-12)


def test_the_default_reads_as_the_eight_of_the_original() -> None:
    source, target = PRESETS["smn-25"], PRESETS["origin-8"]
    mixed = certain(source, mannerism=0.2, high_renaissance=0.1, neo_impressionism=0.1, minimalism=0.1, ukiyo_e=0.5)
    regrouped, covered = regroup(mixed, source=source, target=target)
    assert covered == pytest.approx([0.5])
    assert read_back(target, regrouped) == {"renaissance": 0.6, "impressionism": 0.2, "color-field": 0.2}


def test_a_label_of_several_movements_goes_where_its_own_name_is() -> None:
    source, target = PRESETS["smn-25"], PRESETS["origin-8"]
    regrouped, covered = regroup(certain(source, abstract_expressionism=1.0), source=source, target=target)
    assert read_back(target, regrouped) == {"abstract": 1.0}
    assert covered == pytest.approx([1.0])
    finer = PRESETS["wikiart-27"]
    assert read_back(finer, regroup(certain(source, cubism=1.0), source=source, target=finer)[0]) == {"cubism": 1.0}


def test_a_label_that_two_targets_share_and_none_names_is_left_out() -> None:
    source = taxonomy("s", modern=("cubism", "fauvism"), realism=("realism",))
    target = taxonomy("t", cubism=("cubism",), fauvism=("fauvism",), realism=("realism",))
    regrouped, covered = regroup(np.array([[0.7, 0.3]]), source=source, target=target)
    assert read_back(target, regrouped) == {"realism": 1.0}
    assert covered == pytest.approx([0.3])


def test_an_answer_of_which_nothing_is_covered_becomes_an_even_one() -> None:
    source, target = PRESETS["smn-25"], PRESETS["origin-8"]
    regrouped, covered = regroup(certain(source, pop_art=1.0), source=source, target=target)
    np.testing.assert_allclose(regrouped, 1 / 8)
    assert covered == pytest.approx([0.0])


def test_taxonomies_without_a_movement_in_common_are_refused() -> None:
    first, second = taxonomy("first", cubism=("cubism",)), taxonomy("second", realism=("realism",))
    with pytest.raises(TaxonomyError, match="taxonomy first, which shares no movement with second; choose another"):
        regroup(np.ones((1, 1)), source=first, target=second)


def test_a_file_of_ones_own_with_a_presets_id_is_not_taken_for_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "copy.toml"
    file.write_text(
        'id = "smn-25"\nname = "Mine"\ndescription = "A copy, cut down."\n'
        'label = [{ id = "cubism" }, { id = "realism" }]\n',
        encoding="utf-8",
    )
    source, target = PRESETS["smn-25"], read_taxonomy(file)
    regrouped, _ = regroup(certain(source, realism=0.3, cubism=0.1, rococo=0.6), source=source, target=target)
    assert read_back(target, regrouped) == {"cubism": 0.25, "realism": 0.75}
