"""Why an answer is what it is: where a picture speaks for a label, as a heat map, and what a person can check."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.confidence.calibration import softmax
from smn.errors import InputError, OutputExistsError, UnknownNameError
from smn.extras import require_extra
from smn.images import Picture
from smn.movements import Label, Taxonomy, get_family, get_movement
from smn.movements.regroup import membership
from smn.predict.analysis import Analysis
from smn.predict.model import Model
from smn.predict.phrasing import phrase, write_percent
from smn.predict.prediction import Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER, INK, SOFT = "#FAF8F4", "#2B2723", "#6B655C"


@dataclass(frozen=True)
class Swatch:
    """A colour of a picture.

    Args:
        colour: ``#RRGGBB``.
        share: of the picture, 0..1.
    """

    colour: str
    share: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why an answer is what it is.

    Args:
        prediction: the answer.
        image: what was looked at, upright: the picture, or the painting that was found in it, straightened.
        evidence: for each label of the taxonomy, by its id, where the picture speaks for it (G, G) more than the
            picture does on average; what speaks for its rivals, too, does not count.
        embedding: (D,), the features by which pictures are compared.
        taxonomy: what was answered in.

    Example:
        >>> why = explain_picture(smn.load(), "monet.jpg")
        >>> why.overlay().save("why.png")
    """

    prediction: Prediction
    image: Image.Image
    evidence: Mapping[str, NDArray[np.float64]]
    embedding: NDArray[np.float32]
    taxonomy: Taxonomy

    def __repr__(self) -> str:
        return f"<smn.Explanation of {self.prediction.path or 'a picture'!r}: {self.prediction}>"

    def _repr_png_(self) -> bytes:
        """How a notebook shows it: what `draw_explanation` writes.

        Raises:
            MissingExtraError: the extra ``explain`` is not installed.
        """
        buffer = io.BytesIO()
        _make_figure(self, None).savefig(buffer, format="png", dpi=110, facecolor=PAPER)
        return buffer.getvalue()

    @property
    def movement(self) -> str:
        """Id of the best guess, which is explained where no other is asked for."""
        return self.prediction.predictions[0].movement

    def overlay(self, movement: str | None = None, *, strength: float = 0.6) -> Image.Image:
        """The picture with what speaks for a movement glowing and the rest dimmed.

        Args:
            movement: id of any label of the taxonomy; by default the best guess.
            strength: how much of the picture is given up for it, 0..1.

        Raises:
            UnknownNameError: the taxonomy has no such label.
            InputError: the strength lies outside.
        """
        return overlay_evidence(self.image, self.evidence[self._label(movement).id], strength=strength)

    def traits(self, movement: str | None = None) -> tuple[str, ...]:
        """What a person can check in the picture, for a label of the taxonomy; by default the best guess.

        Raises:
            UnknownNameError: the taxonomy has no such label.
        """
        return get_movement(self._label(movement).movements[0]).traits

    @cached_property
    def palette(self) -> tuple[Swatch, ...]:
        """The five colours that the picture is made of, commonest first: those of the colour baseline.

        Raises:
            MissingExtraError: the extra ``explain`` is not installed.
        """
        return list_colours(self.image)

    def _label(self, movement: str | None) -> Label:
        wanted = self.movement if movement is None else movement
        if wanted not in self.evidence:
            raise UnknownNameError(f"label of taxonomy {self.taxonomy.id}", wanted, self.evidence)
        return self.taxonomy.label(wanted)


def list_colours(image: Image.Image) -> tuple[Swatch, ...]:
    """The five colours that an RGB picture is made of, commonest first: those of the colour baseline.

    Raises:
        MissingExtraError: the extra ``explain`` is not installed.
    """
    require_extra("explain", "skimage", "sklearn")
    from skimage.color import lab2rgb

    from smn.models.palette import extract_palette

    found = extract_palette(image)
    colours = np.round(lab2rgb(found[:, :3]) * 255).astype(int)
    return tuple(
        Swatch("#{:02X}{:02X}{:02X}".format(*colour), round(float(share), 4))
        for colour, share in zip(colours, found[:, 3], strict=True)
        if share > 0
    )


def explain_picture(model: Model, image: Picture, *, top_k: int = 3) -> Explanation:
    """Answer for one picture, and say why.

    Args:
        model: whose answer it is; its network must tell where it finds its evidence.
        image: as for `smn.Model.predict`.
        top_k: how many guesses to list, 1 or more.

    Raises:
        ImageError: the picture cannot be read.
        InputError: ``top_k`` is below 1.
        BundleError: the network does not tell where it finds its evidence.
    """
    return explain_analysis(model.analyze(image, top_k=top_k, evidence=True))


def explain_analysis(analysis: Analysis) -> Explanation:
    """Say why the answer of an analysis is what it is.

    Args:
        analysis: made with evidence.

    Raises:
        ImageError: the picture cannot be read any more.
        InputError: the analysis was made without evidence.
    """
    return Explanation(
        prediction=analysis.prediction,
        image=analysis.picture,
        evidence=weigh_labels(analysis),
        embedding=analysis.embedding,
        taxonomy=analysis.model.taxonomy,
    )


def weigh_labels(analysis: Analysis) -> dict[str, NDArray[np.float64]]:
    """Evidence (G, G), by id, for each label of the model's taxonomy that its network knows of.

    Raises:
        InputError: the analysis was made without evidence.
    """
    if analysis.evidence is None:
        raise InputError("The analysis holds no evidence; make it with: model.analyze(picture, evidence=True)")
    bundle, target = analysis.model.bundle, analysis.model.taxonomy
    own = bundle.taxonomy.labels
    matrix = np.eye(len(own)) if own == target.labels else membership(own, target)
    probabilities = softmax(analysis.outputs.logits, temperature=bundle.temperature)[0]
    return {
        label.id: weigh_evidence(
            analysis.evidence, probabilities, np.flatnonzero(matrix[:, at]).tolist(), temperature=bundle.temperature
        )
        for at, label in enumerate(target.labels)
        if matrix[:, at].any()
    }


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
    if out.exists():
        raise OutputExistsError(out)
    figure = _make_figure(why, movement)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110, facecolor=PAPER)


def _make_figure(why: Explanation, movement: str | None, *, least: float = 0.0) -> "Figure":
    require_extra("explain", "matplotlib", "skimage", "sklearn")
    from matplotlib.figure import Figure

    shape = min(max(why.image.height / why.image.width, 0.7), 1.5)
    figure = Figure(figsize=(13, max(1.3 + 4.4 * shape, least)), facecolor=PAPER)
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
    needed = _draw_text(figure.add_subplot(grid[:, 2]), why, movement)
    return _make_figure(why, movement, least=needed) if needed > figure.get_size_inches()[1] and not least else figure


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


def _draw_text(axis: "Axes", why: Explanation, movement: str | None) -> float:
    """The column of text, and how high a figure it needs; its axis counts inches down from the top."""
    from textwrap import wrap

    box = axis.get_position()
    width, height = axis.figure.get_size_inches()  # type: ignore[union-attr]
    axis.set_axis_off()
    axis.set_xlim(0, box.width * width)
    axis.set_ylim(box.height * height, 0)
    at = 0.0
    said = phrase(why.prediction)
    for line in wrap(said.headline, 30):
        axis.text(0, at, line, fontsize=15, color=INK, va="top", weight="bold")
        at += 0.29
    for line in wrap(said.detail, 46):
        axis.text(0, at + 0.03, line, fontsize=10, color=INK, va="top")
        at += 0.21
    at += 0.15
    for guess in why.prediction.predictions:
        colour = get_family(why.taxonomy.label(guess.movement).family).colour
        axis.barh(at + 0.1, 1.3 * guess.probability, height=0.18, color=colour)
        caption = f"{guess.label}  {write_percent(guess.probability)}"
        axis.text(0.08 + 1.3 * guess.probability, at + 0.1, caption, fontsize=10, color=INK, va="center")
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
    return (at + 0.3) / box.height


Floats = NDArray[np.float64]

_GLOW = ((255.0, 214.0, 92.0), (255.0, 60.0, 20.0))
"""Colours of some evidence and of much."""

_SHADE = 0.45
"""How bright the picture is where nothing speaks for the label, 0 for black."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""How bright red, green and blue are (ITU-R BT.601)."""


def weigh_evidence(
    evidence: NDArray[np.float32], probabilities: Floats, chosen: Sequence[int], *, temperature: float
) -> Floats:
    """Where a picture speaks for some labels together, and not for the others that it might be (G, G).

    Evidence for a label says little where it speaks for its rivals as much. What is summed here is the share that each
    place has in the log-probability of the chosen labels, to first order: the gradient of log P(chosen) with respect
    to the logits, times the evidence that the logits are means of. Places are compared with each other, so the map's
    mean is 0.

    Args:
        evidence: (K, G, G), as `smn.predict.Analysis.evidence`.
        probabilities: (K,), of the labels, calibrated.
        chosen: which labels, one or more.
        temperature: what the logits were divided by.
    """
    among = np.zeros(len(probabilities))
    among[list(chosen)] = probabilities[list(chosen)]
    # Where all of them are as good as impossible, none is preferred.
    among = among / among.sum() if among.sum() > 0 else np.isin(np.arange(len(among)), list(chosen)) / len(chosen)
    summed = np.tensordot((among - probabilities) / temperature, evidence.astype(np.float64), axes=1)
    return np.asarray(summed - summed.mean())


def enlarge_evidence(evidence: Floats, size: tuple[int, int]) -> NDArray[np.float32]:
    """Evidence (G, G) over a whole picture of ``size`` (width, height), as 0..1 (height, width).

    0 where a place speaks no more for the label than the picture does on average, 1 where most speaks for it.
    """
    grid = Image.fromarray(evidence.astype(np.float32))
    grown = np.asarray(grid.resize(size, Image.Resampling.BICUBIC))
    return np.clip(grown / np.float32(max(float(evidence.max()), 1e-9)), 0, 1)


def overlay_evidence(image: Image.Image, evidence: Floats, *, strength: float = 0.6) -> Image.Image:
    """The picture, dimmed where little speaks for the label and glowing where much does.

    Args:
        image: an RGB picture of any size.
        evidence: (G, G), spread over the whole of it.
        strength: how much of the picture is given up for it, 0..1; 0 leaves it as it is.

    Raises:
        InputError: the strength lies outside.
    """
    if not 0 <= strength <= 1:
        raise InputError(f"strength is {strength}; it must be between 0 and 1.")
    heat = enlarge_evidence(evidence, image.size)
    grey = np.asarray(image, dtype=np.float32) @ _LUMA
    # From a third of the strongest evidence on, nothing is dimmed.
    near = np.minimum(3 * heat, 1)
    lit, dim = near * (0.35 + 0.65 / 255 * grey), (1 - near) * (_SHADE * grey)
    bands = [lit * (some + heat * (much - some)) + dim for some, much in zip(*_GLOW, strict=True)]
    return Image.blend(image, Image.fromarray(np.stack(bands, axis=2).astype(np.uint8)), strength)
