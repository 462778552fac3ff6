from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from coloured_rows import Row
from smn.errors import InputError, ManifestError, UnknownNameError
from smn.evaluate import EvaluationSet, Predictions
from smn.evaluate.evaluation_sets import check_sets, select_not_paintings, select_rows
from smn.movements import read_taxonomy

Make = Callable[..., Path]


@pytest.mark.parametrize(
    ("text", "name", "manifest", "split"),
    [
        ("famous=data/famous", "famous", "data/famous", None),
        ("t=data/pool:test", "t", "data/pool", "test"),
        ("data/pool:val", "pool-val", "data/pool", "val"),
        ("data/pool", "pool", "data/pool", None),
        ("data/pool/manifest.parquet:test", "pool-test", "data/pool/manifest.parquet", "test"),
        ("/data/a=b/pool", "pool", "/data/a=b/pool", None),
    ],
)
def test_parse(text: str, name: str, manifest: str, split: str | None) -> None:
    assert EvaluationSet.parse(text) == EvaluationSet(name, Path(manifest), split)


def test_the_folder_here_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert EvaluationSet.parse(".").name == "here"


@pytest.mark.parametrize("text", ["", "=data", "a b=data", "x=", "../=x"])
def test_what_names_no_set_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="write NAME=MANIFEST"):
        EvaluationSet.parse(text)


def test_unknown_split_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="you mean test"):
        EvaluationSet.parse("data/pool:tset")


def test_sets_are_checked_before_work(tmp_path: Path, make_manifest: Make) -> None:
    folder = make_manifest("pool", [Row("realism")])
    check_sets([EvaluationSet("a", folder), EvaluationSet("b", folder)])
    with pytest.raises(InputError, match="Two sets are called a; name them"):
        check_sets([EvaluationSet("a", folder), EvaluationSet("A", folder)])
    with pytest.raises(InputError, match="give at least one --manifest"):
        check_sets([])
    with pytest.raises(ManifestError, match="no manifest"):
        check_sets([EvaluationSet("a", tmp_path / "none")])


def test_select_rows_counts_what_it_leaves_out(make_manifest: Make) -> None:
    rows = [Row("fauvism"), Row("tonalism", looks="realism"), Row(None), Row("suprematism", looks="realism")]
    chosen = select_rows(EvaluationSet("pool", make_manifest("pool", rows)), read_taxonomy())
    assert chosen.rows.tolist() == [0, 3]
    labels = read_taxonomy().label_ids
    assert [labels[at] for at in chosen.truth] == ["fauvism", "geometric-abstraction"]
    assert chosen.excluded == {"(no movement)": 1, "tonalism": 1}
    assert chosen.values("id") == ("pool-0", "pool-3")


def test_select_rows_of_a_split(make_manifest: Make) -> None:
    folder = make_manifest("pool", [Row("fauvism", split="test"), Row("fauvism", split="train"), Row("fauvism")])
    assert select_rows(EvaluationSet("pool", folder, "test"), read_taxonomy()).rows.tolist() == [0]
    with pytest.raises(ManifestError, match=r"no picture in split val \(train 1, val 0, test 1\)"):
        select_rows(EvaluationSet("pool", folder, "val"), read_taxonomy())


def test_select_not_paintings(make_manifest: Make) -> None:
    folder = make_manifest("mixed", [Row("not-a-painting"), Row("fauvism"), Row(None)])
    assert select_not_paintings(EvaluationSet("mixed", folder))[1].tolist() == [0, 2]
    only = make_manifest("only", [Row("fauvism")])
    with pytest.raises(ManifestError, match="give a manifest of photographs"):
        select_not_paintings(EvaluationSet("only", only))


def test_accepted_movements_are_read_in_the_taxonomy(make_manifest: Make) -> None:
    rows = [
        Row("fauvism", accepted="Expressionism| fauvism"),
        Row("baroque", looks="realism", accepted="Mannerism"),
        Row("realism", accepted=None),
        Row("impressionism", accepted="Color Field|Neo-Impressionism"),
    ]
    taxonomy = read_taxonomy("smn-25")
    selection = select_rows(EvaluationSet("pool", make_manifest("pool", rows)), taxonomy)
    assert selection.accepted is not None
    found = [{taxonomy.label_ids[at] for at in row.nonzero()[0]} for row in selection.accepted]
    assert found == [
        {"expressionism", "fauvism"},
        {"mannerism"},
        {"realism"},  # says nothing, so that its own label stands
        {"abstract-expressionism", "neo-impressionism"},
    ]
    eight = select_rows(EvaluationSet("pool", make_manifest("again", rows)), read_taxonomy("origin-8"))
    assert eight.accepted is not None
    assert eight.accepted.shape == (len(eight.rows), 8)


def test_a_manifest_without_the_column_accepts_nothing(make_manifest: Make) -> None:
    selection = select_rows(EvaluationSet("pool", make_manifest("pool", [Row("realism")])), read_taxonomy("smn-25"))
    assert selection.accepted is None


def test_an_accepted_name_that_is_no_movement_is_an_error(make_manifest: Make) -> None:
    folder = make_manifest("pool", [Row("realism", accepted="Realism|Reelism")])
    with pytest.raises(ManifestError, match=r"row pool-0 has 'Reelism' in its column accepted, .* smn movements list"):
        select_rows(EvaluationSet("pool", folder), read_taxonomy("smn-25"))


def test_length_is_the_number_of_rows(make_predictions: Callable[..., Predictions]) -> None:
    assert len(make_predictions(rows=7)) == 7


def test_lengths_that_differ_are_all_named(make_predictions: Callable[..., Predictions]) -> None:
    with pytest.raises(InputError, match=r"truth has 3 rows instead of 5; artists has 1 rows"):
        make_predictions(rows=5, truth=np.zeros(3, dtype=np.int64), artists=("one",))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"probabilities": np.ones((5, 2)) / 2}, "but there are 8 labels"),
        ({"probabilities": np.ones((5, 8))}, "do not sum to 1"),
        ({"truth": np.full(5, 8)}, r"truth must lie in 0\.\.7"),
    ],
)
def test_values_out_of_range(
    make_predictions: Callable[..., Predictions], given: dict[str, np.ndarray], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        make_predictions(rows=5, **given)
