"""What a run is: the typed form of the ``run.json`` in its folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smn.errors import InputError
from smn.movements import Taxonomy, parse_taxonomy
from smn.preprocess import PreprocessSpec
from smn.train.recipe import Recipe

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
        teacher: the bundle that is learned from beside the labels, as `smn.train.teaching.Teacher.describe` has it.
        start: the run whose weights the training starts from, as `smn.train.initial_run.Start.describe` has it.
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
