import io

import numpy as np
import pytest
from PIL import Image

from smn.dataset.fingerprint import dhash, hash_pictures, work_key


def test_works():
    assert work_key("Monet, Claude", "Gare St.-Lazare") == work_key("claude monet", "Gare St Lazare") is not None
    assert work_key("Claude Monet", "Untitled") is None
    assert work_key("Unknown", "The Colossus") is None
    assert work_key("Claude Monet", None) is None


def test_dhash_survives_size_and_compression(paint):
    picture = Image.open(io.BytesIO(paint(3, (360, 240))))
    stream = io.BytesIO()
    picture.resize((180, 120)).save(stream, "JPEG", quality=80)
    assert dhash(Image.open(stream)) == dhash(picture)
    assert dhash(picture) != dhash(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT))


def test_dhash_of_known_cells():
    rows = np.tile(np.arange(9, dtype=np.uint8) * 20, (8, 1))
    rows[0, 1] = 0
    assert dhash(Image.fromarray(rows)) == 2**64 - 1 - 2**63


@pytest.mark.parametrize("value", [0, 255])
def test_a_picture_without_structure_has_no_hash(value):
    assert dhash(Image.new("RGB", (40, 40), (value,) * 3)) is None


def test_hashing_rows(manifest):
    table = manifest([{}, {}, {"path": "gone.png"}], pictures=True)
    calls = []
    first, second, gone = hash_pictures(table, [0, 1, 2], progress=lambda *call: calls.append(call))
    assert isinstance(first, int)
    assert first != second
    assert "cannot be read" in gone
    assert calls == [(3, 3)]
