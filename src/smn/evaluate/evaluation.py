"""Measures a model on sets of pictures."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from smn.bundle import Bundle
from smn.confidence.answer_policy import AnswerPolicy
from smn.errors import InputError
from smn.evaluate.baselines import (
    TrainingRows,
    answer_majority,
    count_known,
    look_up_artist,
    match_colour,
    name_artists,
)
from smn.evaluate.candidate import Answers, Candidate
from smn.evaluate.colour import read_colours
from smn.evaluate.infer import open_bundle
from smn.evaluate.keeping import list_sets, measure_promises
from smn.evaluate.kinds import KindReport, measure_kinds
from smn.evaluate.measure import measure, measure_figures
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.predictions import Predictions
from smn.evaluate.probe import measure_probe
from smn.evaluate.provenance import note_use
from smn.evaluate.report import BaselineReport, Report, SetReport, Train, Use
from smn.evaluate.robustness import RobustnessReport, measure_robustness
from smn.evaluate.sets import EvaluationSet, Selection, check_sets, select_not_paintings, select_rows
from smn.examples.gallery import Photographs
from smn.movements import Taxonomy, read_taxonomy, regroup
from smn.reading import OnProgress, OpenedRows


def evaluate_model(
    model: Bundle | Candidate,
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
    on_progress: OnProgress | None = None,
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
    candidate = open_bundle(model) if isinstance(model, Bundle) else model
    if candidate.ask_changed is None and (robustness or probe):
        raise InputError(
            f"{candidate.about.name} is no bundle, and only a bundle's robustness and embedding can be measured; leave "
            "robustness and probe out."
        )
    for selection in selections if probe else ():
        selection.manifest.rows(**{str(probe): ()})  # says now, before any work, that the column is missing
    data = list(candidate.data)
    if train is not None and rows is not None:
        data.append(note_use(Use.BASELINES, train, rows=len(rows.truth), data_hash=rows.data_hash))
    others: Floats | None = None
    kinds: tuple[KindReport, ...] = ()
    if not_paintings is not None and candidate.knows_paintings:
        manifest, numbers = select_not_paintings(not_paintings)
        data.append(note_use(Use.NOT_PAINTINGS, not_paintings, rows=len(numbers), data_hash=manifest.data_hash()))
        asked = candidate.ask(manifest, numbers, title=not_paintings.name, on_progress=on_progress)
        others, readable = asked.painting, numbers[asked.kept].tolist()
        kinds = _measure_kinds(candidate, OpenedRows(manifest, readable), on_progress)
    reports = []
    for chosen, selection in zip(sets, selections, strict=True):
        answers = candidate.ask(selection.manifest, selection.rows, title=chosen.name, on_progress=on_progress)
        predictions = predict_selection(
            answers,
            selection,
            name=chosen.name,
            source=own,
            taxonomy=target,
            not_paintings=others,
            promises=candidate.promises,
        )
        if rows is not None:
            predictions = replace(predictions, known_artists=name_artists(rows.artists))
        measured = _measure(predictions, candidate, resamples=resamples, seed=seed)
        if rows is not None:
            colours = _read_own_colours(selection, answers, chosen.name, on_progress)
            beside = measure_baselines(predictions, train=rows, colours=colours, resamples=resamples, seed=seed)
            measured = replace(measured, baselines=beside)
        drawn = {"resamples": resamples, "seed": seed}
        if robustness and candidate.ask_changed is not None:
            few = np.sort(np.random.default_rng(seed).permutation(len(predictions))[:robustness])
            rows_asked = selection.rows[answers.kept][few]
            title = f"{chosen.name} changed"
            changed = candidate.ask_changed(selection.manifest, rows_asked, title=title, on_progress=on_progress)
            found = _compare_changed(predictions, few[changed.kept], changed, source=own, **drawn)
            measured = replace(measured, robustness=found)
        if probe and answers.embedding is not None:
            values = [selection.values(probe)[at] for at in answers.kept]
            truth, artists = predictions.truth, predictions.artists
            probed = measure_probe(answers.embedding, values, column=probe, truth=truth, artists=artists, **drawn)
            measured = replace(measured, probe=probed)
        reports.append(measured)
        data.append(note_use(Use.MEASURED, chosen, rows=measured.rows, data_hash=measured.data_hash))
    return Report(
        model=candidate.about,
        taxonomy=target,
        sets=tuple(reports),
        seed=seed,
        resamples=resamples,
        command=command,
        train=None if rows is None else Train(rows.data_hash, len(rows.truth)),
        data=tuple(data),
        kinds=kinds,
    )


def predict_selection(
    answers: Answers,
    selection: Selection,
    *,
    name: str,
    source: Taxonomy,
    taxonomy: Taxonomy,
    not_paintings: Floats | None = None,
    promises: AnswerPolicy | None = None,
) -> Predictions:
    """Turn a model's answers to a selection into predictions in a taxonomy.

    Args:
        answers: to the selection's rows.
        selection: the rows and their truth in ``taxonomy``.
        name: the set's name.
        source: the labels that the model answers in.
        taxonomy: the labels that are asked for.
        not_paintings: (Q,), the model's scores 0..1 of pictures that are no paintings.
        promises: the model's, for the sets that it would list.
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
        sets={} if promises is None else list_sets(answers.probabilities, promises, source=source, target=taxonomy),
        accepted=None if selection.accepted is None else selection.accepted[answers.kept],
    )


def _compare_changed(
    predictions: Predictions, places: Ints, changed: Answers, *, source: Taxonomy, resamples: int, seed: int
) -> RobustnessReport:
    """What became of some of the predictions, by their places (M,), when the pictures were changed."""
    taxonomy = predictions.taxonomy
    count, changes, labels = changed.probabilities.shape
    flat = changed.probabilities.reshape(count * changes, labels)
    after = regroup(flat, source=source, target=taxonomy)[0].reshape(count, changes, -1)
    return measure_robustness(
        np.concatenate([predictions.probabilities[places][:, None], after], axis=1),
        predictions.truth[places],
        accepted=None if predictions.accepted is None else predictions.accepted[places],
        artists=[predictions.artists[at] for at in places],
        resamples=resamples,
        seed=seed,
    )


def _measure(predictions: Predictions, candidate: Candidate, *, resamples: int, seed: int) -> SetReport:
    thresholds, promises = candidate.about.thresholds, candidate.promises
    measured = measure(predictions, thresholds=thresholds, resamples=resamples, seed=seed)
    if thresholds is None or promises is None:
        return measured
    kept = measure_promises(predictions, promises, thresholds=thresholds, resamples=resamples, seed=seed)
    return replace(measured, promises=kept)


def _measure_kinds(
    candidate: Candidate, photographs: Photographs, on_progress: OnProgress | None
) -> tuple[KindReport, ...]:
    if candidate.judge is None or candidate.about.thresholds is None:
        return ()
    threshold = candidate.about.thresholds.painting
    return measure_kinds(candidate.judge, threshold=threshold, photographs=photographs, on_progress=on_progress)


def measure_baselines(
    predictions: Predictions, *, train: TrainingRows, colours: Floats, resamples: int = 1000, seed: int = 0
) -> tuple[BaselineReport, ...]:
    """The baselines' figures on the rows that a model was measured on.

    Args:
        predictions: the model's; only what is known about the rows is used.
        train: what the baselines learn from.
        colours: (N, 3), the rows' mean colours in CIELAB.
        resamples: as for the model.
        seed: as for the model, so that the same artists are drawn.
    """
    known = count_known(predictions.artists, train=train)
    share = f"{known} of these {len(predictions)} paintings are by an artist whom it knows"
    answers = {
        ("majority", "Majority class", "Answers the commonest movement of the training data, whatever it sees."): (
            answer_majority(predictions, train=train)
        ),
        ("artist", "Artist look-up", f"Answers the artist's commonest movement in the training data; {share}."): (
            look_up_artist(predictions, train=train)
        ),
        ("colour", "Mean colour", "Answers the movement whose mean colour in CIELAB is nearest."): (
            match_colour(predictions, train=train, colours=colours)
        ),
    }
    return tuple(
        BaselineReport(*described, measure_figures(answer, resamples=resamples, seed=seed))
        for described, answer in answers.items()
    )


def _read_training_rows(train: EvaluationSet, taxonomy: Taxonomy, on_progress: OnProgress | None) -> TrainingRows:
    selection = select_rows(train, taxonomy)
    colours = read_colours(selection.manifest, selection.rows, title=f"{train.name} colours", on_progress=on_progress)
    return TrainingRows(selection.truth, selection.values("artist"), colours, selection.manifest.data_hash())


def _read_own_colours(selection: Selection, answers: Answers, name: str, on_progress: OnProgress | None) -> Floats:
    rows = np.asarray(selection.rows[answers.kept])
    return read_colours(selection.manifest, rows, title=f"{name} colours", on_progress=on_progress)
