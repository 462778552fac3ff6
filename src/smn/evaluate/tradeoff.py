"""What a coarser taxonomy gains in accuracy and loses in information, as numbers and as a picture."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from smn.evaluate.refining import Floats, Refinement, Step, count_step, refine
from smn.movements import Taxonomy
from smn.movements.regroup import membership
from smn.style import ACCENT, DEEP, INK, MUTED, SMALL, draw_picture, place_axes, write_title


def count_preset(confusion: Floats, taxonomy: Taxonomy, target: Taxonomy) -> Step:
    """A confusion matrix (K, K) read in another taxonomy: labels outside it are dropped, the others joined.

    Like every `Step` a lower bound: sums of probabilities might have won where no single label did.
    """
    homes = membership(taxonomy.labels, target)
    return count_step(_places(homes), np.asarray(confusion, dtype=np.float64), taxonomy)


def count_families(confusion: Floats, taxonomy: Taxonomy) -> Step:
    """A confusion matrix (K, K) read as families."""
    families = tuple(dict.fromkeys(label.family for label in taxonomy.labels))
    homes = np.array([[label.family == family for family in families] for label in taxonomy.labels], dtype=np.float64)
    return count_step(_places(homes), np.asarray(confusion, dtype=np.float64), taxonomy)


def _places(homes: Floats) -> list[tuple[int, ...]]:
    columns = [tuple(np.flatnonzero(column).tolist()) for column in homes.T]
    return [column for column in columns if column]


def draw_tradeoff(
    confusion: Floats, taxonomy: Taxonomy, file: Path, *, chosen: int, presets: Mapping[str, Step], part: str
) -> None:
    """Draw accuracy and information against the number of labels, for merging and for dropping.

    Args:
        confusion: (K, K) counts, right label by row, answer by column.
        taxonomy: the K labels.
        file: the PNG to write.
        chosen: the number of labels to mark.
        presets: taxonomies to mark, by name.
        part: name of the set.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    ways = {way: refine(confusion, taxonomy, by=way) for way in Refinement}
    with draw_picture(file, width=8.2, height=6.6) as figure:
        write_title(
            figure,
            f"{part}: fewer labels, more right answers, less said",
            f"{taxonomy.id}; solid: merging within families; dashed: dropping, which counts no picture that is dropped "
            "or answered so.",
        )
        accuracy = place_axes(figure, left=0.85, bottom=3.2, right=1.25, top=1.0)
        bits = place_axes(figure, left=0.85, bottom=0.7, right=1.25, top=3.75)
        most = len(taxonomy.labels)
        for axes in (accuracy, bits):
            axes.set_xlim(most + 0.5, 1.5)
            axes.axvline(chosen, color=ACCENT, linewidth=0.8)
        for way, steps in ways.items():
            style = "-" if way is Refinement.MERGE else (0, (4, 2))
            counts = [len(step.groups) for step in steps]
            for name, colour in (("top1", INK), ("balanced", DEEP)):
                shares = [100 * getattr(step, name) for step in steps]
                accuracy.plot(counts, shares, color=colour, linestyle=style, linewidth=1.3)
                said = {"top1": "top-1", "balanced": "mean recall"}[name]
                beside = (5, 4 if name == "top1" else -6)
                accuracy.annotate(
                    f"{said}, {way.value}", (counts[-1], shares[-1]), beside, textcoords="offset points",
                    fontsize=SMALL, color=colour, va="center", annotation_clip=False,
                )  # fmt: skip
            bits.plot(counts, [step.bits for step in steps], color=INK, linestyle=style, linewidth=1.3)
            bits.annotate(
                way.value, (counts[-1], steps[-1].bits), (5, 0), textcoords="offset points", fontsize=SMALL,
                va="center", annotation_clip=False,
            )  # fmt: skip
        for name, step in presets.items():
            for axes, value, above in ((accuracy, 100 * step.top1, 6), (bits, step.bits, -13)):
                axes.plot(len(step.groups), value, "o", color=ACCENT, markersize=4)
                axes.annotate(
                    name, (len(step.groups), value), (-3, above), textcoords="offset points", fontsize=SMALL,
                    ha="right", color=ACCENT,
                )  # fmt: skip
        accuracy.text(chosen - 0.15, 3, f"{chosen} labels", fontsize=SMALL, color=ACCENT)
        accuracy.set(ylabel="right answers, %")
        accuracy.set_ylim(0, 105)
        bits.set(xlabel="labels", ylabel="bits an answer tells per picture")
        bits.set_ylim(0, None)
        bits.text(0.01, 0.05, "what is dropped tells nothing", transform=bits.transAxes, fontsize=SMALL, color=MUTED)
