"""The runs that a bundle is made of: what they say of themselves, and their networks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from smn.errors import InputError
from smn.images.preprocess import PreprocessSpec
from smn.models import Classifier
from smn.movements import Taxonomy
from smn.train.factory import build_network
from smn.train.recipe import Recipe
from smn.train.recipe_sections import WEIGHT_FILES
from smn.train.run import RunDescription, read_run


@dataclass(frozen=True)
class OpenedRun:
    """A run's folder, read.

    Args:
        folder: where it is.
        description: its ``run.json``.
        spec: how pictures become numbers.
    """

    folder: Path
    description: RunDescription
    spec: PreprocessSpec

    @property
    def recipe(self) -> Recipe:
        """What was trained."""
        return self.description.recipe

    @property
    def taxonomy(self) -> Taxonomy:
        """The labels."""
        return self.description.taxonomy


def open_runs(folders: Sequence[str | Path]) -> tuple[OpenedRun, ...]:
    """Read runs that are to answer as one.

    Raises:
        InputError: there are none, one is no run of a network, or they do not fit each other.
    """
    if not folders:
        raise InputError("0 runs are named; name one at least.")
    runs = tuple(_open(Path(folder)) for folder in folders)
    for key in ("taxonomy", "preprocess", "data"):
        for run in runs[1:]:
            if _shared(run, key) != _shared(runs[0], key):
                raise InputError(
                    f"{run.folder} has another {key} than {runs[0].folder}; runs that answer together must share it, "
                    "so train them on the same manifest with recipes of one taxonomy, size and fit."
                )
    return runs


def _shared(run: OpenedRun, key: str) -> Any:
    """What runs that answer together must share; each may normalise as its own backbone was trained."""
    return replace(run.spec, mean=(0, 0, 0), std=(1, 1, 1)) if key == "preprocess" else getattr(run.description, key)


def _open(folder: Path) -> OpenedRun:
    description = read_run(folder)
    if description.preprocess is None:
        raise InputError(
            f"{folder} is of kind colour, whose models have no ONNX graph to export; measure it as it is with: "
            f"smn evaluate {folder} --manifest MANIFEST:test --out FOLDER"
        )
    return OpenedRun(folder, description, description.preprocess)


def load_network(run: OpenedRun) -> Classifier:
    """The network that a run has trained.

    Raises:
        InputError: the run is not finished.
    """
    file = run.folder / "model.pt"
    if not file.is_file():
        raise InputError(
            f"{run.folder} is not finished: it has no model.pt; continue it with the same smn train command."
        )
    model = build_network(run.recipe.model, classes=len(run.taxonomy.labels), pretrained=False).network
    model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return model.eval()


def describe_recipes(runs: Sequence[OpenedRun], *, first: bool = False) -> dict[str, Any]:
    """The recipe of one run, or those of several under ``members``, as plain data.

    Args:
        runs: the runs.
        first: of a run that started from another run's weights, give that one's recipe.
    """
    described = [_describe(run, first=first) for run in runs]
    return (
        described[0] if len(runs) == 1 else {"name": " + ".join(run.recipe.name for run in runs), "members": described}
    )


def _describe(run: OpenedRun, *, first: bool) -> dict[str, Any]:
    """A run's recipe without the folder of its file of weights, which means nothing on another machine."""
    started = run.description.start
    recipe = run.recipe
    if first and started is not None:
        recipe = Recipe.from_dict(started["recipe"], where=f"{run.folder / 'run.json'}, start")
    described = recipe.to_dict()
    if described["model"].get("weights", "").endswith(WEIGHT_FILES):
        described["model"]["weights"] = Path(described["model"]["weights"]).name
    return described
