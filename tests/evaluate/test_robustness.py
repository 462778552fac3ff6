import numpy as np
import pytest
from PIL import Image

from smn.evaluate.robustness import AS_IS, CHANGES, change_picture, measure_robustness
from smn.images import open_image


def _change(image: Image.Image) -> dict[str, Image.Image]:
    changed = (open_image(one) if isinstance(one, bytes) else one for one in change_picture(image))
    return dict(zip(CHANGES, changed, strict=True))


@pytest.fixture
def picture() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((450, 300), Image.Resampling.BICUBIC)


def test_every_change_makes_another_picture_of_the_expected_shape(picture: Image.Image) -> None:
    changed = _change(picture)
    assert changed["decoded"] is picture
    sizes = {"half": (225, 150), "double": (900, 600), "squashed": (450, 450), "letterboxed": (450, 450)}
    for name, image in changed.items():
        assert image.mode == "RGB"
        assert image.size == sizes.get(name, picture.size), name
        if name not in ("decoded", *sizes):
            assert image.tobytes() != picture.tobytes(), name
    assert changed["letterboxed"].getpixel((200, 10)) == (128, 128, 128)
    detail = {name: float(np.abs(np.diff(np.asarray(image, float), axis=1)).mean()) for name, image in changed.items()}
    assert detail["blurred"] < detail["decoded"] < detail["sharpened"]
    errors = {name: np.abs(np.asarray(changed[name], float) - np.asarray(picture, float)).mean() for name in changed
              if changed[name].size == picture.size}  # fmt: skip
    assert errors["jpeg-90"] < errors["jpeg-75"] < errors["jpeg-50"]


def test_giant_pictures_are_reduced_first_and_slivers_keep_a_pixel() -> None:
    assert dict(zip(CHANGES, change_picture(Image.new("RGB", (9000, 20))), strict=True))["decoded"].size == (4096, 9)
    assert dict(zip(CHANGES, change_picture(Image.new("RGB", (3, 1))), strict=True))["half"].size[1] == 1


def _answers(*answers: list[int]) -> np.ndarray:
    """Probabilities (N, C, 3) of a model that is as sure of its answer to the picture as it is as of all others."""
    chosen = np.array([[row[0]] * len(CHANGES) + [row[1]] for row in answers])
    return np.eye(3)[chosen] * 0.9 + 0.1 / 3


def test_spread_and_agreement_by_hand() -> None:
    probabilities = _answers([0, 1], [1, 1], [2, 2], [0, 2])
    truth = np.array([0, 1, 0, 0])
    accepted = np.eye(3, dtype=bool)[truth]
    accepted[3, 2] = True
    accepted[2] = False
    report = measure_robustness(probabilities, truth, accepted=accepted, artists="abcd", resamples=20)
    assert [one.id for one in report.changes] == [AS_IS, *CHANGES]
    first, last = report.changes[0], report.changes[-1]
    assert (first.top1.value, last.top1.value) == (0.75, 0.25)
    assert (first.same.value, last.same.value) == (1.0, 0.5)
    assert (first.accepted_top1.value, last.accepted_top1.value) == pytest.approx((1.0, 2 / 3))
    assert report.rows == 4
    assert report.spread.value == pytest.approx(0.5)
    assert report.accepted_spread.value == pytest.approx(1 / 3)
    assert report.spread.low <= 0.5 <= report.spread.high


def test_without_accepted_labels_there_is_only_a_strict_spread() -> None:
    report = measure_robustness(_answers([0, 1]), np.array([0]), accepted=None, artists=[None], resamples=2)
    assert report.spread.is_known
    assert not report.accepted_spread.is_known
    assert not report.changes[0].accepted_top1.is_known
