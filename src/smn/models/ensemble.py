"""Several networks that answer as one."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from smn.errors import InputError
from smn.images.preprocess import PreprocessSpec
from smn.models.pooled_classifier import Classifier


class Ensemble(nn.Module):
    """A logarithmic opinion pool (Genest & Zidek 1986): the geometric mean of its members' probabilities.

    Where members err differently, the mean is better than each; a member that is sure against the others is believed,
    which an arithmetic mean would not.

    Args:
        members: networks that know the same labels; the embedding is the first one's.
        specs: how each member's pictures were preprocessed, the normalisation aside alike; the ensemble takes what the
            first one takes. Without them all take the same input.

    Raises:
        InputError: there are none.
    """

    gain: Tensor
    offset: Tensor

    def __init__(self, members: Sequence[Classifier], *, specs: Sequence[PreprocessSpec] = ()) -> None:
        super().__init__()
        if not members:
            raise InputError("An ensemble has 0 members; give it one network at least.")
        self.members = nn.ModuleList(members)
        specs = specs or [PreprocessSpec()] * len(members)
        mean, std = (torch.tensor([getattr(spec, key) for spec in specs]).view(-1, 3, 1, 1) for key in ("mean", "std"))
        self.register_buffer("gain", std[0] / std)
        self.register_buffer("offset", (mean[0] - mean) / std)
        self.same = [(spec.mean, spec.std) == (specs[0].mean, specs[0].std) for spec in specs]

    @property
    def explains(self) -> bool:
        """Whether every member can say where it finds its evidence."""
        return all(member.explains for member in self.members)

    def explain(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `forward` gives, and the mean of the members' evidence (N, K, G, G) on the finest member's grid."""
        answers = [member.explain(own) for member, own in self._inputs(images)]  # type: ignore[operator]
        side = max(answer[3].shape[-1] for answer in answers)
        return *_pool(answers), torch.stack([_refine(answer[3], side) for answer in answers]).mean(0)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-probabilities up to a constant (N, K), painting log-odds (N, J) and embeddings (N, D) of (N, 3, H, W)."""
        return _pool([member(own) for member, own in self._inputs(images)])

    def _inputs(self, images: Tensor) -> Iterator[tuple[nn.Module, Tensor]]:
        """Each member, and the images normalised as it knows them."""
        for member, same, gain, offset in zip(self.members, self.same, self.gain, self.offset, strict=True):
            yield member, images if same else images * gain + offset


def _pool(answers: Sequence[tuple[Tensor, ...]]) -> tuple[Tensor, Tensor, Tensor]:
    logits = torch.stack([answer[0].log_softmax(1) for answer in answers]).mean(0)
    judges = [answer[1] for answer in answers]
    if len({values.shape[1] for values in judges}) > 1:  # judges of other groups have no mean
        judges = [values.amin(1, keepdim=True) for values in judges]
    return logits, torch.stack(judges).mean(0), answers[0][2]


def _refine(evidence: Tensor, side: int) -> Tensor:
    """Maps (N, K, G, G) on a finer grid, the mean of each map unchanged."""
    if evidence.shape[-1] == side:
        return evidence
    finer = functional.interpolate(evidence, (side, side), mode="bilinear", align_corners=False)
    return finer + evidence.mean((2, 3), keepdim=True) - finer.mean((2, 3), keepdim=True)
