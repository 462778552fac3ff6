"""The checks that look at one picture alone."""

from collections.abc import Callable, Mapping

from PIL import Image

from smn.clean.margins import score_border, score_frame
from smn.clean.photometry import (
    score_aspect,
    score_colour,
    score_darkness,
    score_information,
    score_lightness,
    score_sharpness,
    score_size,
)
from smn.clean.view import Reading, View, make_view

PICTURE_CHECKS: Mapping[str, Callable[[View], Reading]] = {
    "tiny": score_size,
    "odd_aspect": score_aspect,
    "dark": score_darkness,
    "light": score_lightness,
    "blurred": score_sharpness,
    "low_information": score_information,
    "greyscale": score_colour,
    "border": score_border,
    "frame": score_frame,
}
"""What makes each check's score. `smn.clean.measuring` adds ``broken``, which needs no picture."""

EVIDENCE: Mapping[str, tuple[str, ...]] = {
    "greyscale": ("tint",),
    "border": ("top", "right", "bottom", "left"),
    "frame": ("depth",),
}
"""The numbers that explain a score, by check."""


def value_names() -> tuple[str, ...]:
    """What `score_picture` gives: the checks, and their evidence as ``check.evidence``."""
    return (*PICTURE_CHECKS, *(f"{check}.{name}" for check, names in EVIDENCE.items() for name in names))


def score_picture(image: Image.Image) -> dict[str, float]:
    """Every score and piece of evidence, by `value_names`, of one upright RGB picture of at least 16 pixels a side."""
    view = make_view(image)
    values: dict[str, float] = {}
    for check, score in PICTURE_CHECKS.items():
        reading = score(view)
        values[check] = reading.score
        values |= {f"{check}.{name}": reading.evidence[name] for name in EVIDENCE.get(check, ())}
    return {name: values[name] for name in value_names()}
