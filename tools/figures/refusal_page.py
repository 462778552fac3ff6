"""The tables of docs/refusal.md, and what black and white costs; figures.py measures it and fills them in."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "docs" / "results"
GREY = RESULTS / "grey" / "grey.json"


def measure_grey(data: Path, out: Path) -> None:
    """Evaluate the default model on the famous works in colour and in black and white."""
    import numpy as np
    from PIL import Image, ImageOps

    from smn.bundle import read_bundle
    from smn.bundle.runtime import Runtime
    from smn.confidence.calibration import sigmoid, softmax
    from smn.evaluate import EvaluationSet
    from smn.evaluate.evaluation_sets import select_rows
    from smn.images import open_image

    bundle = read_bundle()
    runtime, selection = Runtime(bundle), select_rows(EvaluationSet.parse(str(data / "famous")), bundle.taxonomy)
    known: dict[str, dict[str, float]] = {}
    for name in ("in colour", "in black and white"):
        right, scores = [], []
        for start in range(0, len(selection.rows), 32):
            rows = selection.rows[start : start + 32]
            images: list[Image.Image] = [open_image(selection.manifest.picture(int(row))) for row in rows]
            if name != "in colour":
                images = [ImageOps.grayscale(image).convert("RGB") for image in images]
            outputs = runtime.run(bundle.preprocess.apply_all(images))
            right.append(softmax(outputs.logits).argmax(1) == selection.truth[start : start + 32])
            scores.append(sigmoid(outputs.painting))
        refused = np.concatenate(scores) < bundle.thresholds.painting
        known[name] = {"top1": float(np.concatenate(right).mean()), "refused": float(refused.mean())}
    out.mkdir(parents=True)
    (out / "grey.json").write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def _kinds() -> str:
    """What is caught of each kind, the drawn ones and photographs."""
    folder = "measured" if (RESULTS / "measured").exists() else "default"
    report: Mapping[str, Any] = json.loads((RESULTS / folder / "report.json").read_text(encoding="utf-8"))
    lines = ["| kind | in training | pictures | refused, % |", "| --- | --- | ---: | ---: |"]
    pool = next(one for one in report["sets"] if one["name"] == "pool-test")
    caught = 100 * pool["figures"]["not_paintings_caught"]["value"]
    lines.append(f"| photographs | other kinds | {pool['not_paintings']} | {caught:.1f} |")
    kinds = report.get("kinds", [])
    for part in ("learned", "held out"):
        mine = [one for one in kinds if one["part"] == part]
        if mine:
            mean = 100 * sum(one["caught"] for one in mine) / len(mine)
            lines.append(f"| **drawn, {part}** | {part} | {sum(one['pictures'] for one in mine)} | {mean:.1f} |")
        lines += [f"| {one['kind']} | {part} | {one['pictures']} | {100 * one['caught']:.1f} |" for one in mine]
    return "\n".join(lines)


def _grey() -> str:
    lines = ["| famous works | top-1, % | refused, % |", "| --- | ---: | ---: |"]
    if GREY.exists():
        for name, figures in json.loads(GREY.read_text(encoding="utf-8")).items():
            lines.append(f"| {name} | {100 * figures['top1']:.1f} | {100 * figures['refused']:.1f} |")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {"refusal": _kinds, "grey": _grey}
