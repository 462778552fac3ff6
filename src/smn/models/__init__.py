"""Networks; needs the extra ``train``."""

from smn.models.backbones import Backbone, build_backbone, list_backbones
from smn.models.classifier import Classifier, build_classifier

__all__ = ["Backbone", "Classifier", "build_backbone", "build_classifier", "list_backbones"]
