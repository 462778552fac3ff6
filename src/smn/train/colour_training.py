"""What is done in a run that fits a colour model; needs the extra ``colour`` and no torch."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import numpy as np
from PIL import Image

from smn.bundle.row_reader import Failure
from smn.confidence.calibration import log_loss
from smn.errors import InputError
from smn.extras import require_extra
from smn.feature_cache import FeatureSet, compute_missing
from smn.files import write_text
from smn.manifest import Manifest, read_manifest
from smn.models.colour_models import (
    COLOUR_MODELS,
    ColourClassifier,
    compare_features,
    describe_pictures,
    write_colour_model,
)
from smn.models.palette import Floats, Ints
from smn.movements import read_taxonomy
from smn.progress import Progress
from smn.style import MUTED, SMALL, draw_picture, place_axes, write_title
from smn.train.model_configs import ColourSettings
from smn.train.recipe import Recipe
from smn.train.run import MODEL_FILE, describe_run, open_run
from smn.train.selection import select, shorten_pictures


def train_colour(
    recipe: Recipe,
    manifest: str | Path,
    *,
    out: Path,
    negatives: str | Path | None = None,
    fast: bool = False,
    progress: Progress = lambda *_: None,
) -> Path:
    """Fit a colour model; takes, gives and raises what `smn.train.run.train` does.

    The folder gets ``colour.npz``, ``palettes.png`` and, in ``metrics.jsonl``, one line: the figures on the split
    ``val``, and the seconds that this call took, for which pictures in the cache take none.
    """
    name = cast(ColourSettings, recipe.model).name
    if negatives is not None:
        raise InputError(f"{name} is a model of colour and cannot learn what is no painting; leave --negatives out.")
    # Not POT, which takes torch along where it is installed: whichever model needs it asks.
    require_extra("colour", "pyarrow", "sklearn", "skimage", "matplotlib")
    started = time.monotonic()
    taxonomy, pictures = read_taxonomy(recipe.taxonomy), read_manifest(manifest)
    if fast:
        pictures = shorten_pictures(pictures, taxonomy)
    shown, held_back = (select(pictures, taxonomy, split=split) for split in ("train", "val"))
    open_run(out, describe_run(recipe, {"train": shown, "val": held_back}))
    if (out / MODEL_FILE).exists():
        return out
    cache, artists = out.parent / "cache", pictures.column("artist")
    features, others = (
        cached_features(name, pictures, rows=part.rows, cache=cache, progress=progress) for part in (shown, held_back)
    )
    model = ColourClassifier(name, classes=len(taxonomy.labels), seed=recipe.seed)
    model.fit(features, shown.targets, artists=[artists[row] for row in shown.rows], progress=progress)
    figures = _measure(compare_features(model, others, progress=progress), held_back.targets)
    draw_palettes(model, out / "palettes.png", labels=[label.name for label in taxonomy.labels])
    record = {"phase": "colour", "epoch": 1, "seconds": round(time.monotonic() - started, 1), **figures}
    write_text(out / "metrics.jsonl", json.dumps(record) + "\n")
    write_colour_model(model, out / MODEL_FILE)
    return out


def cached_features(
    name: str, manifest: Manifest, *, rows: Sequence[int], cache: Path, progress: Progress = lambda *_: None
) -> Floats:
    """The features of pictures that a colour model works on, stored by the picture's content.

    Args:
        name: one of `smn.models.colour_models.COLOUR_MODELS`; models of the same features share them.
        manifest: where the rows are.
        rows: N numbers of rows.
        cache: folder of the cache, see `smn.feature_cache`; it holds 32 bits a number.
        progress: called after each picture that was not stored.

    Returns:
        (N, ...), in the shape that the model works on.

    Raises:
        InputError: a picture cannot be read.
    """
    method = COLOUR_MODELS[name]
    shape = method.describe(Image.new("RGB", (method.side, method.side))).shape
    features = FeatureSet(
        method.describe.__name__, method.version, {"side": method.side}, np.dtype(("<f4", (int(np.prod(shape)),)))
    )

    def compute(places: list[int]) -> Iterator[tuple[int, Floats]]:
        for at, found in enumerate(describe_pictures(name, manifest, [rows[place] for place in places])):
            if isinstance(found, Failure):
                raise InputError(found.reason)
            yield at, found.reshape(1, -1)

    contents = manifest.column("sha256")
    stored = compute_missing(
        cache, features, [contents[row] for row in rows], compute, title=f"{name}: looking", progress=progress
    )
    return stored.astype(np.float64).reshape(-1, *shape)


def _measure(probabilities: Floats, targets: Ints) -> dict[str, float]:
    ranks = np.argsort(-probabilities, axis=1, kind="stable")[:, :3] == targets[:, None]
    return {
        "val_log_loss": log_loss(probabilities, targets),
        "val_top1": float(ranks[:, 0].mean()),
        "val_top3": float(ranks.any(axis=1).mean()),
    }


def draw_palettes(model: ColourClassifier, file: Path, *, labels: Sequence[str]) -> None:
    """Draw the labels' typical palettes, colours as wide as their shares, as one PNG.

    Args:
        model: fitted.
        file: the PNG to write.
        labels: K names for people, in the order of the model's labels.

    Raises:
        InputError: the model is not fitted, or has another number of labels.
        MissingExtraError: matplotlib or scikit-image is not installed.
    """
    if not model.learned:
        raise InputError(f"{model.name} has not learnt anything yet; call fit before its palettes are drawn.")
    if len(labels) != model.classes:
        raise InputError(f"{model.name} has {model.classes} labels, not {len(labels)}; give one name for each.")
    palettes = model.learned["palettes"]
    with draw_picture(file, width=8.1, height=0.27 * len(labels) + 1.3) as figure:
        write_title(figure, f"{model.name}: the colours of each movement", model.method.summary)
        axes = place_axes(figure, left=2.1, bottom=0.3, right=0.35, top=0.95)
        axes.set(xlim=(0, 1), ylim=(len(labels) - 0.5, -0.5))
        for row, palette in enumerate(palettes):
            if np.isnan(palette).any():
                axes.text(0, row, "no picture to learn from", va="center", fontsize=SMALL, color=MUTED)
                continue
            shares = palette[:, 3] / palette[:, 3].sum()
            axes.barh(row, shares, left=np.cumsum(shares) - shares, height=0.86, color=_convert_to_rgb(palette))
        axes.set_yticks(np.arange(len(labels)), labels)
        axes.set_xticks([])
        axes.tick_params(axis="y", length=0)
        axes.spines[:].set_visible(False)


def _convert_to_rgb(palette: Floats) -> Floats:
    """A palette's colours (P, 3) in sRGB, 0..1."""
    require_extra("colour", "skimage")
    from skimage.color import lab2rgb

    return np.asarray(np.clip(lab2rgb(palette[None, :, :3])[0], 0.0, 1.0))
