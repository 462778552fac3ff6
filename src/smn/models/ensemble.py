"""Several networks that answer as one."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

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

    @property
    def explains(self) -> bool:
        """Whether every member can say where it finds its evidence."""
        return all(member.explains for member in self.members)

    def explain(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `forward` gives, and the mean of the members' evidence (N, K, G, G) on the finest member's grid."""
        answers = [member.explain(images) for member in self.members]  # type: ignore[operator]
        side = max(answer[3].shape[-1] for answer in answers)
        return *_pool(answers), torch.stack([_refine(answer[3], side) for answer in answers]).mean(0)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities up to a constant (N, K), painting log-odds (N,) and embeddings (N, D) of (N, 3, H, W)."""
        return _pool([member(images) for member in self.members])


def _pool(answers: Sequence[tuple[Tensor, ...]]) -> tuple[Tensor, Tensor, Tensor]:
    logits = torch.stack([answer[0].log_softmax(1) for answer in answers]).mean(0)
    painting = torch.stack([answer[1] for answer in answers]).mean(0)
    return logits, painting, answers[0][2]


def _refine(evidence: Tensor, side: int) -> Tensor:
    """Maps (N, K, G, G) on a finer grid, the mean of each map unchanged."""
    if evidence.shape[-1] == side:
        return evidence
    finer = functional.interpolate(evidence, (side, side), mode="bilinear", align_corners=False)
    return finer + evidence.mean((2, 3), keepdim=True) - finer.mean((2, 3), keepdim=True)
