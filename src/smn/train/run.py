"""A training run: its folder, and what is done in it."""

import json
import os
from pathlib import Path
from typing import Any

import torch

import smn
from smn.errors import InputError
from smn.manifest import Manifest, read_manifest
from smn.models.stages import unfreeze_stages
from smn.movements import read_taxonomy
from smn.train.building import Built, build_network
from smn.train.features import Progress
from smn.train.kinds import is_pretrained
from smn.train.loop import ToldEpoch
from smn.train.phases import Phases
from smn.train.recipe import Recipe
from smn.train.rehearsal import shorten_negatives, shorten_pictures, shorten_recipe
from smn.train.selection import TrainingData, select, select_negatives


def train(
    recipe: Recipe,
    manifest: str | Path,
    *,
    out: Path,
    negatives: str | Path | None = None,
    fast: bool = False,
    progress: Progress = lambda *_: None,
    told_epoch: ToldEpoch = lambda _: None,
) -> Path:
    """Train a model as a recipe says.

    The same call continues a run that was interrupted: features come from the cache beside the run, and weights from
    the last epoch's checkpoint.

    Args:
        recipe: what to do.
        manifest: pictures with the splits ``train`` and ``val``.
        out: the run's folder; created, or continued if it is of the same recipe and data.
        negatives: a manifest of pictures that are not paintings, to learn refusal from; its split ``train`` is used.
        fast: only rehearse: one epoch of two small batches for each phase; the run is of no other use.
        progress: told how far things are.
        told_epoch: told the figures of every epoch after it; what it raises ends the training.

    Returns:
        The run's folder.

    Raises:
        InputError: ``out`` holds a run of another recipe or of other data.
        ManifestError: a split has no usable rows, or the negatives have none.
    """
    taxonomy, pictures = read_taxonomy(recipe.taxonomy), read_manifest(manifest)
    others = read_manifest(negatives) if negatives is not None else None
    if fast:
        recipe, pictures = shorten_recipe(recipe), shorten_pictures(pictures, taxonomy)
        others = shorten_negatives(others) if others is not None else None
    data = {split: select(pictures, taxonomy, split=split) for split in ("train", "val")}
    if others is not None:
        select_negatives(others)  # now, not after hours of training
    torch.manual_seed(recipe.seed)  # what is not loaded begins at random, and a resumed run begins alike
    built = build_network(recipe.model, classes=len(taxonomy.labels))
    model = built.network
    if recipe.finetune.epochs:
        unfreeze_stages(model.backbone, recipe.finetune.unfreeze)  # now, because it may not fit the network
    _open_run(out, _description(recipe, data, negatives=others, built=built))
    phases = Phases(recipe, built.spec, out, progress, told_epoch)
    if is_pretrained(recipe.model):
        phases.fit_head(model, data)
    if recipe.finetune.epochs:
        phases.finetune(model, data)
    if others is not None:
        phases.fit_painting(model, data["train"], others)
    partial_file = out / "model.partial"
    torch.save(model.state_dict(), partial_file)
    os.replace(partial_file, out / "model.pt")
    return out


def _description(
    recipe: Recipe,
    data: dict[str, TrainingData],
    *,
    negatives: Manifest | None,
    built: Built,
) -> dict[str, Any]:
    manifest = data["train"].manifest
    counts = {split: len(part.rows) for split, part in data.items()}
    return {
        "smn": smn.__version__,
        "recipe": recipe.to_dict(),
        "taxonomy": read_taxonomy(recipe.taxonomy).to_dict(),
        "preprocess": built.spec.to_dict(),
        "backbone": built.origin,
        "data": {
            "sha256": manifest.data_hash(),
            "pictures": counts,
            "negatives_sha256": negatives.data_hash() if negatives else None,
            "negatives": len(select_negatives(negatives)) if negatives else 0,
        },
        "manifest": str(manifest.file.resolve()),
        "negatives": str(negatives.file.resolve()) if negatives else None,
    }


def _open_run(out: Path, description: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    file = out / "run.json"
    if file.exists():
        known = read_run(out)
        # Settings that came later than the run have their defaults there.
        known["recipe"] = Recipe.from_dict(known["recipe"], where=str(file)).to_dict()
        changed = [
            key
            for key in ("recipe", "taxonomy", "data", "backbone")
            if json.dumps(known[key]) != json.dumps(description[key])
        ]
        if changed:
            raise InputError(f"{out} holds a run with another {' and '.join(changed)}; choose another --out.")
    else:
        partial_file = out / "run.partial"
        partial_file.write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(partial_file, file)


def read_run(folder: str | Path) -> dict[str, Any]:
    """What ``run.json`` in a run's folder says.

    Raises:
        InputError: the folder holds no run, or one of another version.
    """
    file = Path(folder) / "run.json"
    if not file.is_file():
        raise InputError(f"{folder} is not a run: it has no run.json; make one with: smn train RECIPE --out {folder}")
    description: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    missing = [
        key for key in ("recipe", "taxonomy", "preprocess", "backbone", "data", "manifest") if key not in description
    ]
    if missing:
        raise InputError(f"{file} lacks {', '.join(missing)}: another version of smn made it, so train anew elsewhere.")
    return description
