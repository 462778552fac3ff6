"""Writes a report's folder: ``report.json``, the page ``report.md``, and the plots."""

import json
import math
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path

from smn.confidence.calibration import MIN_PICTURES
from smn.errors import InputError, MissingExtraError, OutputExistsError
from smn.evaluate.metrics import Figure, calibration_error_by_chance
from smn.evaluate.probe import ProbeReport
from smn.evaluate.report import FIGURES, AcceptedReport, ClassReport, Report, SetReport, Use
from smn.evaluate.report_plots import PICTURES, ROBUSTNESS, draw_set
from smn.evaluate.robustness import RobustnessReport
from smn.evaluate.selective_answers import PolicyReport
from smn.files import write_text


def check_folder(folder: Path, names: tuple[str, ...]) -> None:
    """Check, before any work is done, that a report can be written into a folder.

    Args:
        folder: it need not exist.
        names: of the sets that the report will have.

    Raises:
        OutputExistsError: a file that the report consists of is there already.
        InputError: the folder is a file.
        MissingExtraError: matplotlib is not installed.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, but a report needs a folder; choose another name for --out.")
    pictures = [f"{name}-{picture}.png" for name in names for picture in (*PICTURES, ROBUSTNESS)]
    for name in ("report.json", "report.md", *pictures):
        if (folder / name).exists():
            raise OutputExistsError(folder / name)
    if find_spec("matplotlib") is None:
        raise MissingExtraError("evaluate", "matplotlib")


def write_report(report: Report, folder: str | Path) -> Path:
    """Write ``report.json``, ``report.md`` and the pictures of each set.

    Args:
        report: what to write.
        folder: made if it is not there. ``report.json`` comes last: where it stands, the report is complete.

    Returns:
        The path of ``report.json``.

    Raises:
        OutputExistsError: a file of the same name is there already.
        MissingExtraError: matplotlib is not installed.
    """
    folder = Path(folder)
    check_folder(folder, tuple(measured.name for measured in report.sets))
    folder.mkdir(parents=True, exist_ok=True)
    for measured in report.sets:
        draw_set(measured, folder)
    write_text(folder / "report.md", describe_report(report))
    return write_json(report, folder / "report.json")


_BASELINE_FIGURES = (
    "top1", "accepted_top1", "top3", "accepted_top3", "macro_f1", "balanced_accuracy", "log_loss", "calibration_error",
    "family_top1",
)  # fmt: skip
_USES = {
    Use.TRAINED: "the model learned from",
    Use.MEASURED: "measured on",
    Use.NOT_PAINTINGS: "to refuse",
    Use.BASELINES: "baselines learned from",
}
_CAPTIONS = {
    "confusion": "What is taken for what",
    "classes": "F1 of each movement",
    "reliability": "Confidence against accuracy",
    "coverage": "Accuracy against the share answered",
}


def write_json(report: Report, file: Path) -> Path:
    """Write ``report.json``, all of it or nothing.

    Args:
        report: what to write.
        file: where; it must not exist, which the caller has checked.
    """
    text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    return write_text(file, text + "\n")


def describe_report(report: Report) -> str:
    """The report as Markdown, with its pictures by relative name."""
    parts = [_describe_head(report), _describe_headline(report), *_describe_data(report)]
    for measured in report.sets:
        parts += [
            f"## {measured.name}",
            _describe_size(measured),
            *([_describe_accepted(measured.accepted)] if measured.accepted else []),
            *([_describe_baselines(report, measured)] if measured.baselines else []),
            _describe_groups(measured),
            *([_describe_policy(measured.promises, measured.rows)] if measured.promises else []),
            *([_describe_robustness(measured.name, measured.robustness)] if measured.robustness else []),
            *([_describe_probe(measured.probe)] if measured.probe else []),
            "### Families\n\n" + _table_classes(measured.families, "family"),
            "### Movements\n\n" + _table_classes(measured.classes, "movement"),
            *(f"![{measured.name}: {_CAPTIONS[one]}]({measured.name}-{one}.png)" for one in PICTURES),
            *_describe_chance(measured),
            *_describe_left_out(measured),
        ]
    parts += [*_describe_kinds(report), _describe_meanings(report)]
    return "\n\n".join(parts) + "\n"


def _describe_head(report: Report) -> str:
    model = report.model
    read_in = "" if model.taxonomy == report.taxonomy.id else f", read in taxonomy {report.taxonomy.id}"
    lines = [
        f"# How good {model.name} is",
        "",
        f"Model {model.name}, SHA-256 `{model.sha256[:16]}`, answers in taxonomy {model.taxonomy}{read_in}: "
        f"{len(report.taxonomy.labels)} labels. Every figure stands with its 95 % interval over "
        f"{report.resamples:,} resamplings of {_name_resampled(report.sets)} (seed {report.seed}); percentages unless "
        "said otherwise.",
    ]
    if report.command:
        lines += ["", "Made by:", "", "```", report.command, "```"]
    return "\n".join(lines)


def _describe_headline(report: Report) -> str:
    head = ["", *(measured.name for measured in report.sets)]
    sizes = ["Paintings / artists", *(f"{one.rows:,} / {one.artists or 'unknown':}" for one in report.sets)]
    rows = [
        [meaning.title, *(write_figure(measured.figures[name], key=name) for measured in report.sets)]
        for name, meaning in FIGURES.items()
    ]
    notes = _describe_few(report.sets) + _describe_nameless(report.sets) + ("" if report.train else _NO_BASELINES)
    return "## In short\n\n" + write_table(head, [sizes, *rows]) + notes


_NO_BASELINES = "\n\nNo baseline stands beside these figures; `--train MANIFEST:train` adds three."


def _name_resampled(sets: Sequence[SetReport]) -> str:
    """What intervals resample: artists, and pictures where none of a set's artists is known."""
    named = [measured.artists > 0 for measured in sets]
    if all(named):
        return "artists"
    return "artists, or of pictures where no artist is known" if any(named) else "pictures, as no artist is known"


def _describe_few(sets: Sequence[SetReport]) -> str:
    """A warning about sets that are too small for their figures to be trusted."""
    few = [measured for measured in sets if measured.rows < MIN_PICTURES]
    if not few:
        return ""
    least = min(measured.rows for measured in few)
    return (
        f"\n\n**Too few pictures: {', '.join(f'{one.name} has {one.rows}' for one in few)}.** With fewer than "
        f"{MIN_PICTURES}, figures are left to chance, and intervals hide how much: where all of {least} are right the "
        f"interval is 100 to 100 %, but a model that is right {0.025 ** (1 / least):.0%} of the time has all of "
        f"{least} right on one such set in 40."
    )


def _describe_nameless(sets: Sequence[SetReport]) -> str:
    """A warning about sets none of whose pictures names an artist."""
    nameless = [measured.name for measured in sets if not measured.artists]
    if not nameless:
        return ""
    return (
        f"\n\n**No picture of {', '.join(nameless)} names an artist.** Nothing can be said about leakage by artist "
        "there: pictures by one hand may have been trained on, so the figures are probably too high and their "
        "intervals too narrow."
    )


def _describe_data(report: Report) -> list[str]:
    head = ["Data", "Set", "Manifest", "Split", "Rows used", "Data hash"]
    rows = [
        [_USES[one.use], one.name, one.manifest or "", one.split or "", f"{one.rows:,}", f"`{one.data_hash[:16]}`"]
        for one in report.data
    ]
    note = "A data hash covers every picture, label and split of a manifest: it is the version of the data."
    return [f"## Which data\n\n{write_table(head, rows)}\n\n{note}"] if rows else []


def _describe_size(measured: SetReport) -> str:
    others = f", set against {measured.not_paintings:,} pictures of something else" if measured.not_paintings else ""
    by = f"by {measured.artists:,} named artists" if measured.artists else "without named artists"
    few = f" That is fewer than {MIN_PICTURES}: too few for these figures." if measured.rows < MIN_PICTURES else ""
    return f"{measured.rows:,} paintings {by}{others}.{few} Data hash `{measured.data_hash[:16]}`."


def _describe_accepted(accepted: AcceptedReport) -> str:
    return (
        "Strict figures take the source's label for the truth. Accepted figures take every movement that handbooks "
        f"file a work under: {accepted.rows:,} paintings have such a movement in this taxonomy, {accepted.several:,} "
        f"of them several, and of {accepted.contradicted:,} the source's label is none of these."
    )


def _describe_chance(measured: SetReport) -> list[str]:
    """What the calibration error has to be read against."""
    chance = calibration_error_by_chance(measured.reliability)
    if math.isnan(chance):
        return []
    said = f"On as many paintings, a perfectly calibrated model's calibration error is {100 * chance:.1f} % by chance"
    if measured.accepted is None:
        return [f"{said}."]
    return [f"{said}; by accepted labels, {100 * calibration_error_by_chance(measured.accepted.reliability):.1f} %."]


def _describe_baselines(report: Report, measured: SetReport) -> str:
    keys = [key for key in _BASELINE_FIGURES if measured.accepted or not key.startswith("accepted_")]
    head = ["", *(FIGURES[name].title for name in keys)]
    rows = [
        [name, *(write_figure(figures[key], key=key) for key in keys)]
        for name, figures in [
            (f"**{report.model.name}**", measured.figures),
            *((baseline.name, baseline.figures) for baseline in measured.baselines),
        ]
    ]
    notes = "\n".join(f"- {baseline.name}: {baseline.note}" for baseline in measured.baselines)
    learned = f" They learn from {report.train.rows:,} paintings." if report.train else ""
    return (
        f"### Beside baselines\n\n{write_table(head, rows)}\n\n{notes}\n\nAll are measured on the same rows.{learned}"
    )


def _describe_groups(measured: SetReport) -> str:
    kinds = {
        "source": "source", "labels": "how the label is known", "artists": "whether the artist was trained on",
        "century": "when it was painted",
    }  # fmt: skip
    keys = ["top1", "top3", "macro_f1", *(("accepted_top1", "accepted_top3") if measured.accepted else ())]
    head = ["Part", "by", "Paintings", "Artists", *(FIGURES[key].title for key in keys)]
    rows = [
        [
            group.name,
            kinds[group.kind],
            f"{group.rows:,}",
            f"{group.artists:,}",
            *(write_figure(group.figures[key], key=key) for key in keys),
        ]
        for group in measured.groups
    ]
    note = "\n\nPer-work labels were given to the very work, not taken over from its artist; trust them most."
    split = any(group.kind == "labels" for group in measured.groups)
    return "### Sources, labels, artists, centuries\n\n" + write_table(head, rows) + (note if split else "")


def _describe_policy(promises: PolicyReport, rows: int) -> str:
    title = "### Promises, and how far they are kept\n\n"
    if rows < MIN_PICTURES:
        return f"{title}Left out: {rows} paintings are too few to tell whether a promise is kept."

    def share(figure: Figure) -> str:
        return write_figure(figure, key="top1")

    precisions = [
        [f"{one.precision:.0%}", *map(share, (one.answered, one.right, one.family_answered, one.family_right))]
        for one in promises.precisions
    ]
    head = ["Precision asked for", "Movement named", "of these right", "Family alone", "right"]
    table = write_table(head, precisions)
    if not any(one.right.is_known or one.family_right.is_known for one in promises.precisions):
        asked = ", ".join(f"{one.precision:.0%}" for one in promises.precisions)
        table = f"The model names nothing at a precision of {asked}: no threshold reached these on validation pictures."
    sets = [[f"{one.coverage:.0%}", share(one.held), write_figure(one.size, key="log_loss")] for one in promises.sets]
    return (
        f"{title}{table}\n\n"
        + write_table(["Coverage asked for", "Sets that hold the right one", "Mean number of labels"], sets)
        + "\n\nWhat is promised was learned on validation data, and holds for pictures of that kind by artists like"
        " those there; what is measured here shows how far this set is of that kind."
    )


def _describe_robustness(name: str, robustness: RobustnessReport) -> str:
    keys = ["top1", *(["accepted_top1"] if robustness.accepted_spread.is_known else [])]
    head = ["The pictures", *(FIGURES[key].title for key in keys), "Same first answer"]
    rows = [
        [one.name, *(write_figure(getattr(one, key), key="top1") for key in (*keys, "same"))]
        for one in robustness.changes
    ]
    spread = write_figure(robustness.spread, key="top1")
    accepted = f", accepted {write_figure(robustness.accepted_spread, key='top1')}" if len(keys) > 1 else ""
    return (
        f"### The same pictures, changed\n\n{robustness.rows:,} of the pictures, each asked about again after every "
        f"change.\n\n{write_table(head, rows)}\n\n"
        f"Spread, the highest top-1 less the lowest: strict {spread}{accepted} points.\n\n"
        f"![{name}: The same pictures, changed]({name}-{ROBUSTNESS}.png)"
    )


def _describe_probe(probe: ProbeReport) -> str:
    def share(figure: Figure) -> str:
        return write_figure(figure, key="top1")

    rows = [[one.name, f"{one.rows:,}", share(one.recall)] for one in probe.classes]
    rare = ", ".join(f"{name} ({count:,})" for name, count in probe.left_out.items())
    return (
        f"### What the embedding tells of the {probe.column}\n\n"
        f"A linear probe recognises the {probe.column} of paintings by artists whom it has not seen with a balanced "
        f"accuracy of {share(probe.balanced_accuracy)} %; chance is {100 * probe.chance:.1f} %, and a probe that is "
        f"told the movement alone reaches {share(probe.by_movement)} %.\n\n"
        + write_table([probe.column.capitalize(), "Paintings", "Recall"], rows)
        + (f"\n\nToo rare to be probed: {rare}." if rare else "")
    )


def _table_classes(classes: Sequence[ClassReport], kind: str) -> str:
    head = [kind.capitalize(), "Paintings", "Precision", "Recall", "F1", "Refused"]
    rows = [
        [
            one.name,
            f"{one.support:,}",
            *(write_figure(figure, key="top1") for figure in (one.precision, one.recall, one.f1, one.refused)),
        ]
        for one in classes
    ]
    return write_table(head, rows)


def _describe_left_out(measured: SetReport) -> list[str]:
    lines = []
    if measured.unreachable:
        lines.append(
            f"The model has no answer for {', '.join(measured.unreachable)}; each of these paintings counts as wrong."
        )
    if measured.excluded:
        listed = ", ".join(f"{movement} ({count:,})" for movement, count in measured.excluded.items())
        lines.append(f"Left out, because the taxonomy does not cover their movement: {listed}.")
    if measured.failures:
        lines.append(f"### Pictures that could not be read: {len(measured.failures):,}")
        lines.append(write_table(["id", "Reason"], [[one.id or "", one.reason] for one in measured.failures]))
    return lines


def _describe_kinds(report: Report) -> list[str]:
    if not report.kinds:
        return []
    rows = [[one.kind, one.group, one.part, f"{one.pictures:,}", f"{100 * one.caught:.1f}"] for one in report.kinds]
    note = (
        "Pictures drawn by rule, or made of the photographs above. No training ever sees the kinds that are held out,"
        " nor these photographs where their rows are of another split."
    )
    table = write_table(["Kind", "Group", "In training", "Pictures", "Refused, %"], rows)
    return [f"## Pages, memes, comics and the like\n\n{table}\n\n{note}"]


def _describe_meanings(report: Report) -> str:
    rows = [f"- **{meaning.title}**: {meaning.note}." for meaning in FIGURES.values()]
    thresholds = report.model.thresholds
    family = (
        ""
        if thresholds is None or thresholds.family is None
        else (f" Where it is unsure it names the family alone from a probability of {thresholds.family:.2f} on.")
    )
    outcomes = (
        "The model always answers."
        if thresholds is None
        else f"The model is unsure below a confidence of {thresholds.confidence:.2f} and refuses below a painting "
        f"score of {thresholds.painting:.2f}."
    )
    return (
        "## What the figures mean\n\n"
        + "\n".join(rows)
        + f"\n\n{outcomes}{family} Families and baselines are measured like everything else."
        f" Intervals resample {_name_resampled(report.sets)}: pictures by one hand succeed and fail together. A"
        " resample makes a small calibration error look larger, so the upper end of that interval is cautious."
    )


def write_figure(figure: Figure, *, key: str) -> str:
    """A figure and its interval as text, such as ``44.7 (36.3–53.0)``; a dash where it cannot be measured.

    Args:
        figure: what to write.
        key: one of `FIGURES`, which says whether it is a percentage.
    """
    if not figure.is_known:
        return "–"
    scale, digits = (100.0, 1) if FIGURES[key].in_percent else (1.0, 2)
    value, low, high = (f"{scale * number:.{digits}f}" for number in (figure.value, figure.low, figure.high))
    return f"{value} ({low}–{high})"


def write_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right; bars and line ends are escaped."""
    lines = [head, [":--", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(_escape(cell) for cell in line) + " |" for line in lines)


def _escape(cell: str) -> str:
    return " ".join(cell.replace("|", "\\|").split())
