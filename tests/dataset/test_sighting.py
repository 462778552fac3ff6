import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from smn.dataset.sighting import Album, Sighting, look_at
from smn.examples import paint as paint_movement

PAINTED = ("cubism", "impressionism", "romanticism", "ukiyo-e", "pop-art", "fauvism")


def encode(image, form="PNG", **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def look(data):
    found = look_at(data, expected=hashlib.sha256(data).hexdigest())
    assert isinstance(found, Sighting), found
    return found


@pytest.fixture(scope="module")
def paintings():
    return [paint_movement(movement, seed=seed, size=(200, 160)) for movement in PAINTED for seed in (0, 1)]


def test_copies_are_recognised_and_other_pictures_are_not(paintings):
    album, found = Album(), 0
    for number, picture in enumerate(paintings):
        assert album.find(look(encode(picture))) is None
        album.add(look(encode(picture)), number)
    for number, picture in enumerate(paintings):
        smaller = picture.resize((140, 112), Image.Resampling.LANCZOS)
        copies = [
            encode(picture, "JPEG", quality=70),
            encode(smaller, "JPEG", quality=80),
            encode(ImageEnhance.Brightness(smaller).enhance(0.9), "JPEG", quality=80),
        ]
        answers = [album.find(look(copy)) for copy in copies]
        assert set(answers) <= {number, None}
        found += answers.count(number)
    assert found >= 0.9 * 3 * len(paintings)


def test_the_first_of_equal_pictures_stays(paintings):
    album, seen = Album(), look(encode(paintings[0]))
    album.add(seen, "first")
    album.add(seen, "second")
    assert album.find(seen) == "first"


def upright(lines):
    """A picture of upright lines of these greys."""
    cells = np.tile(np.asarray(lines, dtype=np.uint8), (len(lines), 1))
    return Image.fromarray(cells).resize((144, 144), Image.Resampling.NEAREST).convert("RGB")


def test_different_pictures_of_one_hash_are_told_apart():
    """A column on white, and two slopes with a step between: the brightness rises in the same place only."""
    column = look(encode(upright([250, 250, 250, 250, 20, 250, 250, 250, 250])))
    slopes = look(encode(upright([250, 190, 130, 70, 20, 180, 250, 150, 50])))
    assert column.hash == slopes.hash
    assert not column.is_same(slopes)
    assert column.is_same(column)


@pytest.mark.parametrize(("bits", "same"), [(0, True), (3, True), (4, False)])
def test_hashes_may_differ_in_three_bits(paintings, bits, same):
    seen = look(encode(paintings[0]))
    for places in ([0, 1, 2, 3], [0, 17, 34, 51], [5, 20, 60, 63]):
        changed = seen.hash
        for place in places[:bits]:
            changed ^= 1 << place
        other = Sighting(changed, seen.thumbnail)
        assert seen.is_same(other) is same
        album = Album()
        album.add(seen, "seen")
        assert (album.find(other) == "seen") is same


def test_a_flat_thumbnail_resembles_nothing():
    flat = Sighting(7, np.full((16, 16), 9, dtype=np.uint8))
    assert not flat.is_same(flat)


def test_a_picture_without_structure_is_not_remembered():
    data = encode(Image.new("RGB", (64, 48), "white"))
    album = Album()
    seen = look_at(data, expected=hashlib.sha256(data).hexdigest())
    assert seen is None
    album.add(seen, "white")
    assert album.find(seen) is None


def test_what_cannot_be_used_has_a_reason(tmp_path, paint):
    data = paint(1)
    file = tmp_path / "a.png"
    file.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    assert isinstance(look_at(file, expected=digest), Sighting)
    assert "neither a path nor a picture inside; import it anew" in look_at(None, expected=digest)
    assert "no longer the one that was imported" in look_at(file, expected="0" * 64)
    assert "gone.png" in look_at(tmp_path / "gone.png", expected=digest)
    assert "truncated" in look_at(data[:90], expected=digest) or "damaged" in look_at(data[:90], expected=digest)
