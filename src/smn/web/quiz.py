"""The quiz: which movement is this? Of works in the index where their pictures can be had, else of painted examples."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from random import Random

import streamlit as st

from smn.examples import list_examples, paint
from smn.similar.index import SimilarIndex, Work
from smn.web.app_state import AppState
from smn.web.charts import link_movement, movement_of_each
from smn.web.frame import Visit
from smn.web.words import Words

OPTIONS = 4
"""Movements to choose from."""

_TRIES, _SIDE = 2, (480, 384)


@dataclass(frozen=True)
class Question:
    """A picture whose movement is asked for.

    Args:
        movement: the right one.
        options: ids of movements, the right one among them.
        picture: the address of a JPEG, which does not tell the movement.
        work: of an index; None for a painted example.
    """

    movement: str
    options: tuple[str, ...]
    picture: str
    work: Work | None


def make_question(state: AppState, random: Random) -> Question:
    """A question: of a work whose picture the page's server can get, or of an example that smn paints."""
    movements = list_examples()
    if state.index is not None and state.settings.thumbnails:
        works = _quiz_works(state.index)
        for _ in range(_TRIES if works else 0):
            movement = random.choice(sorted(works))
            work = state.index.work(random.choice(works[movement]))
            key = state.thumbnails.allow(work)
            picture = state.thumbnails.get_now(key) if key else None
            if picture is not None:
                return Question(movement, _choose_options(movement, sorted(works), random), _encode(picture), work)
    movement = random.choice(movements)
    buffer = io.BytesIO()
    paint(movement, seed=random.randrange(10_000), size=_SIDE).save(buffer, "JPEG", quality=86)
    return Question(movement, _choose_options(movement, movements, random), _encode(buffer.getvalue()), None)


@st.fragment
def show_quiz(visit: Visit) -> None:
    """Ask, say what was right, and count."""
    words, kept = visit.words, st.session_state
    if "quiz" not in kept:
        kept.quiz = make_question(visit.state, kept.setdefault("quiz_random", Random()))  # noqa: S311 - a game
        kept.quiz_said = None
    question, said = kept.quiz, kept.quiz_said
    left, right = st.columns([9, 11], gap="large")
    with left:
        st.html(f'<img class="smn-riddle" src="{question.picture}" alt="{escape(words("quiz.alt"))}">')
    with right:
        st.html(f'<p class="smn-label">{escape(words("quiz.ask"))}</p>')
        with st.container(key="smn-options", horizontal=True, gap="small"):
            for option in question.options:
                st.button(
                    words.movement(option), key=f"quiz-{option}", disabled=said is not None,
                    on_click=_answer, args=(option,),
                )  # fmt: skip
        if said is not None:
            st.html(_draw_result(question, said, words))
            st.button(words("quiz.next"), key="quiz-next", on_click=lambda: kept.pop("quiz"))
        right_ones, asked = kept.get("quiz_score", (0, 0))
        if asked:
            st.html(
                f'<p class="smn-note" role="status">{escape(words("quiz.score", right=right_ones, asked=asked))}</p>'
            )


def _answer(option: str) -> None:
    kept = st.session_state
    right, asked = kept.get("quiz_score", (0, 0))
    kept.quiz_score = (right + (option == kept.quiz.movement), asked + 1)
    kept.quiz_said = option


def _draw_result(question: Question, said: str, words: Words) -> str:
    name = words.movement(question.movement)
    link = f"<a {link_movement(question.movement)}>{escape(name)}</a>"
    told = words("quiz.right", movement=link) if said == question.movement else words("quiz.wrong", movement=link)
    if question.work is None:
        return f'<p role="status">{told}</p><p class="smn-note">{escape(words("quiz.painted"))}</p>'
    work = question.work
    about = ", ".join(str(part) for part in (work.title, work.artist, work.year, work.museum) if part)
    source = (
        f' <a href="{escape(work.page)}" target="_blank" rel="noopener noreferrer">{escape(words("alike.commons"))}</a>'
        if work.page
        else ""
    )
    return f'<p role="status">{told}</p><p class="smn-note">{escape(about)}.{source}</p>'


def _choose_options(movement: str, movements: Sequence[str], random: Random) -> tuple[str, ...]:
    """The right movement and others, in an order that tells nothing."""
    others = [one for one in movements if one != movement]
    options = [movement, *random.sample(others, min(OPTIONS - 1, len(others)))]
    random.shuffle(options)
    return tuple(options)


@cache
def _quiz_works(index: SimilarIndex) -> Mapping[str, list[int]]:
    """Places of works with title, artist and a picture, by movement; of movements with a few of them."""
    found: dict[str, list[int]] = {}
    for place, movement in enumerate(movement_of_each(index)):
        work = index.work(place)
        if movement and work.thumbnail and work.title and work.artist:
            found.setdefault(movement, []).append(place)
    return {movement: places for movement, places in found.items() if len(places) >= OPTIONS}


def _encode(picture: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
