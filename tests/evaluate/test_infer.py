from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smn.bundle import Bundle
from smn.errors import InputError
from smn.evaluate import EvaluationSet
from smn.evaluate.infer import predict_selection, run_network
from smn.evaluate.sets import select_rows
from smn.manifest import read_manifest
from smn.movements import read_taxonomy
from smn.runtime import Runtime

from .conftest import Row

Make = Callable[..., Path]


def test_network_is_asked_about_every_readable_row(tiny_bundle: Bundle, make_manifest: Make) -> None:
    folder = make_manifest("pool", [Row("fauvism"), *[Row("realism")] * 70, Row(None)], broken=1)
    runtime = Runtime(tiny_bundle, threads=1)
    answers = run_network(runtime, tiny_bundle, read_manifest(folder), rows=np.arange(72))
    assert answers.kept.tolist() == list(range(1, 72))
    assert answers.logits.shape == (71, 25)
    assert [failure.id for failure in answers.failures] == ["pool-0"]
    assert (answers.painting[:-1] > 0.9).all()
    assert answers.painting[-1] < 0.1


def test_no_readable_picture_is_an_error(tiny_bundle: Bundle, make_manifest: Make) -> None:
    manifest = read_manifest(make_manifest("pool", [Row("fauvism")] * 2, broken=2))
    with pytest.raises(InputError, match=r"None of the 2 pictures of pool could be read; the first says: .*JPEG"):
        run_network(Runtime(tiny_bundle, threads=1), tiny_bundle, manifest, rows=np.arange(2), title="pool")


@pytest.mark.parametrize("taxonomy", ["smn-25", "origin-8"])
def test_predictions_are_read_in_the_taxonomy_asked_for(
    tiny_bundle: Bundle, make_manifest: Make, taxonomy: str
) -> None:
    target = read_taxonomy(taxonomy)
    rows = [Row("impressionism", artist="Ann", source="east"), Row("realism"), Row("realism", looks="impressionism")]
    selection = select_rows(EvaluationSet("pool", make_manifest("pool", rows)), target)
    runtime = Runtime(tiny_bundle, threads=1)
    answers = run_network(runtime, tiny_bundle, selection.manifest, rows=selection.rows)
    made = predict_selection(answers, selection, name="pool", bundle=tiny_bundle, taxonomy=target)
    np.testing.assert_allclose(made.probabilities.sum(axis=1), 1.0)
    answered = [target.label_ids[at] for at in made.probabilities.argmax(axis=1)]
    assert answered == ["impressionism", "realism", "impressionism"]
    assert made.artists == ("Ann", None, None)
    assert made.sources[0] == "east"
    assert made.data_hash == selection.manifest.data_hash()
