"""Asks for what an extra brings, and says in one sentence how to install it."""

from importlib import import_module

from smn.errors import MissingExtraError

_PACKAGES = {
    "exiv2": "exiv2",
    "fsspec": "fsspec",
    "httpx2": "httpx2",
    "huggingface_hub": "huggingface-hub",
    "matplotlib": "matplotlib",
    "ot": "POT",
    "pyarrow": "pyarrow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "xlsxwriter": "XlsxWriter",
}


def require_extra(extra: str, *modules: str) -> None:
    """Make sure that modules of an extra can be imported.

    Args:
        extra: its name, such as ``data``.
        modules: any of ``exiv2``, ``fsspec``, ``httpx2``, ``huggingface_hub``, ``matplotlib``, ``ot``, ``pyarrow``,
            ``skimage``, ``sklearn`` and ``xlsxwriter``.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for module in modules:
        try:
            import_module(module)
        except ImportError as error:
            raise MissingExtraError(extra, _PACKAGES[module]) from error
