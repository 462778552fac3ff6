"""Draws when movements lived, and which of them a picture may be from."""

from collections.abc import Mapping
from pathlib import Path

from smn.errors import OutputExistsError
from smn.extras import require_extra
from smn.movements import Movement, get_family, list_movements
from smn.movements.reader import Taxonomy
from smn.predict.phrasing import write_percent
from smn.predict.prediction import Prediction

_FIRST, _LAST = 1200, 2005


def draw_timeline(out: Path, *, marked: Mapping[str, float] | None = None) -> None:
    """Write the timeline as a PNG: a bar a movement, coloured by family.

    Args:
        out: the file to write; nothing may be there.
        marked: probabilities, 0..1, of movements by id; the others are drawn pale. None to draw all alike.

    Raises:
        OutputExistsError: there is a file already.
        MissingExtraError: the extra ``explain`` is not installed.
    """
    require_extra("explain", "matplotlib")
    from matplotlib.figure import Figure

    if out.exists():
        raise OutputExistsError(out)
    movements = list_movements()
    figure = Figure(figsize=(11, 10), facecolor="#FAF8F4")
    axis = figure.add_axes((0.02, 0.05, 0.96, 0.93))
    for row, movement in enumerate(movements):
        share = None if marked is None else marked.get(movement.id)
        bright = marked is None or share is not None
        start = max(movement.start, _FIRST)
        colour = get_family(movement.family).colour
        axis.barh(row, movement.end - start, left=start, height=0.7, color=colour, alpha=0.9 if bright else 0.22)
        label = movement.name if share is None else f"{movement.name}  {write_percent(share)}"
        _write(axis, row, movement, start, label, bold=share is not None, faint=not bright)
    axis.set_xlim(_FIRST, _LAST)
    axis.set_ylim(len(movements) - 0.4, -0.6)
    axis.set_yticks([])
    axis.set_facecolor("#FAF8F4")
    axis.set_xticks(range(1200, 2001, 100))
    axis.grid(axis="x", color="#D8D2C8", lw=0.6)
    axis.set_axisbelow(True)
    axis.spines[["top", "right", "left"]].set_visible(False)
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=100)


def _write(axis: object, row: int, movement: Movement, start: int, label: str, *, bold: bool, faint: bool) -> None:
    # Beside the bar, on the side where there is room.
    left = movement.end > 1700
    place, side = (start - 5, "right") if left else (movement.end + 5, "left")
    axis.text(  # type: ignore[attr-defined]
        place, row, label, ha=side, va="center", fontsize=9, weight="bold" if bold else "normal",
        color="#B3ABA0" if faint else "#2B2723",
    )  # fmt: skip


def mark_prediction(prediction: Prediction, taxonomy: Taxonomy) -> dict[str, float]:
    """The guesses of an answer as `draw_timeline` marks them; a label of several movements marks each."""
    return {
        movement: guess.probability
        for guess in prediction.predictions
        for movement in taxonomy.label(guess.movement).movements
    }
