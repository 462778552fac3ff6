"""Measures how sure the default model may be: calibration, precisions and sets, chosen on validation data alone.

    python tools/figures/sureness.py --data build/data --logits build/logits --bundle build/default/bundles/measured

``--logits`` keeps the network's outputs, so that only the first run takes minutes. What is compared is compared on the
validation split, in folds that keep artists together; the test split and the famous works are reported on, once, with
what was learned on the whole validation split. Writes docs/results/how-sure/how-sure.json, from which figures.py
fills the decision record.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibrators import CALIBRATORS
from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.bundle.row_reader import Failure
from smn.bundle.runtime import Runtime
from smn.confidence.answer_policy import fit_policy, is_correct
from smn.confidence.calibration import fit_temperature, softmax
from smn.confidence.conformal import COVERAGE_LEVELS, mass_before
from smn.confidence.selective import find_threshold
from smn.evaluate.evaluation_sets import EvaluationSet, Predictions, select_rows
from smn.evaluate.metrics import bootstrap, calibration_error, negative_log_likelihood, weighted_mean
from smn.evaluate.selective_answers import COVERAGES, PRECISIONS, measure_policy, sets_by_coverage
from smn.manifest.identity import cluster_artists

OUT = Path(__file__).parents[2] / "docs" / "results" / "how-sure" / "how-sure.json"
FOLDS, REPEATS = 5, 10
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Known:
    """A set's logits (N, K), right labels (N,) and artists (N,)."""

    logits: Floats
    truth: Ints
    artists: tuple[str | None, ...]

    @property
    def clusters(self) -> Ints:
        """Numbers of the artists."""
        return cluster_artists(self.artists)


def read_logits(bundle: Bundle, chosen: EvaluationSet, folder: Path) -> Known:
    """The network's outputs on a set, from the folder where they are kept or from its pictures."""
    file = folder / f"{bundle.model_sha256[:12]}-{chosen.name}.npz"
    if not file.is_file():
        selection, runtime = select_rows(chosen, bundle.taxonomy), Runtime(bundle, threads=1)
        outputs = runtime.run_rows(selection.manifest, selection.rows, title=chosen.name, batch_size=1)
        found = [(at, one) for at, one in enumerate(outputs) if not isinstance(one, Failure)]
        logits = [one.logits[0] for _, one in found]
        kept = [at for at, _ in found]
        artists = [selection.values("artist")[at] or "" for at in kept]
        folder.mkdir(parents=True, exist_ok=True)
        np.savez(file, logits=logits, truth=selection.truth[kept], artists=artists)
    with np.load(file) as data:
        named = tuple(str(name) or None for name in data["artists"])
        return Known(data["logits"].astype(np.float64), data["truth"], named)


def draw_folds(clusters: Ints, seed: int) -> Ints:
    """A fold for each row, the same for all rows of a cluster."""
    return np.asarray((np.random.default_rng(seed).permutation(clusters.max() + 1) % FOLDS)[clusters])


def compare_calibrators(known: Known) -> dict[str, Any]:
    """Log loss and calibration error of each calibrator on new artists, and the differences to temperature."""
    clusters = known.clusters
    losses: dict[str, Floats] = {name: np.zeros(len(known.truth)) for name in CALIBRATORS}
    confidence = {name: np.zeros((REPEATS, len(known.truth))) for name in CALIBRATORS}
    hits = known.logits.argmax(axis=1) == known.truth
    for seed in range(REPEATS):
        folds = draw_folds(clusters, seed)
        for fold in range(FOLDS):
            fitted, held = folds != fold, folds == fold
            for name, fit in CALIBRATORS.items():
                probabilities = fit(known.logits[fitted], known.truth[fitted])(known.logits[held])
                losses[name][held] += negative_log_likelihood(probabilities, known.truth[held]) / REPEATS
                # The first answer's own confidence, so that the question stays: is it as often right as it says?
                first = known.logits[held].argmax(axis=1)
                confidence[name][seed, held] = probabilities[np.arange(len(first)), first]

    def errors(name: str, weights: Floats) -> float:
        return float(np.mean([calibration_error(row, hits, weights=weights) for row in confidence[name][:3]]))

    def statistic(weights: Floats) -> Floats:
        loss = [weighted_mean(losses[name], weights) for name in CALIBRATORS]
        error = [errors(name, weights) for name in CALIBRATORS]
        gains = [value - row[0] for row in (loss, error) for value in row]
        return np.array([*loss, *error, *gains])

    figures = bootstrap(statistic, [clusters], resamples=200)
    names, count = list(CALIBRATORS), len(CALIBRATORS)
    keys = ("log_loss", "calibration_error", "log_loss_gain", "calibration_error_gain")
    return {
        name: {key: vars(figures[part * count + at]) for part, key in enumerate(keys)} for at, name in enumerate(names)
    }


Scores = Callable[[Floats], Floats]


def _after(probabilities: Floats) -> Floats:
    return mass_before(probabilities) + probabilities


def _regularised(penalty: float, free: int) -> Scores:
    def scores(probabilities: Floats) -> Floats:
        rank = np.argsort(np.argsort(-probabilities, axis=1, kind="stable"), axis=1)
        return mass_before(probabilities) + penalty * np.maximum(rank + 1 - free, 0)

    return scores


CHOSEN = "probability before the label (APS)"
SCORES: Mapping[str, Scores] = {
    CHOSEN: mass_before,
    "probability up to the label (APS)": _after,
    **{
        f"the first, with RAPS's penalty {penalty} after {free}": _regularised(penalty, free)
        for penalty in (0.01, 0.05)
        for free in (1, 5)
    },
    "one minus the label's probability (no APS)": lambda probabilities: 1.0 - probabilities,
}


def compare_sets(known: Known, probabilities: Floats) -> list[dict[str, Any]]:
    """Coverage and size of sets on new artists, and on new pictures of known artists."""
    rows = []
    for name, scores in SCORES.items():
        table = scores(probabilities)
        ways = ("pictures + 1", "artists + 1", "each artist the same")
        for way, held in [(way, "artists") for way in ways] + [("pictures + 1", "pictures")]:
            groups = known.clusters if held == "artists" else np.arange(len(known.truth))
            for coverage in COVERAGES:
                values = np.array(
                    [_cross_fit(table, known, groups, coverage=coverage, way=way, seed=seed) for seed in range(REPEATS)]
                )
                held_share, size, spread = values.mean(axis=0)
                rows.append({
                    "score": name, "quantile": way, "new": held, "coverage": coverage, "held": held_share,
                    "size": size, "size_noise": values[:, 1].std(), "spread_over_folds": spread,
                })  # fmt: skip
    return rows


def _cross_fit(
    table: Floats, known: Known, groups: Ints, *, coverage: float, way: str, seed: int
) -> tuple[float, float, float]:
    folds, inside, size = draw_folds(groups, seed), np.zeros(len(table)), np.zeros(len(table))
    right = table[np.arange(len(table)), known.truth]
    for fold in range(FOLDS):
        fitted, held = folds != fold, folds == fold
        limit = _quantile(right[fitted], known.clusters[fitted], coverage, way)
        chosen = table[held] <= limit
        chosen[np.arange(held.sum()), table[held].argmin(axis=1)] = True
        inside[held], size[held] = chosen[np.arange(held.sum()), known.truth[held]], chosen.sum(axis=1)
    return inside.mean(), size.mean(), float(np.std([inside[folds == fold].mean() for fold in range(FOLDS)]))


def _quantile(scores: Floats, clusters: Ints, coverage: float, way: str) -> float:
    counts = np.bincount(clusters)
    artists = int((counts > 0).sum())
    if way == "each artist the same":
        weights = 1.0 / counts[clusters] / (artists + 1)
    else:
        units = artists if way == "artists + 1" else len(scores)
        weights = np.full(len(scores), units / (units + 1) / len(scores))
    order = np.argsort(scores)
    at = int(np.searchsorted(np.cumsum(weights[order]), coverage - 1e-9))
    return float(scores[order[at]]) if at < len(order) else float("inf")


def compare_precisions(known: Known, probabilities: Floats, bundle: Bundle) -> list[dict[str, Any]]:
    """What held-out artists' answers are worth at thresholds of each precision, and two ways to threshold families."""
    movements, families = is_correct(probabilities, known.truth, bundle.taxonomy)
    rows = []
    for asked in (*PRECISIONS, 0.8):
        found: dict[str, list[tuple[float, float]]] = {}
        for seed in range(REPEATS):
            for name, answered in _answer_held_out(
                movements, families, draw_folds(known.clusters, seed), asked
            ).items():
                right = (movements if name == "movements" else families)[1][answered]
                pair = (float(answered.mean()), float(right.mean()) if len(right) else float("nan"))
                found.setdefault(name, []).append(pair)
        for name, pairs in found.items():
            answered_share, right_share = (float(np.nanmean(column)) for column in np.array(pairs).T)
            rows.append({"asked": asked, "level": name, "answered": answered_share, "right": right_share})
    return rows


Level = tuple[Floats, NDArray[np.bool_]]


def _answer_held_out(movements: Level, families: Level, folds: Ints, asked: float) -> dict[str, NDArray[np.bool_]]:
    given = {
        name: np.zeros(len(folds), dtype=bool) for name in ("movements", "families among all", "families where alone")
    }
    for fold in range(FOLDS):
        fitted, held = folds != fold, folds == fold
        bar = _bar(movements, fitted, asked)
        sure = movements[0] >= bar
        given["movements"] |= held & sure
        for name, among in (("families among all", fitted), ("families where alone", fitted & ~sure)):
            given[name] |= held & ~sure & (families[0] >= _bar(families, among, asked))
    return given


def _bar(level: Level, among: NDArray[np.bool_], asked: float) -> float:
    found = find_threshold(level[0][among], level[1][among], precision=asked, min_answers=30)
    return float("inf") if found is None else found


def report(bundle: Bundle, val: Known, others: Mapping[str, Known]) -> dict[str, Any]:
    """What becomes elsewhere of what the whole validation split promises."""
    probabilities = softmax(val.logits, temperature=bundle.temperature)
    policy = fit_policy(probabilities, val.truth, taxonomy=bundle.taxonomy, artists=val.clusters)
    movement, family = policy.precision.choose(0.6)
    thresholds = replace(bundle.thresholds, family=family.confidence if family else None)
    kept = {}
    for name, known in {"val": val, **others}.items():
        own = softmax(known.logits, temperature=bundle.temperature)
        nothing = (None,) * len(known.truth)
        predictions = Predictions(
            name, bundle.taxonomy, tuple(map(str, range(len(known.truth)))), own, known.truth, known.artists, nothing,
            nothing, sets=sets_by_coverage(own, policy, source=bundle.taxonomy, target=bundle.taxonomy),
        )  # fmt: skip
        measured = measure_policy(predictions, policy, thresholds=thresholds)
        kept[name] = {
            "precisions": [_plain(one) for one in measured.precisions], "sets": [_plain(one) for one in measured.sets],
        }  # fmt: skip
    reached = [point.precision for point in policy.precision.movements if point]
    return {"kept": kept, "highest_movement_precision": max(reached, default=None), "levels": len(COVERAGE_LEVELS),
            "thresholds": {"movement": movement and movement.confidence, "family": thresholds.family}}  # fmt: skip


def _plain(one: Any) -> dict[str, Any]:
    return {name: vars(value) if hasattr(value, "low") else value for name, value in vars(one).items()}


def _tidy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _tidy(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_tidy(one) for one in value]
    return None if value != value else round(float(value), 6) if isinstance(value, float) else value  # noqa: PLR0124


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--logits", type=Path, required=True)
    parser.add_argument("--bundle", type=Path, default=DEFAULT, help="the fit that never saw what it is measured on")
    chosen = parser.parse_args()
    bundle = read_bundle(chosen.bundle)
    sets = {"val": "pool:val", "pool-test": "pool:test", "famous": "famous"}
    known = {
        name: read_logits(bundle, EvaluationSet.parse(f"{name}={chosen.data}/{place}"), chosen.logits)
        for name, place in sets.items()
    }
    val = known.pop("val")
    probabilities = softmax(val.logits, temperature=fit_temperature(val.logits, val.truth))
    data = {
        "model": bundle.name,
        "sha256": bundle.model_sha256,
        "val": {"pictures": len(val.truth), "artists": int(val.clusters.max()) + 1},
        "calibrators": compare_calibrators(val),
        "sets": compare_sets(val, probabilities),
        "precisions": compare_precisions(val, probabilities, bundle),
        **report(bundle, val, known),
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(_tidy(data), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
