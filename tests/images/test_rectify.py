"""Finding a painting on a wall, and leaving everything else alone."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from camera import Photograph, take_photograph
from smn.examples import list_examples, paint
from smn.images.rectify import Corners, find_canvas, find_painting, straighten

HUNG = [(movement, seed) for movement in ("baroque", "impressionism", "ukiyo-e", "fauvism") for seed in (1, 2, 3)]


def overlap(one: Corners, other: Corners, size: tuple[int, int]) -> float:
    """Intersection over union of two quadrilaterals in pixels."""
    areas = []
    for corners in (one, other):
        area = np.zeros(size[::-1], np.uint8)
        cv2.fillConvexPoly(area, np.round(corners).astype(np.int32), 1)
        areas.append(area.astype(bool))
    return float((areas[0] & areas[1]).sum() / (areas[0] | areas[1]).sum())


def hang(movement: str, seed: int) -> Photograph:
    return take_photograph(paint(movement, seed=seed, size=(320, 256)), seed=seed)


def test_paintings_on_walls_are_found() -> None:
    overlaps = []
    for movement, seed in HUNG:
        photograph = hang(movement, seed)
        found = find_painting(photograph.image)
        if found is not None:
            size = photograph.image.size
            overlaps.append(overlap(found.corners * np.array(size), photograph.corners, size))
    assert len(overlaps) >= 0.7 * len(HUNG)
    assert np.median(overlaps) > 0.85


def test_a_straightened_painting_looks_like_the_scan() -> None:
    painting = paint("impressionism", seed=1, size=(320, 256))
    wall = Image.new("RGB", (900, 700), (205, 200, 190))
    corners = np.array([[200, 150], [620, 190], [600, 500], [220, 520]], dtype=np.float32)
    start = np.array([[0, 0], [320, 0], [320, 256], [0, 256]], dtype=np.float32)
    turn = cv2.getPerspectiveTransform(start, corners)
    there = cv2.warpPerspective(np.full((256, 320), 255, np.uint8), turn, wall.size)
    wall.paste(Image.fromarray(cv2.warpPerspective(np.asarray(painting), turn, wall.size)), mask=Image.fromarray(there))
    found = find_painting(wall)
    assert found is not None
    assert found.confidence > 0.5
    assert overlap(found.corners * np.array(wall.size), corners, wall.size) > 0.9
    made = straighten(wall, found)
    assert 1.1 < made.width / made.height < 1.5
    same, other = (
        np.abs(np.asarray(made.resize((64, 64)), float) - np.asarray(picture.resize((64, 64)), float)).mean()
        for picture in (painting, wall)
    )
    assert same < 0.5 * other


def test_most_scans_are_left_alone() -> None:
    scans = [paint(movement, seed=seed, size=(320, 256)) for movement in list_examples() for seed in (0, 1)]
    changed = [find_painting(scan) is not None for scan in scans]
    assert len(changed) == 30
    assert sum(changed) <= 2


@pytest.mark.parametrize("size", [(300, 200), (16, 16), (16, 3000), (600, 2)])
def test_nothing_is_found_where_nothing_is(size: tuple[int, int]) -> None:
    plain = Image.new("RGB", size, (180, 170, 160))
    assert find_painting(plain) is None
    assert find_painting(plain, min_confidence=0.0) is None


def test_on_takes_what_auto_leaves() -> None:
    """A picture of which the frame touches another thing: no wall all around."""
    photographs = [hang(movement, seed).image for movement, seed in HUNG]
    sure, any_ = (
        [find_painting(image, min_confidence=min_confidence) is not None for image in photographs]
        for min_confidence in (0.5, 0.0)
    )
    assert sum(any_) >= sum(sure)
    assert all(likely or not certain for certain, likely in zip(sure, any_, strict=True))


WHOLE = (300, 260)


def framed(*borders: tuple[int, tuple[int, int, int]]) -> tuple[np.ndarray, int]:
    """A painting in borders, the innermost first, and how wide they are together."""
    picture = paint("impressionism", seed=3, size=WHOLE)
    for wide, colour in borders:
        picture = ImageOps.expand(picture, wide, fill=colour)
    return np.asarray(picture), sum(wide for wide, _ in borders)


def corners_of(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)


@pytest.mark.parametrize(
    "borders",
    [[(20, (60, 40, 30))], [(25, (235, 232, 226)), (15, (176, 141, 72))], [(3, (20, 20, 20)), (24, (190, 150, 90))]],
)
def test_frame_and_paper_are_left_out(borders: list[tuple[int, tuple[int, int, int]]]) -> None:
    pixels, wide = framed(*borders)
    found = find_canvas(pixels, corners_of(pixels))
    expected = np.array([[0, 0], [WHOLE[0], 0], WHOLE, [0, WHOLE[1]]]) + wide
    assert np.abs(found - expected).max() < 7


def test_without_a_frame_hardly_anything_is_lost() -> None:
    pixels = np.asarray(paint("impressionism", seed=3, size=WHOLE))
    found = find_canvas(pixels, corners_of(pixels))
    assert np.abs(found - corners_of(pixels)).max() < 6


def test_an_even_picture_is_left_whole() -> None:
    pixels = np.asarray(Image.new("RGB", WHOLE, (120, 130, 90)))
    assert np.abs(find_canvas(pixels, corners_of(pixels)) - corners_of(pixels)).max() < 3
