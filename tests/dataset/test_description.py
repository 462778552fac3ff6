import json

import pytest

from smn.dataset.description import Spread, describe_manifest, name_movement, order_movements
from smn.errors import UnknownNameError
from smn.manifest import NOT_A_PAINTING


@pytest.fixture
def table(manifest):
    return manifest([
        {"movement": "impressionism", "artist": "Claude Monet", "split": "train", "year": 1872, "source": "a"},
        {"movement": "impressionism", "artist": "Monet, Claude", "split": "test", "year": 1890, "licence": "CC0"},
        {"movement": "baroque", "artist": "unknown", "split": "train", "year": 1650, "source": "a"},
        {"movement": NOT_A_PAINTING, "split": "train"},
        {},
    ])  # fmt: skip


def test_counts(table):
    description = describe_manifest(table)
    assert description.rows == 5
    assert description.splits == {"train": 3, "test": 1, "no split": 1}
    assert list(description.movements) == ["baroque", "impressionism", NOT_A_PAINTING, ""]
    assert description.movements["impressionism"] == {"train": 1, "test": 1}
    assert description.artists == {"baroque": 0, "impressionism": 1, NOT_A_PAINTING: 0, "": 0}
    assert description.sources == {"unknown": 3, "a": 2}
    assert description.licences == {"unknown": 4, "CC0": 1}
    assert description.numbers["year"] == Spread(3, 1650, 1872, 1890)
    assert description.numbers["height"] == Spread(0, None, None, None)
    assert json.loads(json.dumps(description.to_dict()))["rows"] == 5


def test_one_split(table):
    assert describe_manifest(table, split="train").movements.keys() == {"baroque", "impressionism", NOT_A_PAINTING}
    with pytest.raises(UnknownNameError, match="no split 'validation'"):
        describe_manifest(table, split="validation")


def test_order_and_names():
    names = ["", NOT_A_PAINTING, "my-own", "pop-art", "baroque"]
    assert order_movements(names) == ["baroque", "pop-art", "my-own", NOT_A_PAINTING, ""]
    assert [name_movement(name) for name in ("pop-art", "my-own", "")] == ["Pop Art", "my-own", "Without a movement"]
