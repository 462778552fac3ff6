"""The head that tells paintings from other pictures."""

import torch

from smn.models.painting import PaintingHead


def test_it_knows_nothing_at_first() -> None:
    assert torch.equal(PaintingHead(3)(torch.randn(4, 3)), torch.zeros(4))


def test_the_sterner_of_two_judges_counts() -> None:
    head = PaintingHead(2)
    head.take(0, torch.tensor([1.0, 0.0]), torch.tensor(0.5))
    head.take(1, torch.tensor([0.0, 1.0]), torch.tensor(0.0))
    odds = head(torch.tensor([[5.0, -3.0], [-2.0, 4.0], [1.0, 7.0]]))
    assert torch.allclose(odds, torch.tensor([-3.0, -1.5, 1.5]))
