"""The page's answers are those of `smn.predict.Model` for the same outputs of a network."""

from dataclasses import replace

import numpy as np
import pytest

import smn
from chromium import needs_chromium
from smn.bundle.runtime import Outputs
from smn.confidence.calibration import softmax
from smn.explain.explanation import weigh_evidence
from smn.predict.prediction import Outcome
from smn.web.answer import choose_phrasing

pytestmark = needs_chromium

ANSWER = """(module, bundle, outputs) => {
    const answer = module.makeAnswer(bundle, outputs);
    return { ...answer, phrasing: module.choosePhrasing(answer) };
}"""


@pytest.fixture(scope="module")
def model():
    return smn.load()


def describe(bundle) -> dict:
    return {
        "name": bundle.name, "temperature": bundle.temperature, "taxonomy": bundle.taxonomy.to_dict(),
        "thresholds": {name: value for name, value in vars(bundle.thresholds).items() if value is not None},
        "groups": list(bundle.groups),
    }  # fmt: skip


@pytest.mark.parametrize("groups", [(), ("photograph", "page", "drawing")])
@pytest.mark.parametrize("family", [True, False])
def test_answers_are_those_of_python(run, model, groups: tuple[str, ...], family: bool) -> None:
    model = model.variant()
    model.bundle = replace(model.bundle, groups=groups)
    if not family:
        model.thresholds = replace(model.thresholds, family=None)
        model.bundle = replace(model.bundle, thresholds=model.thresholds)
    labels, random = len(model.bundle.labels), np.random.default_rng(5)
    outcomes, likenesses = set(), set()
    for spread in np.linspace(0.1, 6, 60):
        logits = random.normal(0, spread, (1, labels)).astype(np.float32)
        judges = random.normal(0.5, 3, (1, max(len(groups), 1))).astype(np.float32)
        outputs = Outputs(logits, judges.min(axis=1), logits, judges=judges if groups else None)
        expected = model.to_predictions(outputs, [None], top_k=5)[0]
        found = run(
            ANSWER, "answer.js", describe(model.bundle), {"logits": logits[0].tolist(), "painting": judges[0].tolist()}
        )
        assert found["phrasing"] == choose_phrasing(expected).value
        for key in ("outcome", "movement", "family", "is_painting", "looks_like", "model"):
            assert found[key] == getattr(expected, key), key
        for key in ("confidence", "painting_score"):
            assert found[key] == pytest.approx(getattr(expected, key), abs=1.01e-4)
        assert [guess["movement"] for guess in found["predictions"]] == [one.movement for one in expected.predictions]
        assert [one["family"] for one in found["families"]] == [one.family for one in expected.families]
        outcomes.add(found["outcome"])
        likenesses.add(found["looks_like"])
    assert outcomes == set(Outcome) - {Outcome.ERROR}
    assert likenesses == {None, *groups}


def test_evidence_is_weighed_as_in_python(run, model) -> None:
    labels, random = len(model.bundle.labels), np.random.default_rng(6)
    evidence = random.normal(size=(labels, 7, 7)).astype(np.float32)
    logits = evidence.mean(axis=(1, 2))
    weigh = "(module, bundle, outputs, label) => Array.from(module.weighEvidence(bundle, outputs, label))"
    outputs = {"logits": logits.tolist(), "evidence": evidence.ravel().tolist()}
    temperature = model.bundle.temperature
    probabilities = softmax(logits, temperature=temperature)
    for label in (0, 7):
        found = run(weigh, "answer.js", describe(model.bundle), outputs, label)
        expected = weigh_evidence(evidence, probabilities, [label], temperature=temperature)
        np.testing.assert_allclose(np.array(found).reshape(7, 7), expected, atol=1e-6)
