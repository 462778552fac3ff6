import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from smn.duplicates.hashing import hash_picture
from smn.examples import paint

MANNERS = ("impressionism", "cubism", "romanticism", "pop-art")


def saved(image: Image.Image, *, quality: int = 40) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def distance(left: Image.Image, right: Image.Image) -> int:
    return int(np.bitwise_count(hash_picture(left) ^ hash_picture(right)).sum())


CHANGES = {
    "recompressed": saved,
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "double": lambda image: image.resize((image.width * 2, image.height * 2)),
    "squashed": lambda image: image.resize((224, 224)),
    "paler": lambda image: ImageEnhance.Contrast(image).enhance(0.6),
    "grey": lambda image: image.convert("L"),
    "cropped": lambda image: image.crop((2, 2, image.width - 2, image.height - 2)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_stays_near(change: str) -> None:
    for manner in MANNERS:
        picture = paint(manner, seed=3, size=(240, 200))
        assert distance(picture, CHANGES[change](picture)) <= 24, manner


def test_other_pictures_are_far() -> None:
    pictures = [paint(manner, seed=seed, size=(240, 200)) for manner in MANNERS for seed in (1, 2)]
    apart = [distance(a, b) for i, a in enumerate(pictures) for b in pictures[:i]]
    assert len(apart) == 28
    assert min(apart) > 32


def test_pictures_without_structure_have_no_hash() -> None:
    noise = np.random.default_rng(0).normal(128, 3, (300, 300)).clip(0, 255).astype(np.uint8)
    for image in (Image.new("RGB", (50, 40), (0, 40, 200)), Image.fromarray(noise), Image.new("L", (1, 1))):
        assert not hash_picture(image).any()
    dot = Image.new("L", (200, 200), 255)
    dot.paste(0, (20, 20, 28, 28))
    assert not hash_picture(dot).any(), "one dot on a page says too little"


def test_is_four_numbers_of_any_mode() -> None:
    picture = paint("cubism", seed=1, size=(120, 90))
    for mode in ("RGB", "RGBA", "L", "CMYK", "P"):
        hashed = hash_picture(picture.convert(mode))
        assert hashed.shape == (4,)
        assert hashed.dtype == np.uint64
