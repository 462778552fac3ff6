"""A training run of whatever kind of model: its folder, what ``run.json`` says of it, and the training itself.

Only what the recipe's kind of model needs is imported.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn._version import __version__
from smn.errors import InputError, MissingExtraError
from smn.files import write_text
from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest
from smn.movements import Taxonomy, parse_taxonomy, read_taxonomy
from smn.progress import Progress
from smn.train.model_configs import ColourSettings
from smn.train.recipe import Recipe
from smn.train.selection import TrainingData, select_negatives

if TYPE_CHECKING:
    from smn.train.loop import OnEpochEnd

__all__ = ["read_run", "train"]


def train(
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
    on_epoch_end: "OnEpochEnd" = lambda _: None,
) -> Path:
    """Train a model as a recipe says.

    The same call continues a run that was interrupted: features come from the cache beside the run, and weights from
    the last epoch's checkpoint. A run that is finished is left as it is.

    Args:
        recipe: what to do.
        manifest: pictures with the splits ``train`` and ``val``.
        out: the run's folder; created, or continued if it is of the same recipe and data.
        negatives: a manifest of pictures that are not paintings, to learn refusal from; its split ``train`` is used.
            Not for models of colour.
        fast: a fast development run: one epoch of two small batches for each phase; of no other use.
        everything: learn from the rows of every split and of none, for a model that is shipped; its figures on val are
            worth nothing then. Not for models of colour.
        start: a finished run of a network with the same section ``[model]`` and taxonomy, whose weights the training
            starts from; its head is kept, so the head's phase is left out. Not for models of colour.
        device: see `smn.train.devices.choose_device`; models of colour have none.
        progress: see `smn.progress.Progress`.
        on_epoch_end: called with the figures of every epoch of a network after it; what it raises ends the training.

    Returns:
        The run's folder.

    Raises:
        InputError: ``out`` holds a run of another recipe or of other data, ``start`` is not finished or is of another
            network, a picture cannot be read, or this
            machine has no such device.
        ManifestError: a split has no usable rows, or the negatives have none.
        MissingExtraError: the extra ``train`` is not installed, or for models of colour the extra ``colour``.
    """
    if isinstance(recipe.model, ColourSettings):
        from smn.train.colour_training import train_colour

        return train_colour(recipe, manifest, out=out, negatives=negatives, fast=fast, progress=progress)
    try:
        from smn.train.network_training import train_network
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    return train_network(
        recipe, manifest, out=out, negatives=negatives, fast=fast, everything=everything, start=start, device=device,
        progress=progress, on_epoch_end=on_epoch_end,
    )  # fmt: skip


MODEL_FILE = "colour.npz"
"""The fitted model in the folder of a run of kind colour, written last: where it stands, the run is complete."""


_KEYS = ("recipe", "taxonomy", "preprocess", "backbone", "data", "manifest")


@dataclass(frozen=True)
class RunData:
    """The data that a run learns from and is measured on.

    Args:
        sha256: the manifest's data hash.
        pictures: how many pictures are used, by split.
        negatives: how many pictures that are no paintings.
        negatives_sha256: their manifest's data hash; None where there are none.
        everything: whether the rows of every split are learned from.
    """

    sha256: str
    pictures: Mapping[str, int]
    negatives: int = 0
    negatives_sha256: str | None = None
    everything: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as written into runs and bundles; ``everything`` only where it is true."""
        return {
            "sha256": self.sha256,
            "pictures": dict(self.pictures),
            "negatives_sha256": self.negatives_sha256,
            "negatives": self.negatives,
            **({"everything": True} if self.everything else {}),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "RunData":
        """Read it from what stands under ``data`` in ``run.json``."""
        return cls(
            data["sha256"], data["pictures"], data.get("negatives", 0), data.get("negatives_sha256"),
            data.get("everything", False),
        )  # fmt: skip


@dataclass(frozen=True)
class RunDescription:
    """Everything that ``run.json`` says.

    Args:
        version: of the smn that began the run.
        recipe: what is trained.
        taxonomy: the labels.
        preprocess: how pictures are prepared for the network; None for a colour model, which has none.
        backbone: where the network's weights come from; None where there is none.
        data: what is learned from and measured on.
        manifest: file of the pictures.
        negatives: file of the pictures that are no paintings; None where there are none.
        teacher: the bundle that is learned from beside the labels, as `smn.train.distillation.Teacher.describe` has it.
        start: the run whose weights the training starts from, as `smn.train.network_training.Start.describe` has it.
    """

    version: str
    recipe: Recipe
    taxonomy: Taxonomy
    preprocess: PreprocessSpec | None
    backbone: str | None
    data: RunData
    manifest: str
    negatives: str | None = None
    teacher: Mapping[str, Any] | None = None
    start: Mapping[str, Any] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as written into ``run.json``; ``teacher`` and ``start`` only where there is one."""
        return {
            "smn": self.version,
            "recipe": self.recipe.to_dict(),
            "taxonomy": self.taxonomy.to_dict(),
            "preprocess": self.preprocess.to_dict() if self.preprocess else None,
            "backbone": self.backbone,
            **({"teacher": dict(self.teacher)} if self.teacher else {}),
            **({"start": dict(self.start)} if self.start else {}),
            "data": self.data.to_dict(),
            "manifest": self.manifest,
            "negatives": self.negatives,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, where: str) -> "RunDescription":
        """Read it from plain data; settings that came later than the run have their defaults.

        Args:
            data: what ``run.json`` holds.
            where: the file, for error messages.

        Raises:
            InputError: keys are missing.
            RecipeError: this version of smn does not know the recipe's settings.
            TaxonomyError: the taxonomy is damaged.
            BundleError: the preprocessing is damaged.
        """
        missing = [key for key in _KEYS if key not in data]
        if missing:
            raise InputError(
                f"{where} lacks {', '.join(missing)}: another version of smn made it, so train anew elsewhere."
            )
        preprocess = data["preprocess"]
        return cls(
            version=data.get("smn", ""),
            recipe=Recipe.from_dict(data["recipe"], where=where),
            taxonomy=parse_taxonomy(data["taxonomy"], where=where),
            preprocess=None if preprocess is None else PreprocessSpec.from_dict(preprocess, where=where),
            backbone=data["backbone"],
            data=RunData.from_dict(data["data"]),
            manifest=data["manifest"],
            negatives=data.get("negatives"),
            teacher=data.get("teacher"),
            start=data.get("start"),
        )


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
        teacher: the bundle that is learned from beside the labels, as `smn.train.distillation.Teacher.describe` has it.
        start: the run whose weights the training starts from, as `smn.train.network_training.Start.describe` has it.
    """
    manifest = data["train"].manifest
    return RunDescription(
        version=__version__,
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
        write_text(file, json.dumps(description.to_dict(), indent=2, ensure_ascii=False) + "\n")


def read_run(folder: str | Path) -> RunDescription:
    """What ``run.json`` in a run's folder says.

    Raises:
        InputError: the folder holds no run, or one of another version.
        RecipeError: this version of smn does not know the recipe's settings.
    """
    file = Path(folder) / "run.json"
    if not file.is_file():
        raise InputError(
            f"{folder} is not a run: it has no run.json; make one with: smn train RECIPE --manifest MANIFEST "
            f"--out {folder}"
        )
    return RunDescription.from_dict(json.loads(file.read_text(encoding="utf-8")), where=str(file))
