"""The batches that training sees."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch

from smn.manifest import Manifest, read_manifest
from smn.movements import read_taxonomy
from smn.preprocess import PreprocessSpec
from smn.train import Recipe
from smn.train.batches import Pictures, count_steps, load_pictures, shuffle_features, weigh_rows
from smn.train.feature_extraction import open_view
from smn.train.selection import TrainingData, select
from smn.train.settings import Sampling


def test_fine_tuning_sees_another_view_each_epoch(recipe: Recipe, pictures: Path) -> None:
    data = select(read_manifest(pictures), read_taxonomy("origin-8"), split="train")
    spec = PreprocessSpec(32)
    shown = Pictures(data, recipe, spec)

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
    shown = Pictures(uneven, recipe, PreprocessSpec(32))

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
    by_artist = weigh_rows(data, Sampling.ARTIST_AWARE)
    assert by_artist == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2.0, 1.0, 1.0])
    assert by_artist[targets == 0].sum() == pytest.approx(4.0)  # labels keep their shares
    uneven = TrainingData(data.manifest, (0, 1, 2, 4), np.zeros(4, dtype=np.int64))
    assert weigh_rows(uneven, Sampling.SOURCE_AWARE) == pytest.approx([1.0] * 4)
    assert weigh_rows(uneven, Sampling.ARTIST_AWARE) == pytest.approx([1.0] * 4)
    assert weigh_rows(data, Sampling.CLASS_AWARE) == pytest.approx([0.25] * 4 + [0.5] * 2)
