"""The sections of a recipe that every kind of network shares, and the ranges of their values.

`smn.train.model_configs` has the section ``[model]``. A range stands on its field: ``crop: Annotated[float, SHARE]``.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

WEIGHT_FILES = (".safetensors", ".pth", ".pt", ".bin")
"""How the names of files with weights end."""


@dataclass(frozen=True)
class Constraint:
    """Which values of a field's type are allowed.

    Args:
        fits: whether a value is allowed. It is asked only about values of the field's type; where a field takes a
            number or a word, such as ``"own"``, only about numbers.
        allowed: the same in words, to follow "it must be".
    """

    fits: Callable[[Any], bool]
    allowed: str


SHARE = Constraint(lambda value: 0 <= value <= 1, "from 0 to 1")
BELOW_1 = Constraint(lambda value: 0 <= value < 1, "from 0 and below 1")
ABOVE_0_TO_1 = Constraint(lambda value: 0 < value <= 1, "above 0 and at most 1")
POSITIVE = Constraint(lambda value: 0 < value < math.inf, "above 0")
NOT_NEGATIVE = Constraint(lambda value: 0 <= value < math.inf, "0 or more")
MAGNITUDE = Constraint(lambda value: 0 <= value <= 30, "from 0 to 30")
JPEG_QUALITY = Constraint(lambda value: 1 <= value <= 95, "from 1 to 95")
ODD = Constraint(lambda value: value > 0 and value % 2 == 1, "odd and above 0")
LEVELS = Constraint(
    lambda value: len(value) > 0 and min(value) >= 0 and sorted(set(value)) == list(value),
    "a rising list of levels, counted from 0",
)
BLOCK_WIDTHS = Constraint(lambda value: len(value) > 0 and min(value) > 0, "a list of one width above 0 for each block")
HIDDEN_WIDTHS = Constraint(lambda value: all(width > 0 for width in value), "a list of widths above 0, or []")
WEIGHTS = Constraint(
    lambda value: value in ("own", "timm", "random") or value.endswith(WEIGHT_FILES),
    f"own, timm, random or a file ending in {', '.join(WEIGHT_FILES)}",
)


class Smoothing(StrEnum):
    """Where the share goes that label smoothing takes from the right label."""

    UNIFORM = "uniform"
    """Evenly to all labels (Szegedy et al. 2016)."""
    FAMILIES = "families"
    """Evenly to the labels of the same family; to all where a label is alone in its family."""


class Sampling(StrEnum):
    """Which pictures an epoch shows."""

    UNIFORM = "uniform"
    """Each once."""
    CLASS_AWARE = "class-aware"
    """As many draws, from every label as often as from any other (Shen et al. 2016)."""
    ARTIST_AWARE = "artist-aware"
    """As many draws, within each label from every artist as often: prolific ones do not stand for a movement."""
    SOURCE_AWARE = "source-aware"
    """As many draws, within each label from every source as often: a movement is not the scanner it comes from."""


class LRSchedule(StrEnum):
    """How the learning rate goes over the steps."""

    COSINE = "cosine"
    """A linear rise from 0 while warming up, then half a cosine down to 0."""
    ONE_CYCLE = "one-cycle"
    """Half a cosine up from 1/25 while warming up, then half a cosine down to 0 (Smith & Topin 2019, rates only)."""


@dataclass(frozen=True)
class AugmentSettings:
    """How a training picture is changed, so that the network learns the style and not the scanner.

    Probabilities are 0..1; a probability of 0 switches the change off.

    Args:
        on: false trains on the pictures as they are, whatever the rest says.
        crop: probability of a crop.
        crop_area: smallest share of the area that a crop keeps, 0..1.
        aspect: largest stretch of either side against the other, as a natural logarithm.
        flip: probability of mirroring.
        rescale: probability of losing detail by scaling down and up.
        rescale_to: smallest side after scaling down, in pixels.
        jpeg: probability of another JPEG encoding.
        jpeg_quality: lowest quality of that encoding, 1..95.
        blur: probability of a slight blur.
        colour: probability of a change of brightness, contrast, saturation and white balance.
        colour_strength: largest change of each, as a share.
        grey: probability of a black-and-white reproduction.
        margin: probability of a margin of paper or wall around the picture.
        rounds: most times that the picture is scaled by a drawn filter and encoded anew, 0 to that many being equally
            likely: what copies on the web have been through, so that no encoder tells where a picture comes from.
        webp: probability that such an encoding is WebP and not JPEG.
        sharpen: probability, in each round, of sharpening after scaling.
        noise: probability, in each round, of a little noise.
        randaugment: how many changes RandAugment (Cubuk et al. 2020) draws after those; 0 leaves it out.
        magnitude: how strong they are, 0..30.
    """

    on: bool = True
    crop: Annotated[float, SHARE] = 0.8
    crop_area: Annotated[float, SHARE] = 0.5
    aspect: Annotated[float, NOT_NEGATIVE] = 0.25
    flip: Annotated[float, SHARE] = 0.5
    rescale: Annotated[float, SHARE] = 0.5
    rescale_to: Annotated[int, POSITIVE] = 96
    jpeg: Annotated[float, SHARE] = 0.7
    jpeg_quality: Annotated[int, JPEG_QUALITY] = 30
    blur: Annotated[float, SHARE] = 0.15
    colour: Annotated[float, SHARE] = 0.5
    colour_strength: Annotated[float, SHARE] = 0.15
    grey: Annotated[float, SHARE] = 0.03
    margin: Annotated[float, SHARE] = 0.1
    rounds: Annotated[int, NOT_NEGATIVE] = 0
    webp: Annotated[float, SHARE] = 0.2
    sharpen: Annotated[float, SHARE] = 0.2
    noise: Annotated[float, SHARE] = 0.1
    randaugment: Annotated[int, NOT_NEGATIVE] = 0
    magnitude: Annotated[int, MAGNITUDE] = 9


@dataclass(frozen=True)
class HeadSettings:
    """The head on features of the pretrained network, which are computed once and cached.

    Args:
        views: augmented views of every training picture, besides the picture itself.
        epochs: passes over all views; 0 leaves the head to the fine-tuning.
        batch_size: pictures a step.
        learning_rate: at the start; falls to 0 along a cosine.
        weight_decay: AdamW's, decoupled.
        label_smoothing: share of the target spread over other labels, 0..1.
        smoothing: over which ones.
        sampling: which features an epoch shows.
        crossfit: share of each target that is what a head says that has seen nothing by the picture's artist, 0..1;
            see `smn.train.distillation`.
        patience: epochs without a lower log loss on val after which the phase ends, with the best epoch's weights; 0
            goes on to the end.
    """

    views: Annotated[int, NOT_NEGATIVE] = 1
    epochs: Annotated[int, NOT_NEGATIVE] = 20
    batch_size: Annotated[int, POSITIVE] = 256
    learning_rate: Annotated[float, POSITIVE] = 2e-3
    weight_decay: Annotated[float, NOT_NEGATIVE] = 3.0
    label_smoothing: Annotated[float, SHARE] = 0.1
    smoothing: Smoothing = Smoothing.UNIFORM
    sampling: Sampling = Sampling.UNIFORM
    crossfit: Annotated[float, SHARE] = 0.0
    patience: Annotated[int, NOT_NEGATIVE] = 0


@dataclass(frozen=True)
class FinetuneSettings:
    """The layers too, starting from the fitted head (Kumar et al. 2022: features are distorted less) or from nothing.

    Args:
        epochs: passes over the training pictures, each newly augmented; 0 leaves the backbone as it is.
        batch_size: pictures a step.
        learning_rate: of the backbone's last stage, after warming up; falls to 0 along a cosine.
        head_learning_rate: of the head.
        unfreeze: how many of the backbone's stages learn, counted from the head; the others stay as they are.
        rate_decay: factor, above 0 to 1, on the learning rate from each stage to the one before it, away from the
            head (Howard & Ruder 2018, "discriminative fine-tuning").
        weight_decay: AdamW's, decoupled.
        label_smoothing: share of the target spread over other labels, 0..1.
        smoothing: over which ones.
        sampling: which pictures an epoch shows.
        crossfit: share of each target that is what a head says that has seen nothing by the picture's artist, 0..1.
        mixup: probability that a batch's pictures are blended in pairs (Zhang et al. 2018), 0..1.
        cutmix: probability that they exchange a rectangle instead (Yun et al. 2019), 0..1.
        accumulate: batches whose gradients are added up for one step.
        curve: how the learning rates go over the steps.
        warmup: share of all steps in which the learning rates rise.
        patience: epochs without a lower log loss on val after which training ends, with the best epoch's weights; 0
            trains to the end.
        ema_decay: of the moving average of the weights, 0..1; the average is what is kept.
        patch_drop: share of a transformer's patches that are left out of each training picture, 0..1 (Liu et al. 2022);
            a network of convolutions has none.
        blend: 1 keeps the fine-tuned weights, 0 the pretrained ones, between is their average (Wortsman et al. 2022).
        teacher: folder of a bundle to learn from, ``"default"`` for the one inside the package, or nothing.
        distillation: share of each target that is the teacher's answer for the same view, 0..1 (Hinton et al. 2015).
    """

    epochs: Annotated[int, NOT_NEGATIVE] = 0
    batch_size: Annotated[int, POSITIVE] = 32
    learning_rate: Annotated[float, POSITIVE] = 3e-4
    head_learning_rate: Annotated[float, POSITIVE] = 1e-3
    unfreeze: Annotated[int | Literal["all"], NOT_NEGATIVE] = "all"
    rate_decay: Annotated[float, ABOVE_0_TO_1] = 1.0
    weight_decay: Annotated[float, NOT_NEGATIVE] = 0.05
    label_smoothing: Annotated[float, SHARE] = 0.1
    smoothing: Smoothing = Smoothing.UNIFORM
    sampling: Sampling = Sampling.UNIFORM
    crossfit: Annotated[float, SHARE] = 0.0
    mixup: Annotated[float, SHARE] = 0.0
    cutmix: Annotated[float, SHARE] = 0.0
    accumulate: Annotated[int, POSITIVE] = 1
    curve: LRSchedule = LRSchedule.COSINE
    warmup: Annotated[float, SHARE] = 0.1
    patience: Annotated[int, NOT_NEGATIVE] = 0
    ema_decay: Annotated[float, SHARE] = 0.998
    patch_drop: Annotated[float, BELOW_1] = 0.0
    blend: Annotated[float, SHARE] = 1.0
    teacher: str = ""
    distillation: Annotated[float, SHARE] = 0.0


@dataclass(frozen=True)
class AnswerSettings:
    """Where an answer becomes another outcome; thresholds are chosen on the validation split.

    Args:
        precision: answers below the confidence at which this share of the answers is right are given as ``unsure``.
        paintings_refused: share of real paintings that may be taken for something else, the mean over their sources.
        generated_negatives: pictures of each kind of page, screen and the like that are drawn to learn refusal from,
            beside the negatives given; see `smn.examples.draw_other`.
    """

    precision: Annotated[float, SHARE] = 0.6
    paintings_refused: Annotated[float, SHARE] = 0.01
    generated_negatives: Annotated[int, NOT_NEGATIVE] = 0
