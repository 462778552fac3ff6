"""A run's folder: what ``run.json`` says of it, and whether a command may continue it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import smn
from smn.errors import InputError
from smn.manifest import Manifest
from smn.movements import read_taxonomy
from smn.preprocess import PreprocessSpec
from smn.train.recipe import Recipe
from smn.train.rundescription import RunData, RunDescription
from smn.train.selection import TrainingData, select_negatives

MODEL_FILE = "colour.npz"
"""The fitted model in the folder of a run of kind colour, written last: where it stands, the run is complete."""


def describe_run(
    recipe: Recipe,
    data: Mapping[str, TrainingData],
    *,
    negatives: Manifest | None = None,
    preprocess: PreprocessSpec | None = None,
    backbone: str | None = None,
    everything: bool = False,
    teacher: Mapping[str, Any] | None = None,
    start: Mapping[str, Any] | None = None,
) -> RunDescription:
    """What ``run.json`` will say.

    Args:
        recipe: what is done.
        data: by split, what is learned from and measured on.
        negatives: pictures that are no paintings.
        preprocess: how pictures are prepared for the network; None where there is none.
        backbone: where the network's weights come from; None where there is none.
        everything: whether the rows of every split are learned from.
        teacher: the bundle that is learned from beside the labels, as `smn.train.teaching.Teacher.describe` has it.
        start: the run whose weights the training starts from, as `smn.train.initial_run.Start.describe` has it.
    """
    manifest = data["train"].manifest
    return RunDescription(
        version=smn.__version__,
        recipe=recipe,
        taxonomy=read_taxonomy(recipe.taxonomy),
        preprocess=preprocess,
        backbone=backbone,
        data=RunData(
            manifest.data_hash(),
            {split: len(part.rows) for split, part in data.items()},
            negatives=len(select_negatives(negatives)) if negatives else 0,
            negatives_sha256=negatives.data_hash() if negatives else None,
            everything=everything,
        ),
        manifest=str(manifest.file.resolve()),
        negatives=str(negatives.file.resolve()) if negatives else None,
        teacher=teacher,
        start=start,
    )


def open_run(out: Path, description: RunDescription) -> None:
    """Begin a run in a folder, or find that the run in it is the same one.

    Raises:
        InputError: the folder holds a run of another recipe or of other data.
    """
    out.mkdir(parents=True, exist_ok=True)
    file = out / "run.json"
    if file.exists():
        known, wanted = read_run(out).to_dict(), description.to_dict()
        changed = [
            key
            for key in ("recipe", "taxonomy", "data", "backbone", "teacher", "start")
            if json.dumps(known.get(key)) != json.dumps(wanted.get(key))
        ]
        if changed:
            raise InputError(f"{out} holds a run with another {' and '.join(changed)}; choose another --out.")
    else:
        partial_file = out / "run.partial"
        partial_file.write_text(
            json.dumps(description.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        os.replace(partial_file, file)


def read_run(folder: str | Path) -> RunDescription:
    """What ``run.json`` in a run's folder says.

    Raises:
        InputError: the folder holds no run, or one of another version.
        RecipeError: this version of smn does not know the recipe's settings.
    """
    file = Path(folder) / "run.json"
    if not file.is_file():
        raise InputError(f"{folder} is not a run: it has no run.json; make one with: smn train RECIPE --out {folder}")
    return RunDescription.from_dict(json.loads(file.read_text(encoding="utf-8")), where=str(file))
