"""colour-1: one colour a picture, one colour a movement."""

from collections.abc import Mapping

import numpy as np

from smn.extras import require_extra
from smn.models.palette import Floats, Ints, find_typical_palettes


def learn_dominant(palettes: Floats, targets: Ints, *, classes: int, seed: int) -> dict[str, Floats]:
    """Each label's colour: the commonest of its pictures' commonest colours, clustered as a picture's pixels are.

    Args:
        palettes: (N, P, 4), of pictures.
        targets: (N,), their labels, 0..classes-1.
        classes: K.
        seed: of the clustering.

    Returns:
        ``palettes`` (K, 1, 4), NaN for a label without pictures.
    """
    return {"palettes": find_typical_palettes(palettes[:, :1], targets, classes=classes, seed=seed)[:, :1]}


def score_dominant(learned: Mapping[str, Floats], palettes: Floats) -> Floats:
    """How near (N, K) the commonest colours of pictures (N, P, 4) are to the labels' colours.

    The negative of a tenth of CIEDE2000, the difference that the eye sees (Sharma et al. 2005); minus infinity for a
    label without a colour. Tenths keep the temperature in the range that is searched.

    Raises:
        MissingExtraError: scikit-image is not installed.
    """
    require_extra("colour", "skimage")
    from skimage.color import deltaE_ciede2000

    own = learned["palettes"][:, 0, :3]
    known = ~np.isnan(own[:, 0])
    scores = np.full((len(palettes), len(own)), -np.inf)
    scores[:, known] = -deltaE_ciede2000(palettes[:, None, 0, :3], own[None, known]) / 10.0
    return scores
