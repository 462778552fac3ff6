"""Searches a coarser taxonomy where a model confuses movements, and draws what accuracy gains and information loses."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn.errors import InputError, UnknownNameError
from smn.movements import Taxonomy, parse_taxonomy
from smn.movements.regroup import membership
from smn.style import ACCENT, DEEP, INK, MUTED, SMALL, draw_picture, place_axes, write_title

Floats = NDArray[np.float64]


class Refinement(StrEnum):
    """How a taxonomy gets fewer labels."""

    MERGE = "merge"  # the two labels of one family that are taken for each other most
    DROP = "drop"  # the label that is confused with the others most


@dataclass(frozen=True)
class Step:
    """A taxonomy on the way from many labels to few.

    Args:
        done: what was merged or dropped to get here; empty for the beginning.
        groups: ids of the original labels in each label that is left.
        top1: share of right answers, 0..1. A lower bound for a merge: an answer outside a group stays outside,
            although the sum of its members' probabilities might have won. Dropping flatters: a picture that is
            answered with a dropped label is not counted, though the model would answer something.
        balanced: mean recall of the labels, 0..1; the same bound.
        largest: share of the largest label, which always answering it would get right.
        bits: what an answer tells about the truth, in bits per picture of the whole set: mutual information (Shannon
            1948) times the share of pictures that are left, as a dropped picture is told nothing about. Of few
            pictures it is too high.
    """

    done: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    top1: float
    balanced: float
    largest: float
    bits: float


def refine(confusion: Floats, taxonomy: Taxonomy, *, by: Refinement, min_labels: int = 2) -> list[Step]:
    """Every step from a taxonomy to ``min_labels`` labels, or to where no two labels of a family are left to merge.

    Greedy: each step takes the pair of labels with the largest mean of the two rates of confusion, or the label whose
    errors and whose false alarms weigh most, each as a share of its own row and column.

    Args:
        confusion: (K, K) counts, right label by row, answer by column, of artists that the model has not seen.
        taxonomy: the K labels.
        by: merge or drop.
        min_labels: labels to stop at, 2 or more.
    """
    groups: list[tuple[int, ...]] = [(place,) for place in range(len(taxonomy.labels))]
    table = np.asarray(confusion, dtype=np.float64)
    steps = [count_step(groups, table, taxonomy)]
    while len(groups) > min_labels:
        chosen = _most_confused(groups, table, taxonomy) if by is Refinement.MERGE else (_lowest_f1(groups, table),)
        if not chosen:
            break
        done = tuple(taxonomy.labels[place].id for index in chosen for place in groups[index])
        merged = tuple(place for index in chosen for place in groups[index])
        groups = [group for index, group in enumerate(groups) if index not in chosen]
        groups += [merged] if by is Refinement.MERGE else []
        groups.sort()
        steps.append(count_step(groups, table, taxonomy, done=done))
    return steps


def suggest_taxonomy(
    report: str | Path, taxonomy: Taxonomy, *, part: str, by: Refinement, labels: int, name: str
) -> tuple[Taxonomy, list[Step]]:
    """A taxonomy of fewer labels, on the evidence of a report.

    Args:
        report: folder or ``report.json`` of an evaluation in ``taxonomy``.
        taxonomy: the one to refine.
        part: name of the set in the report; one that nothing is reported on later, such as the validation split.
        by: merge or drop.
        labels: how many there should be.
        name: id of the new taxonomy.

    Returns:
        The taxonomy with the fewest labels that is not below ``labels``, and every step to 2 labels or the last merge.

    Raises:
        InputError: there is no report, or it is in another taxonomy.
        UnknownNameError: the report has no such set.
    """
    confusion = read_confusion(report, taxonomy, part=part)
    steps = refine(confusion, taxonomy, by=by)
    chosen = next((step for step in steps if len(step.groups) <= labels), steps[-1])
    entries = [_entry(group, taxonomy) for group in chosen.groups]
    how = "merging what it confuses within families" if by is Refinement.MERGE else "dropping what it confuses most"
    text = f"{taxonomy.id} with {len(entries)} labels instead of {len(taxonomy.labels)}: {how}, as {part} showed."
    data = {"id": name, "name": f"{taxonomy.name}, refined", "description": text, "label": entries}
    return parse_taxonomy(data, where=name), steps


def read_confusion(report: str | Path, taxonomy: Taxonomy, *, part: str) -> Floats:
    """The confusion matrix (K, K) of a set in a report.

    Raises:
        InputError: there is no report, or it is in another taxonomy.
        UnknownNameError: the report has no such set.
    """
    report = Path(report)
    file = report / "report.json" if report.is_dir() else report
    if not file.is_file():
        raise InputError(f"There is no report at {file}; make one with: smn evaluate --manifest M:val --out {report}")
    data = json.loads(file.read_text(encoding="utf-8"))
    found = [label["id"] for label in data["taxonomy"]["labels"]]
    if found != list(taxonomy.label_ids):
        raise InputError(f"{file} is in taxonomy {data['taxonomy']['id']}, not in {taxonomy.id}; give the right one.")
    sets = {one["name"]: one["confusion"] for one in data["sets"]}
    if part not in sets:
        raise UnknownNameError("set in the report", part, sets)
    return np.asarray(sets[part], dtype=np.float64)


def count_step(
    groups: Sequence[tuple[int, ...]], table: Floats, taxonomy: Taxonomy, *, done: tuple[str, ...] = ()
) -> Step:
    """The figures of a grouping: places of the labels in each group, of a confusion matrix (K, K)."""
    counts = _grouped(groups, table)
    support = counts.sum(axis=1)
    known = support > 0
    right = counts.diagonal()
    total = max(float(support.sum()), 1.0)
    ids = tuple(tuple(taxonomy.labels[place].id for place in group) for group in groups)
    balanced = float(np.mean(right[known] / support[known])) if known.any() else 0.0
    return Step(
        done, ids, float(right.sum()) / total, balanced, float(support.max(initial=0.0)) / total, _bits(counts, table)
    )


def _bits(counts: Floats, table: Floats) -> float:
    total, everything = counts.sum(), table.sum()
    if not total:
        return 0.0
    joint = counts / total
    alone = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float((joint[seen] * np.log2(joint[seen] / alone[seen])).sum() * total / everything)


def _grouped(groups: Sequence[tuple[int, ...]], table: Floats) -> Floats:
    return np.array([[table[np.ix_(mine, theirs)].sum() for theirs in groups] for mine in groups])


def _most_confused(groups: Sequence[tuple[int, ...]], table: Floats, taxonomy: Taxonomy) -> tuple[int, ...]:
    """Places of the two groups of one family that are taken for each other most; empty if no family has two."""
    counts = _grouped(groups, table)
    rates = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    families = [taxonomy.labels[group[0]].family for group in groups]
    pairs = [
        (float(rates[a, b] + rates[b, a]), a, b)
        for a in range(len(groups))
        for b in range(a + 1, len(groups))
        if families[a] == families[b]
    ]
    return max(pairs, key=lambda pair: (pair[0], -pair[1], -pair[2]))[1:] if pairs else ()


def _lowest_f1(groups: Sequence[tuple[int, ...]], table: Floats) -> int:
    """Place of the group with the lowest F1 score."""
    counts = _grouped(groups, table)
    weight = counts.sum(axis=0) + counts.sum(axis=1)
    return int(np.argmin(2 * counts.diagonal() / np.maximum(weight, 1.0)))


def _entry(group: Sequence[str], taxonomy: Taxonomy) -> dict[str, object]:
    members = [taxonomy.label(label) for label in group]
    movements = [movement for label in members for movement in label.movements]
    return {
        "id": "-or-".join(label.id for label in members),
        "name": " or ".join(label.name for label in members),
        "family": members[0].family,
        "movements": movements,
    }


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
