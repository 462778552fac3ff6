"""Measures a bundle on sets of pictures."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from smn.bundle import Bundle
from smn.evaluate.baselines import TrainingRows, answer_majority, count_known, look_up_artist, match_colour
from smn.evaluate.colour import read_colours
from smn.evaluate.infer import Answers, predict_selection, run_network
from smn.evaluate.measure import measure, measure_figures
from smn.evaluate.metrics import Floats
from smn.evaluate.predictions import Predictions
from smn.evaluate.provenance import list_training, note_use
from smn.evaluate.report import BaselineReport, Model, Report, Train, Use
from smn.evaluate.sets import EvaluationSet, Selection, check_sets, select_not_paintings, select_rows
from smn.movements import Taxonomy, read_taxonomy
from smn.reading import OnProgress
from smn.runtime import Runtime


def evaluate_bundle(
    bundle: Bundle,
    sets: Sequence[EvaluationSet],
    *,
    taxonomy: str | Path | None = None,
    not_paintings: EvaluationSet | None = None,
    train: EvaluationSet | None = None,
    resamples: int = 1000,
    seed: int = 0,
    command: str = "",
    on_progress: OnProgress | None = None,
) -> Report:
    """Measure a bundle on one or more sets.

    Args:
        bundle: the model.
        sets: what to measure on, each name once.
        taxonomy: id or TOML file of the labels to read the answers in; None for the bundle's own.
        not_paintings: pictures of something else, to measure refusal with.
        train: the data that the baselines learn from; without it there are none.
        resamples: how many times artists are drawn for the intervals.
        seed: of the drawing.
        command: the command that asked, for the record.
        on_progress: called after each picture.

    Raises:
        InputError: the sets have no names of their own, or none of a set's pictures can be read.
        ManifestError: a manifest is missing or has no row to measure on.
        TaxonomyError: the bundle's taxonomy and the one asked for have nothing in common.
        BundleError: the bundle cannot be loaded.

    Example:
        >>> report = evaluate_bundle(read_bundle(), [EvaluationSet.parse("data/pool:test")])
        >>> write_report(report, Path("report"))
    """
    check_sets(sets)
    own = bundle.taxonomy
    target = own if taxonomy is None else read_taxonomy(taxonomy)
    selections = [select_rows(chosen, target) for chosen in sets]
    rows = None if train is None else _read_training_rows(train, target, on_progress)
    runtime = Runtime(bundle)
    data = list_training(bundle)
    if train is not None and rows is not None:
        data.append(note_use(Use.BASELINES, train, rows=len(rows.truth), data_hash=rows.data_hash))
    others = None
    if not_paintings is not None:
        manifest, numbers = select_not_paintings(not_paintings)
        data.append(note_use(Use.NOT_PAINTINGS, not_paintings, rows=len(numbers), data_hash=manifest.data_hash()))
        title = not_paintings.name
        others = run_network(runtime, bundle, manifest, rows=numbers, title=title, on_progress=on_progress).painting
    reports = []
    for chosen, selection in zip(sets, selections, strict=True):
        answers = run_network(
            runtime, bundle, selection.manifest, rows=selection.rows, title=chosen.name, on_progress=on_progress
        )
        predictions = predict_selection(
            answers, selection, name=chosen.name, bundle=bundle, taxonomy=target, not_paintings=others
        )
        measured = measure(predictions, thresholds=bundle.thresholds, resamples=resamples, seed=seed)
        if rows is not None:
            colours = _read_own_colours(selection, answers, chosen.name, on_progress)
            beside = measure_baselines(predictions, train=rows, colours=colours, resamples=resamples, seed=seed)
            measured = replace(measured, baselines=beside)
        reports.append(measured)
        data.append(note_use(Use.MEASURED, chosen, rows=measured.rows, data_hash=measured.data_hash))
    return Report(
        model=Model(bundle.name, bundle.model_sha256, own.id, bundle.temperature, bundle.thresholds),
        taxonomy=target,
        sets=tuple(reports),
        seed=seed,
        resamples=resamples,
        command=command,
        train=None if rows is None else Train(rows.data_hash, len(rows.truth)),
        data=tuple(data),
    )


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
