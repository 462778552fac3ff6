from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from smn.bundle import Bundle
from smn.errors import InputError
from smn.evaluate.infer import open_bundle
from smn.manifest import read_manifest

from .conftest import Row

Make = Callable[..., Path]


def test_network_is_asked_about_every_readable_row(tiny_bundle: Bundle, make_manifest: Make) -> None:
    folder = make_manifest("pool", [Row("fauvism"), *[Row("realism")] * 70, Row(None)], broken=1)
    candidate = open_bundle(tiny_bundle)
    seen: list[tuple[str, int, int]] = []
    answers = candidate.ask(
        read_manifest(folder), np.arange(72), title="pool", on_progress=lambda *said: seen.append(said)
    )
    assert answers.kept.tolist() == list(range(1, 72))
    assert answers.probabilities.shape == (71, 25)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1.0)
    assert [failure.id for failure in answers.failures] == ["pool-0"]
    assert answers.painting is not None
    assert (answers.painting[:-1] > 0.9).all()
    assert answers.painting[-1] < 0.1
    assert seen == [("pool", done, 72) for done in range(1, 73)]


def test_a_bundle_is_described(tiny_bundle: Bundle) -> None:
    candidate = open_bundle(tiny_bundle)
    assert (candidate.about.name, candidate.about.sha256) == ("tiny-1", tiny_bundle.model_sha256)
    assert candidate.about.thresholds == tiny_bundle.thresholds
    assert candidate.knows_paintings
    assert candidate.taxonomy == tiny_bundle.taxonomy


def test_no_readable_picture_is_an_error(tiny_bundle: Bundle, make_manifest: Make) -> None:
    manifest = read_manifest(make_manifest("pool", [Row("fauvism")] * 2, broken=2))
    with pytest.raises(InputError, match=r"None of the 2 pictures of pool could be read; the first says: .*JPEG"):
        open_bundle(tiny_bundle).ask(manifest, np.arange(2), title="pool", on_progress=None)
