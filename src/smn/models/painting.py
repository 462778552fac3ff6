"""The head that tells paintings from other pictures."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class PaintingHead(nn.Linear):
    """Log-odds that a picture is a painting, by judges of which the lowest one counts.

    What is no painting is of several sorts: photographs, pages and screens, comics and children's drawings. One linear
    judge between paintings and all of them would draw a single plane and give way where they lie on opposite sides of
    the paintings; the lowest of several judges encloses them.

    It gives log-odds (N, J) of features (N, D); whoever reads them takes the lowest. A state dict brings its own number
    of judges with it.

    Args:
        width: length D of a feature vector.
        judges: how many judges J there are, 1 or more; they know nothing at first.
    """

    def __init__(self, width: int, judges: int = 1) -> None:
        super().__init__(width, judges)
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    @torch.no_grad()
    def take(self, weights: Tensor, biases: Tensor) -> None:
        """Replace all judges by ones of weights (J, D) and biases (J,)."""
        self._hold(len(weights))
        self.weight.copy_(weights)
        self.bias.copy_(biases)

    def _hold(self, judges: int) -> None:
        """Make room for so many judges, which know nothing then, unless there are as many already."""
        if judges == self.out_features:
            return
        self.out_features = judges
        self.weight = nn.Parameter(self.weight.new_zeros(judges, self.in_features))
        self.bias = nn.Parameter(self.bias.new_zeros(judges))

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *args: Any, **kwargs: Any) -> None:
        held = state_dict.get(f"{prefix}weight")
        if isinstance(held, Tensor):
            self._hold(len(held))
        super()._load_from_state_dict(state_dict, prefix, *args, **kwargs)
