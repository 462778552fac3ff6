"""The batches that training sees."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from torch.nn import functional

from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest, read_manifest
from smn.movements import read_taxonomy
from smn.train import Recipe
from smn.train.batches import (
    PictureDataset,
    build_smoothing_matrix,
    compute_loss,
    compute_sampling_weights,
    count_steps,
    load_pictures,
    mix_batches,
    shuffle_features,
)
from smn.train.feature_extraction import open_view
from smn.train.recipe_sections import Sampling
from smn.train.selection import TrainingData, select


def test_fine_tuning_sees_another_view_each_epoch(recipe: Recipe, pictures: Path) -> None:
    data = select(read_manifest(pictures), read_taxonomy("origin-8"), split="train")
    spec = PreprocessSpec(32)
    shown = PictureDataset(data, recipe, spec)

    def batches(epoch: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
        return list(load_pictures(shown, epoch, batch=3, seed=recipe.seed))

    first, again, second = batches(0), batches(0), batches(1)
    assert [len(targets) for _, targets in first] == [3, 3]  # of eight pictures; the rest waits for another epoch
    for (inputs, targets), (same_inputs, same_targets) in zip(first, again, strict=True):
        assert torch.equal(inputs, same_inputs)
        assert torch.equal(targets, same_targets)
    assert not any(torch.equal(one, other) for inputs, _ in first for one in inputs for other in second[0][0])
    # Nor is it one of the views that the head has learned from.
    seen = [open_view(data.manifest, data.rows[0], recipe=recipe, spec=spec, view=view) for view in (0, 1)]
    for epoch in (0, 1):
        shown.epoch = epoch
        inputs, target = shown[0]
        assert target == data.targets[0]
        assert not any(np.array_equal(inputs.numpy(), spec.normalise(view)) for view in seen)


def test_features_are_shuffled_anew_each_epoch_and_keep_their_targets() -> None:
    features, targets = torch.arange(10.0)[:, None], torch.arange(10)

    def epoch(number: int) -> list[int]:
        seen = []
        for inputs, right in shuffle_features(features, targets, number, batch=4, seed=1):
            assert torch.equal(inputs[:, 0].long(), right)
            seen += right.tolist()
        return seen

    assert epoch(0) == epoch(0)
    assert epoch(0) != epoch(1)
    assert len(set(epoch(0))) == 8  # two whole batches of four


def test_an_epoch_has_at_least_one_batch() -> None:
    assert [count_steps(count, 4) for count in (1, 4, 9)] == [1, 1, 2]


def test_class_aware_sampling_shows_rare_labels_as_often(recipe: Recipe, pictures: Path) -> None:
    data = select(read_manifest(pictures), read_taxonomy("origin-8"), split="train")
    # One picture of the first label, all of the second.
    kinds = sorted(set(data.targets))
    rows = [place for place, target in enumerate(data.targets) if target == kinds[1]]
    chosen = [int(np.flatnonzero(data.targets == kinds[0])[0]), *rows * 6]
    uneven = TrainingData(data.manifest, tuple(data.rows[place] for place in chosen), data.targets[chosen])
    shown = PictureDataset(uneven, recipe, PreprocessSpec(32))

    def labels(epoch: int, sampling: Sampling) -> list[int]:
        loaded = load_pictures(shown, epoch, batch=13, seed=0, sampling=sampling)
        return [int(target) for _, targets in loaded for target in targets]

    assert labels(0, Sampling.UNIFORM).count(kinds[0]) == 1
    rare = sum(labels(epoch, Sampling.CLASS_AWARE).count(kinds[0]) for epoch in range(4))
    assert 13 < rare < 39  # of 52 draws
    assert labels(1, Sampling.CLASS_AWARE) == labels(1, Sampling.CLASS_AWARE)


def test_features_can_be_drawn_by_weight() -> None:
    features, targets = torch.arange(4.0)[:, None], torch.arange(4)
    weights = np.array([0.0, 1.0, 0.0, 1.0])
    drawn = [int(one) for _, right in shuffle_features(features, targets, 0, batch=2, seed=0, weights=weights)
             for one in right]  # fmt: skip
    again = [int(one) for _, right in shuffle_features(features, targets, 0, batch=2, seed=0, weights=weights)
             for one in right]  # fmt: skip
    assert len(drawn) == 4
    assert set(drawn) <= {1, 3}
    assert drawn == again


def test_artists_and_sources_weigh_the_same_within_a_label(pictures: Path) -> None:
    manifest = read_manifest(pictures)
    table = manifest.table.slice(0, 6)
    for name, values in (
        ("artist", ["Ann", "Ann", "Ann", "Bea", "Ann", None]),
        ("source", ["one", "one", "two", "two", "two", "two"]),
    ):
        table = table.set_column(table.column_names.index(name), name, pa.array(values))
    targets = np.array([0, 0, 0, 0, 1, 1])
    data = TrainingData(Manifest(manifest.file, table), tuple(range(6)), targets)
    by_artist = compute_sampling_weights(data, Sampling.ARTIST_AWARE)
    assert by_artist == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0, 1.0, 1.0])
    assert by_artist[targets == 0].sum() == pytest.approx(4.0)  # labels keep their shares
    uneven = TrainingData(data.manifest, (0, 1, 2, 4), np.zeros(4, dtype=np.int64))
    assert compute_sampling_weights(uneven, Sampling.SOURCE_AWARE) == pytest.approx([1.0] * 4)
    assert compute_sampling_weights(uneven, Sampling.ARTIST_AWARE) == pytest.approx([1.0] * 4)
    assert compute_sampling_weights(data, Sampling.CLASS_AWARE) == pytest.approx([0.25] * 4 + [0.5] * 2)


TAXONOMY = read_taxonomy("smn-25")


def test_a_family_shares_what_is_smoothed() -> None:
    smoothing_matrix = build_smoothing_matrix(TAXONOMY)
    torch.testing.assert_close(smoothing_matrix.sum(1), torch.ones(len(TAXONOMY.labels)))
    families = [label.family for label in TAXONOMY.labels]
    alone = 0
    for row, family in enumerate(families):
        members = [place for place, other in enumerate(families) if other == family]
        if len(members) == 1:
            alone += 1
            assert torch.allclose(smoothing_matrix[row], torch.tensor(1 / len(families)))
        else:
            assert smoothing_matrix[row].nonzero().flatten().tolist() == members
    assert 0 < alone < len(families)


def test_even_smoothing_is_torch_s_own() -> None:
    logits, targets = torch.randn(6, 4, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 3, 0, 1])
    expected = functional.cross_entropy(logits, targets, label_smoothing=0.2)
    assert torch.equal(compute_loss(logits, targets, smoothing=0.2, smoothing_matrix=None), expected)
    even = torch.full((4, 4), 0.25)
    for given in (targets, functional.one_hot(targets, 4).float()):
        torch.testing.assert_close(compute_loss(logits, given, smoothing=0.2, smoothing_matrix=even), expected)


def test_an_answer_within_the_family_costs_less() -> None:
    smoothing_matrix = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    near, far = torch.tensor([[4.0, 2.0, 0.0]]), torch.tensor([[4.0, 0.0, 2.0]])
    losses = [
        compute_loss(logits, torch.tensor([0]), smoothing=0.3, smoothing_matrix=smoothing_matrix).item()
        for logits in (near, far)
    ]
    assert losses[0] < losses[1]
    plain = [
        compute_loss(logits, torch.tensor([0]), smoothing=0.3, smoothing_matrix=None).item() for logits in (near, far)
    ]
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
