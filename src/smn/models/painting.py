"""The head that tells paintings from other pictures."""

import torch
from torch import Tensor, nn


class PaintingHead(nn.Linear):
    """Log-odds that a picture is a painting, by two judges of which the sterner one counts.

    What is no painting is of two sorts: photographs, and what was never in front of a lens, such as pages and screens.
    One linear judge between paintings and both would draw a single plane and give way where they lie on opposite sides
    of the paintings; the lower of two judges encloses them.

    Args:
        width: length D of a feature vector.
    """

    def __init__(self, width: int) -> None:
        super().__init__(width, 2)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Log-odds (N,) of features (N, D)."""
        return super().forward(features).amin(1)

    @torch.no_grad()
    def take(self, judge: int, weights: Tensor, bias: Tensor) -> None:
        """Replace judge 0 or 1 by weights (D,) and a bias ()."""
        self.weight[judge] = weights
        self.bias[judge] = bias
