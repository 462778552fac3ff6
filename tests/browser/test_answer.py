"""The page's answers and their words are those of `smn.predict` for the same outputs of a network."""

from dataclasses import replace

import numpy as np
import pytest

import smn
from chromium import needs_chromium
from smn.browser.static_page import list_words
from smn.bundle.runtime import Outputs
from smn.confidence.calibration import softmax
from smn.explain.explanation import weigh_evidence
from smn.predict.phrasing import Level, list_languages, phrase
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction

pytestmark = needs_chromium

ANSWER = "(module, bundle, outputs) => module.makeAnswer(bundle, outputs)"
PHRASE = """(module, answers, site) => answers.map((answer) => Object.fromEntries(
    Object.keys(site.phrasing).map((language) => [language, module.phrase(answer, site, language)])))"""
SAID = ("level", "headline", "detail", "percent", "joint", "sentence")


@pytest.fixture(scope="module")
def model():
    return smn.load()


def describe(bundle) -> dict:
    return {
        "name": bundle.name, "temperature": bundle.temperature, "taxonomy": bundle.taxonomy.to_dict(),
        "thresholds": {name: value for name, value in vars(bundle.thresholds).items() if value is not None},
        "groups": list(bundle.groups),
    }  # fmt: skip


def check_words(run, taxonomy, pairs: list[tuple[Prediction, dict]]) -> set[Level]:
    """Compare what the page says of its answers with what `phrase` says of Python's; the levels that there were."""
    found = run(PHRASE, "phrasing.js", [answer for _, answer in pairs], list_words(taxonomy))
    levels = set()
    for (prediction, _), said in zip(pairs, found, strict=True):
        assert tuple(said) == list_languages()
        for language, words in said.items():
            expected = phrase(prediction, language)
            assert words == {name: getattr(expected, name) for name in SAID}
            levels.add(expected.level)
    return levels


@pytest.mark.parametrize("groups", [(), ("photograph", "page", "drawing")])
@pytest.mark.parametrize("family", [True, False])
def test_answers_are_those_of_python(run, model, groups: tuple[str, ...], family: bool) -> None:
    model = model.variant()
    model.bundle = replace(model.bundle, groups=groups)
    if not family:
        model.thresholds = replace(model.thresholds, family=None)
        model.bundle = replace(model.bundle, thresholds=model.thresholds)
    labels, random = len(model.bundle.labels), np.random.default_rng(5)
    outcomes, likenesses, pairs = set(), set(), []
    for spread in np.linspace(0.1, 6, 60):
        logits = random.normal(0, spread, (1, labels)).astype(np.float32)
        judges = random.normal(0.5, 3, (1, max(len(groups), 1))).astype(np.float32)
        outputs = Outputs(logits, judges.min(axis=1), logits, judges=judges if groups else None)
        expected = model.to_predictions(outputs, [None], top_k=5)[0]
        found = run(
            ANSWER, "answer.js", describe(model.bundle), {"logits": logits[0].tolist(), "painting": judges[0].tolist()}
        )
        for key in ("outcome", "movement", "family", "is_painting", "looks_like", "model"):
            assert found[key] == getattr(expected, key), key
        for key in ("confidence", "painting_score"):
            assert found[key] == pytest.approx(getattr(expected, key), abs=1.01e-4)
        assert [guess["movement"] for guess in found["predictions"]] == [one.movement for one in expected.predictions]
        assert [one["family"] for one in found["families"]] == [one.family for one in expected.families]
        outcomes.add(found["outcome"])
        likenesses.add(found["looks_like"])
        pairs.append((expected, found))
    assert outcomes == set(Outcome) - {Outcome.ERROR}
    assert likenesses == {None, *groups}
    levels = check_words(run, model.taxonomy, pairs)
    assert levels >= {Level.SURE, Level.FAIRLY, Level.GUESSES, Level.NOT_A_PAINTING}


def test_words_are_those_of_python_for_any_shares(run, model) -> None:
    """Among them shares whose rounding decides the words."""
    labels, random = model.taxonomy.labels, np.random.default_rng(7)
    edges = [
        (0.795, 0.1), (0.7949, 0.1), (0.495, 0.1), (0.4949, 0.1), (0.25, 0.245), (0.25, 0.244), (0.34, 0.165),
        (1.0, 0.0), (0.9999, 0.0001), (0.285, 0.145), (0.045, 0.004), (0.005, 0.0049),
    ]  # fmt: skip
    drawn = np.round(np.sort(random.dirichlet(np.full(4, 0.7), 60))[:, ::-1], 4).tolist()
    pairs = []
    for shares in (*edges, *drawn):
        guesses = tuple(Guess(label.id, label.name, share) for label, share in zip(labels[3:], shares, strict=False))
        family = labels[3].family
        families = (FamilyGuess(family, family, min(shares[0] + 0.05, 1.0)),)
        for outcome, home in ((Outcome.MOVEMENT, family), (Outcome.UNSURE, family), (Outcome.UNSURE, None)):
            named = guesses[0].movement if outcome is Outcome.MOVEMENT else None
            prediction = Prediction(
                None, outcome, named, shares[0], guesses, families, is_painting=True, painting_score=1.0, model="m",
                family=home,
            )  # fmt: skip
            pairs.append((prediction, prediction.to_dict()))
    levels = check_words(run, model.taxonomy, pairs)
    assert levels == set(Level) - {Level.WORK, Level.NOT_A_PAINTING, Level.ERROR}


def test_the_page_has_texts_in_every_language_that_answers_have(run) -> None:
    assert tuple(run("(module) => module.LANGUAGES", "words.js")) == list_languages()


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
