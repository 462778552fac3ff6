import base64
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from fetch_server import Answer, FetchServer
from smn.errors import FetchError
from smn.examples import list_examples, paint
from smn.similar import read_index
from smn.web import quiz
from smn.web.quiz import OPTIONS, make_question
from smn.web.thumbnails import Thumbnails
from web_pictures import encode

HERE = ("127.0.0.0/8",)


def make_state(thumbnails: Thumbnails, *, fetches: bool = True) -> Any:
    settings = SimpleNamespace(thumbnails=fetches)
    return SimpleNamespace(index=read_index(), settings=settings, thumbnails=thumbnails)


def test_a_question_is_of_a_work_whose_picture_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    with FetchServer() as server:
        server.route("/*", Answer(200, encode(paint("cubism"))))
        thumbnails = Thumbnails(networks=HERE)
        real = thumbnails.allow

        def allow(work: Any) -> Any:
            return real(replace(work, image_url=f"{server.address}/{work.id}.jpg"))

        monkeypatch.setattr(thumbnails, "allow", allow)
        question = make_question(make_state(thumbnails), Random(1))  # noqa: S311 - a game
        assert len(server.requests) == 1
    assert question.work is not None
    assert question.work.movement == question.movement
    assert question.work.title
    assert len(set(question.options)) == OPTIONS
    assert question.movement in question.options
    assert base64.b64decode(question.picture.partition(",")[2])[:2] == b"\xff\xd8"


def test_without_a_network_it_is_of_an_example_and_its_address_tells_nothing() -> None:
    thumbnails = Thumbnails(fetch=refuse)
    for seed in range(5):
        question = make_question(make_state(thumbnails), Random(seed))  # noqa: S311 - a game
        assert question.work is None
        assert question.movement in list_examples()
    off = make_question(make_state(thumbnails, fetches=False), Random(0))  # noqa: S311 - a game
    assert off.work is None


def refuse(address: str) -> bytes:
    raise FetchError("No server of that name is known.", address=address)


def test_works_of_the_quiz_have_facts_and_a_picture() -> None:
    index = read_index()
    works = quiz._quiz_works(index)
    assert len(works) >= 15
    for places in works.values():
        assert all(index.work(place).thumbnail and index.work(place).title for place in places)
