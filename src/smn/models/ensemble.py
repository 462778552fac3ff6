"""Several networks that answer as one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from smn.errors import InputError
from smn.models.contract import Classifier


class Ensemble(nn.Module):
    """A logarithmic opinion pool (Genest & Zidek 1986): the geometric mean of its members' probabilities.

    Where members err differently, the mean is better than each; a member that is sure against the others is believed,
    which an arithmetic mean would not.

    Args:
        members: networks that take the same input and know the same labels; the embedding is the first one's.

    Raises:
        InputError: there are none.
    """

    def __init__(self, members: Sequence[Classifier]) -> None:
        super().__init__()
        if not members:
            raise InputError("An ensemble has 0 members; give it one network at least.")
        self.members = nn.ModuleList(members)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities up to a constant (N, K), painting log-odds (N,) and embeddings (N, D) of (N, 3, H, W)."""
        answers = [member(images) for member in self.members]
        logits = torch.stack([logits.log_softmax(1) for logits, _, _ in answers]).mean(0)
        painting = torch.stack([painting for _, painting, _ in answers]).mean(0)
        return logits, painting, answers[0][2]
