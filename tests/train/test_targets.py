"""What a network is asked to answer."""

import pytest
import torch
from torch.nn import functional

from smn.movements import read_taxonomy
from smn.train.targets import measure_loss, mix_batches, spread_over_families

TAXONOMY = read_taxonomy("smn-25")


def test_a_family_shares_what_is_smoothed() -> None:
    spread = spread_over_families(TAXONOMY)
    torch.testing.assert_close(spread.sum(1), torch.ones(len(TAXONOMY.labels)))
    families = [label.family for label in TAXONOMY.labels]
    alone = 0
    for row, family in enumerate(families):
        members = [place for place, other in enumerate(families) if other == family]
        if len(members) == 1:
            alone += 1
            assert torch.allclose(spread[row], torch.tensor(1 / len(families)))
        else:
            assert spread[row].nonzero().flatten().tolist() == members
    assert 0 < alone < len(families)


def test_even_smoothing_is_torch_s_own() -> None:
    logits, targets = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 3, 0, 1])
    expected = functional.cross_entropy(logits, targets, label_smoothing=0.2)
    assert torch.equal(measure_loss(logits, targets, smoothing=0.2, spread=None), expected)
    even = torch.full((4, 4), 0.25)
    for given in (targets, functional.one_hot(targets, 4).float()):
        torch.testing.assert_close(measure_loss(logits, given, smoothing=0.2, spread=even), expected)


def test_an_answer_within_the_family_costs_less() -> None:
    spread = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    near, far = torch.tensor([[4.0, 2.0, 0.0]]), torch.tensor([[4.0, 0.0, 2.0]])
    losses = [measure_loss(logits, torch.tensor([0]), smoothing=0.3, spread=spread).item() for logits in (near, far)]
    assert losses[0] < losses[1]
    plain = [measure_loss(logits, torch.tensor([0]), smoothing=0.3, spread=None).item() for logits in (near, far)]
    assert plain[0] == pytest.approx(plain[1])


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(torch.arange(4.0)[:, None, None, None].expand(4, 3, 20, 10).clone(), torch.arange(4))] * 20


def mixed(mixup: float, cutmix: float, seed: int = 0) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return list(mix_batches(batches(), classes=5, mixup=mixup, cutmix=cutmix, seed=(seed, 1)))


def test_without_mixing_batches_stay_as_they_are() -> None:
    for (images, targets), (same, alike) in zip(batches(), mixed(0.0, 0.0), strict=True):
        assert torch.equal(images, same)
        assert torch.equal(targets, alike)


@pytest.mark.parametrize(("mixup", "cutmix"), [(1.0, 0.0), (0.0, 1.0)])
def test_targets_hold_as_much_of_each_picture_as_the_pixels(mixup: float, cutmix: float) -> None:
    """Each picture is as bright as its label's number, so that the mean brightness is the mean label."""
    moved = 0
    for images, targets in mixed(mixup, cutmix):
        assert (images.shape, targets.shape) == ((4, 3, 20, 10), (4, 5))
        torch.testing.assert_close(targets.sum(1), torch.ones(4))
        torch.testing.assert_close(images.mean((1, 2, 3)), targets @ torch.arange(5.0))
        whole = [image.unique().numel() == 1 for image in images]
        assert all(whole) or cutmix
        moved += int(not torch.equal(images, batches()[0][0]))
    assert moved > 10


def test_the_same_seed_mixes_alike() -> None:
    for (one, right), (other, same) in zip(mixed(0.5, 0.5), mixed(0.5, 0.5), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(right, same)
    assert any(
        not torch.equal(one[0], other[0]) for one, other in zip(mixed(0.5, 0.5), mixed(0.5, 0.5, 3), strict=True)
    )


def test_a_share_of_the_batches_is_mixed() -> None:
    kinds = [targets.ndim for _, targets in mixed(0.3, 0.2)]
    assert {1, 2} == set(kinds)
