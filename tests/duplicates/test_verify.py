import io
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps

from smn.duplicates.verify import SIDE, Match, compare, extract_features, score_distance, score_match, verify_pairs
from smn.errors import ImageError
from smn.examples import paint


def paintings() -> list[Image.Image]:
    return [paint(manner, seed=5, size=(300, 240)) for manner in ("impressionism", "cubism", "romanticism", "pop-art")]


def askew(image: Image.Image) -> Image.Image:
    """As photographed from the side, before a grey wall."""
    width, height = image.size
    corners = (-0.06 * width, -0.05 * height, 0, height, width, 1.05 * height, 1.04 * width, 0)
    return image.transform(
        image.size, Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=(120, 110, 100)
    )


def recompressed(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.resize((180, 144)).save(stream, "JPEG", quality=50)
    return Image.open(stream).convert("RGB")


COPIES = {
    "recompressed": recompressed,
    "crop": lambda image: image.crop((30, 24, 270, 216)),
    "border": lambda image: ImageOps.expand(image, 25, "white"),
    "grey": lambda image: image.convert("L"),
    "squashed": lambda image: image.resize((224, 224)),
    "askew": askew,
    "turned": lambda image: image.rotate(8, expand=True),
}


@pytest.mark.parametrize("kind", COPIES)
def test_a_copy_is_found(kind: str) -> None:
    for picture in paintings():
        match = compare(extract_features(picture), extract_features(COPIES[kind](picture)))
        assert match.points >= 12
        assert score_match(match) < 0.5


def test_a_mirrored_copy_is_found_in_the_mirror_only() -> None:
    for picture in paintings():
        copy = ImageOps.mirror(picture)
        assert score_match(compare(extract_features(picture), extract_features(copy, mirrored=True))) < 0.1
        assert score_match(compare(extract_features(picture), extract_features(copy))) > 0.5


def test_other_pictures_are_not_found() -> None:
    features = [extract_features(picture) for picture in paintings()]
    scores = [score_match(compare(a, b)) for i, a in enumerate(features) for b in features[:i]]
    assert len(scores) == 6
    assert min(scores) == 1.0


def test_says_how_much_two_details_share() -> None:
    picture = paint("cubism", seed=5, size=(400, 240))
    left, right = picture.crop((0, 0, 240, 240)), picture.crop((160, 0, 400, 240))
    match = compare(extract_features(left), extract_features(right))
    assert match.agreement > 0.9
    assert match.shared == pytest.approx(1 / 3, abs=0.08)


@pytest.mark.parametrize("size", [(16, 16), (3000, 20), (640, 480)])
def test_looks_at_every_shape_alike(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (*size[::-1], 3), dtype=np.uint8)
    features = extract_features(Image.fromarray(noise))
    assert min(features.grey.shape) >= 16
    assert features.points.shape == (len(features.descriptors), 2)
    if size[1] > 20:
        assert features.grey.size == pytest.approx(SIDE * SIDE, rel=0.05)


def test_a_picture_without_corners_matches_nothing() -> None:
    plain = extract_features(Image.new("RGB", (90, 60), "navy"))
    assert plain.points.shape == (0, 2)
    assert compare(plain, plain) == Match(0)
    assert compare(plain, extract_features(paintings()[0])) == Match(0)


def opener(pictures: list[Image.Image | None]) -> Callable[[int], Image.Image]:
    def open_picture(row: int) -> Image.Image:
        picture = pictures[row]
        if picture is None:
            raise ImageError("The file is gone; copy it back.")
        return picture

    return open_picture


def test_the_score_never_rises_with_the_evidence() -> None:
    steps = [0.0, 0.2, 0.35, 0.6, 0.95]
    for points, more in itertools.pairwise([0, 6, 10, 12, 40, 200]):
        for agreement, shared in itertools.product(steps, steps):
            assert score_match(Match(more, agreement, shared)) <= score_match(Match(points, agreement, shared))
    for low, high in itertools.pairwise(steps):
        assert score_match(Match(50, high, 1.0)) <= score_match(Match(50, low, 1.0))
        assert score_match(Match(50, 1.0, high)) <= score_match(Match(50, 1.0, low))
    assert [score_match(Match(0)), score_match(Match(80, 0.95, 0.9))] == [1.0, 0.0]


def test_hashes_alone_are_never_sure() -> None:
    scores = [score_distance(distance) for distance in range(33)]
    assert scores == sorted(scores)
    assert scores[0] == pytest.approx(0.3)
    assert scores[9] < 0.5 <= scores[10]
    assert scores[32] == 1.0


def test_says_what_speaks_for_a_pair() -> None:
    picture, other = paint("cubism", seed=2, size=(260, 220)), paint("romanticism", seed=2, size=(260, 220))
    pictures = [picture, picture.crop((20, 10, 250, 210)), ImageOps.mirror(picture), other, None]
    pairs = [(0, 1), (0, 2), (0, 3), (0, 4), (3, 4)]
    calls: list[tuple[str, int, int]] = []
    found = verify_pairs(
        pairs,
        distances=[30, None, None, 4, None],
        open_picture=opener(pictures),
        progress=lambda *call: calls.append(call),
    )
    cropped, mirrored, unlike, gone, unknown = found
    assert cropped.score < 0.1
    assert "matched points, detail agrees by" in cropped.how
    assert "mirrored" not in cropped.how
    assert mirrored.score < 0.1
    assert mirrored.how.endswith("mirrored")
    assert unlike.score == 1.0
    assert (gone.score, gone.how) == (pytest.approx(0.38), "hash distance 4")
    assert unknown.score == 1.0
    assert calls == [("Comparing pictures", 5, 5)]


def test_no_pairs_are_no_work() -> None:
    assert verify_pairs([], distances=[], open_picture=opener([])) == []
