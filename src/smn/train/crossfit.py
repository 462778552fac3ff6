"""What heads say of pictures whose artists they have never seen: softer and often better targets than noisy labels."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from smn.errors import ManifestError
from smn.manifest.identity import cluster_artists
from smn.train.selection import TrainingData

FOLDS = 5
"""Parts into which the artists are divided; each head is fitted on all but one."""

FitHead = Callable[[nn.Module, Tensor, Path], nn.Module]
"""Given a head, the numbers of the rows to fit it on and the folder for its checkpoints, the fitted head."""


def answer_held_out(
    head: nn.Module, views: Tensor, data: TrainingData, *, fit_head: FitHead, run: Path, seed: int
) -> Tensor:
    """Probabilities (N, K) of each row, by a head that was fitted without any picture by its artist.

    A head that has seen a picture repeats its label, right or wrong; one that has not says what the picture looks
    like. Learning from such answers is cross-fitted distillation (Dao et al. 2021).

    Args:
        head: not fitted yet; stays so.
        views: (V, N, D) features of V views of N rows.
        data: the rows.
        fit_head: see `FitHead`.
        run: the run's folder; what is fitted is kept below it, so that an interrupted run continues.
        seed: of the division into parts.

    Raises:
        ManifestError: all rows are by one artist.
    """
    places = [torch.from_numpy(np.flatnonzero(part)) for part in divide_artists(data, seed=seed)]
    answers: list[Tensor] = []
    for number, held_out in enumerate(places):
        shown = torch.cat([place for other, place in enumerate(places) if other != number])
        fitted = fit_head(copy.deepcopy(head), shown, run / "crossfit" / str(number)).eval()
        with torch.inference_mode():
            answers.append(torch.stack([fitted(view[held_out]).float().softmax(1) for view in views]).mean(0).cpu())
    return torch.cat(answers)[torch.cat(places).argsort()]


def divide_artists(data: TrainingData, *, seed: int) -> tuple[NDArray[np.bool_], ...]:
    """Which rows (N,) are in each part; every artist is in one, and every row.

    Raises:
        ManifestError: all rows are by one artist.
    """
    artists = cluster_artists(data.values("artist"))
    count = int(artists.max()) + 1
    if count < 2:
        raise ManifestError(
            f"{data.manifest.file}: all {len(artists)} training pictures are by one artist, but crossfit needs two at "
            "least to hold one out; add others, or set head.crossfit and finetune.crossfit to 0."
        )
    parts = min(FOLDS, count)
    part = np.random.default_rng(seed).permutation(count) % parts
    return tuple(part[artists] == number for number in range(parts))
