import re
import string
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.errors import UnknownNameError
from smn.examples.gallery import Group
from smn.movements import list_families, read_taxonomy
from smn.predict.phrasing import (
    Level,
    _read,
    choose_level,
    find_family,
    list_guesses,
    list_languages,
    phrase,
    to_percent,
    write_percent,
)
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, RecognizedWork, failed

LABELS = read_taxonomy().labels


def make(outcome: Outcome, *shares: float, family: str | None = None, of_family: float = 0.6) -> Prediction:
    """An answer whose guesses are the first labels of the default taxonomy."""
    guesses = tuple(Guess(LABELS[at].id, LABELS[at].name, share) for at, share in enumerate(shares))
    families = (FamilyGuess(family or "pop", family or "pop", of_family),)
    named = guesses[0].movement if outcome is Outcome.MOVEMENT else None
    return Prediction(
        None, outcome, named, shares[0], guesses, families, is_painting=True, painting_score=1.0, model="m",
        family=family,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "shares", "level"),
    [
        (Outcome.MOVEMENT, (0.8, 0.1), Level.SURE),
        (Outcome.MOVEMENT, (0.795, 0.1), Level.SURE),  # it is shown as 80 %
        (Outcome.MOVEMENT, (0.794, 0.1), Level.FAIRLY),
        (Outcome.MOVEMENT, (0.5, 0.45), Level.FAIRLY),
        (Outcome.MOVEMENT, (0.495, 0.1), Level.FAIRLY),  # it is shown as 50 %
        (Outcome.MOVEMENT, (0.45, 0.3), Level.PAIR),
        (Outcome.MOVEMENT, (0.45, 0.1), Level.PERHAPS),
        (Outcome.UNSURE, (0.3, 0.25), Level.PAIR),
        (Outcome.UNSURE, (0.3, 0.15), Level.GUESSES),
        (Outcome.UNSURE, (0.9, 0.05), Level.GUESSES),  # a bundle that wants to be surer still
        (Outcome.NOT_A_PAINTING, (0.9, 0.05), Level.NOT_A_PAINTING),
        (Outcome.MOVEMENT, (1.0,), Level.SURE),
    ],
)
def test_answers_are_phrased_by_what_is_known(outcome: Outcome, shares: tuple[float, ...], level: Level) -> None:
    assert choose_level(make(outcome, *shares)) is level


def test_a_sure_family_is_said_before_guesses_and_after_a_pair() -> None:
    said = phrase(make(Outcome.UNSURE, 0.3, 0.1, 0.1, family="expressionist", of_family=0.534))
    assert (said.level, said.sentence) == (Level.FAMILY, "Some kind of Expressionism, 53 %")
    assert said.percent == 53
    assert choose_level(make(Outcome.UNSURE, 0.3, 0.25, family="expressionist")) is Level.PAIR


def test_sentences_say_numbers_that_belong_to_their_words() -> None:
    first, second, third = (label.name for label in LABELS[:3])
    sentences = [
        (make(Outcome.MOVEMENT, 0.92, 0.03), f"{first}, 92 %"),
        (make(Outcome.MOVEMENT, 0.71, 0.03), f"{first}, fairly sure, 71 %"),
        (make(Outcome.MOVEMENT, 0.45, 0.1), f"{first}, perhaps, 45 %"),
        (make(Outcome.UNSURE, 0.3, 0.27, 0.1), f"Between {first} and {second}, 57 %"),
        (
            make(Outcome.UNSURE, 0.24, 0.1, 0.003),
            f"I can't tell this one. My best guesses: {first} 24 %, {second} 10 %, {third} under 1 %",
        ),
        (failed("a.jpg", "It is empty.", model="m"), "It is empty."),
    ]
    for prediction, sentence in sentences:
        assert phrase(prediction).sentence == sentence
        assert str(prediction) == sentence
    refused = phrase(make(Outcome.NOT_A_PAINTING, 0.9, 0.05))
    assert not re.search(r"\d", refused.sentence)  # the chance of a movement says nothing of what is no painting


WORK = RecognizedWork(
    "The Kiss", "Gustav Klimt", 1908, "art-nouveau", "WikiArt", "Belvedere", "Q698487", None, similarity=0.93,
    confidence=0.99,
)  # fmt: skip


def test_the_very_work_leads_and_what_is_guessed_stands_apart() -> None:
    guesses = (Guess("art-nouveau", "Art Nouveau", 0.63),)
    prediction = replace(make(Outcome.MOVEMENT, 0.63), predictions=guesses, work=WORK)
    said = phrase(prediction)
    assert said.level is Level.WORK
    assert said.headline == "The Kiss, Gustav Klimt, 1908"
    assert said.detail == "Art Nouveau (WikiArt); my own guess, from the picture alone: Art Nouveau, 63 %"
    assert said.percent is None
    assert said.movements == ()  # nothing that was looked up counts as a guess
    assert phrase(prediction, "fr").detail.startswith(
        "Art nouveau (WikiArt); mon hypothèse, d'après l'image seule\u00a0: "
    )
    unsure = make(Outcome.UNSURE, 0.2, 0.1)
    assert phrase(replace(unsure, work=WORK)).detail.endswith(f"alone: {phrase(unsure).sentence}")


def test_a_work_of_which_little_is_known_is_said_with_what_is_known() -> None:
    nameless = replace(WORK, title=None, year=None, movement=None)
    said = phrase(replace(make(Outcome.MOVEMENT, 0.9), work=nameless))
    assert said.headline == "A work by Gustav Klimt"
    assert said.detail.startswith("my own guess")
    own = replace(WORK, movement="old-masters", source=None)
    assert phrase(replace(make(Outcome.MOVEMENT, 0.9), work=own)).detail.startswith("old-masters; my own guess")


def test_what_is_no_painting_can_be_phrased_all_the_same() -> None:
    given_anyway = make(Outcome.NOT_A_PAINTING, 0.9, 0.05)
    assert phrase(given_anyway, as_painting=True).level is Level.SURE
    assert phrase(make(Outcome.NOT_A_PAINTING, 0.2, 0.1), as_painting=True).level is Level.GUESSES


@given(
    st.floats(0.04, 1), st.floats(0, 1), st.sampled_from([Outcome.MOVEMENT, Outcome.UNSURE]),
    st.sampled_from([None, "cubist"]), st.floats(0.3, 1),
)  # fmt: skip
def test_words_and_numbers_never_contradict_each_other(
    first: float, share: float, outcome: Outcome, family: str | None, of_family: float
) -> None:
    second = min(first, 1 - first) * share
    said = phrase(make(outcome, first, second, family=family, of_family=of_family))
    shown = [int(number) for number in re.findall(r"(\d+) %", said.sentence)]
    if said.percent is None:
        assert shown[0] == to_percent(first)
        return
    assert shown in ([said.percent], [1])  # under 1 %
    lowest = {Level.SURE: 80, Level.FAIRLY: 50, Level.PAIR: 50}
    assert said.percent >= lowest.get(said.level, 0)
    if said.level is Level.FAIRLY:
        assert said.percent < 80
    if said.level is Level.PAIR:  # what is shown of the two adds up to what is shown of both
        assert said.percent == min(to_percent(first) + to_percent(second), 99)


@pytest.mark.parametrize("language", list_languages())
def test_what_is_no_painting_is_told_what_it_looks_like(language: str) -> None:
    refused = make(Outcome.NOT_A_PAINTING, 0.9, 0.05)
    told = {
        phrase(replace(refused, looks_like=looks_like), language).detail
        for looks_like in (None, *(group.value for group in Group))
    }
    assert len(told) == 1 + len(Group)


def test_every_family_and_level_has_its_words_in_every_language() -> None:
    assert list_languages() == ("en", "fr")

    def fields(texts: dict[str, object]) -> dict[str, object]:
        return {
            key: fields(text) if isinstance(text, dict)
            else {name for _, name, _, _ in string.Formatter().parse(str(text)) if name}
            for key, text in texts.items()
        }  # fmt: skip

    english, french = (dict(_read(language)) for language in list_languages())
    assert fields(english) == fields(french)
    assert set(english["family"]) == {family.id for family in list_families()}
    for language in list_languages():
        questions = set()
        for family in list_families():
            said = phrase(make(Outcome.UNSURE, 0.2, 0.05, 0.05, family=family.id), language)
            assert said.level is Level.FAMILY
            questions.add(said.question)
        assert len(questions) == 1


def test_the_question_asks_about_what_was_said() -> None:
    first = LABELS[0].name
    assert phrase(make(Outcome.MOVEMENT, 0.9, 0.01)).question == f"Is {first} right?"
    assert phrase(make(Outcome.UNSURE, 0.3, 0.27)).question == "Is it one of these two?"
    assert phrase(make(Outcome.UNSURE, 0.2, 0.1)).question == "Do you know what it is?"


def test_french_is_spoken_with_french_names_and_spaces() -> None:
    prediction = replace(make(Outcome.MOVEMENT, 0.71), predictions=(Guess("impressionism", "Impressionism", 0.71),))
    assert phrase(prediction, "fr").sentence == "Impressionnisme, assez sûrement, 71\u00a0%"
    assert list_guesses(prediction.predictions, "fr") == "Impressionnisme 71\u00a0%"
    own = (Guess("mine", "My own", 0.9),)  # of a taxonomy of the reader's own
    assert phrase(replace(prediction, predictions=own), "fr").headline == "My own"


def test_another_language_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match="en, fr"):
        phrase(make(Outcome.MOVEMENT, 0.9), "de")


@pytest.mark.parametrize(
    ("share", "said"), [(0.004, "under 1 %"), (0.005, "1 %"), (0.285, "29 %"), (0.78, "78 %"), (0.9999, "99 %")]
)
def test_nothing_is_certain_and_halves_are_rounded_up(share: float, said: str) -> None:
    assert write_percent(share) == said


def test_the_first_guess_has_its_own_family() -> None:
    taxonomy = read_taxonomy()
    families = tuple(FamilyGuess(family.id, family.name, 0.1) for family in list_families())
    for label in taxonomy.labels:
        answer = replace(make(Outcome.UNSURE, 0.2), families=families, predictions=(Guess(label.id, label.name, 0.2),))
        found = find_family(answer, taxonomy)
        assert found is not None
        assert found.family == label.family
    assert find_family(failed(None, "x", model="m"), taxonomy) is None
