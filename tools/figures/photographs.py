"""Measures the default model on photographs of paintings, and draws what straightening does.

    python tools/figures/photographs.py --data build/data

The figures go to docs/results/photographs, one file a set; figures.py places them on docs/photographs.md.
The picture is of generated paintings.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / "docs" / "results" / "photographs"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "photographs.jpg"
SHOWN = ("baroque", "romanticism", "ukiyo-e", "impressionism", "post-impressionism", "art-nouveau")
_SETS = {"validation": ("pool", "val", 400), "famous": ("famous", None, 913)}
_SIDE = 260


def measure(data: Path, bundle: str | None) -> None:
    """Measure and keep."""
    from photograph_cost import measure_photographs
    from smn.bundle import DEFAULT, read_bundle
    from smn.cli.screen import progress
    from smn.evaluate import EvaluationSet

    KEPT.mkdir(parents=True, exist_ok=True)
    for name, (folder, split, count) in _SETS.items():
        chosen = EvaluationSet.parse(f"{name}={data / folder}" + (f":{split}" if split else ""))
        with progress() as on_progress:
            report = measure_photographs(read_bundle(bundle or DEFAULT), chosen, count=count, on_progress=on_progress)
        text = json.dumps(_rounded(asdict(report)), indent=1)
        (KEPT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def draw() -> None:
    """A photograph of each shown painting above what is made of it, one column each."""
    from PIL import Image, ImageDraw, ImageOps

    from camera import take_photograph
    from smn.examples import paint
    from smn.images.rectify import find_painting, straighten

    sheet = Image.new("RGB", (len(SHOWN) * (_SIDE + 10) + 10, 2 * (_SIDE + 10) + 10), "#FAF8F4")
    for column, movement in enumerate(SHOWN):
        photograph = take_photograph(paint(movement, seed=0), seed=column + 2).image
        found = find_painting(photograph)
        shown = photograph.copy()
        if found is not None:
            corners = [(float(x * shown.width), float(y * shown.height)) for x, y in found.corners]
            ImageDraw.Draw(shown).polygon(corners, outline="#A63D23", width=6)
        made = photograph if found is None else straighten(photograph, found)
        for row, picture in enumerate((shown, made)):
            fitted = ImageOps.contain(picture, (_SIDE, _SIDE))
            left = 10 + column * (_SIDE + 10) + (_SIDE - fitted.width) // 2
            sheet.paste(fitted, (left, 10 + row * (_SIDE + 10) + (_SIDE - fitted.height) // 2))
    sheet.save(PICTURE, quality=84)


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def _table() -> str:
    lines = ["| set | paintings | asked about | top-1, % | change | top-3, % | change |"]
    lines.append("| --- | ---: | --- | ---: | ---: | ---: | ---: |")
    for report in _reports():
        for way, figures in report["figures"].items():
            cells = []
            for key in ("top1", "top3"):
                cells.append(f"{100 * figures[key]['value']:.1f}")
                change = report["changes"][way][key]
                low, value, high = (f"{100 * change[end]:+.1f}" for end in ("low", "value", "high"))
                cells.append("" if way == "scan" else f"{value} ({low} to {high})")
            lines.append(f"| {report['name']} | {report['paintings']} | {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _found() -> str:
    lines = ["| set | found in, % | of which it overlaps, mean | found, and overlaps by 0.8, % | scans changed, % |"]
    lines.append("| --- | ---: | ---: | ---: | ---: |")
    for report in _reports():
        shares = [f"{100 * report[key]:.1f}" for key in ("found", "well_found", "touched")]
        lines.append(f"| {report['name']} | {shares[0]} | {report['overlap']:.2f} | {shares[1]} | {shares[2]} |")
    return "\n".join(lines)


def _reports() -> list[Mapping[str, Any]]:
    files = [KEPT / f"{name}.json" for name in _SETS]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


TABLES: Mapping[str, Callable[[], str]] = {"photographs": _table, "photographs-found": _found}


def main() -> None:
    """Measure, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--bundle", help="another bundle than the one in the package")
    chosen = parser.parse_args()
    draw()
    measure(chosen.data, chosen.bundle)


if __name__ == "__main__":
    main()
