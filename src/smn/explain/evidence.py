"""From the evidence for every label to where a picture speaks for one of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def weigh_evidence(
    evidence: NDArray[np.float32], probabilities: Floats, chosen: Sequence[int], *, temperature: float
) -> Floats:
    """Where a picture speaks for some labels together, and not for the others that it might be (G, G).

    Evidence for a label says little where it speaks for its rivals as much. What is summed here is the share that each
    place has in the log-probability of the chosen labels, to first order: the gradient of log P(chosen) with respect
    to the logits, times the evidence that the logits are means of. Places are compared with each other, so the map's
    mean is 0.

    Args:
        evidence: (K, G, G), as `smn.runtime.Runtime.locate` gives it for one picture.
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
