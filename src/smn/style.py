"""How the pictures of a report look: ink on warm paper, labels instead of legends, no decoration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn.extras import require_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PAPER = "#FAF8F4"
INK = "#1D1B18"
MUTED = "#7A736A"
FAINT = "#DDD6CA"
ACCENT = "#A63D23"
DEEP = "#17324D"

TITLE, TEXT, SMALL = 12.5, 9.0, 7.5
"""Sizes of letters, in points."""

_DPI = 160
_SETTINGS: Mapping[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": TEXT,
    "text.color": INK,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "lines.solid_capstyle": "butt",
}


@contextmanager
def draw_picture(file: Path, *, width: float, height: float) -> Iterator["Figure"]:
    """A figure to draw on, saved as PNG when the block ends.

    Args:
        file: where the picture goes.
        width: in inches; 160 pixels each.
        height: in inches.

    Yields:
        A figure in the report's style, with a canvas of its own: neither the settings nor the list of open figures of
        whoever uses matplotlib beside smn are touched.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    require_extra("evaluate", "matplotlib")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(figsize=(width, height))
        FigureCanvasAgg(figure)
        yield figure
        figure.savefig(file, dpi=_DPI, metadata={"Software": "smn"})


def place_axes(figure: "Figure", *, left: float, bottom: float, right: float, top: float) -> "Axes":
    """Axes with margins in inches, so that letters keep their room whatever the figure's size."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - bottom - top) / height)
    )


def write_title(figure: "Figure", title: str, note: str) -> None:
    """A title and a muted line below it, at the upper left."""
    width, height = figure.get_size_inches()
    figure.text(0.25 / width, 1 - 0.22 / height, title, fontsize=TITLE, va="top", weight="bold")
    figure.text(0.25 / width, 1 - 0.52 / height, note, fontsize=TEXT, va="top", color=MUTED)


def show_percent(axes: "Axes", *, x: bool = False, y: bool = False) -> None:
    """Axes of shares 0..1 with ticks at the quarters, written as percentages."""
    for axis, wanted in ((axes.xaxis, x), (axes.yaxis, y)):
        if wanted:
            axis.set_ticks([0, 0.25, 0.5, 0.75, 1.0], labels=["0", "25", "50", "75", "100 %"])
