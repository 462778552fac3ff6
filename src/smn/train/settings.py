"""The sections of a recipe that every kind of network shares; `smn.train.kinds` has the section ``[model]``."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class AugmentSettings:
    """How a training picture is changed, so that the network learns the style and not the scanner.

    Probabilities are 0..1; a probability of 0 switches the change off.

    Args:
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
    """

    crop: float = 0.8
    crop_area: float = 0.5
    aspect: float = 0.25
    flip: float = 0.5
    rescale: float = 0.5
    rescale_to: int = 96
    jpeg: float = 0.7
    jpeg_quality: int = 30
    blur: float = 0.15
    colour: float = 0.5
    colour_strength: float = 0.15
    grey: float = 0.03
    margin: float = 0.1


@dataclass(frozen=True)
class HeadSettings:
    """The head on features of the pretrained network, which are computed once and cached.

    Args:
        views: augmented views of every training picture, besides the picture itself.
        epochs: passes over all views; 0 leaves the head to the fine-tuning.
        batch_size: pictures a step.
        learning_rate: at the start; falls to 0 along a cosine.
        weight_decay: AdamW's, decoupled.
        label_smoothing: share of the target spread over all classes, 0..1.
    """

    views: int = 1
    epochs: int = 20
    batch_size: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 3.0
    label_smoothing: float = 0.1


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
        label_smoothing: share of the target spread over all classes, 0..1.
        warmup: share of all steps in which the learning rates rise from 0.
        ema_decay: of the moving average of the weights, 0..1; the average is what is kept.
        blend: 1 keeps the fine-tuned weights, 0 the pretrained ones, between is their average (Wortsman et al. 2022).
    """

    epochs: int = 0
    batch_size: int = 32
    learning_rate: float = 3e-4
    head_learning_rate: float = 1e-3
    unfreeze: int | Literal["all"] = "all"
    rate_decay: float = 1.0
    weight_decay: float = 0.05
    label_smoothing: float = 0.1
    warmup: float = 0.1
    ema_decay: float = 0.998
    blend: float = 1.0


@dataclass(frozen=True)
class AnswerSettings:
    """Where an answer becomes another outcome; both are chosen on the validation split.

    Args:
        precision: answers below the confidence at which this share of the answers is right are given as ``unsure``.
        paintings_refused: share of real paintings that may be taken for something else.
    """

    precision: float = 0.6
    paintings_refused: float = 0.01
