import io
import os
import struct
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from awkward_files import (
    BLUE,
    GREEN,
    HEIGHT,
    READABLE,
    RED,
    SAND,
    UNREADABLE,
    WIDTH,
    bomb,
    encode,
    jpeg,
    noise,
    scene,
    upright_with,
)
from smn.errors import ImageError, ImageTooLargeError, ImageTruncatedError, ImageTypeError
from smn.images import FORMATS, SUFFIXES, ImageSource, Limits, open_image, read_undecoded


def corner(image: Image.Image) -> np.ndarray:
    """The mean colour of the upper left quarter's inside."""
    return np.asarray(image)[4 : HEIGHT // 2 - 4, 4 : WIDTH // 2 - 4].mean(axis=(0, 1))


def same(first: Image.Image, second: Image.Image) -> bool:
    return np.array_equal(np.asarray(first), np.asarray(second))


# Every awkward file: a picture, or a reason with advice.


def test_the_sweeps_see_every_awkward_file() -> None:
    assert len(READABLE) == 40
    assert len(UNREADABLE) == 21


@pytest.mark.parametrize("name", READABLE)
def test_an_awkward_picture_becomes_upright_rgb(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(READABLE[name].make())
    image = open_image(file)
    assert image.mode == "RGB"
    assert image.size == (WIDTH, HEIGHT)
    np.testing.assert_allclose(corner(image), READABLE[name].corner, atol=6)


@pytest.mark.parametrize("name", UNREADABLE)
def test_an_unreadable_file_gives_a_sentence_with_advice(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(UNREADABLE[name].make())
    with pytest.raises(ImageError) as caught:
        open_image(file)
    assert type(caught.value) is UNREADABLE[name].kind
    assert UNREADABLE[name].advice in caught.value.reason
    assert caught.value.path == file
    assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize("name", READABLE)
def test_bytes_and_opened_pictures_agree_with_files(name: str, tmp_path: Path) -> None:
    data = READABLE[name].make()
    file = tmp_path / name
    file.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow remarks on damaged EXIF
        opened = Image.open(io.BytesIO(data))
    assert same(open_image(data), open_image(file))
    assert same(open_image(data), open_image(str(file)))
    assert same(open_image(data), open_image(opened))


def test_an_opened_jpeg_is_reduced_as_its_file_is(tmp_path: Path) -> None:
    file = tmp_path / "big.jpg"
    Image.effect_noise((640, 480), 80).save(file, "JPEG")
    reduced = open_image(file, reduce_to=60)
    assert reduced.size == (80, 60)
    opened = Image.open(file)
    assert same(open_image(opened, reduce_to=60), reduced)
    assert same(open_image(opened), open_image(file))
    opened.load()
    assert open_image(opened, reduce_to=60).size == (640, 480)  # its pixels are there by now


def test_only_a_jpeg_that_is_not_decoded_has_its_file_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    Image.effect_noise((64, 48), 80).save(file, "JPEG")
    data = file.read_bytes()
    opened = Image.open(file)
    assert read_undecoded(opened) == data
    assert read_undecoded(opened, limits=Limits(max_bytes=10)) == data[:11]
    opened.load()  # the stream stands where it stood
    assert same(opened.convert("RGB"), open_image(data))
    assert read_undecoded(opened) is None
    with Image.open(file) as closed:
        pass
    assert read_undecoded(closed) is None
    assert read_undecoded(scene()) is None
    assert read_undecoded(Image.open(io.BytesIO(encode(scene(), "PNG")))) is None


# Turning.


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_brings_the_same_upright_picture(orientation: int) -> None:
    assert same(open_image(upright_with(orientation)), scene())
    stored = open_image(upright_with(orientation, "JPEG"))
    assert stored.size == (WIDTH, HEIGHT)
    for box, colour in (((0, 0), RED), ((1, 0), GREEN), ((0, 1), BLUE), ((1, 1), SAND)):
        at = (box[0] * WIDTH // 2 + WIDTH // 4, box[1] * HEIGHT // 2 + HEIGHT // 4)
        np.testing.assert_allclose(stored.getpixel(at), colour, atol=6)


def test_an_orientation_that_does_not_exist_changes_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    assert same(open_image(encode(scene(), "PNG", exif=exif)), scene())


def test_a_picture_that_is_open_already_is_left_as_it_is() -> None:
    given_image = Image.open(io.BytesIO(upright_with(6)))
    open_image(given_image)
    assert given_image.size == (HEIGHT, WIDTH)


# Places.


def test_a_missing_file_a_folder_and_an_impossible_name_are_image_errors(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"No such file or directory.*check the path"):
        open_image(tmp_path / "missing.jpg")
    with pytest.raises(ImageError, match=r"Is a directory.*check the path"):
        open_image(tmp_path)
    for name in ("a\0b.jpg", "\ud800.jpg", "x" * 300 + ".jpg"):
        with pytest.raises(ImageError, match="check the path"):
            open_image(name)


def test_a_file_name_that_is_not_unicode_is_read(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.png"
    Path(os.fsdecode(name)).write_bytes(encode(scene(), "PNG"))
    assert same(open_image(os.fsdecode(name)), scene())


# What telephones write.


def heic(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    pytest.importorskip("pillow_heif").from_pillow(image).save(stream, quality=95, chroma=444, **options)
    return stream.getvalue()


def test_heic_is_read_upright_and_within_the_limits() -> None:
    big = scene().resize((192, 128), Image.Resampling.NEAREST)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    turned = heic(big.transpose(Image.Transpose.ROTATE_90), exif=exif.tobytes())
    for data in (heic(big), turned):
        shown = open_image(data)
        assert (shown.size, shown.mode) == ((192, 128), "RGB")
        for box, colour in (((0, 0), RED), ((1, 0), GREEN), ((0, 1), BLUE), ((1, 1), SAND)):
            np.testing.assert_allclose(shown.getpixel((box[0] * 96 + 48, box[1] * 64 + 32)), colour, atol=12)
    with pytest.raises(ImageTooLargeError, match=r"192 x 128 pixels"):
        open_image(heic(big), limits=Limits(max_pixels=1000))


def test_heic_that_is_cut_is_a_truncated_picture() -> None:
    data = heic(Image.effect_noise((256, 256), 80).convert("RGB"))
    with pytest.raises(ImageTruncatedError, match="copy or download it again"):
        open_image(data[: len(data) // 2])
    with pytest.raises(ImageError, match="copy it again, or save it as JPEG"):
        open_image(data[:80])


def test_without_its_package_heic_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    data = heic(scene())
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ImageTypeError, match=r"It is a HEIC picture, which needs pillow-heif: .*heic.*save it as JPEG"):
        open_image(data)


def test_opening_heic_leaves_pillow_as_it_was() -> None:
    before = dict(Image.OPEN)
    open_image(heic(scene()))
    assert before == Image.OPEN


# Limits.


def test_a_file_with_too_many_bytes_is_refused_unread(tmp_path: Path) -> None:
    limits = Limits(max_bytes=100)
    file = tmp_path / "big.jpg"
    file.write_bytes(jpeg())
    for source in (file, jpeg()):
        with pytest.raises(ImageTooLargeError, match=r"at most 0\.0 MB are allowed, so save it smaller"):
            open_image(source, limits=limits)
    assert open_image(file, limits=Limits(max_bytes=len(jpeg()))).size == (WIDTH, HEIGHT)


def test_an_endless_device_is_refused_and_not_read_to_its_end() -> None:
    with pytest.raises(ImageTooLargeError):
        open_image("/dev/zero", limits=Limits(max_bytes=1000))


def test_pixels_are_counted_before_they_are_decoded() -> None:
    exact = Limits(max_pixels=WIDTH * HEIGHT)
    assert open_image(jpeg(), limits=exact).size == (WIDTH, HEIGHT)
    for refuse in (open_image, lambda data, limits: open_image(Image.open(io.BytesIO(data)), limits=limits)):
        with pytest.raises(ImageTooLargeError, match=r"48 x 32 pixels; at most 0\.0 million"):
            refuse(jpeg(), limits=Limits(max_pixels=WIDTH * HEIGHT - 1))


def test_limits_above_pillows_own_name_the_limit_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000_000)
    with pytest.raises(ImageTooLargeError, match=r"at most 80\.0 million are allowed"):
        open_image(bomb(), limits=Limits(max_pixels=10**12))


def test_what_pillow_only_warns_about_is_left_to_the_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", WIDTH * HEIGHT - 1)
    assert open_image(jpeg()).size == (WIDTH, HEIGHT)


def test_the_smallest_side_is_a_limit_too() -> None:
    with pytest.raises(ImageError, match="needs at least 33"):
        open_image(jpeg(), limits=Limits(min_side=33))
    assert open_image(jpeg(), limits=Limits(min_side=32)).size == (WIDTH, HEIGHT)


# What Pillow is asked.


def test_every_format_is_one_that_pillow_knows() -> None:
    Image.init()
    assert set(FORMATS) <= set(Image.OPEN)
    assert "EPS" not in FORMATS
    assert {Path(name).suffix for name in READABLE} <= SUFFIXES


def test_formats_that_are_not_listed_are_never_tried() -> None:
    with pytest.raises(ImageError, match="not a picture that smn can read"):
        open_image(encode(scene(), "EPS"))


def test_overlapping_threads_leave_the_warning_filters_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    before = list(warnings.filters)
    entered = [threading.Event(), threading.Event()]
    may_go = [threading.Event(), threading.Event()]
    opens = Image.open
    turn = iter(range(2))

    def slowly(*args: object, **options: object) -> Image.Image:
        mine = next(turn)
        entered[mine].set()
        assert may_go[mine].wait(10)
        return opens(*args, **options)

    monkeypatch.setattr(Image, "open", slowly)
    threads = []
    for number in range(2):  # the first to enter is the first to leave, while the second is still inside
        threads.append(threading.Thread(target=open_image, args=(jpeg(),)))
        threads[-1].start()
        assert entered[number].wait(10)
    for number in range(2):
        may_go[number].set()
        threads[number].join()
    assert warnings.filters == before


@pytest.mark.parametrize("kind", [struct.error, RuntimeError, KeyError, ZeroDivisionError, AttributeError])
def test_whatever_a_decoder_raises_is_an_image_error(kind: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Image.Image:
        raise kind("odd data")

    monkeypatch.setattr(Image, "open", broken)
    with pytest.raises(ImageError, match=r"damaged and cannot be decoded .*odd data.*; save it anew") as caught:
        open_image(jpeg())
    assert isinstance(caught.value.__cause__, kind)


# Decoding at a fraction of the size.


@given(
    width=st.integers(16, 900),
    height=st.integers(16, 900),
    reduce_to=st.integers(16, 300),
    orientation=st.sampled_from([1, 6]),
)
@settings(max_examples=60)
def test_reducing_keeps_the_shorter_side_and_the_aspect(
    width: int, height: int, reduce_to: int, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(Image.new("RGB", (width, height), RED), "JPEG", exif=exif)
    image = open_image(data, reduce_to=reduce_to)
    assert image.mode == "RGB"
    assert min(image.size) >= min(reduce_to, width, height)
    fractions = [(-(-width // by), -(-height // by)) for by in (1, 2, 4, 8)]
    assert (image.size if orientation == 1 else image.size[::-1]) in fractions
    np.testing.assert_allclose(np.asarray(image).mean(axis=(0, 1)), RED, atol=3)


def test_a_big_jpeg_is_reduced_and_a_big_png_is_not() -> None:
    big = Image.new("RGB", (1600, 1200))
    assert open_image(encode(big, "JPEG"), reduce_to=224).size == (400, 300)
    assert open_image(encode(big, "PNG"), reduce_to=224).size == (1600, 1200)
    assert open_image(encode(big, "JPEG")).size == (1600, 1200)


def test_a_source_reads_its_file_once_and_decodes_each_scale_once(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(encode(Image.new("RGB", (1600, 1200), RED), "JPEG"))
    source = ImageSource(file)
    small = source.load(reduce_to=224)
    file.unlink()
    assert small.size == (400, 300)
    assert source.load(reduce_to=230) is small
    whole = source.load()
    assert whole.size == (1600, 1200)
    assert source.load(reduce_to=1200) is whole


def test_a_released_source_keeps_its_thumbnails_and_decodes_again() -> None:
    source = ImageSource(encode(Image.new("RGB", (300, 200), RED), "PNG"))
    whole, small = source.load(), source.thumbnail(150)
    source.release()
    assert source.thumbnail(150) is small
    assert source.load() is not whole
    assert same(source.load(), whole)


def test_a_thumbnail_is_a_copy_that_is_never_enlarged() -> None:
    source = ImageSource(encode(Image.new("RGB", (300, 200), RED), "PNG"))
    assert source.thumbnail(150).size == (150, 100)
    assert source.thumbnail(1000).size == source.load().size == (300, 200)
    assert source.thumbnail(1000) is not source.load()


# Whatever the bytes, an image or an ImageError.

VALID = {form: noise(form) for form in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF")} | {
    "JPEG with EXIF": upright_with(6, "JPEG"),
    "PNG with EXIF": upright_with(6, "PNG"),
}


def opens_or_explains(data: bytes, **options: int) -> None:
    try:
        image = open_image(data, **options)
    except ImageError:
        return
    assert image.mode == "RGB"
    assert image.getpixel((0, 0)) is not None


@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    opens_or_explains(data)


@given(st.sampled_from(sorted(VALID)), st.floats(0, 1), st.sampled_from([None, 16]))
def test_cut_pictures_never_raise_anything_else(form: str, share: float, reduce_to: int | None) -> None:
    opens_or_explains(VALID[form][: int(len(VALID[form]) * share)], reduce_to=reduce_to)


@given(st.sampled_from(sorted(VALID)), st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8))
@settings(max_examples=300)
def test_changed_pictures_never_raise_anything_else(form: str, changes: list[tuple[float, int]]) -> None:
    data = bytearray(VALID[form])
    for place, value in changes:
        # Squared, because headers, where the surprises are, stand at the beginning.
        data[int(place * place * len(data))] = value
    opens_or_explains(bytes(data))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_slow_file_keeps_no_other_thread_waiting(tmp_path: Path, paint_file: Callable[..., Path]) -> None:
    slow, quick = tmp_path / "slow.png", paint_file("quick.png", (255, 0, 0))
    os.mkfifo(slow)
    with ThreadPoolExecutor(2) as pool:
        waiting = pool.submit(ImageSource(slow).load)
        with slow.open("wb") as pipe:  # opens when it is being read
            assert pool.submit(ImageSource(quick).load).result(30).size == (40, 30)
            assert not waiting.done()
            pipe.write(quick.read_bytes())
        assert waiting.result(30).size == (40, 30)
