"""The classifier's parts, each against numbers worked out by hand."""

import pytest
import torch
from torch import nn

from smn.errors import InputError, UnknownNameError
from smn.models import Classifier, build_backbone, build_classifier
from smn.models.stages import drop_patches
from smn.models.statistics_classifier import StyleStatistics

LEVELS = (0, 2, 5)
SIDE = 64


@pytest.fixture
def classifier() -> Classifier:
    torch.manual_seed(0)
    model, _ = build_classifier("lite0", levels=LEVELS, classes=5, dropout=0.5, pretrained=False)
    return model.eval()


@pytest.fixture
def images() -> torch.Tensor:
    return torch.randn(4, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1))


def test_statistics_are_mean_and_deviation_by_hand() -> None:
    maps = [torch.tensor([[[[1.0, 3.0], [5.0, 7.0]]]]), torch.tensor([[[[2.0]], [[-4.0]]]])]
    values = StyleStatistics()(maps)
    # Means of the first level, deviations of the first level, then the second level's two channels likewise.
    expected = [[4.0, 5.0**0.5, 2.0, -4.0, 0.0, 0.0]]
    torch.testing.assert_close(values, torch.tensor(expected), atol=2e-3, rtol=0)


def test_statistics_of_half_precision_maps_are_summed_in_32_bits() -> None:
    maps = torch.full((1, 1, 100, 100), 300.0, dtype=torch.float16)  # the sum overflows 16 bits
    values = StyleStatistics()([maps])
    assert values.dtype == torch.float32
    torch.testing.assert_close(values, torch.tensor([[300.0, 1e-3]]), atol=1e-4, rtol=0)


def test_the_networks_statistics_are_those_of_its_maps(classifier: Classifier, images: torch.Tensor) -> None:
    with torch.inference_mode():
        maps = classifier.backbone.forward_intermediates(
            images, indices=list(LEVELS), intermediates_only=True, extra_blocks=True
        )
        found = classifier.statistics(images)
    expected = torch.cat(
        [part for one in maps for part in (one.mean((2, 3)), (one.var((2, 3), correction=0) + 1e-6).sqrt())], dim=1
    )
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_shapes(classifier: Classifier, images: torch.Tensor) -> None:
    channels = build_backbone("lite0", pretrained=False).level_channels()
    width = 2 * sum(channels[level] for level in LEVELS)
    logits, painting, embedding = classifier(images)
    assert logits.shape == (4, 5)
    assert painting.shape == (4, 1)
    assert embedding.shape == (4, width)
    assert classifier.width == width
    torch.testing.assert_close(classifier.embed(images), embedding)


def test_a_fresh_head_finds_every_class_equally_likely(classifier: Classifier, images: torch.Tensor) -> None:
    logits, painting, embedding = classifier(images)
    assert embedding.abs().max() > 0
    assert torch.equal(logits, torch.zeros(4, 5))
    assert torch.equal(painting, torch.zeros(4, 1))


def test_standardisation_fits_to_mean_0_and_deviation_1(classifier: Classifier) -> None:
    generator = torch.Generator().manual_seed(2)
    centres = torch.linspace(-50, 50, classifier.width)
    spreads = torch.linspace(0.5, 20, classifier.width)
    statistics = centres + spreads * torch.rand(500, classifier.width, generator=generator)
    classifier.fit_standardisation(statistics)
    values = classifier.standardise(statistics)
    torch.testing.assert_close(values.mean(0), torch.zeros(classifier.width), atol=1e-4, rtol=0)
    torch.testing.assert_close(values.std(0), torch.ones(classifier.width), atol=1e-2, rtol=0)


def test_standardisation_clips_at_five_deviations_and_survives_a_constant_feature(classifier: Classifier) -> None:
    statistics = torch.randn(100, classifier.width, generator=torch.Generator().manual_seed(3))
    statistics[:, 0] = 7.0
    classifier.fit_standardisation(statistics)
    far = torch.full((1, classifier.width), 1e6)
    assert torch.equal(classifier.standardise(far), torch.full((1, classifier.width), 5.0))
    assert torch.equal(classifier.standardise(-far), torch.full((1, classifier.width), -5.0))
    assert torch.equal(classifier.standardise(statistics)[:, 0], torch.zeros(100))


def test_the_standardisation_is_part_of_the_weights(classifier: Classifier) -> None:
    classifier.fit_standardisation(torch.randn(20, classifier.width))
    other, _ = build_classifier("lite0", levels=LEVELS, classes=5, pretrained=False)
    other.load_state_dict(classifier.state_dict())
    assert torch.equal(other.shift, classifier.shift)
    assert torch.equal(other.scale, classifier.scale)
    assert not torch.equal(other.shift, torch.zeros(classifier.width))


def test_dropout_acts_in_training_only(classifier: Classifier, images: torch.Tensor) -> None:
    nn.init.normal_(classifier.head.weight)
    torch.manual_seed(4)
    features = classifier.embed(images).detach()
    quiet = [classifier.head(classifier.dropout(features)) for _ in range(2)]
    assert torch.equal(*quiet)
    classifier.train()
    loud = [classifier.head(classifier.dropout(features)) for _ in range(2)]
    assert not torch.equal(*loud)


def test_layers_behind_the_last_level_are_pruned() -> None:
    sizes = []
    for levels in ((0,), (0, 1, 2, 3, 4, 5, 6, 7)):
        model, _ = build_classifier("lite0", levels=levels, classes=2, pretrained=False)
        sizes.append(sum(parameter.numel() for parameter in model.backbone.parameters()))
    assert sizes[0] < sizes[1] / 100


@pytest.mark.parametrize("levels", [(), (8,), (-1, 2), (1, 1)])
def test_levels_that_do_not_exist_are_refused(levels: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"name each at most once, from 0 to 7\."):
        build_classifier("lite0", levels=levels, classes=2, pretrained=False)


def test_an_unknown_backbone_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="backbone"):
        build_classifier("vgg16", levels=(0,), classes=2)


def test_every_logit_is_the_mean_of_its_evidence_over_the_picture() -> None:
    torch.manual_seed(0)
    model, _ = build_classifier("lite0", levels=(0, 3, 7), classes=5, pretrained=False)
    torch.nn.init.normal_(model.head.weight, std=0.01)
    torch.nn.init.normal_(model.head.bias)
    model.shift.normal_()
    model.scale.uniform_(0.1, 0.2)
    images = 0.5 * torch.randn(2, 3, 96, 96)
    with torch.inference_mode():
        logits, painting, embedding, evidence = model.eval().explain(images)
        plain = model(images)
        constant = model.head.bias - (model.head.weight * model.scale) @ model.shift
    assert evidence.shape == (2, 5, 3, 3)
    assert embedding.abs().max() < 5.0  # nothing is clipped here
    assert torch.allclose(evidence.mean((2, 3)) + constant, logits, atol=1e-4)
    for mine, other in zip((logits, painting, embedding), plain, strict=True):
        assert torch.allclose(mine, other, atol=1e-5)


def test_a_picture_whose_side_does_not_fit_the_grid_is_explained_too() -> None:
    model, _ = build_classifier("lite0", levels=(0, 7), classes=3, pretrained=False)
    with torch.inference_mode():
        assert model.eval().explain(torch.randn(1, 3, 100, 100))[3].shape == (1, 3, 4, 4)


@pytest.fixture
def transformer() -> Classifier:
    torch.manual_seed(0)
    model, _ = build_classifier("dinov2-small", levels=(1, 3), classes=5, dropout=0.5, size=56, pretrained=False)
    nn.init.normal_(model.head.weight, std=0.02)
    return model.eval()


def test_a_transformer_gives_mean_deviation_and_class_token(transformer: Classifier) -> None:
    images = torch.randn(2, 3, 56, 56)
    with torch.inference_mode():
        found = transformer.statistics(images)
        levels = transformer.backbone.forward_intermediates(
            images, indices=[1, 3], norm=True, output_fmt="NLC", return_prefix_tokens=True, intermediates_only=True
        )
    patches = [patches for patches, _ in levels]
    parts = [part for one in patches for part in (one.mean(1), (one.var(1, correction=0) + 1e-6).sqrt())]
    torch.testing.assert_close(found, torch.cat([*parts, *(token[:, 0] for _, token in levels)], dim=1))
    assert found.shape == (2, transformer.width) == (2, 2 * 3 * 384)
    assert len(transformer.backbone.blocks) == 4  # what lies behind the last level is dropped


def test_evidence_of_a_transformer_adds_up_to_the_logits(transformer: Classifier) -> None:
    transformer.fit_standardisation(torch.randn(9, transformer.width) * 3.0)
    images = torch.randn(3, 3, 56, 56)
    with torch.inference_mode():
        logits, _, embedding, evidence = transformer.explain(images)
    assert evidence.shape == (3, 5, 4, 4)
    assert embedding.abs().max() < 5  # nothing is clipped
    rest = logits - evidence.mean((2, 3))
    torch.testing.assert_close(rest, rest[:1].expand_as(rest), atol=1e-4, rtol=0)


def test_patches_are_dropped_in_training_only(transformer: Classifier) -> None:
    images = torch.randn(2, 3, 56, 56)
    with torch.inference_mode():
        whole = transformer.statistics(images)
        drop_patches(transformer.backbone, 0.5)
        assert torch.equal(transformer.statistics(images), whole)
        maps, tokens = transformer.train().features(images)
        dropped = transformer.statistics(images)
    assert [tuple(one.shape) for one in maps] == [(2, 384, 8, 1)] * 2
    assert tokens is not None
    assert tokens.shape == (2, 2 * 384)
    assert dropped.shape == whole.shape
    assert not torch.allclose(dropped, whole)


def test_a_convolutional_network_has_no_patches_to_drop(classifier: Classifier) -> None:
    drop_patches(classifier.backbone, 0.0)
    with pytest.raises(InputError, match=r"finetune.patch_drop is 0.5.*set it to 0"):
        drop_patches(classifier.backbone, 0.5)
