"""Networks, which need the extra ``train``, and models of colour and texture, which need ``colour``.

All networks keep one pooled_classifier: ``statistics`` (N, D) of normalised pictures, ``standardise`` and
``fit_standardisation`` of them, ``dropout`` and ``head`` to the logits, ``painting`` to the log-odds of a painting,
``width`` D, ``backbone`` for what lies before, and ``forward`` through all of it to logits, painting and embedding.
Those that ``explains`` is true of have ``explain``, which adds where in the picture the evidence is.

Models of colour are imported by their modules, as in ``from smn.models.palette import extract_palette``; none of them
imports torch, and neither does this package before one of its names is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smn.models.backbones import Backbone, build_backbone, list_backbones
    from smn.models.ensemble import Ensemble
    from smn.models.pooled_classifier import Classifier, PooledClassifier, build_cnn
    from smn.models.statistics_classifier import StatisticsClassifier, build_classifier
    from smn.models.timm_backbone import build_timm
    from smn.models.vgg16 import build_vgg16

__all__ = [
    "Backbone", "Classifier", "Ensemble", "PooledClassifier", "StatisticsClassifier", "build_backbone",
    "build_classifier", "build_cnn", "build_timm", "build_vgg16", "list_backbones",
]  # fmt: skip

_HOMES = {
    "Backbone": "backbones:Backbone",
    "Classifier": "pooled_classifier:Classifier",
    "Ensemble": "ensemble:Ensemble",
    "PooledClassifier": "pooled_classifier:PooledClassifier",
    "StatisticsClassifier": "statistics_classifier:StatisticsClassifier",
    "build_backbone": "backbones:build_backbone",
    "build_classifier": "statistics_classifier:build_classifier",
    "build_cnn": "pooled_classifier:build_cnn",
    "build_timm": "timm_backbone:build_timm",
    "build_vgg16": "vgg16:build_vgg16",
    "list_backbones": "backbones:list_backbones",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name].split(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute)
