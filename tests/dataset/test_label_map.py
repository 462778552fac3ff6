import pytest

from smn.dataset.label_map import LabelMap, parse_pairs, suggest_movements
from smn.errors import InputError, UnknownNameError
from smn.manifest import NOT_A_PAINTING
from smn.movements import list_movements


def test_every_movement_is_found_by_every_name_it_has():
    labels, seen = LabelMap(), 0
    for movement in list_movements():
        for name in (movement.id, movement.name, *(name for names in movement.aliases.values() for name in names)):
            assert labels.find(name) == movement.id
            seen += 1
    assert seen > 2 * len(list_movements()) > 40


@pytest.mark.parametrize("raw", ["Ukiyo_e", "UKIYO-E", "ukiyo e"])
def test_spelling_does_not_matter(raw):
    assert LabelMap().find(raw) == "ukiyo-e"


@pytest.mark.parametrize("raw", ["Symbolism, Expressionism", "landscape", "", "???", "nan"])
def test_what_names_none_or_several_is_not_guessed(raw):
    assert LabelMap().find(raw) is None


def test_own_pairs_come_first():
    labels = LabelMap({"Golden Age": "Baroque", "cubism": "surrealism", "photo": NOT_A_PAINTING, "???": "baroque"})
    assert labels.find("golden_age") == "baroque"
    assert labels.find("Cubism") == "surrealism"
    assert labels.find("Photo") == NOT_A_PAINTING
    assert labels.find("???") == "baroque"


def test_not_a_painting_maps_to_itself():
    assert LabelMap().find("not-a-painting") == NOT_A_PAINTING


def test_a_pair_to_nothing_is_refused():
    with pytest.raises(UnknownNameError, match=r"no movement 'impresionism'.*id you mean impressionism"):
        LabelMap({"x": "impresionism"})


def test_suggestions():
    assert suggest_movements("Symbolism, Expressionism")[:2] == ("symbolism", "expressionism")
    assert suggest_movements("Impresionism")[0] == "impressionism"
    assert suggest_movements("zzzzzz") == ()


def test_pairs():
    assert parse_pairs(("a = b", "x=y=z"), option="--map") == {"a": "b", "x=y": "z"}
    assert parse_pairs((), option="--map") == {}


@pytest.mark.parametrize("pair", ["a", "=b", "a="])
def test_what_is_no_pair_is_refused(pair):
    with pytest.raises(InputError, match="write it as --map NAME=NAME"):
        parse_pairs((pair,), option="--map")


def test_a_pair_given_twice_is_refused():
    with pytest.raises(InputError, match=r"'a' twice \('b' and 'c'\); keep one"):
        parse_pairs(("a=b", "a=c"), option="--map")
