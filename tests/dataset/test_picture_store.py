import hashlib

import pytest
from PIL import features

from smn.dataset.picture_store import measure_picture, store_picture, suffix_of
from smn.errors import ImageError, ImageTruncatedError


def test_bytes_and_files_measure_alike(paint, write):
    data = paint(1, (60, 40), "JPEG")
    measured = measure_picture(data)
    assert (measured.sha256, measured.width, measured.height) == (hashlib.sha256(data).hexdigest(), 60, 40)
    assert measure_picture(write("a.jpg", data)) == measured


def test_what_does_not_decode_is_refused(paint, write):
    with pytest.raises(ImageTruncatedError):
        measure_picture(write("a.jpg", paint(1, (200, 200), "JPEG")[:-900]))
    with pytest.raises(ImageError, match="not a picture"):
        measure_picture(b"hello")
    with pytest.raises(ImageError, match="cannot be read"):
        measure_picture(write("a.png", b"").with_name("gone.png"))


@pytest.mark.parametrize(
    ("form", "suffix"),
    [
        *[("JPEG", ".jpg"), ("PNG", ".png"), ("WEBP", ".webp"), ("GIF", ".gif"), ("BMP", ".bmp"), ("TIFF", ".tif")],
        *[("PPM", ".ppm"), ("JPEG2000", ".jp2"), ("AVIF", ".avif")],
    ],
)
def test_endings_follow_the_content(paint, form, suffix):
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow writes no AVIF")
    assert suffix_of(paint(1, form=form)) == suffix


def test_an_unknown_kind_has_an_ending_too():
    assert suffix_of(b"1234ftypqqqq") == suffix_of(b"??") == ".img"


def test_storing_twice_keeps_the_file(paint, tmp_path):
    data = paint(1)
    sha256 = hashlib.sha256(data).hexdigest()
    file = store_picture(data, tmp_path, sha256=sha256)
    before = file.stat().st_mtime_ns
    assert file == tmp_path / sha256[:2] / f"{sha256[:16]}.png"
    assert file.read_bytes() == data
    assert store_picture(data, tmp_path, sha256=sha256) == file
    assert file.stat().st_mtime_ns == before


def test_another_file_in_its_place_is_left_alone(paint, tmp_path):
    data = paint(1)
    file = store_picture(data, tmp_path, sha256="ab" * 32)
    file.write_bytes(b"mine")
    with pytest.raises(ImageError, match="taken by a different file; move that file away"):
        store_picture(data, tmp_path, sha256="ab" * 32)
    assert file.read_bytes() == b"mine"
