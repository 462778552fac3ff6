"""A fitted colour model as one file of plain arrays, which runs no code when it is opened."""

import json
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from smn.errors import InputError
from smn.files import write_partial
from smn.models.colour import ColourClassifier

_ABOUT = "about"


def write_colour_model(model: ColourClassifier, file: Path) -> Path:
    """Write a fitted model as NumPy's ``.npz``, all of it or nothing; a file of that name is replaced.

    Raises:
        InputError: the model has not learnt anything yet.
    """
    if not model.learned:
        raise InputError(f"{model.name} has not learnt anything yet; call fit before it is written.")
    about = {"model": model.name, "classes": model.classes, "seed": model.seed, "temperature": model.temperature}
    arrays: dict[str, Any] = {_ABOUT: np.array(json.dumps(about)), **model.learned}
    with write_partial(file) as partial, partial.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    return file


def read_colour_model(file: str | Path) -> ColourClassifier:
    """Read a model that `write_colour_model` wrote.

    Raises:
        InputError: there is no such file, or it holds something else.
        UnknownNameError: it holds a model that this version of smn does not know.
    """
    try:
        # NumPy leaves a file open that it cannot read.
        with Path(file).open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            about = json.loads(str(stored[_ABOUT]))
            arrays = {name: stored[name] for name in stored.files if name != _ABOUT}
        model = ColourClassifier(about["model"], classes=int(about["classes"]), seed=int(about["seed"]))
        model.temperature, model.learned = float(about["temperature"]), arrays
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, BadZipFile) as error:
        raise InputError(f"{file} is not a colour model that can be read ({error}); fit and write it anew.") from error
    return model
