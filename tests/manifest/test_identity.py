import pytest
from hypothesis import given
from hypothesis import strategies as st

from smn.manifest.identity import artist_key, cluster_artists, work_key


@pytest.mark.parametrize(
    "name",
    ["Claude Monet", "Monet, Claude", "claude-monet", "  MONET   claude ", "Clau\u0301de Mo\u0308net", "Cláude Mönet"],
)
def test_spellings_of_one_artist(name: str) -> None:
    assert artist_key(name) == "claude monet"


@pytest.mark.parametrize(
    "name", [None, "", "?", "nan", "N/A", "Unknown", "unknown Flemish master", "Anonymous (Dutch)", "Various artists"]
)
def test_nobody_in_particular(name: str | None) -> None:
    assert artist_key(name) is None


@pytest.mark.parametrize("name", ["Nan Goldin", "Na Hye-sok", "Master of Flémalle", "葛飾北斎"])
def test_somebody(name: str) -> None:
    assert artist_key(name)


@given(st.text())
def test_a_key_is_its_own_key(name: str) -> None:
    key = artist_key(name)
    assert key is None or artist_key(key) == key


def test_clusters_are_artists_however_spelled_and_the_nameless_stand_alone() -> None:
    artists = ["Paul Cézanne", "paul cezanne", None, None, "", "Edgar Degas", "Cezanne, Paul", "Unknown", "unknown"]
    assert cluster_artists(artists).tolist() == [0, 0, 1, 2, 3, 4, 0, 5, 6]


def test_namesakes_are_two() -> None:
    clusters = cluster_artists(["Jan Brueghel the Elder", "Jan Brueghel the Younger", "Brueghel, Jan, the Elder"])
    assert clusters.tolist() == [0, 1, 0]


def test_works() -> None:
    assert work_key("Monet, Claude", "Gare St.-Lazare") == work_key("claude monet", "Gare St Lazare") is not None
    assert work_key("Claude Monet", "Untitled") is None
    assert work_key("Unknown", "The Colossus") is None
    assert work_key("Claude Monet", None) is None
