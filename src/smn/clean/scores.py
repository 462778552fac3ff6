"""What passes between the parts of a check: what was measured of every picture, and the scores made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.manifest import Manifest

Floats = NDArray[np.float32]

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""


@dataclass(frozen=True)
class Scores:
    """One check's scores of the N rows of a manifest.

    Args:
        score: (N,), from 0, surely a fault, to 1, surely none; NaN where it was not or could not be judged.
        evidence: further columns of N values each, by what follows the check's name in the findings table: evidence
            ``of`` of check ``near_duplicate`` becomes column ``near_duplicate_of``.
    """

    score: Floats
    evidence: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What was measured of the N rows of a manifest, one pass over the pictures.

    Args:
        manifest: the rows, in their order.
        reasons: why a picture could not be read; None for those that could.
        pixels: (N,) ``S32``, digest of the decoded pixels and size; empty where unreadable.
        hashes: (N, 4), four perceptual hashes' worth of bits, 256 in all; see `smn.duplicates`.
        values: (N,) scores of the checks that look at one picture alone, by check; NaN where unreadable.
        logits: (N, K), what the model says of each label; NaN where unreadable.
        painting: (N,), the model's log-odds that it is a painting; NaN where unreadable.
        embedding: (N, D), float16, the model's features; zero where unreadable.
        labels: the K labels' ids.
    """

    manifest: Manifest
    reasons: Sequence[str | None]
    pixels: NDArray[np.bytes_]
    hashes: NDArray[np.uint64]
    values: Mapping[str, Floats]
    logits: Floats
    painting: Floats
    embedding: NDArray[np.float16]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.manifest)

    @property
    def readable(self) -> NDArray[np.bool_]:
        """(N,), which pictures could be read."""
        return np.array([reason is None for reason in self.reasons], dtype=np.bool_)
