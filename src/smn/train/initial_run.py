"""A run that starts from another run's weights: the shipped fit goes on where the measured one ended."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from smn.errors import InputError
from smn.train.recipe import Recipe
from smn.train.runfolder import read_run


@dataclass(frozen=True)
class Start:
    """A finished run, as a beginning.

    Args:
        folder: where it is.
        recipe: what was trained, as its ``run.json`` says.
        backbone: where its first weights came from.
        weights: by name.
        sha256: of the file of its weights.
    """

    folder: Path
    recipe: Mapping[str, Any]
    backbone: str
    weights: Mapping[str, Tensor]
    sha256: str

    def describe(self) -> dict[str, Any]:
        """Plain data for ``run.json``."""
        return {"run": self.folder.name, "model_sha256": self.sha256, "recipe": dict(self.recipe)}


def read_start(folder: str | Path, recipe: Recipe) -> Start:
    """Read the run that a training with this recipe starts from.

    Raises:
        InputError: it is no finished run of a network, or of another network or taxonomy.
    """
    folder, description = Path(folder), read_run(folder)
    file = folder / "model.pt"
    if not file.is_file():
        raise InputError(
            f"{folder} is not a finished run of a network: it has no model.pt; finish it, or name another."
        )
    known = description.recipe.to_dict()
    wanted = recipe.to_dict()
    for section in ("model", "taxonomy"):
        if _without_file(known[section]) != _without_file(wanted[section]):
            raise InputError(
                f"{folder} has another {section} than the recipe {recipe.name}; start from a run with the same one."
            )
    content = file.read_bytes()
    return Start(
        folder,
        known,
        str(description.backbone),
        torch.load(file, map_location="cpu", weights_only=True),
        hashlib.sha256(content).hexdigest(),
    )


def _without_file(section: Any) -> str:
    """A part of a recipe as text that can be compared: the file of the pretrained weights does not matter."""
    return json.dumps({**section, "weights": None} if isinstance(section, Mapping) else section)
