"""Writes the palette of each movement that the page's Explore shows: the commonest colours of its works.

    python tools/figures/movement_palettes.py build/data/pools/manifest.parquet

Needs the extras data and colour. A movement with few works in the manifest gets no palette.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb

from smn.errors import ImageError
from smn.images import Picture, open_image
from smn.manifest import read_manifest
from smn.models.palette import cluster_colours, convert_to_lab

FILE = Path(__file__).parents[2] / "src" / "smn" / "web" / "palettes.json"
COLOURS, WORKS, LEAST, SIDE = 6, 300, 30, 16
"""Colours of a palette, works that it is made of at most and at least, and pixels a side that are looked at."""


def take_colours(picture: Picture) -> NDArray[np.float64] | None:
    """The colours of a picture in CIELAB (SIDE * SIDE, 3); None where it cannot be read."""
    try:
        image: Image.Image = open_image(picture, reduce_to=64)
    except ImageError:
        return None
    return convert_to_lab(image, side=SIDE).reshape(-1, 3)


def find_palette(pictures: list[Picture]) -> list[list[str | float]]:
    """The commonest colours of some pictures as ``#RRGGBB`` with their shares, 0..1."""
    taken = [colours for colours in map(take_colours, pictures) if colours is not None]
    palette = cluster_colours(np.concatenate(taken), colours=COLOURS)
    written = np.round(255 * lab2rgb(palette[None, :, :3])[0]).astype(int)
    return [
        ["#{:02X}{:02X}{:02X}".format(*colour), round(float(share), 3)]
        for colour, share in zip(written, palette[:, 3], strict=True)
    ]


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("manifest", type=Path)
    manifest = read_manifest(parser.parse_args().manifest)
    groups: dict[str, list[Picture]] = {}
    for _, row, movement in sorted(
        zip(manifest.column("id"), range(len(manifest)), manifest.column("movement"), strict=True)
    ):
        if movement:
            groups.setdefault(movement, []).append(manifest.picture(row))
    palettes = {name: find_palette(some[:WORKS]) for name, some in sorted(groups.items()) if len(some) >= LEAST}
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(palette)}" for name, palette in palettes.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
