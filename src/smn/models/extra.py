"""Asks for what the extra ``colour`` brings, and says in one sentence how to install it."""

from importlib import import_module

from smn.errors import MissingExtraError

_PACKAGES = {"ot": "POT", "skimage": "scikit-image", "sklearn": "scikit-learn"}


def require_colour(*modules: str) -> None:
    """Make sure that modules of the extra ``colour`` can be imported.

    Args:
        modules: any of ``ot``, ``skimage`` and ``sklearn``.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise MissingExtraError("colour", _PACKAGES[module]) from error
