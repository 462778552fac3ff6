"""Measures whether the default model's evidence maps mean something, and draws one.

    python tools/figures/explaining.py --data build/data

The figures go to docs/results/explain; figures.py places them on docs/explain.md. The picture is of a generated
painting.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

KEPT = Path(__file__).parents[2] / "docs" / "results" / "explain" / "explain.json"
CURVES = Path(__file__).parents[2] / "docs" / "images" / "explain-curves.png"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "explain.png"
SHOWN = "impressionism"
_COUNT = 60
_COMPARED = 30


def measure(data: Path) -> dict[str, Any]:
    """Measure on famous works, drawn by lot."""
    from faithfulness import compare_maps, measure_curves
    from smn.bundle import read_bundle
    from smn.cli.screen import progress
    from smn.evaluate.metrics import bootstrap
    from smn.images import open_image
    from smn.manifest import read_manifest
    from smn.manifest.identity import cluster_artists

    bundle, manifest = read_bundle(), read_manifest(data / "famous")
    rows = np.random.default_rng(0).permutation(len(manifest.table))[:_COUNT].tolist()
    images = [open_image(manifest.picture(row)) for row in rows]
    with progress() as show:
        curves = measure_curves(bundle, images, on_picture=lambda done, total: show("curves", done, total))
    artists = cluster_artists([manifest.table["artist"][row].as_py() for row in rows])
    by_name = {one.name: one for one in curves}
    told: dict[str, Any] = {"model": bundle.name, "pictures": len(images), "orders": {}, "gains": {}}
    for one in curves:
        told["orders"][one.name] = {
            key: [round(float(value), 4) for value in getattr(one, key)] for key in ("deletion", "insertion")
        } | {f"{key}_area": round(float(getattr(one, f"{key}_area").mean()), 4) for key in ("deletion", "insertion")}
    for rival in ("random", "middle"):
        for key in ("deletion_area", "insertion_area"):
            gain = getattr(by_name["evidence"], key) - getattr(by_name[rival], key)
            (figure,) = bootstrap(lambda weights, gain=gain: np.array([np.average(gain, weights=weights)]), [artists])
            parts = (figure.value, figure.low, figure.high)
            told["gains"][f"{key} against {rival}"] = [round(part, 4) for part in parts]
    with tempfile.TemporaryDirectory() as folder:
        bundles = {"trained": bundle, **{part: _shuffled(bundle, Path(folder) / part, part) for part in _PARTS}}
        likeness = compare_maps(bundles, images[:_COMPARED])
    told["likeness"] = {part: round(float(values.mean()), 4) for part, values in likeness.items()}
    return told


_PARTS: Mapping[str, Callable[[str], bool]] = {
    "head": lambda name: ".head." in name,
    "all": lambda name: "head" in name or name.endswith(("weight", "weight_whole", "_quantized")),
}


def _shuffled(bundle: Any, folder: Path, part: str) -> Any:
    """The bundle with the values of every tensor in a part of its weights shuffled."""
    import onnx
    from onnx import numpy_helper

    folder.mkdir()
    graph, draw = onnx.load(bundle.model_file), np.random.default_rng(0)
    for tensor in graph.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.size >= 25 and _PARTS[part](tensor.name):
            mixed = draw.permutation(values.ravel()).reshape(values.shape)
            tensor.CopyFrom(numpy_helper.from_array(mixed, tensor.name))
    onnx.save(graph, folder / "model.onnx")
    shutil.copy(bundle.folder / "bundle.json", folder)
    return replace(bundle, folder=folder)


def draw(told: Mapping[str, Any]) -> None:
    """The curves, and one explanation."""
    from matplotlib.figure import Figure

    import smn
    from smn.examples import paint
    from smn.explain.explanation import draw_explanation, explain_picture

    figure = Figure(figsize=(10, 3.8), facecolor="#FAF8F4")
    colours = {"evidence": "#D55E00", "random": "#6B655C", "middle": "#0072B2"}
    for axis, key in zip(figure.subplots(1, 2, sharey=True), ("deletion", "insertion"), strict=True):
        for name, curves in told["orders"].items():
            shares = np.linspace(0, 100, len(curves[key]))
            axis.plot(shares, [100 * value for value in curves[key]], color=colours[name], label=name, lw=2)
        axis.set_title({"deletion": "blurred away", "insertion": "sharpened"}[key], fontsize=11, loc="left")
        axis.set_xlabel("share of the picture, %")
        axis.set_facecolor("#FAF8F4")
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("probability of the answer, %")
    figure.axes[0].legend(frameon=False, title="places in order of")
    figure.tight_layout()
    figure.savefig(CURVES, dpi=110)
    PICTURE.unlink(missing_ok=True)
    draw_explanation(explain_picture(smn.load(), paint(SHOWN, seed=0)), PICTURE)


def _table() -> str:
    told = _told()
    if not told:
        return ""
    lines = ["| order of places | deletion, area | insertion, area |", "| --- | ---: | ---: |"]
    for name, areas in told["orders"].items():
        lines.append(f"| {name} | {areas['deletion_area']:.3f} | {areas['insertion_area']:.3f} |")
    for rival in ("random", "middle"):
        cells = []
        for key in ("deletion_area", "insertion_area"):
            value, low, high = told["gains"][f"{key} against {rival}"]
            cells.append(f"{value:+.3f} ({low:+.3f} to {high:+.3f})")
        lines.append(f"| evidence less {rival} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _likeness() -> str:
    names = {"head": "the heads alone", "all": "every layer"}
    lines = ["| weights shuffled | rank correlation with the trained map |", "| --- | ---: |"]
    lines += [f"| {names[part]} | {value:.2f} |" for part, value in _told().get("likeness", {}).items()]
    return "\n".join(lines)


def _told() -> Mapping[str, Any]:
    known: Mapping[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return known


TABLES: Mapping[str, Callable[[], str]] = {"explain-curves": _table, "explain-likeness": _likeness}


def main() -> None:
    """Measure, keep and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    told = measure(parser.parse_args().data)
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    draw(told)


if __name__ == "__main__":
    main()
