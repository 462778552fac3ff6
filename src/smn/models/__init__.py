"""Networks; needs the extra ``train``.

All keep one contract: ``statistics`` (N, D) of normalised pictures, ``standardise`` and ``fit_standardisation`` of
them, ``dropout`` and ``head`` to the logits, ``painting`` to the log-odds of a painting, ``width`` D, ``backbone`` for
what lies before, and ``forward`` through all of it to logits, painting and embedding.
"""

from smn.models.backbones import Backbone, build_backbone, list_backbones
from smn.models.classifier import Classifier as StatisticsClassifier
from smn.models.classifier import build_classifier
from smn.models.cnn import build_cnn
from smn.models.network import PooledClassifier
from smn.models.timm_backbone import build_timm
from smn.models.vgg16 import build_vgg16

Classifier = StatisticsClassifier | PooledClassifier
"""A network of any kind."""

__all__ = [
    "Backbone", "Classifier", "PooledClassifier", "StatisticsClassifier", "build_backbone", "build_classifier",
    "build_cnn", "build_timm", "build_vgg16", "list_backbones",
]  # fmt: skip
