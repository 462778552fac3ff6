"""The page's own decoder gives the pixels that smn gives in Python; the browser's decoders nearly the same."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from awkward_files import READABLE, UNREADABLE
from chromium import needs_chromium
from smn.errors import ImageError
from smn.examples import paint
from smn.images import open_image

pytestmark = needs_chromium

READ = """async (module, bytes, size) => {
    try {
        const { width, height, data } = await module.readPicture(bytes, size);
        const out = new Uint8Array(8 + data.length);
        new DataView(out.buffer).setUint32(0, width);
        new DataView(out.buffer).setUint32(4, height);
        out.set(data, 8);
        return out;
    } catch (error) {
        if (error.code) return error.code;
        throw error;
    }
}"""


def read(run, data: bytes, size: int) -> np.ndarray | str:
    """What the page reads: pixels (H, W, 3), or the code of what is wrong."""
    found = run(READ, "picture.js", data, size)
    if isinstance(found, str):
        return found
    width, height = (int.from_bytes(found[at : at + 4].tobytes()) for at in (0, 4))
    return found[8:].reshape(height, width, 3)


def encode(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def turned(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(paint("fauvism", size=(333, 251)), quality=88, exif=exif)


PICTURE = paint("impressionism", seed=4, size=(333, 251))
JPEGS = {
    "4:4:4": lambda: encode(PICTURE, quality=90, subsampling=0),
    "4:2:2": lambda: encode(PICTURE, quality=80, subsampling=1),
    "4:2:0": lambda: encode(PICTURE, quality=75, subsampling=2),
    # As many blocks in the same order, so that only the header says which way they lie.
    "4:4:0": lambda: encode(PICTURE.resize((320, 320)), subsampling=1).replace(b"\x01\x21\x00", b"\x01\x12\x00", 1),
    "progressive": lambda: encode(PICTURE, quality=70, progressive=True),
    "restarts": lambda: encode(PICTURE, quality=85, restart_marker_blocks=5),
    "optimised": lambda: encode(PICTURE, quality=35, optimize=True),
    "rgb": lambda: encode(PICTURE, quality=90, keep_rgb=True),
    "grey": lambda: encode(PICTURE.convert("L"), quality=85),
    "cmyk": lambda: encode(PICTURE.convert("CMYK"), quality=85),
    "small": lambda: encode(PICTURE.resize((17, 23)), quality=85),
    "sRGB profile": lambda: encode(
        PICTURE, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    ),
    **{f"turned {orientation}": lambda orientation=orientation: turned(orientation) for orientation in range(1, 9)},
}


@pytest.mark.parametrize("size", [400, 120, 60, 30])
@pytest.mark.parametrize("kind", JPEGS)
def test_jpegs_have_exactly_the_pixels_of_python(run, kind: str, size: int) -> None:
    data = JPEGS[kind]()
    np.testing.assert_array_equal(read(run, data, size), np.asarray(open_image(data, reduce_to=size)))


BROWSER_CANNOT = {"tif", "ppm", "jp2"}
# The browser converts profiles to sRGB by itself, and reads the transparent colour of 16 bits in its own way.
NOT_COMPARED = {"icc-swapped.jpg", "icc-swapped-cmyk.jpg", "icc-of-lab.jpg", "rgb-16-transparent.png"}


@pytest.mark.parametrize("name", [name for name in READABLE if len(name) < 200])
def test_awkward_files_are_read_or_refused_with_a_reason(run, name: str) -> None:
    data = READABLE[name].make()
    found = read(run, data, 1000)
    if Path(name).suffix[1:] in BROWSER_CANNOT:
        assert found == "type"
        return
    expected = np.asarray(open_image(data), dtype=np.int16)
    assert found.shape == expected.shape
    if name not in NOT_COMPARED:
        assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("name", list(UNREADABLE))
def test_files_that_python_refuses_are_refused(run, name: str) -> None:
    data = UNREADABLE[name].make()
    with pytest.raises(ImageError):
        open_image(data)
    assert read(run, data, 100) in {"type", "image", "truncated", "large", "tiny"}
