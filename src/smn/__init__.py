"""smn tells which artistic movement a painting belongs to, how sure it is, and why.

>>> import smn
>>> model = smn.load()
>>> model.predict("painting.jpg").predictions[0].label
'Impressionism'
"""

from smn._version import __version__
from smn.client import AsyncClient, Client
from smn.errors import (
    AgreementError,
    BundleError,
    FetchError,
    ImageError,
    ImageTooLargeError,
    ImageTruncatedError,
    ImageTypeError,
    InputError,
    LeakageError,
    ManifestError,
    MissingExtraError,
    OutputExistsError,
    RecipeError,
    SmnError,
    TaxonomyError,
    UnknownNameError,
)
from smn.images import Limits
from smn.images.rectify import Rectify
from smn.movements import (
    Family,
    Label,
    Movement,
    Taxonomy,
    get_movement,
    list_families,
    list_movements,
    list_taxonomies,
    read_taxonomy,
)
from smn.predict import Analysis, FamilyGuess, Guess, Model, Outcome, Prediction, RecognizedWork, Rectified, load

__all__ = [
    "AgreementError",
    "Analysis",
    "AsyncClient",
    "BundleError",
    "Client",
    "Family",
    "FamilyGuess",
    "FetchError",
    "Guess",
    "ImageError",
    "ImageTooLargeError",
    "ImageTruncatedError",
    "ImageTypeError",
    "InputError",
    "Label",
    "LeakageError",
    "Limits",
    "ManifestError",
    "MissingExtraError",
    "Model",
    "Movement",
    "Outcome",
    "OutputExistsError",
    "Prediction",
    "RecipeError",
    "RecognizedWork",
    "Rectified",
    "Rectify",
    "SmnError",
    "Taxonomy",
    "TaxonomyError",
    "UnknownNameError",
    "__version__",
    "get_movement",
    "list_families",
    "list_movements",
    "list_taxonomies",
    "load",
    "read_taxonomy",
]
