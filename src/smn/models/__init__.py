"""Networks, which need the extra ``train``, and models of colour and texture, which need ``colour``.

The latter are imported by their modules, as in ``from smn.models.palette import extract_palette``; none of them imports
torch, and neither does this package before one of its names is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smn.models.backbones import Backbone, build_backbone, list_backbones
    from smn.models.classifier import Classifier, build_classifier

__all__ = ["Backbone", "Classifier", "build_backbone", "build_classifier", "list_backbones"]

_HOMES = {
    "Backbone": "backbones",
    "Classifier": "classifier",
    "build_backbone": "backbones",
    "build_classifier": "classifier",
    "list_backbones": "backbones",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
