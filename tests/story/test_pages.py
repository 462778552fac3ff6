import re

import pytest

import smn
from smn.errors import UnknownNameError
from smn.story import list_stories, read_story

EVERY = [movement.id for movement in smn.list_movements()]


def test_every_movement_has_a_page() -> None:
    assert sorted(EVERY) == list(list_stories())
    assert len(EVERY) >= 40


@pytest.mark.parametrize("name", EVERY)
def test_a_page_is_whole(name: str) -> None:
    page = read_story(name)
    assert 40 <= len(page.text.split()) <= 120
    assert "\n" not in page.text
    assert 3 <= len(page.works) <= 5
    assert 3 <= len(page.music) <= 6
    assert len(page.neighbours) >= 2
    assert len(page.sources) >= 2
    years = smn.get_movement(name)
    for work in page.works:
        assert work.title
        assert work.artist
        assert work.place
        # A key work is of its movement's time, or its early herald, or its late child.
        assert years.start - 130 <= work.year <= years.end + 60
    for piece in page.music:
        assert piece.composer
        assert piece.title
        assert 800 <= piece.year <= 2010
        assert piece.why.endswith(".")
        assert piece.note is None or piece.note.endswith(".")
        # Music from another time says that the link is not of date.
        if not years.start - 60 <= piece.year <= years.end + 40:
            assert piece.note or re.search(r"century|friend|tradition|same|room", piece.why), piece
    for neighbour in page.neighbours:
        assert neighbour.movement in EVERY
        assert neighbour.movement != name
        assert neighbour.how.endswith(".")


def test_a_page_is_found_by_any_name() -> None:
    assert read_story("Colour Field").movement == "color-field"
    with pytest.raises(UnknownNameError, match="Did you mean cubism"):
        read_story("cubsm")


def test_composers_keep_their_ids() -> None:
    known = {piece.composer: piece.openopus for name in EVERY for piece in read_story(name).music}
    assert known["Claude Debussy"] == 105
    assert known["Kassia"] is None
    assert sum(one is not None for one in known.values()) > 35


def test_debussys_dislike_is_said() -> None:
    debussy = read_story("impressionism").music[0]
    assert debussy.composer == "Claude Debussy"
    assert "disliked" in str(debussy.note)


def test_a_page_is_plain_data() -> None:
    told = read_story("dada").to_dict()
    assert list(told)[:2] == ["movement", "name"]
    assert told["neighbours"][0] == {
        "movement": "futurism",
        "how": "It took over the noise and none of the patriotism.",
    }
