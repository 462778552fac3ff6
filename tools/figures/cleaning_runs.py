"""Trains a recipe on several versions of the data and measures the gains, with intervals that resample artists."""

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cleaning_benchmark.planting import plant_faults, read_planted
from cleaning_benchmark.scoring import list_flagged, score_findings
from smn.clean.findings import read_findings
from smn.evaluate.metrics import bootstrap, count_confusion, macro_f1, rank_truth
from smn.evaluate.taxonomy_search import Refinement, suggest_taxonomy
from smn.images.preprocess import PreprocessSpec
from smn.manifest import read_manifest
from smn.manifest.identity import cluster_artists
from smn.models import build_classifier
from smn.movements import Taxonomy, read_taxonomy, taxonomy_text
from smn.train.feature_extraction import cached_statistics
from smn.train.model_configs import StatisticsSettings
from smn.train.recipe import Recipe, read_recipe
from smn.train.run import read_run, train
from smn.train.selection import TrainingData, select

RECIPE = "lite0-statistics"
SMN = str(Path(sys.executable).with_name("smn"))
Floats = NDArray[np.float64]


def measure_runs(data: Path, build: Path, seeds: Sequence[int], picture_checks: Sequence[str]) -> dict[str, Any]:
    """Figures of every version of the data and of the taxonomy, and the gains over the first of each."""
    recipe = read_recipe(RECIPE)
    own = read_taxonomy(recipe.taxonomy)
    manifests = {"as found": data / "pool", **clean_pool(data, build, picture_checks)}
    runs = {
        name: [_train(recipe, manifest, own, build / "runs" / f"{_slug(name)}-{seed}", seed) for seed in seeds]
        for name, manifest in manifests.items()
    }
    swapped = swap_labels(data, build)
    noisy = {
        name: [_train(recipe, manifest, own, build / "runs" / f"{_slug(name)}-{seed}", seed) for seed in seeds]
        for name, manifest in swapped.items()
    }
    cleaning = _compare(runs, data, own, seeds)
    best = manifests[CLEANED]
    taxonomies = {recipe.taxonomy: own, **refine_taxonomies(runs[CLEANED][0], data, build, own)}
    refined = {
        name: runs[CLEANED]
        if name == recipe.taxonomy
        else [
            _train(recipe, best, build / "taxonomies" / f"{name}.toml", build / "runs" / f"{name}-{seed}", seed)
            for seed in seeds
        ]
        for name in taxonomies
    }
    return {
        "recipe": RECIPE,
        "seeds": list(seeds),
        "data": {name: _describe(manifest) for name, manifest in (manifests | swapped).items()},
        "cleaning": cleaning,
        "noisy": _compare(noisy, data, own, seeds),
        "noisy_found": _score_swaps(build),
        "taxonomies": {
            name: {
                "labels": len(taxonomy.labels),
                "names": [label.name for label in taxonomy.labels],
                **_regrouped(refined[name], refined[recipe.taxonomy], data, taxonomy, own),
            }
            for name, taxonomy in taxonomies.items()
        },
    }


CLEANED = "wrong pictures and doubtful labels dropped"


def clean_pool(data: Path, build: Path, picture_checks: Sequence[str]) -> dict[str, Path]:
    """Versions of the pool whose training split is cleaned as the findings suggest; val and test stay as they are."""
    kinds = {
        "wrong pictures dropped": (picture_checks, None),
        CLEANED: ([*picture_checks, "label"], "drop"),
        "wrong pictures dropped, labels changed": ([*picture_checks, "label"], "relabel"),
        "as many rows dropped at random": ((), "random"),
    }
    made: dict[str, Path] = {}
    for name, (checks, labels) in kinds.items():
        out = build / "data" / _slug(name)
        if not (out / "manifest.parquet").exists():
            decisions = out.with_suffix(".csv")
            rows = _decide(build / "pool", checks, labels, read_manifest(data / "pool"), made)
            _write_decisions(decisions, rows)
            _run("clean", "apply", data / "pool", "--decisions", decisions, "--out", out, "--splits", "train")
        made[name] = out
    return made


def swap_labels(data: Path, build: Path) -> dict[str, Path]:
    """The training split with a fifth of its labels swapped, and what is left when the doubtful ones are dropped."""
    noisy, found, cleaned = (build / "noisy" / name for name in ("swapped", "findings", "cleaned"))
    each = len(read_manifest(data / "pool").rows(split="train")) // 5
    if not (noisy / "manifest.parquet").exists():
        plant_faults(data / "pool", noisy, faults=["swapped"], each=each, splits=["train"])
    if not (found / "findings.parquet").exists():
        if not found.exists():
            shutil.copytree(build / "pool" / "measured", found / "measured")
        _run("clean", "check", noisy, "--out", found, "--checks", "label")
    if not (cleaned / "manifest.parquet").exists():
        decisions = build / "noisy" / "decisions.csv"
        _write_decisions(decisions, _decide(found, ["label"], "drop", None, {}))
        _run("clean", "apply", noisy, "--decisions", decisions, "--out", cleaned, "--splits", "train")
    return {"a fifth of the labels swapped": noisy, "the same, doubtful labels dropped": cleaned}


def _score_swaps(build: Path) -> dict[str, Any]:
    """Recall and precision of the check on the swapped labels."""
    flagged = list_flagged(read_findings(build / "noisy" / "findings"))
    proof = score_findings(flagged, read_planted(build / "noisy" / "swapped")).to_dict()
    found: dict[str, Any] = proof["checks"][0]
    return found


def _run(*arguments: object) -> None:
    subprocess.run([SMN, *map(str, arguments)], check=True)  # noqa: S603 - the arguments are ours


def _write_decisions(file: Path, rows: Sequence[Mapping[str, str]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, DECISION_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


DECISION_COLUMNS = ("id", "sha256", "decision", "movement", "checks", "note", "decided_at")


def _decide(
    findings: Path, checks: Sequence[str], labels: str | None, pool: Any, made: Mapping[str, Path]
) -> list[dict[str, str]]:
    if labels == "random":
        # What dropping rows costs by itself: as many training rows as the cleaned set lacks, drawn at random.
        kept = len(read_manifest(made[CLEANED]).rows(split="train"))
        rows = pool.rows(split="train")
        drawn = np.random.default_rng(0).permutation(rows)[: len(rows) - kept]
        known = pool.table.select(["id", "sha256"]).to_pylist()
        return [_decision(known[row], "drop", "", "random") for row in drawn.tolist()]
    read = read_findings(findings)
    decisions = []
    for row in read.table.to_pylist():
        hits = [name for name in checks if row[f"is_{name}_issue"]]
        wrong = [name for name in hits if name != "label"]
        suggestion = row["label_suggestion"] if "label" in hits else None
        if wrong or (hits and labels == "drop"):
            decisions.append(_decision(row, "drop", "", ";".join(hits)))
        elif hits and suggestion:
            decisions.append(_decision(row, "relabel", suggestion, ";".join(hits)))
    return decisions


def _decision(row: Mapping[str, Any], decision: str, movement: str, checks: str) -> dict[str, str]:
    values = (row["id"], row["sha256"], decision, movement, checks, "", "2026-01-01T00:00:00+00:00")
    return dict(zip(DECISION_COLUMNS, values, strict=True))


def refine_taxonomies(run: Path, data: Path, build: Path, own: Taxonomy) -> dict[str, Taxonomy]:
    """Coarser taxonomies by what the run confuses on the validation split: merged and dropped."""
    truth, probabilities, _ = _answers(run, data, own)["val"]
    confusion = count_confusion(truth, probabilities.argmax(1), classes=len(own.labels))
    labels = [{"id": label.id} for label in own.labels]
    report = build / "val-report" / "report.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    sets = [{"name": "val", "confusion": confusion.tolist()}]
    report.write_text(json.dumps({"taxonomy": {"id": own.id, "labels": labels}, "sets": sets}))
    made = {}
    for name, by, count in (("merged-18", Refinement.MERGE, 18), ("merged-14", Refinement.MERGE, 14),
                            ("distinct-16", Refinement.DROP, 16), ("distinct-10", Refinement.DROP, 10)):  # fmt: skip
        taxonomy, _ = suggest_taxonomy(report, own, part="val", by=by, labels=count, name=name)
        file = build / "taxonomies" / f"{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(taxonomy_text(taxonomy), encoding="utf-8")
        made[name] = taxonomy
    return made


def _train(recipe: Recipe, manifest: Path, taxonomy: Taxonomy | Path, out: Path, seed: int) -> Path:
    name = str(taxonomy) if isinstance(taxonomy, Path) else taxonomy.id
    chosen = replace(recipe, seed=seed, taxonomy=name)
    if not (out / "model.pt").exists():
        train(chosen, manifest, out=out, progress=lambda what, done, total: _tell(f"{out.name}: {what}", done, total))
    return out


def _tell(what: str, done: int, total: int) -> None:
    if done == total:
        sys.stderr.write(f"{what}: {done} of {total}\n")


def _answers(
    run: Path, data: Path, taxonomy: Taxonomy
) -> dict[str, tuple[NDArray[np.int64], Floats, NDArray[np.int64]]]:
    """Right labels (N,), probabilities (N, K) and artists (N,) of the held-out sets; ``taxonomy`` is the run's."""
    recipe = read_run(run).recipe
    settings = recipe.model
    if not isinstance(settings, StatisticsSettings):
        raise TypeError(f"The run {run} is of kind {settings.kind}; the runs that are compared are of kind statistics.")
    model, backbone = build_classifier(
        settings.backbone, levels=settings.levels, classes=len(taxonomy.labels), dropout=settings.dropout
    )
    model.load_state_dict(torch.load(run / "model.pt", weights_only=True))
    model.eval()
    spec = PreprocessSpec(settings.size, settings.fit, mean=backbone.mean, std=backbone.std)
    answers = {}
    for name, chosen in _held_out(data, taxonomy).items():
        values = cached_statistics(
            model, chosen.manifest, recipe=recipe, spec=spec, rows=chosen.rows, view=0,
            cache=run.parent / "cache", progress=_tell,
        )  # fmt: skip
        with torch.inference_mode():
            logits = model.head(model.standardise(torch.from_numpy(values)))
        artists = chosen.manifest.column("artist")
        clusters = cluster_artists([artists[row] for row in chosen.rows])
        answers[name] = (chosen.targets, torch.softmax(logits, 1).double().numpy(), clusters)
    return answers


def _held_out(data: Path, taxonomy: Taxonomy) -> dict[str, TrainingData]:
    pool, famous = read_manifest(data / "pool"), read_manifest(data / "famous")
    everything = replace(famous, table=famous.table.set_column(
        famous.table.column_names.index("split"), "split", [["test"] * len(famous)]
    ))  # fmt: skip
    return {
        "val": select(pool, taxonomy, split="val"),
        "pool test": select(pool, taxonomy, split="test"),
        "famous": select(everything, taxonomy, split="test"),
    }


def _compare(runs: Mapping[str, list[Path]], data: Path, own: Taxonomy, seeds: Sequence[int]) -> dict[str, Any]:
    """Figures of every version, and its gain over the first, artists resampled and seeds averaged."""
    answers = {name: [_answers(run, data, own) for run in group] for name, group in runs.items()}
    first = next(iter(runs))
    compared: dict[str, Any] = {}
    for name, group in answers.items():
        compared[name] = {}
        for part in ("pool test", "famous"):
            mine = [one[part] for one in group]
            base = None if name == first else [one[part] for one in answers[first]]
            compared[name][part] = _figures(mine, base, len(own.labels), len(seeds))
    return compared


def _figures(mine: list[Any], base: list[Any] | None, classes: int, seeds: int) -> dict[str, Any]:
    clusters = mine[0][2]
    ranks = [_measures(one, classes) for one in mine]
    others = None if base is None else [_measures(one, classes) for one in base]

    def statistic(weights: Floats) -> Floats:
        own = np.mean([measure(weights) for measure in ranks], axis=0)
        against = np.zeros(3) if others is None else np.mean([measure(weights) for measure in others], axis=0)
        return np.concatenate([own, own - against])

    values = bootstrap(statistic, [clusters], resamples=1000, seed=0)
    ones = np.ones(len(clusters))
    spread = np.std([measure(ones) for measure in ranks], axis=0, ddof=1) if seeds > 1 else np.zeros(3)
    figures: dict[str, Any] = {"rows": len(clusters)}
    for at, key in enumerate(("top1", "top3", "macro_f1")):
        figures[key] = {**vars(values[at]), "seeds_sd": float(spread[at])}
        if others is not None:
            figures[f"{key}_gain"] = vars(values[3 + at])
    return figures


def _measures(answer: Any, classes: int) -> Callable[[Floats], Floats]:
    truth, probabilities, _ = answer
    ranks, predicted = rank_truth(probabilities, truth), probabilities.argmax(1)

    def measure(weights: Floats) -> Floats:
        total = weights.sum()
        confusion = count_confusion(truth, predicted, classes=classes, weights=weights)
        top1, top3 = (float((weights * (ranks < k)).sum() / total) for k in (1, 3))
        return np.array([top1, top3, macro_f1(confusion)])

    return measure


def _regrouped(native: list[Path], finer: list[Path], data: Path, taxonomy: Taxonomy, own: Taxonomy) -> dict[str, Any]:
    """Figures of models trained in a taxonomy, and of the finer model's answers read in it."""
    labels = [own.label_ids.index(label.id) for label in own.labels]
    member = np.zeros((len(labels), len(taxonomy.labels)))
    for place, label in enumerate(own.labels):
        covering = taxonomy.label_of(label.movements[0])
        if covering is not None:
            member[place, taxonomy.label_ids.index(covering.id)] = 1.0
    result: dict[str, Any] = {}
    held_out = _held_out(data, taxonomy)
    for part in ("pool test", "famous"):
        mine = [_answers(run, data, taxonomy)[part] for run in native]
        read = []
        for run in finer:
            wide = _held_out(data, own)[part].rows
            keep = np.isin(wide, held_out[part].rows)
            probabilities = _answers(run, data, own)[part][1][keep] @ member
            read.append((mine[0][0], probabilities / probabilities.sum(1, keepdims=True), mine[0][2]))
        counts = np.bincount(mine[0][0], minlength=len(taxonomy.labels))
        result[part] = {
            "trained": _figures(mine, read, len(taxonomy.labels), len(native)),
            "read": _figures(read, None, len(taxonomy.labels), len(finer)),
            "largest": float(counts.max() / counts.sum()),
        }
    return result


def _describe(manifest: Path) -> dict[str, Any]:
    read = read_manifest(manifest)
    return {"train": len(read.rows(split="train")), "data_hash": read.data_hash()}


def _slug(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")
