"""An explanation as one picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smn.errors import OutputExistsError
from smn.explain.explanation import Explanation
from smn.extras import require_extra
from smn.movements import get_family
from smn.predict.prediction import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAPER, INK, SOFT = "#FAF8F4", "#2B2723", "#6B655C"


def draw_explanation(why: Explanation, out: Path, *, movement: str | None = None) -> None:
    """Write the picture, the same with its evidence, its colours, the guesses and what to look for as a PNG.

    Args:
        why: the explanation.
        out: the file to write; nothing may be there.
        movement: whose evidence and traits are shown, any label of the taxonomy; by default the best guess.

    Raises:
        OutputExistsError: there is a file already.
        UnknownNameError: the taxonomy has no such label.
        MissingExtraError: the extra ``explain`` is not installed.
    """
    require_extra("explain", "matplotlib", "skimage", "sklearn")
    from matplotlib.figure import Figure

    if out.exists():
        raise OutputExistsError(out)
    shape = min(max(why.image.height / why.image.width, 0.7), 1.5)
    figure = Figure(figsize=(13, 1.3 + 4.4 * shape), facecolor=PAPER)
    grid = figure.add_gridspec(
        2, 3, width_ratios=(1, 1, 0.86), height_ratios=(4.4 * shape, 0.5), left=0.02, right=0.98, top=0.93, bottom=0.03,
        wspace=0.05, hspace=0.05,
    )  # fmt: skip
    name = why.taxonomy.label(movement or why.movement).name
    for column, (picture, title) in enumerate(
        ((why.image, "the picture"), (why.overlay(movement), f"what speaks for {name}"))
    ):
        axis = figure.add_subplot(grid[0, column])
        axis.imshow(np.asarray(picture))
        axis.set_axis_off()
        axis.set_title(title, fontsize=10, color=SOFT, loc="left")
    _draw_palette(figure.add_subplot(grid[1, :2]), why)
    _draw_text(figure.add_subplot(grid[:, 2]), why, movement)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110, facecolor=PAPER)


def _draw_palette(axis: "Axes", why: Explanation) -> None:
    left = 0.0
    for swatch in why.palette:
        axis.barh(0, swatch.share, left=left, height=1, color=swatch.colour)
        if swatch.share > 0.08:
            light = sum(int(swatch.colour[at : at + 2], 16) for at in (1, 3, 5)) > 330
            axis.text(
                left + swatch.share / 2, 0, f"{swatch.colour}\n{swatch.share:.0%}", ha="center", va="center",
                fontsize=8, color=INK if light else PAPER,
            )  # fmt: skip
        left += swatch.share
    axis.set_xlim(0, 1)
    axis.set_axis_off()


def _draw_text(axis: "Axes", why: Explanation, movement: str | None) -> None:
    """The column of text; its axis counts inches down from the top, because lines have a height in inches."""
    from textwrap import wrap

    box = axis.get_position()
    width, height = axis.figure.get_size_inches()  # type: ignore[union-attr]
    axis.set_axis_off()
    axis.set_xlim(0, box.width * width)
    axis.set_ylim(box.height * height, 0)
    at = 0.0
    for line in wrap(say_answer(why), 34):
        axis.text(0, at, line, fontsize=15, color=INK, va="top", weight="bold")
        at += 0.29
    at += 0.1
    for guess in why.prediction.predictions:
        colour = get_family(why.taxonomy.label(guess.movement).family).colour
        axis.barh(at + 0.1, 2.2 * guess.probability, height=0.18, color=colour)
        told = f"{guess.label}  {guess.probability:.0%}"
        axis.text(0.08 + 2.2 * guess.probability, at + 0.1, told, fontsize=10, color=INK, va="center")
        at += 0.26
    at += 0.2
    name = why.taxonomy.label(movement or why.movement).name
    axis.text(0, at, f"Look for yourself: {name}", fontsize=11, color=INK, va="top", weight="bold")
    at += 0.28
    for trait in why.traits(movement):
        for number, line in enumerate(wrap(trait, 44)):
            axis.text(0, at, f"{'·' if number == 0 else ' '} {line}", fontsize=9.5, color=INK, va="top")
            at += 0.19
        at += 0.03
    axis.text(0, box.height * height, f"smn, model {why.prediction.model}", fontsize=8, color=SOFT, va="bottom")


def say_answer(why: Explanation) -> str:
    """The answer as a sentence without a full stop."""
    best = why.prediction.predictions[0]
    said = {
        Outcome.MOVEMENT: f"{best.label}, {best.probability:.0%} sure",
        Outcome.UNSURE: f"I can't tell; perhaps {best.label}",
        Outcome.NOT_A_PAINTING: "This does not look like a painting",
    }
    return said[why.prediction.outcome]
