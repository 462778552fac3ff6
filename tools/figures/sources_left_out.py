"""Measures what pictures from a source are worth that the network has never learned from: each source is left out once.

    python tools/figures/sources_left_out.py --data build/data --runs build/default/runs

Trains the network of fast-1 on both pools, and again without each source, below --runs; manifests and bundles go to
DATA/sources. What is finished is not made again. The figures go to docs/results/training/sources.json; figures.py
places them where a page has their mark, `sources-left-out`.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from combinations import keep_measured, run_smn
from smn.manifest import Manifest, read_manifest
from smn.manifest.writer import rewrite_manifest

KEPT = Path(__file__).parents[2] / "docs" / "results" / "training" / "sources.json"
SOURCES = ("wikiart-d", "wikiart-a", "best-artworks", "wikiart-b", "public-art")
"""The five that most pictures of the pools come from."""
_RECIPE = ("lite0-later-crossfit", "--set", "finetune.epochs=0", "--set", "answers.paintings_refused=0.015")


@dataclass(frozen=True)
class _Folders:
    data: Path
    runs: Path
    made: Path
    """Where manifests, bundles and answers go."""


def measure(data: Path, runs: Path) -> dict[str, Any]:
    """Train with and without each source, and evaluate on test pictures from it and from the others."""
    pools, told, folders = read_manifest(data / "pools"), {}, _Folders(data, runs, data / "sources")
    folders.made.mkdir(exist_ok=True)
    whole = _train_and_export(data / "pools", "lite0-measured", folders)  # the run of make default
    for source in SOURCES:
        only = _keep(pools, folders.made / f"only-{source}.parquet", of=source)
        rest = _keep(pools, folders.made / f"without-{source}.parquet", without=source)
        part = _train_and_export(rest, f"lite0-without-{source}", folders)
        told[source] = {
            name: _evaluate(bundle, {"source": only, "others": rest}, folders)
            for name, bundle in (("learned", whole), ("left-out", part))
        }
    return told


def _keep(manifest: Manifest, out: Path, *, of: str | None = None, without: str | None = None) -> Path:
    """The manifest with the rows of one source alone, or of all others, in its splits."""
    if out.exists():
        return out
    rows = zip(manifest.column("source"), manifest.column("split"), strict=True)
    splits = [split if (source == of if of else source != without) else None for source, split in rows]
    return rewrite_manifest(manifest, out, columns={"split": splits})


def _train_and_export(manifest: Path, name: str, folders: _Folders) -> Path:
    """The bundle of a run; what is trained is not trained again."""
    run, bundle, negatives = folders.runs / name, folders.made / name, folders.data / "not-paintings"
    if not (run / "model.pt").exists():
        run_smn("train", *_RECIPE, "--manifest", str(manifest), "--negatives", str(negatives), "--out", str(run))
    if not bundle.exists():
        run_smn("export", str(run), "--manifest", str(manifest), "--jpeg", "75", "--out", str(bundle), "--name", name)
    return bundle


def _evaluate(bundle: Path, sets: Mapping[str, Path], folders: _Folders) -> dict[str, Any]:
    """Rows and figures of the test split of each set."""
    asked = [word for name, file in sets.items() for word in ("--manifest", f"{name}={file}:test")]
    with tempfile.TemporaryDirectory() as place:
        out, cache = Path(place) / "report", folders.made / "answers"
        run_smn("evaluate", str(bundle), *asked, "--bootstrap", "0", "--cache", str(cache), "--out", str(out))
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return {
        one["name"]: {"rows": one["rows"]} | {key: one["figures"][key]["value"] for key in ("top1", "top3")}
        for one in report["sets"]
    }


def _table() -> str:
    if not KEPT.exists():
        return ""
    lines = [
        "| source | its pictures in test | top-1 | left out | the others' pictures | left out |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for source, told in json.loads(KEPT.read_text(encoding="utf-8")).items():
        figures = [told[how][of]["top1"] for of in ("source", "others") for how in ("learned", "left-out")]
        rows = told["learned"]["source"]["rows"]
        lines.append(f"| {source} | {rows:,} | {' | '.join(f'{100 * one:.1f} %' for one in figures)} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"sources-left-out": _table}


if __name__ == "__main__":
    keep_measured(measure, KEPT, about=__doc__)
