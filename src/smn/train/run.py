"""A training run: its folder, its data and its phases."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

import smn
from smn.errors import InputError, ManifestError
from smn.manifest import NOT_A_PAINTING, Manifest, read_manifest
from smn.models import Backbone, Classifier, build_classifier
from smn.movements import Taxonomy, read_taxonomy
from smn.preprocess import PreprocessSpec
from smn.train.features import Progress, cached_statistics, open_view, statistics
from smn.train.loop import Schedule, fit
from smn.train.recipe import FinetuneSettings, HeadSettings, Recipe


@dataclass(frozen=True)
class TrainingData:
    """The rows of a manifest that a recipe can learn from.

    Args:
        manifest: the pictures.
        rows: numbers of the rows.
        targets: (len(rows),) the labels' places in the taxonomy.
    """

    manifest: Manifest
    rows: tuple[int, ...]
    targets: NDArray[np.int64]


def select(manifest: Manifest, taxonomy: Taxonomy, *, split: str) -> TrainingData:
    """The rows of one split whose movement the taxonomy covers.

    Raises:
        ManifestError: there are none.
    """
    places = {label: place for place, label in enumerate(taxonomy.label_ids)}
    rows, targets = [], []
    movements = manifest.column("movement")
    for row in manifest.rows(split=split):
        label = taxonomy.label_of(movements[row]) if movements[row] else None
        if label is not None:
            rows.append(row)
            targets.append(places[label.id])
    if not rows:
        raise ManifestError(
            f"{manifest.file} has no rows of split {split} with a movement of taxonomy {taxonomy.id}; "
            "split it with: smn dataset split"
        )
    return TrainingData(manifest, tuple(rows), np.asarray(targets, dtype=np.int64))


def _negative_rows(negatives: Manifest) -> list[int]:
    rows = negatives.rows(split="train", movement=NOT_A_PAINTING)
    if not rows:
        raise ManifestError(
            f"{negatives.file} has no rows of split train with movement {NOT_A_PAINTING}; "
            "import it with --not-paintings and split it."
        )
    return rows


def train(
    recipe: Recipe,
    manifest: str | Path,
    *,
    out: Path,
    negatives: str | Path | None = None,
    progress: Progress = lambda *_: None,
) -> Path:
    """Train a model as a recipe says.

    The same call continues a run that was interrupted: features come from the cache beside the run, and weights from
    the last epoch's checkpoint.

    Args:
        recipe: what to do.
        manifest: pictures with the splits ``train`` and ``val``.
        out: the run's folder; created, or continued if it is of the same recipe and data.
        negatives: a manifest of pictures that are not paintings, to learn refusal from; its split ``train`` is used.
        progress: told how far things are.

    Returns:
        The run's folder.

    Raises:
        InputError: ``out`` holds a run of another recipe or of other data.
        ManifestError: a split has no usable rows, or the negatives have none.
    """
    taxonomy, pictures = read_taxonomy(recipe.taxonomy), read_manifest(manifest)
    data = {split: select(pictures, taxonomy, split=split) for split in ("train", "val")}
    others = read_manifest(negatives) if negatives is not None else None
    if others is not None:
        _negative_rows(others)  # now, not after hours of training
    model, backbone = build_classifier(
        recipe.model.backbone, levels=recipe.model.levels, classes=len(taxonomy.labels), dropout=recipe.model.dropout
    )
    spec = PreprocessSpec(recipe.model.size, recipe.model.fit, mean=backbone.mean, std=backbone.std)
    _open_run(out, _description(recipe, data, negatives=others, spec=spec, backbone=backbone))
    phases = _Phases(recipe, spec, out, progress)
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
    spec: PreprocessSpec,
    backbone: Backbone,
) -> dict[str, Any]:
    manifest = data["train"].manifest
    counts = {split: len(part.rows) for split, part in data.items()}
    return {
        "smn": smn.__version__,
        "recipe": recipe.to_dict(),
        "taxonomy": read_taxonomy(recipe.taxonomy).to_dict(),
        "preprocess": spec.to_dict(),
        "backbone": backbone.origin,
        "data": {
            "sha256": manifest.data_hash(),
            "pictures": counts,
            "negatives_sha256": negatives.data_hash() if negatives else None,
            "negatives": len(negatives.rows(split="train", movement=NOT_A_PAINTING)) if negatives else 0,
        },
        "manifest": str(manifest.file.resolve()),
        "negatives": str(negatives.file.resolve()) if negatives else None,
    }


def _open_run(out: Path, description: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    file = out / "run.json"
    if file.exists():
        known = read_run(out)
        changed = [
            key for key in ("recipe", "taxonomy", "data") if known[key] != json.loads(json.dumps(description[key]))
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


@dataclass(frozen=True)
class _Phases:
    recipe: Recipe
    spec: PreprocessSpec
    run: Path
    progress: Progress

    def _statistics(self, model: Classifier, data: TrainingData, view: int) -> Tensor:
        values = cached_statistics(
            model,
            data.manifest,
            recipe=self.recipe,
            spec=self.spec,
            rows=data.rows,
            view=view,
            cache=self.run.parent / "cache",
            progress=self.progress,
        )
        return torch.from_numpy(values)

    def fit_head(self, model: Classifier, data: dict[str, TrainingData]) -> None:
        settings: HeadSettings = self.recipe.head
        views = [self._statistics(model, data["train"], view) for view in range(settings.views + 1)]
        features = torch.cat(views)
        model.fit_standardisation(features)
        features = model.standardise(features)
        held_out = model.standardise(self._statistics(model, data["val"], 0))
        targets = torch.from_numpy(np.tile(data["train"].targets, len(views)))
        head = nn.Sequential(model.dropout, model.head)
        optimiser = torch.optim.AdamW(head.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
        fit(
            head,
            optimiser,
            batches=partial(_shuffled, features, targets, batch=settings.batch_size, seed=self.recipe.seed),
            schedule=Schedule(
                settings.epochs, _steps(len(features), settings.batch_size), label_smoothing=settings.label_smoothing
            ),
            phase="head",
            run=self.run,
            evaluate=lambda module: _figures(module(held_out), data["val"].targets),
            progress=self.progress,
        )

    def finetune(self, model: Classifier, data: dict[str, TrainingData]) -> None:
        settings: FinetuneSettings = self.recipe.finetune
        before = {name: value.clone() for name, value in model.state_dict().items()}
        heads = [*model.head.parameters()]
        optimiser = torch.optim.AdamW(
            [
                {"params": [*model.backbone.parameters()], "lr": settings.learning_rate},
                {"params": heads, "lr": settings.head_learning_rate},
            ],
            weight_decay=settings.weight_decay,
        )
        pictures = _Pictures(data["train"], self.recipe, self.spec)
        fit(
            model.to(memory_format=torch.channels_last),
            optimiser,
            batches=partial(_loaded, pictures, batch=settings.batch_size, seed=self.recipe.seed),
            schedule=Schedule(
                settings.epochs,
                _steps(len(pictures), settings.batch_size),
                warmup=settings.warmup,
                label_smoothing=settings.label_smoothing,
                ema_decay=settings.ema_decay,
            ),
            phase="finetune",
            run=self.run,
            evaluate=lambda module: self._evaluate(cast(Classifier, module), data["val"]),
            progress=self.progress,
            classify=_classify_pictures,
        )
        blended = {
            name: torch.lerp(before[name], value, settings.blend) if value.is_floating_point() else value
            for name, value in model.state_dict().items()
        }
        model.load_state_dict(blended)

    def _evaluate(self, module: Classifier, data: TrainingData) -> dict[str, float]:
        with torch.inference_mode():
            logits = module.head(module.standardise(self._fresh_statistics(module, data.manifest, data.rows)))
        return _figures(logits, data.targets)

    def _fresh_statistics(self, model: Classifier, manifest: Manifest, rows: Sequence[int]) -> Tensor:
        parts = []
        for start, values in statistics(model, manifest, recipe=self.recipe, spec=self.spec, rows=rows, view=0):
            parts.append(torch.from_numpy(values))
            self.progress("features of the trained network", start + len(values), len(rows))
        return torch.cat(parts)

    def fit_painting(self, model: Classifier, paintings: TrainingData, negatives: Manifest) -> None:
        """Fit the second head: logistic regression between paintings and other pictures, both weighing the same."""
        from sklearn.linear_model import LogisticRegression

        others = _negative_rows(negatives)
        # A backbone that was not trained still gives the cached features.
        known = None if self.recipe.finetune.epochs else self._statistics(model, paintings, 0)
        values = [
            self._fresh_statistics(model, paintings.manifest, paintings.rows) if known is None else known,
            self._fresh_statistics(model, negatives, others),
        ]
        with torch.inference_mode():
            features = model.standardise(torch.cat(values)).numpy()
        truth = np.repeat([1, 0], [len(paintings.rows), len(others)])
        regression = LogisticRegression(C=1e-3, class_weight="balanced", max_iter=500).fit(features, truth)
        with torch.no_grad():
            model.painting.weight.copy_(torch.from_numpy(regression.coef_))
            model.painting.bias.copy_(torch.from_numpy(regression.intercept_))


class _Pictures(Dataset[tuple[Tensor, int]]):
    """Augmented pictures; the view drawn depends on the epoch."""

    def __init__(self, data: TrainingData, recipe: Recipe, spec: PreprocessSpec) -> None:
        self.data, self.recipe, self.spec, self.epoch = data, recipe, spec, 0

    def __len__(self) -> int:
        return len(self.data.rows)

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        view = 1000 + self.epoch  # never one of the views that the head has seen
        pixels = open_view(self.data.manifest, self.data.rows[place], recipe=self.recipe, spec=self.spec, view=view)
        return torch.from_numpy(self.spec.normalise(pixels)), int(self.data.targets[place])


def _loaded(pictures: _Pictures, epoch: int, *, batch: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    pictures.epoch = epoch
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    loader = DataLoader(
        pictures, batch_size=batch, shuffle=True, drop_last=len(pictures) >= batch, num_workers=2, generator=generator
    )
    for inputs, targets in loader:
        yield inputs.contiguous(memory_format=torch.channels_last), targets


def _shuffled(
    features: Tensor, targets: Tensor, epoch: int, *, batch: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    order = torch.randperm(len(features), generator=generator)
    for start in range(0, _steps(len(features), batch) * batch, batch):
        chosen = order[start : start + batch]
        yield features[chosen], targets[chosen]


def _steps(count: int, batch: int) -> int:
    return max(1, count // batch)


def _classify_pictures(model: nn.Module, images: Tensor) -> Tensor:
    # bfloat16 is the fast type on recent CPUs and GPUs; the statistics are summed in 32 bits all the same.
    with torch.autocast(images.device.type, torch.bfloat16):
        logits: Tensor = model(images)[0]
    return logits


def _figures(logits: Tensor, targets: NDArray[np.int64]) -> dict[str, float]:
    right = torch.from_numpy(targets)
    ranks = logits.topk(min(3, logits.shape[1])).indices == right[:, None]
    return {
        "val_log_loss": float(nn.functional.cross_entropy(logits.float(), right)),
        "val_top1": float(ranks[:, 0].float().mean()),
        "val_top3": float(ranks.any(1).float().mean()),
    }
