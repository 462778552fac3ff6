"""Asks for what the extra ``scale`` brings, and says in one sentence how to install it."""

from importlib.util import find_spec

from smn.errors import MissingExtraError

_PACKAGES = {
    "matplotlib": "matplotlib",
    "optuna": "optuna",
    "pandas": "ray[tune]",
    "ray": "ray[tune]",
    "torch": "torch",
}


def require_scale(*modules: str) -> None:
    """Make sure that modules of the extra ``scale`` are installed; they are not imported yet.

    Args:
        modules: any of ``matplotlib``, ``optuna``, ``pandas``, ``ray`` and ``torch``.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtraError("scale", _PACKAGES[module])
