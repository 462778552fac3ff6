"""Measures a model on sets of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from smn.bundle import Bundle
from smn.bundle.row_reader import OpenedRows
from smn.confidence.answer_policy import AnswerPolicy
from smn.errors import InputError
from smn.evaluate.baselines import TrainingRows, measure_baselines, name_artists, read_colours
from smn.evaluate.evaluated_model import Answers, EvaluatedModel, open_bundle
from smn.evaluate.evaluation_sets import (
    EvaluationSet,
    Predictions,
    Selection,
    check_sets,
    select_not_paintings,
    select_rows,
)
from smn.evaluate.measure import measure
from smn.evaluate.metrics import Floats
from smn.evaluate.probe import ProbeReport, measure_probe
from smn.evaluate.refusal import KindReport, measure_kinds
from smn.evaluate.report import BaselineReport, DataUse, Report, SetReport, Train, Use
from smn.evaluate.robustness import RobustnessReport, measure_robustness
from smn.evaluate.selective_answers import measure_policy, sets_by_coverage
from smn.movements import Taxonomy, read_taxonomy, regroup
from smn.progress import Progress


def evaluate_model(
    model: Bundle | EvaluatedModel,
    sets: Sequence[EvaluationSet],
    *,
    taxonomy: str | Path | None = None,
    not_paintings: EvaluationSet | None = None,
    train: EvaluationSet | None = None,
    robustness: int = 0,
    probe: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
    command: str = "",
    cache: Path | None = None,
    on_progress: Progress | None = None,
) -> Report:
    """Measure a model on one or more sets.

    Args:
        model: a bundle, or what `open_colour_run` gives.
        sets: what to measure on, each name once.
        taxonomy: id or TOML file of the labels to read the answers in; None for the model's own.
        not_paintings: pictures of something else, to measure refusal with, beside some that are drawn for it or made
            of them; left out where the model knows no refusal.
        train: the data that the baselines learn from; without it there are none.
        robustness: about how many pictures of each set, at most, to ask again after each of
            `smn.evaluate.robustness.CHANGES`; they are drawn by the seed.
        probe: a column of the manifests, such as ``source``, to be predicted from the model's embedding; None for none.
        resamples: how many times artists are drawn for the intervals.
        seed: of the drawing.
        command: the command that asked, for the record.
        cache: folder where answers to the sets' pictures are stored and found, for a bundle without a probe.
        on_progress: called after each picture.

    Raises:
        InputError: the sets have no names of their own, none of a set's pictures can be read, or robustness or a probe
            is asked of a model that is no bundle.
        ManifestError: a manifest is missing or has no row to measure on.
        TaxonomyError: the model's taxonomy and the one asked for have nothing in common.
        BundleError: the bundle cannot be loaded.

    Example:
        >>> report = evaluate_model(read_bundle(), [EvaluationSet.parse("data/pool:test")])
        >>> write_report(report, Path("report"))
    """
    check_sets(sets)
    own = model.taxonomy
    target = own if taxonomy is None else read_taxonomy(taxonomy)
    selections = [select_rows(chosen, target) for chosen in sets]
    rows = None if train is None else _read_training_rows(train, target, on_progress)
    evaluated = open_bundle(model, cache=None if probe else cache) if isinstance(model, Bundle) else model
    if evaluated.predict_changed is None and (robustness or probe):
        raise InputError(
            f"{evaluated.about.name} is no bundle, and only a bundle's robustness and embedding can be measured; leave "
            "robustness and probe out."
        )
    for selection in selections if probe else ():
        selection.manifest.rows(**{str(probe): ()})  # says now, before any work, that the column is missing
    data = list(evaluated.data)
    if train is not None and rows is not None:
        data.append(note_use(Use.BASELINES, train, rows=len(rows.truth), data_hash=rows.data_hash))
    others: Floats | None = None
    kinds: tuple[KindReport, ...] = ()
    if not_paintings is not None and evaluated.score_images is not None:
        use, others, kinds = _measure_refusal(evaluated, not_paintings, on_progress)
        data.append(use)
    measuring = _Measuring(evaluated, target, rows, others, robustness, probe, resamples, seed, on_progress)
    reports = [measuring.measure(chosen, selection) for chosen, selection in zip(sets, selections, strict=True)]
    for chosen, one in zip(sets, reports, strict=True):
        data.append(note_use(Use.MEASURED, chosen, rows=one.rows, data_hash=one.data_hash))
    return Report(
        model=evaluated.about,
        taxonomy=target,
        sets=tuple(reports),
        seed=seed,
        resamples=resamples,
        command=command,
        train=None if rows is None else Train(rows.data_hash, len(rows.truth)),
        data=tuple(data),
        kinds=kinds,
    )


@dataclass(frozen=True)
class _Measuring:
    """How each set is measured: what `evaluate_model` takes, and the scores of the pictures that are no paintings."""

    evaluated: EvaluatedModel
    taxonomy: Taxonomy
    train: TrainingRows | None
    not_paintings: Floats | None
    robustness: int
    probe: str | None
    resamples: int
    seed: int
    on_progress: Progress | None

    @property
    def drawing(self) -> dict[str, int]:
        return {"resamples": self.resamples, "seed": self.seed}

    def measure(self, chosen: EvaluationSet, selection: Selection) -> SetReport:
        answers = self.evaluated.predict_rows(
            selection.manifest, selection.rows, title=chosen.name, on_progress=self.on_progress
        )
        predictions = predict_selection(
            answers,
            selection,
            name=chosen.name,
            source=self.evaluated.taxonomy,
            taxonomy=self.taxonomy,
            not_paintings=self.not_paintings,
            policy=self.evaluated.policy,
        )
        if self.train is not None:
            predictions = replace(predictions, known_artists=name_artists(self.train.artists))
        thresholds, policy = self.evaluated.about.thresholds, self.evaluated.policy
        measured = measure(predictions, thresholds=thresholds, **self.drawing)
        if thresholds is not None and policy is not None:
            kept = measure_policy(predictions, policy, thresholds=thresholds, **self.drawing)
            measured = replace(measured, promises=kept)
        return replace(
            measured,
            baselines=self._measure_baselines(predictions, selection, answers),
            robustness=self._measure_robustness(predictions, selection, answers),
            probe=self._measure_probe(predictions, selection, answers),
        )

    def _measure_baselines(
        self, predictions: Predictions, selection: Selection, answers: Answers
    ) -> tuple[BaselineReport, ...]:
        if self.train is None:
            return ()
        rows, title = selection.rows[answers.kept], f"{predictions.name} colours"
        colours = read_colours(selection.manifest, rows, title=title, on_progress=self.on_progress)
        return measure_baselines(predictions, train=self.train, colours=colours, **self.drawing)

    def _measure_robustness(
        self, predictions: Predictions, selection: Selection, answers: Answers
    ) -> RobustnessReport | None:
        if not self.robustness or self.evaluated.predict_changed is None:
            return None
        few = np.sort(np.random.default_rng(self.seed).permutation(len(predictions))[: self.robustness])
        rows, title = selection.rows[answers.kept][few], f"{predictions.name} changed"
        changed = self.evaluated.predict_changed(selection.manifest, rows, title=title, on_progress=self.on_progress)
        places = few[changed.kept]
        count, changes, labels = changed.probabilities.shape
        flat = changed.probabilities.reshape(count * changes, labels)
        after = regroup(flat, source=self.evaluated.taxonomy, target=self.taxonomy)[0].reshape(count, changes, -1)
        return measure_robustness(
            np.concatenate([predictions.probabilities[places][:, None], after], axis=1),
            predictions.truth[places],
            accepted=None if predictions.accepted is None else predictions.accepted[places],
            artists=[predictions.artists[at] for at in places],
            **self.drawing,
        )

    def _measure_probe(self, predictions: Predictions, selection: Selection, answers: Answers) -> ProbeReport | None:
        if not self.probe or answers.embedding is None:
            return None
        column = selection.values(self.probe)
        return measure_probe(
            answers.embedding,
            [column[at] for at in answers.kept],
            column=self.probe,
            truth=predictions.truth,
            artists=predictions.artists,
            **self.drawing,
        )


def _measure_refusal(
    evaluated: EvaluatedModel, chosen: EvaluationSet, on_progress: Progress | None
) -> tuple[DataUse, Floats | None, tuple[KindReport, ...]]:
    """The use of a set that is no paintings, the model's scores of it, and what it refuses of each drawn kind."""
    manifest, numbers = select_not_paintings(chosen)
    use = note_use(Use.NOT_PAINTINGS, chosen, rows=len(numbers), data_hash=manifest.data_hash())
    asked = evaluated.predict_rows(manifest, numbers, title=chosen.name, on_progress=on_progress)
    if evaluated.score_images is None or evaluated.about.thresholds is None:
        return use, asked.painting, ()
    kinds = measure_kinds(
        evaluated.score_images,
        threshold=evaluated.about.thresholds.painting,
        photographs=OpenedRows(manifest, numbers[asked.kept].tolist()),
        on_progress=on_progress,
    )
    return use, asked.painting, kinds


def note_use(use: Use, chosen: EvaluationSet, *, rows: int, data_hash: str) -> DataUse:
    """The use of a set's manifest.

    Args:
        use: what for.
        chosen: the set.
        rows: how many of its rows were used.
        data_hash: of the whole manifest.
    """
    return DataUse(use, chosen.name, chosen.manifest.as_posix(), chosen.split, rows, data_hash)


def predict_selection(
    answers: Answers,
    selection: Selection,
    *,
    name: str,
    source: Taxonomy,
    taxonomy: Taxonomy,
    not_paintings: Floats | None = None,
    policy: AnswerPolicy | None = None,
) -> Predictions:
    """Turn a model's answers to a selection into predictions in a taxonomy.

    Args:
        answers: to the selection's rows.
        selection: the rows and their truth in ``taxonomy``.
        name: the set's name.
        source: the labels that the model answers in.
        taxonomy: the labels that are asked for.
        not_paintings: (Q,), the model's scores 0..1 of pictures that are no paintings.
        policy: the model's, for the sets that it would list.
    """
    probabilities, _ = regroup(answers.probabilities, source=source, target=taxonomy)

    def kept(column: str) -> tuple[Any, ...]:
        values = selection.values(column)
        return tuple(values[at] for at in answers.kept)

    return Predictions(
        name=name,
        taxonomy=taxonomy,
        ids=tuple(str(value) for value in kept("id")),
        probabilities=probabilities,
        truth=selection.truth[answers.kept],
        artists=kept("artist"),
        sources=kept("source"),
        label_kinds=kept("label_kind"),
        painting=answers.painting,
        not_paintings=np.zeros(0) if not_paintings is None else not_paintings,
        excluded=selection.excluded,
        failures=answers.failures,
        data_hash=selection.manifest.data_hash(),
        years=kept("year"),
        sets={} if policy is None else sets_by_coverage(answers.probabilities, policy, source=source, target=taxonomy),
        accepted=None if selection.accepted is None else selection.accepted[answers.kept],
    )


def _read_training_rows(train: EvaluationSet, taxonomy: Taxonomy, on_progress: Progress | None) -> TrainingRows:
    selection = select_rows(train, taxonomy)
    colours = read_colours(selection.manifest, selection.rows, title=f"{train.name} colours", on_progress=on_progress)
    return TrainingRows(selection.truth, selection.values("artist"), colours, selection.manifest.data_hash())
