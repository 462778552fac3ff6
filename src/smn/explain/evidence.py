"""From the evidence for every label to where a picture speaks for one of them, and to a heat map over the picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.errors import InputError

Floats = NDArray[np.float64]

_GLOW = np.array([[255.0, 214.0, 92.0], [255.0, 60.0, 20.0]])
"""Colours of some evidence and of much."""

_SHADE = 0.45
"""How bright the picture is where nothing speaks for the label, 0 for black."""

_LUMA = np.array([0.299, 0.587, 0.114])
"""How bright red, green and blue are (ITU-R BT.601)."""


def weigh_evidence(
    evidence: NDArray[np.float32], probabilities: Floats, chosen: Sequence[int], *, temperature: float
) -> Floats:
    """Where a picture speaks for some labels together, and not for the others that it might be (G, G).

    Evidence for a label says little where it speaks for its rivals as much. What is summed here is the share that each
    place has in the log-probability of the chosen labels, to first order: the gradient of log P(chosen) with respect
    to the logits, times the evidence that the logits are means of. Places are compared with each other, so the map's
    mean is 0.

    Args:
        evidence: (K, G, G), as `smn.predict.Analysis.evidence`.
        probabilities: (K,), of the labels, calibrated.
        chosen: which labels, one or more.
        temperature: what the logits were divided by.
    """
    among = np.zeros(len(probabilities))
    among[list(chosen)] = probabilities[list(chosen)]
    # Where all of them are as good as impossible, none is preferred.
    among = among / among.sum() if among.sum() > 0 else np.isin(np.arange(len(among)), list(chosen)) / len(chosen)
    summed = np.tensordot((among - probabilities) / temperature, evidence.astype(np.float64), axes=1)
    return np.asarray(summed - summed.mean())


def enlarge_evidence(evidence: Floats, size: tuple[int, int]) -> Floats:
    """Evidence (G, G) over a whole picture of ``size`` (width, height), as 0..1 (height, width).

    0 where a place speaks no more for the label than the picture does on average, 1 where most speaks for it.
    """
    grid = Image.fromarray(evidence.astype(np.float32))
    grown = np.asarray(grid.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    return np.clip(grown / max(float(evidence.max()), 1e-9), 0.0, 1.0)


def overlay_evidence(image: Image.Image, evidence: Floats, *, strength: float = 0.6) -> Image.Image:
    """The picture, dimmed where little speaks for the label and glowing where much does.

    Args:
        image: an RGB picture of any size.
        evidence: (G, G), spread over the whole of it.
        strength: how much of the picture is given up for it, 0..1; 0 leaves it as it is.

    Raises:
        InputError: the strength lies outside.
    """
    if not 0 <= strength <= 1:
        raise InputError(f"strength is {strength}; it must be between 0 and 1.")
    heat = enlarge_evidence(evidence, image.size)[:, :, None]
    colours = np.asarray(image, dtype=np.float64)
    grey = (colours @ _LUMA)[:, :, None]
    rest = (1 - strength) * colours + strength * _SHADE * grey
    glow = strength * (_GLOW[0] + heat * (_GLOW[1] - _GLOW[0])) * (0.35 + 0.65 * grey / 255)
    lit = (1 - strength) * colours + glow
    # From a third of the strongest evidence on, nothing is dimmed.
    near = np.clip(3 * heat, 0.0, 1.0)
    return Image.fromarray(np.clip(near * lit + (1 - near) * rest, 0, 255).astype(np.uint8))
