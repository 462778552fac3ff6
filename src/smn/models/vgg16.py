"""VGG16's convolutions with a dense head of one's own."""

from collections.abc import Mapping
from typing import Any

import timm
from torch import Tensor, nn

from smn.errors import InputError
from smn.images.preprocess import Resample
from smn.models.pooled_classifier import PooledClassifier
from smn.models.weight_files import Convention, Pretraining, WeightFile, convention_moments, read_weights, turn_channels

WIDTH = 512


class Vgg16Features(nn.Module):
    """The thirteen convolutions of VGG16 (Simonyan & Zisserman 2015), averaged over the picture.

    Args:
        features: timm's ``features``, with its five poolings.
    """

    def __init__(self, features: nn.Sequential) -> None:
        super().__init__()
        self.features = features

    def group_matcher(self, *, coarse: bool = True) -> dict[str, Any]:  # noqa: ARG002
        """How parameters belong to stages, in timm's way: what lies between two poolings is a stage."""
        ends = [place for place, layer in enumerate(self.features) if isinstance(layer, nn.MaxPool2d)]
        blocks, start = [], 0
        for stage, end in enumerate(ends):
            layers = "|".join(str(place) for place in range(start, end))
            blocks.append((rf"^features\.(?:{layers})\.", (stage,)))
            start = end
        return {"blocks": blocks}

    def forward(self, images: Tensor) -> Tensor:
        """Vectors (N, 512) of normalised pictures (N, 3, H, W)."""
        maps: Tensor = self.features(images)
        return maps.float().mean((2, 3))


def build_vgg16(
    *,
    classes: int,
    weights: str = "timm",
    hidden: tuple[int, ...] = (),
    batch_norm: bool = False,
    dropout: float = 0.0,
) -> tuple[PooledClassifier, Pretraining]:
    """VGG16 with a dense head.

    Args:
        classes: number of labels, K.
        weights: ``"timm"`` downloads ImageNet's, ``"random"`` draws them; otherwise a file with ``features.0.weight``
            and so on, which must say what its convention is, because VGG16's weights go about in two.
        hidden: widths of the head's hidden layers.
        batch_norm: normalise after each hidden layer.
        dropout: share dropped before each of the head's layers in training, 0..1.

    Raises:
        InputError: the weights cannot be had or do not fit.
    """
    config: Any = timm.get_pretrained_cfg("vgg16")
    origin, convention = f"{weights} weights of vgg16", Convention.TIMM
    try:
        # What is not downloaded goes without the hundred million weights of the head that is cut off next.
        options: dict[str, Any] = {} if weights == "timm" else {"mlp_ratio": 1 / 4096}
        network: Any = timm.create_model("vgg16", pretrained=weights == "timm", num_classes=0, **options)
    except Exception as error:  # Whatever the connection raises.
        raise InputError(
            f"The weights of vgg16 cannot be downloaded ({error}); name a file of them with --weights."
        ) from error
    features = Vgg16Features(network.features)
    if weights not in {"timm", "random"}:
        file = read_weights(weights)
        origin, convention = file.origin, _require_convention(file, where=weights)
        _load(features, file.tensors, where=weights)
        if convention is Convention.CAFFE:
            turn_channels(network.features[0].weight)
    mean, std = convention_moments(convention, mean=config.mean, std=config.std)
    classifier = PooledClassifier(
        features, WIDTH, classes=classes, dropout=dropout, hidden=hidden, batch_norm=batch_norm
    )
    return classifier, Pretraining(origin, mean, std, config.input_size[-1], Resample.BICUBIC)


def _require_convention(file: WeightFile, *, where: str) -> Convention:
    if file.convention is None:
        raise InputError(
            f"{where} does not say how its pictures were prepared, {' or '.join(Convention)}; write a copy that does "
            "with smn.models.weight_files.write_weights, see docs/train.md."
        )
    return file.convention


def _load(features: Vgg16Features, tensors: Mapping[str, Tensor], *, where: str) -> None:
    wanted = features.state_dict()
    wrong = [name for name, value in wanted.items() if name not in tensors or tensors[name].shape != value.shape]
    if wrong:
        raise InputError(
            f"{where} does not hold VGG16's convolutions: {len(wrong)} of {len(wanted)} tensors are missing or of "
            f"another shape, the first is {wrong[0]}; give a file with timm's names."
        )
    features.load_state_dict({name: tensors[name] for name in wanted})
