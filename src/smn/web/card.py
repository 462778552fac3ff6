"""An answer as one sheet, to be saved: the picture, what speaks for the answer, its palette, and the words."""

import io
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from smn.movements import get_family
from smn.predict.phrasing import phrase
from smn.web.analyzer import PageAnalysis
from smn.web.colour_names import name_palette
from smn.web.drawing import INK, PAPER, UNLABELLED
from smn.web.words import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMS = {"png": "image/png", "pdf": "application/pdf"}
"""The forms of a card, with their media types."""


def draw_card(analysis: PageAnalysis, words: Words, *, form: str, as_painting: bool = False) -> bytes:
    """A card in one of `FORMS`.

    Args:
        analysis: what it shows.
        words: in the card's language.
        form: ``png`` or ``pdf``.
        as_painting: words as for a painting, although it does not look like one.
    """
    from matplotlib.figure import Figure

    best = analysis.prediction.predictions[0].movement
    pictures = [(analysis.image, "")]
    if best in analysis.evidence:
        why = f"{words('picture.why_of')} {words.movement(best)}"
        pictures.append((analysis.overlay(best), why))
    shape = min(max(analysis.image.height / analysis.image.width, 0.6), 1.5)
    figure = Figure(figsize=(4.6 * len(pictures) + 4.4, max(4.4 * shape + 1.0, 4.6)), facecolor=PAPER["light"])
    grid = figure.add_gridspec(
        2, len(pictures) + 1, width_ratios=[*([1.0] * len(pictures)), 0.92], height_ratios=(9, 1), left=0.02,
        right=0.98, top=0.94, bottom=0.08, wspace=0.05, hspace=0.06,
    )  # fmt: skip
    for column, (picture, title) in enumerate(pictures):
        axes = figure.add_subplot(grid[0, column])
        axes.imshow(np.asarray(picture))
        axes.set_axis_off()
        axes.set_title(title, fontsize=9, color=INK["light"], loc="left")
    _draw_palette(figure.add_subplot(grid[1, : len(pictures)]), analysis, words)
    _draw_words(figure.add_subplot(grid[:, -1]), analysis, words, as_painting=as_painting)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, dpi=150, facecolor=PAPER["light"])
    return buffer.getvalue()


def write_text(analysis: PageAnalysis, words: Words, *, as_painting: bool = False) -> str:
    """An answer as plain text: its sentence, the guesses, the model."""
    said = phrase(analysis.prediction, words.language, as_painting=as_painting)
    lines = [
        f"- {words.movement(guess.movement, otherwise=guess.label)}: {words.percent(guess.probability)}"
        for guess in analysis.prediction.predictions
    ]
    return "\n".join([f"{said.sentence}.", *lines, f"smn, {analysis.prediction.model}"])


def _draw_palette(axes: "Axes", analysis: PageAnalysis, words: Words) -> None:
    left = 0.0
    for swatch in analysis.palette:
        axes.barh(0, swatch.share, left=left, height=1, color=swatch.colour)
        left += swatch.share
    axes.set_xlim(0, max(left, 0.01))
    axes.set_axis_off()
    names = (
        f"{words(f'colour.{one}')} {words.percent(share)}" for one, share in name_palette(analysis.palette).items()
    )
    axes.set_title(", ".join(names), fontsize=8.5, color=INK["light"], loc="left", y=-0.75)


def _draw_words(axes: "Axes", analysis: PageAnalysis, words: Words, *, as_painting: bool) -> None:
    """The column of words; its axis counts inches down from the top, because lines have a height in inches."""
    said = phrase(analysis.prediction, words.language, as_painting=as_painting)
    figure = axes.figure
    height = float(figure.get_size_inches()[1]) * axes.get_position().height  # type: ignore[union-attr]
    axes.set_axis_off()
    axes.set_xlim(0, 4)
    axes.set_ylim(height, 0)
    ink, at = INK["light"], 0.0
    for text, width, size in ((said.headline, 26, 17), (said.detail, 44, 11)):
        for line in wrap(text, width):
            axes.text(0, at, line, fontsize=size, color=ink, va="top", weight="bold" if size > 12 else "normal")
            at += 0.021 * size
    at += 0.2
    homes = {label.id: label.family for label in analysis.taxonomy.labels}
    for guess in analysis.prediction.predictions:
        family = homes.get(guess.movement)
        name, share = words.movement(guess.movement, otherwise=guess.label), words.percent(guess.probability)
        axes.text(0, at, f"{name}  {share}", fontsize=9.5, color=ink, va="top")
        axes.barh(
            at + 0.24, 3.8 * guess.probability, height=0.07, color=get_family(family).colour if family else UNLABELLED
        )
        at += 0.38
    axes.text(0, height, f"smn, {analysis.prediction.model}", fontsize=8, color=ink, va="bottom")
