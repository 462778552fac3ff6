import importlib
import inspect
import re
from pathlib import Path

import pytest

import smn

NAMES = [
    "AgreementError", "Analysis", "AsyncClient", "BundleError", "Client", "Family", "FamilyGuess", "FetchError",
    "Guess", "ImageError", "ImageTooLargeError", "ImageTruncatedError", "ImageTypeError", "InputError", "Label",
    "LeakageError", "Limits", "ManifestError", "MissingExtraError", "Model", "Movement", "Outcome",
    "OutputExistsError", "Prediction", "RecipeError", "RecognizedWork", "Rectified", "Rectify", "SmnError",
    "Taxonomy", "TaxonomyError", "UnknownNameError", "__version__", "get_movement", "list_families", "list_movements",
    "list_taxonomies", "load", "read_taxonomy",
]  # fmt: skip


def test_the_public_names_are_pinned() -> None:
    assert smn.__all__ == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if name != "__version__"])
def test_a_public_name_exists_and_is_described(name: str) -> None:
    assert inspect.getdoc(getattr(smn, name))


@pytest.mark.parametrize("module", ["smn.movements", "smn.predict", "smn.models", "smn.train", "smn.examples"])
def test_what_a_package_exports_exists(module: str) -> None:
    package = importlib.import_module(module)
    assert len(set(package.__all__)) == len(package.__all__) > 0
    assert all(hasattr(package, name) for name in package.__all__)


def test_a_package_that_imports_late_says_what_it_lacks() -> None:
    package = importlib.import_module("smn.models")
    with pytest.raises(AttributeError, match=r"module 'smn\.models' has no attribute 'nothing'"):
        _ = package.nothing


def test_the_version_is_a_version_and_the_types_are_shipped() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", smn.__version__)
    assert (Path(smn.__file__).parent / "py.typed").is_file()
