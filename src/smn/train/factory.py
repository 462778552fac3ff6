"""From the section ``[model]`` of a recipe to the network that it asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from smn.images.preprocess import PreprocessSpec
from smn.models import Classifier, build_classifier, build_cnn, build_timm, build_vgg16
from smn.train.model_configs import BackboneSettings, CnnSettings, ModelSettings, StatisticsSettings, Vgg16Settings


@dataclass(frozen=True)
class Built:
    """A network that is ready for training.

    Args:
        network: the network.
        spec: how its pictures are prepared.
        origin: where its weights come from and under which licence.
    """

    network: Classifier
    spec: PreprocessSpec
    origin: str


def build_network(settings: ModelSettings, *, classes: int, pretrained: bool = True) -> Built:
    """The network that a recipe asks for.

    Args:
        settings: the recipe's section ``[model]``.
        classes: number of labels.
        pretrained: load the weights that the settings name; otherwise they are random, for whoever loads others.

    Raises:
        InputError: the weights cannot be had, or do not fit.
        MissingExtraError: the package that carries them is not installed.
    """
    return _BUILDERS[settings.kind](settings, classes, pretrained)


def _build_statistics(settings: StatisticsSettings, classes: int, pretrained: bool) -> Built:  # noqa: FBT001
    network, backbone = build_classifier(
        settings.backbone, levels=settings.levels, classes=classes, dropout=settings.dropout, weights=settings.weights,
        size=settings.size, pretrained=pretrained,
    )  # fmt: skip
    spec = PreprocessSpec(settings.size, settings.fit, mean=backbone.mean, std=backbone.std)
    return Built(network, spec, backbone.origin)


def _build_cnn(settings: CnnSettings, classes: int, _: bool) -> Built:  # noqa: FBT001
    network = build_cnn(
        settings.widths,
        classes=classes,
        depth=settings.depth,
        kernel=settings.kernel,
        max_pooling=settings.max_pooling,
        batch_norm=settings.batch_norm,
        block_dropout=settings.block_dropout,
        dropout=settings.dropout,
    )
    return Built(network, PreprocessSpec(settings.size, settings.fit), "random weights")


def _build_vgg16(settings: Vgg16Settings, classes: int, pretrained: bool) -> Built:  # noqa: FBT001
    network, known = build_vgg16(
        classes=classes,
        weights=settings.weights if pretrained else "random",
        hidden=settings.hidden,
        batch_norm=settings.batch_norm,
        dropout=settings.dropout,
    )
    return Built(network, PreprocessSpec(settings.size, settings.fit, mean=known.mean, std=known.std), known.origin)


def _build_backbone(settings: BackboneSettings, classes: int, pretrained: bool) -> Built:  # noqa: FBT001
    network, known = build_timm(
        settings.name,
        classes=classes,
        weights=settings.weights if pretrained else "random",
        pooling=settings.pooling,
        size=settings.size,
        dropout=settings.dropout,
    )
    spec = PreprocessSpec(known.size, settings.fit, known.resample, mean=known.mean, std=known.std)
    return Built(network, spec, known.origin)


_BUILDERS: dict[str, Callable[[Any, int, bool], Built]] = {
    "statistics": _build_statistics,
    "cnn": _build_cnn,
    "vgg16": _build_vgg16,
    "backbone": _build_backbone,
}
"""By the kinds of `smn.train.model_configs.KINDS` that are networks."""
