"""What is done in a run that trains a network, and how it starts from another run's weights."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from smn.errors import InputError
from smn.files import write_partial
from smn.manifest import read_manifest
from smn.models.stages import drop_patches, unfreeze_stages
from smn.movements import read_taxonomy
from smn.progress import Progress
from smn.train.devices import choose_device, list_devices
from smn.train.distillation import Teacher
from smn.train.factory import build_network
from smn.train.learning_curves import draw_curves
from smn.train.loop import OnEpochEnd
from smn.train.model_configs import is_pretrained
from smn.train.phases import Phases
from smn.train.recipe import Recipe
from smn.train.run import describe_run, open_run, read_run
from smn.train.selection import select, select_negatives, shorten_negatives, shorten_pictures, shorten_recipe


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


def read_initial_run(folder: str | Path, recipe: Recipe) -> Start:
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


def train_network(
    recipe: Recipe,
    manifest: str | Path,
    *,
    out: Path,
    negatives: str | Path | None = None,
    fast: bool = False,
    everything: bool = False,
    start: str | Path | None = None,
    device: str = "auto",
    progress: Progress = lambda *_: None,
    on_epoch_end: OnEpochEnd = lambda _: None,
) -> Path:
    """Train a network; takes, gives and raises what `smn.train.run.train` does."""
    device = choose_device(device, available=list_devices())
    taxonomy, pictures = read_taxonomy(recipe.taxonomy), read_manifest(manifest)
    others = read_manifest(negatives) if negatives is not None else None
    if fast:
        recipe, pictures = shorten_recipe(recipe), shorten_pictures(pictures, taxonomy)
        others = shorten_negatives(others) if others is not None else None
    splits = {"train": None if everything else "train", "val": "val"}
    data = {name: select(pictures, taxonomy, split=split) for name, split in splits.items()}
    if others is not None:
        select_negatives(others)  # now, not after hours of training
    torch.manual_seed(recipe.seed)  # what is not loaded begins at random, and a resumed run begins alike
    begun = read_initial_run(start, recipe) if start is not None else None
    built = build_network(recipe.model, classes=len(taxonomy.labels), pretrained=begun is None)
    if begun is not None:
        built.network.load_state_dict(begun.weights)
    model = built.network.to(device)
    if recipe.finetune.epochs:
        unfreeze_stages(model.backbone, recipe.finetune.unfreeze)  # now, because it may not fit the network
        drop_patches(model.backbone, recipe.finetune.patch_drop)
    learned_from = recipe.finetune.teacher
    teacher = Teacher(learned_from, taxonomy=taxonomy, spec=built.spec) if learned_from else None
    known = describe_run(
        recipe,
        data,
        negatives=others,
        preprocess=built.spec,
        backbone=built.origin if begun is None else begun.backbone,
        everything=everything,
        teacher=teacher.describe() if teacher else None,
        start=begun.describe() if begun else None,
    )
    open_run(out, known)
    if (out / "model.pt").exists():
        return out
    phases = Phases(recipe, built.spec, out, progress, on_epoch_end, teacher)
    answers = None
    if begun is None and is_pretrained(recipe.model):
        answers = phases.fit_head(model, data)
        draw_curves(out)
    if recipe.finetune.epochs:
        phases.finetune(model, data, answers)
        draw_curves(out)
    if others is not None:
        phases.fit_painting(model, data["train"], others)
    with write_partial(out / "model.pt") as partial:
        torch.save(model.cpu().state_dict(), partial)
    return out
