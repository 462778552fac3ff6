"""Asks for what the extra ``data`` brings, and says in one sentence how to install it."""

from importlib import import_module

from smn.errors import MissingExtraError

_PACKAGES = {"pyarrow": "pyarrow", "sklearn": "scikit-learn"}


def require_data(*modules: str) -> None:
    """Make sure that modules of the extra ``data`` can be imported.

    Args:
        modules: ``pyarrow``, ``sklearn`` or both.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise MissingExtraError("data", _PACKAGES[module]) from error
