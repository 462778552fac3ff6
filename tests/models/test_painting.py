"""The head that tells paintings from other pictures."""

from copy import deepcopy

import pytest
import torch

from smn.models.painting import PaintingHead


def test_it_knows_nothing_at_first() -> None:
    assert torch.equal(PaintingHead(3)(torch.randn(4, 3)), torch.zeros(4, 1))


def test_each_judge_gives_its_log_odds() -> None:
    head = PaintingHead(2)
    head.take(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]), torch.tensor([0.5, 0.0, 1.0]))
    odds = head(torch.tensor([[5.0, -3.0], [-2.0, 4.0], [1.0, 7.0]]))
    assert torch.allclose(odds, torch.tensor([[5.5, -3.0, 1.0], [-1.5, 4.0, 1.0], [1.5, 7.0, 1.0]]))


@pytest.mark.parametrize("judges", [1, 2, 3, 5])
def test_a_state_dict_brings_its_own_number_of_judges(judges: int) -> None:
    torch.manual_seed(judges)
    held = PaintingHead(4, judges)
    torch.nn.init.normal_(held.weight)
    torch.nn.init.normal_(held.bias)
    # Within another module and deep in a copy, as checkpoints and averages hold it.
    outer = deepcopy(torch.nn.ModuleDict({"painting": PaintingHead(4, 2)}))
    outer.load_state_dict({f"painting.{name}": value for name, value in held.state_dict().items()})
    features = torch.randn(6, 4)
    assert torch.equal(outer["painting"](features), held(features))
    assert len(outer.state_dict()["painting.weight"]) == judges


def test_features_of_another_length_are_not_loaded() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        PaintingHead(4).load_state_dict(PaintingHead(5, 3).state_dict())
