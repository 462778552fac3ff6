"""The phases of a training run: the head, all layers, and the head that knows paintings from other pictures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from smn.bundle.row_reader import OpenedRows
from smn.examples.gallery import OTHERS, Group, Part, draw_other, list_others
from smn.images.preprocess import PreprocessSpec
from smn.manifest import Manifest
from smn.models import Classifier
from smn.models.stages import drop_patches, group_by_rate, unfreeze_stages
from smn.movements import read_taxonomy
from smn.progress import Progress
from smn.train.batches import (
    PictureDataset,
    build_smoothing_matrix,
    compute_sampling_weights,
    count_steps,
    load_pictures,
    mix_batches,
    shuffle_features,
    soften,
)
from smn.train.devices import autocast, build_scaler, device_of
from smn.train.distillation import Teacher, distill_batches, predict_held_out
from smn.train.feature_extraction import cached_statistics, statistics
from smn.train.loop import OnEpochEnd, Schedule, fit
from smn.train.model_configs import is_pretrained
from smn.train.recipe import Recipe
from smn.train.recipe_sections import FinetuneSettings, HeadSettings, Sampling, Smoothing
from smn.train.selection import TrainingData, select_negatives


@dataclass(frozen=True)
class Phases:
    """The phases of one run; each changes the model in place.

    Args:
        recipe: what to do.
        spec: how pictures become numbers.
        run: the run's folder.
        progress: see `smn.progress.Progress`.
        on_epoch_end: called with the figures of every epoch.
        teacher: whom the fine-tuning learns from beside the labels.
    """

    recipe: Recipe
    spec: PreprocessSpec
    run: Path
    progress: Progress
    on_epoch_end: OnEpochEnd = lambda _: None
    teacher: Teacher | None = None

    def _statistics(self, model: Classifier, manifest: Manifest, rows: Sequence[int], view: int = 0) -> Tensor:
        values = cached_statistics(
            model,
            manifest,
            recipe=self.recipe,
            spec=self.spec,
            rows=rows,
            view=view,
            cache=self.run.parent / "cache",
            progress=self.progress,
        )
        return torch.from_numpy(values).to(device_of(model))

    def fit_head(self, model: Classifier, data: dict[str, TrainingData]) -> Tensor | None:
        """Fit the head on cached features of the splits ``train``, watching ``val``.

        Returns:
            What heads answer (N, K) that have seen nothing by the picture's artist, if the recipe asks for it.
        """
        settings: HeadSettings = self.recipe.head
        shown, held_back = data["train"], data["val"]
        raw = [self._statistics(model, shown.manifest, shown.rows, view) for view in range(settings.views + 1)]
        model.fit_standardisation(torch.cat(raw))
        views = torch.stack([model.standardise(view) for view in raw])
        held_out = model.standardise(self._statistics(model, held_back.manifest, held_back.rows))
        head, labels = nn.Sequential(model.dropout, model.head), torch.from_numpy(shown.targets)
        weights = compute_sampling_weights(shown, settings.sampling)

        def fit_on(
            head: nn.Module, targets: Tensor, rows: Tensor, run: Path, *, phase: str, on_epoch_end: OnEpochEnd
        ) -> nn.Module:
            drawn = None if settings.sampling is Sampling.UNIFORM else np.tile(weights[rows.numpy()], len(views))
            return fit(
                head,
                torch.optim.AdamW(head.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay),
                batches=partial(
                    shuffle_features, views[:, rows].flatten(0, 1), torch.cat([targets[rows]] * len(views)),
                    batch=settings.batch_size, seed=self.recipe.seed, weights=drawn,
                ),
                schedule=Schedule(
                    settings.epochs,
                    count_steps(len(views) * len(rows), settings.batch_size),
                    label_smoothing=settings.label_smoothing,
                    patience=settings.patience,
                ),
                phase=phase,
                run=run,
                evaluate=lambda module: _figures(module(held_out), held_back.targets),
                progress=self.progress,
                smoothing_matrix=self._smoothing_matrix(settings.smoothing),
                on_epoch_end=on_epoch_end,
            )  # fmt: skip

        def fit_without(head: nn.Module, rows: Tensor, run: Path) -> nn.Module:
            run.mkdir(parents=True, exist_ok=True)
            return fit_on(head, labels, rows, run, phase="crossfit", on_epoch_end=lambda _: None)

        answers = None
        if max(settings.crossfit, self.recipe.finetune.crossfit) > 0:
            answers = predict_held_out(head, views, shown, fit_head=fit_without, run=self.run, seed=self.recipe.seed)
        targets = soften(labels, answers, share=settings.crossfit)
        fit_on(head, targets, torch.arange(len(labels)), self.run, phase="head", on_epoch_end=self.on_epoch_end)
        return answers

    def finetune(self, model: Classifier, data: dict[str, TrainingData], answers: Tensor | None) -> None:
        """Train the stages that are not frozen on augmented pictures of the split ``train``, watching ``val``.

        Args:
            model: changed in place.
            data: by split.
            answers: what `fit_head` returned.
        """
        settings: FinetuneSettings = self.recipe.finetune
        before = {name: value.clone() for name, value in model.state_dict().items()}
        unfreeze_stages(model.backbone, settings.unfreeze)
        drop_patches(model.backbone, settings.patch_drop)
        optimiser = torch.optim.AdamW(
            [
                *group_by_rate(model.backbone, rate=settings.learning_rate, decay=settings.rate_decay),
                {"params": [*model.head.parameters()], "lr": settings.head_learning_rate},
            ],
            weight_decay=settings.weight_decay,
        )
        targets = soften(torch.from_numpy(data["train"].targets), answers, share=settings.crossfit)
        pictures = PictureDataset(data["train"], self.recipe, self.spec, targets=targets)
        fit(
            model.to(memory_format=torch.channels_last),
            optimiser,
            batches=partial(self._load, pictures),
            schedule=Schedule(
                settings.epochs,
                count_steps(len(pictures), settings.batch_size),
                warmup=settings.warmup,
                label_smoothing=settings.label_smoothing,
                ema_decay=settings.ema_decay,
                curve=settings.curve,
                accumulate=settings.accumulate,
                patience=settings.patience,
            ),
            phase="finetune",
            run=self.run,
            evaluate=lambda module: self._evaluate(cast(Classifier, module), data["val"]),
            progress=self.progress,
            classify=_classify_pictures,
            smoothing_matrix=self._smoothing_matrix(settings.smoothing),
            scaler=build_scaler(device_of(model)),
            on_epoch_end=self.on_epoch_end,
        )
        blended = {
            name: torch.lerp(before[name], value, settings.blend) if value.is_floating_point() else value
            for name, value in model.state_dict().items()
        }
        model.load_state_dict(blended)

    def _load(self, pictures: PictureDataset, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        settings, seed = self.recipe.finetune, self.recipe.seed
        batches = load_pictures(pictures, epoch, batch=settings.batch_size, seed=seed, sampling=settings.sampling)
        classes = len(read_taxonomy(self.recipe.taxonomy).labels)
        mixed = mix_batches(batches, classes=classes, mixup=settings.mixup, cutmix=settings.cutmix, seed=(seed, epoch))
        if self.teacher is None:
            return mixed
        return distill_batches(mixed, self.teacher, share=settings.distillation)

    def _smoothing_matrix(self, smoothing: Smoothing) -> Tensor | None:
        return build_smoothing_matrix(read_taxonomy(self.recipe.taxonomy)) if smoothing is Smoothing.FAMILIES else None

    def _evaluate(self, module: Classifier, data: TrainingData) -> dict[str, float]:
        with torch.inference_mode():
            logits = module.head(module.standardise(self._fresh_statistics(module, data.manifest, data.rows)))
        return _figures(logits, data.targets)

    def _fresh_statistics(self, model: Classifier, manifest: Manifest, rows: Sequence[int]) -> Tensor:
        parts = []
        for start, values in statistics(model, manifest, recipe=self.recipe, spec=self.spec, rows=rows, view=0):
            parts.append(torch.from_numpy(values).to(device_of(model)))
            self.progress("features of the trained network", start + len(values), len(rows))
        return torch.cat(parts)

    def fit_painting(self, model: Classifier, paintings: TrainingData, negatives: Manifest) -> None:
        """Fit the second head: one judge between paintings and each group of what is no painting.

        Args:
            model: changed in place.
            paintings: the rows to tell from others.
            negatives: photographs; those of its split ``train`` are learned from as they are, and kinds that are made
                of photographs are made of them. Without drawn kinds in the recipe, theirs is the only judge.
        """
        # Features of a backbone that was trained are of use to this run only.
        statistics_of = self._fresh_statistics if self.recipe.finetune.epochs else self._statistics
        real = statistics_of(model, paintings.manifest, paintings.rows)
        rows = select_negatives(negatives)
        others = {Group.PHOTOGRAPH: statistics_of(model, negatives, rows)}
        if self.recipe.answers.generated_negatives:
            drawn = self._drawn_statistics(
                model, count=self.recipe.answers.generated_negatives, photographs=OpenedRows(negatives, rows)
            )
            for group, values in drawn.items():
                others[group] = torch.cat([others[group], values]) if group in others else values
        # In the order of the groups, by which export names them.
        judges = [self._fit_judge(model, real, others[group]) for group in Group if group in others]
        model.painting.take(torch.stack([weights for weights, _ in judges]), torch.stack([bias for _, bias in judges]))

    def _fit_judge(self, model: Classifier, paintings: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
        """Logistic regression between the statistics of paintings and of other pictures, both weighing the same.

        Returns:
            Weights (D,) and bias () for standardised statistics.
        """
        from sklearn.linear_model import LogisticRegression

        with torch.inference_mode():
            features = model.standardise(torch.cat([paintings, others])).cpu().numpy()
        truth = np.repeat([1, 0], [len(paintings), len(others)])
        shift, scale = np.zeros_like(features[0]), np.ones_like(features[0])
        if not is_pretrained(self.recipe.model):  # its features have not been standardised when the head was fitted
            shift, scale = features.mean(0), 1.0 / (features.std(0) + 1e-3)
        regression = LogisticRegression(C=1e-3, class_weight="balanced", max_iter=500)
        regression.fit((features - shift) * scale, truth)
        weights = regression.coef_[0] * scale
        bias = regression.intercept_[0] - weights @ shift
        return torch.from_numpy(weights), torch.tensor(bias)

    def _drawn_statistics(
        self, model: Classifier, *, count: int, photographs: Sequence[Image.Image]
    ) -> dict[Group, Tensor]:
        """Statistics of drawn pictures by their group, ``count`` of each kind that may be learned from."""
        kinds, device, parts = list_others(Part.LEARNED), device_of(model), dict[Group, list[Tensor]]()
        model.eval()
        for done, kind in enumerate(kinds):
            for start in range(0, count, 32):
                seeds = range(start, min(start + 32, count))
                batch = self.spec.apply_all(draw_other(kind, seed=seed, photographs=photographs) for seed in seeds)
                with torch.inference_mode(), autocast(device):
                    values = model.statistics(torch.from_numpy(batch).to(device)).float()
                parts.setdefault(OTHERS[kind].group, []).append(values)
                self.progress("features of drawn pictures", done * count + seeds.stop, len(kinds) * count)
        return {group: torch.cat(values) for group, values in parts.items()}


def _classify_pictures(model: nn.Module, images: Tensor) -> Tensor:
    with autocast(images.device):
        logits: Tensor = model(images)[0]
    return logits


def _figures(logits: Tensor, targets: NDArray[np.int64]) -> dict[str, float]:
    right = torch.from_numpy(targets).to(logits.device)
    ranks = logits.topk(min(3, logits.shape[1])).indices == right[:, None]
    return {
        "val_log_loss": float(nn.functional.cross_entropy(logits.float(), right)),
        "val_top1": float(ranks[:, 0].float().mean()),
        "val_top3": float(ranks.any(1).float().mean()),
    }
