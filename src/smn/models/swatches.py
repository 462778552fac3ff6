"""Pictures of palettes: a row for each movement, a field for each of its colours."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from smn.errors import InputError
from smn.extras import require_extra
from smn.models.colour import ColourClassifier
from smn.models.palette import Floats
from smn.style import MUTED, SMALL, draw_picture, place_axes, write_title


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
