"""Famous works through a local server in the shape of Wikimedia Commons: /wiki/Special:FilePath/NAME?width=N."""

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from fetch_server import Answer, FetchServer, Request
from smn.errors import FetchError
from smn.examples import paint
from smn.movements import list_movements
from smn.web.app_state import get_app_state, open_app_state
from smn.web.famous_works import OFFERED, FamousWork, list_famous, load_examples
from smn.web.page_settings import PageSettings
from smn.web.thumbnails import Thumbnails
from web_pictures import encode


@pytest.fixture(scope="module")
def analyzer() -> Any:
    return open_app_state(PageSettings()).analyzer


def painted(name: str) -> FamousWork:
    """A work of which the server has a painted picture, and that the default model answers rightly."""
    work = replace(list_famous()[0].work, id=name, title=name, movement=name)
    address = f"https://commons.wikimedia.org/wiki/Special:FilePath/{name}.jpg"
    return FamousWork(replace(work, image_url=address), name, (name,))


def test_facts_are_whole_and_movements_known() -> None:
    works, known = list_famous(), {movement.id for movement in list_movements()}
    assert len(works) >= OFFERED
    assert len({one.work.id for one in works}) == len(works)
    for one in works:
        assert one.work.is_public
        assert one.work.page is not None
        assert all((one.work.title, one.work.artist, one.work.year, one.work.museum))
        assert set(one.movements) <= known
        assert one.title("fr") != ""


def test_works_come_from_commons_made_small_where_the_model_is_right(analyzer: Any) -> None:
    works = [painted(name) for name in ("ukiyo-e", "neo-impressionism", "geometric-abstraction")]
    wrong = replace(painted("pop-art"), movements=("gothic",))
    gone = painted("gone")
    with FetchServer() as server:

        def commons(request: Request) -> Answer:
            name = request.path.rpartition("/")[2].removesuffix(".jpg")
            if name == "gone":
                return Answer(404, b"no such file")
            return Answer(200, encode(paint(name, seed=0, size=(1000, 800)), quality=90))

        server.route("/wiki/Special:FilePath/*", commons)
        thumbnails = Thumbnails(networks=("127.0.0.0/8",))

        def fetch(address: str) -> bytes:
            return thumbnails.fetch(address.replace("https://commons.wikimedia.org", server.address))

        found = load_examples(fetch, analyzer, works=[works[0], gone, wrong, *works[1:]])
        assert {request.query["width"] for request in server.requests} == {"960"}
    assert [one.known.work.id for one in found] == ["ukiyo-e", "neo-impressionism", "geometric-abstraction"]
    assert all(max(Image.open(io.BytesIO(one.data)).size) == 960 for one in found)


def test_without_a_network_there_are_none_after_one_try(analyzer: Any) -> None:
    asked: list[str] = []

    def fetch(address: str) -> bytes:
        asked.append(address)
        raise FetchError("No server of that name is known.", address=address)

    assert load_examples(fetch, analyzer) == ()
    assert len(asked) == 1
    assert get_app_state().famous == ()


def test_a_work_that_was_looked_up_counts_as_answered_rightly() -> None:
    answer = SimpleNamespace(movement=None, work=SimpleNamespace(movement="cubism"))
    fake: Any = SimpleNamespace(analyze=lambda *_, **__: SimpleNamespace(prediction=answer))
    picture = encode(paint("cubism"))
    assert len(load_examples(lambda _: picture, fake, works=[painted("cubism"), painted("pop-art")])) == 1
