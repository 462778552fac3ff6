"""``smn predict`` and ``explain``."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import click

from smn.bundle import DEFAULT
from smn.bundle.runtime import limit_library_threads
from smn.cli.predict_ray import Cluster, check_ray, predict_on_ray, ray_options
from smn.cli.screen import command_line, console, note, progress, write_count
from smn.confidence.calibration import MIN_PICTURES
from smn.errors import InputError, OutputExistsError
from smn.images.rectify import Rectify
from smn.predict.formats import Format, format_for, require_parquet, text_lines
from smn.predict.jobs import Input, Journal, predict_stream, row_keys
from smn.predict.model import Model, load
from smn.predict.phrasing import LISTED, Level, find_family, list_guesses, phrase, to_percent, write_percent
from smn.predict.prediction import Outcome, Prediction

if TYPE_CHECKING:
    from rich.table import Table

    from smn.catalogue.collection_inputs import Collection

_MAX_WITHOUT_BAR = 40  # pictures that are predicted without a progress bar
_MIN_WIDTH = 110  # columns of a terminal that the family is shown on
_MIN_PERCENT = 2  # of a further guess that is shown


@click.command()
@click.argument("pictures", nargs=-1, required=True, metavar="FILE|FOLDER|PATTERN|ADDRESS|LIST|- ...")
@click.option("--top-k", type=click.IntRange(min=1), default=3, show_default=True, help="Number of guesses to list.")
@click.option("--taxonomy", help="Answer in another taxonomy: its name or a TOML file. See: smn taxonomy list")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    help="Output format.  [default: table, or by the extension of --out]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write to this file; the same command resumes after an interruption."
)
@click.option("--precision", type=float, metavar="SHARE", help="Answer only with this precision, such as 0.9.")
@click.option("--coverage", type=float, metavar="SHARE", help="Add sets that contain the right movement this often.")
@click.option(
    "--rectify", type=click.Choice([one.value for one in Rectify]), default=Rectify.AUTO.value, show_default=True,
    help="Detect a painting on a wall and straighten it: if certain, if found at all, or never.",
)  # fmt: skip
@click.option("--index", type=click.Path(path_type=Path), help="Look the very work up in your own index.")
@click.option("--no-lookup", is_flag=True, help="Look no work up: answer by the picture alone.")
@click.option("--batch-size", type=click.IntRange(min=1), default=1, show_default=True, help="Pictures in one batch.")
@click.option(
    "--report", type=click.Path(path_type=Path), metavar="FILE.html",
    help="Also write a page with small pictures, to look at and to correct the answers. See: smn review",
)  # fmt: skip
@click.option("--update", is_flag=True, help="Predict only what is new or changed since --out was written (.jsonl).")
@click.option("--again", is_flag=True, help="With --update: also what another model answered.")
@click.option("--column", metavar="NAME", help="The column of a list that holds paths or addresses.")
@click.option(
    "--allow-network", "networks", multiple=True, metavar="CIDR",
    help="Also fetch from this private network, such as 10.0.0.0/8; repeatable.",
)  # fmt: skip
@ray_options
def predict(  # noqa: PLR0917 - click passes options by name
    pictures: tuple[str, ...], top_k: int, taxonomy: str | None, model: Path, form: str | None, out: Path | None,
    precision: float | None, coverage: float | None, rectify: str, index: Path | None, no_lookup: bool,  # noqa: FBT001
    batch_size: int, report: Path | None, column: str | None, networks: tuple[str, ...], *, update: bool, again: bool,
    cluster: Cluster | None,
) -> None:  # fmt: skip
    """Predict the movement of pictures.

    Give files, folders (searched recursively), patterns such as 'scans/**/*.jpg', addresses, a list (.txt, .csv,
    .parquet) of paths or addresses, a IIIF manifest or collection, a bucket such as s3://name/scans, or - for standard
    input: a picture, or a list of file names, one per line. A picture that cannot be read becomes a row with the
    reason.
    """
    if cluster is not None:
        folder, chosen = check_ray(out, form, report, update=update or again), Format.PARQUET
    else:
        out, chosen = _choose_output(out, form, report, update=update, again=again)
    collection = _collect(pictures, column, networks)
    inputs = collection.inputs
    make_model = partial(
        load,
        taxonomy=taxonomy,
        precision=precision,
        rectify=Rectify(rectify),
        lookup=not no_lookup and (index or True),
    )
    if len(inputs) > 1:
        limit_library_threads()  # several pictures are looked at at the same time
    loaded = make_model(model)
    if coverage is not None:  # what is wrong with it must be said before any work is done
        loaded.bundle.require_policy("coverage").sets.choose(coverage)
    if loaded.precision_note:
        note(loaded.precision_note)
    if (calibrated_on := loaded.bundle.metrics.get("val_pictures", MIN_PICTURES)) < MIN_PICTURES:
        note(f"{loaded.name} was calibrated on {calibrated_on} pictures only, so its confidences are unreliable.")
    settings = _Settings(top_k, coverage, precision, batch_size, collection.columns)
    if cluster is not None:
        answers = cluster.open_folder(folder, collection, job=_job(loaded, settings), batch_size=batch_size)
        predict_on_ray(answers, cluster, loaded, make_model, model, top_k=top_k, coverage=coverage)
        failures = _tell(folder, _count(answers.rows()), loaded)
    elif out is not None:
        failures = (
            _update(loaded, inputs, out, settings, again=again) if update
            else _to_file(loaded, inputs, out, chosen, settings)
        )  # fmt: skip
        _report(out, report, networks, update=update)
    else:
        failures = _to_screen(loaded, inputs, chosen, settings)
    if failures == len(inputs):
        click.get_current_context().exit(1)


def _choose_output(
    out: Path | None, form: str | None, report: Path | None, *, update: bool, again: bool
) -> tuple[Path | None, Format]:
    """The file of answers, None for the screen, and its format."""
    out = _place_answers(out, report, update=update)
    if (again and not update) or (update and out is None):
        raise InputError("--again needs --update, and --update needs --out answers.jsonl.")
    chosen = Format(form) if form else (format_for(out) if out else Format.TABLE)
    if out is not None and chosen is Format.TABLE:
        raise InputError("A table is for reading on the screen; for --out choose --format json, jsonl, csv or parquet.")
    if out is None and chosen is Format.PARQUET:
        raise InputError("Parquet cannot be shown on a screen; name a file with --out answers.parquet.")
    if chosen is Format.PARQUET:
        require_parquet()
    return out, chosen


def _place_answers(out: Path | None, report: Path | None, *, update: bool) -> Path | None:
    """Where answers are written: a report needs a file of them, to apply decisions to."""
    if report is not None and report.exists() and not update:
        raise OutputExistsError(report)
    if out is None and report is not None:
        out = report.with_suffix(".jsonl")
    if out is not None and out.exists() and not update:
        if out.suffix.lower() != ".jsonl":
            raise OutputExistsError(out)
        raise InputError(
            f"{out} already exists and smn overwrites nothing; "
            "bring it up to date with --update, or choose another name."
        )
    return out


def _collect(pictures: tuple[str, ...], column: str | None, networks: tuple[str, ...]) -> "Collection":
    from smn.catalogue.collection_inputs import collect_inputs
    from smn.images.safe_fetch import make_fetch

    stdin = sys.stdin.buffer.read() if "-" in pictures else None
    collection = collect_inputs(pictures, fetch=make_fetch(networks), stdin=stdin, column=column)
    for reason in collection.left_out():
        note(f"Left out: {reason}")
    if not collection.inputs:
        raise InputError(f"No pictures in {', '.join(pictures)}; give a picture, or a folder that contains some.")
    return collection


@dataclass(frozen=True)
class _Settings:
    """The options of every prediction."""

    top_k: int
    coverage: float | None
    precision: float | None
    batch_size: int
    columns: tuple[str, ...]

    def stream(self, model: Model, inputs: Sequence[Input]) -> Iterator[Prediction]:
        return predict_stream(model, inputs, top_k=self.top_k, batch_size=self.batch_size, coverage=self.coverage)


def _report(answers: Path, report: Path | None, networks: tuple[str, ...], *, update: bool) -> None:
    if report is not None:
        from smn.cli.catalogue import make_report

        make_report(answers, report, networks=networks, keep_old=update)


def _job(model: Model, settings: _Settings) -> dict[str, Any]:
    """What decides the answers of a job."""
    return {"smn-predict": 3, "model": model.name, "sha256": model.bundle.model_sha256[:16],
            "taxonomy": model.taxonomy.id, "top_k": settings.top_k, "coverage": settings.coverage,
            "precision": settings.precision, "rectify": model.rectify.value,
            "lookup": None if model.lookup is None else str(model.lookup.folder)}  # fmt: skip


def _update(model: Model, inputs: tuple[Input, ...], out: Path, settings: _Settings, *, again: bool) -> int:
    from smn.cli.predict_update import update_answers

    def answer(journal: Journal, waiting: Sequence[Input]) -> None:
        _answer(model, journal, waiting, settings, total=len(waiting))

    return update_answers(model, inputs, out, again=again, job=_job(model, settings), answer=answer)


def _to_file(model: Model, inputs: tuple[Input, ...], out: Path, form: Format, settings: _Settings) -> int:
    journal = Journal(out, _job(model, settings))
    others = journal.done - {item.path for item in inputs}
    if others:
        raise InputError(
            f"{journal.file} contains an unfinished job with other pictures, such as {min(others)}; "
            "finish that job, or move the file away."
        )
    waiting = [item for item in inputs if item.path not in journal.done]
    if journal.done:
        note(f"{len(inputs) - len(waiting)} of {len(inputs)} were already done; continuing.")
    _answer(model, journal, waiting, settings, total=len(inputs))
    counted = _count(journal.rows())
    journal.finish(form, top_k=settings.top_k, columns=settings.columns)
    return _tell(out, counted, model)


_Counted = Counter[tuple[str, str | None]]


def _count(rows: Iterable[Mapping[str, Any]]) -> _Counted:
    """How many answers have each outcome and movement."""
    return Counter((row["outcome"], row["movement"]) for row in rows)


def _tell(out: Path, counted: _Counted, model: Model) -> int:
    """Say what was written; how many rows are unreadable."""
    outcomes: Counter[str] = Counter()
    for (outcome, _), count in counted.items():
        outcomes[outcome] += count
    counts = ", ".join(f"{outcomes[outcome]} {name}" for outcome, name in _NAMES.items() if outcomes[outcome])
    note(f"{out}: {write_count(outcomes.total(), 'row')} ({counts}).")
    if summary := _summary(counted, model):
        note(summary)
    return outcomes[Outcome.ERROR]


def _answer(model: Model, journal: Journal, waiting: Sequence[Input], settings: _Settings, *, total: int) -> None:
    """Answer for pictures into a journal; an interruption says how to continue."""
    items = {item.path: item for item in waiting}
    answers = journal.add(settings.stream(model, waiting), extra=lambda path: row_keys(items[path]))
    finished = total - len(waiting)
    try:
        for _ in _with_progress(answers, len(waiting)):
            finished += 1
    except KeyboardInterrupt:
        answers.close()
        note(f"Stopped: {finished} of {total} pictures are done. To continue, run: {command_line()}")
        click.get_current_context().exit(130)


def _summary(counted: _Counted, model: Model) -> str:
    """How many pictures have each movement, most first; nothing where none has."""
    names = {label.id: label.name for label in model.taxonomy.labels}
    shares = [(names[movement], count) for (_, movement), count in counted.most_common() if movement]
    return f"By movement: {', '.join(f'{name} {count}' for name, count in shares)}." if shares else ""


_NAMES = {
    Outcome.MOVEMENT: "with a movement",
    Outcome.UNSURE: "unsure",
    Outcome.NOT_A_PAINTING: "not a painting",
    Outcome.ERROR: "unreadable",
}


def _to_screen(model: Model, inputs: tuple[Input, ...], form: Format, settings: _Settings) -> int:
    failures = 0
    answers = settings.stream(model, inputs)
    if len(inputs) > _MAX_WITHOUT_BAR:
        answers = _with_progress(answers, len(inputs))
    if form is Format.TABLE:
        shown = list(answers)
        screen = console()
        screen.print(_table(shown, model, wide=screen.width >= _MIN_WIDTH, coverage=settings.coverage))
        if len(shown) > 1 and (summary := _summary(_count(answer.to_dict() for answer in shown), model)):
            screen.print(summary, style="dim", markup=False)
        return sum(answer.outcome is Outcome.ERROR for answer in shown)

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal failures
        for answer, item in zip(answers, inputs, strict=True):
            failures += answer.outcome is Outcome.ERROR
            yield {**answer.to_dict(), **item.extra}

    for line in text_lines(rows(), form, top_k=settings.top_k, columns=settings.columns):
        click.echo(line, nl=False)
    return failures


def _with_progress(answers: Iterable[Prediction], total: int) -> Iterator[Prediction]:
    with progress() as show:
        for count, answer in enumerate(answers, start=1):
            yield answer
            show("pictures", count, total)


def _table(answers: list[Prediction], model: Model, *, wide: bool, coverage: float | None) -> "Table":
    from rich import box
    from rich.table import Table

    count = write_count(len(answers), "picture")
    caption = f"{model.name} · taxonomy {model.taxonomy.id} · {count}"
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    table.add_column("picture", overflow="fold", min_width=12)
    table.add_column("answer", style="bold", min_width=20)
    table.add_column("or")
    if wide:
        table.add_column("family")
    if coverage is not None:
        table.add_column(f"one of these, {coverage:.0%}")
    names = {label.id: label.name for label in model.taxonomy.labels}
    shorter = short_names([answer.path or "-" for answer in answers])
    for answer, name in zip(answers, shorter, strict=True):
        cells = _cells(answer, name, model)
        chosen = [] if coverage is None else [", ".join(names[one] for one in answer.set or ())]
        table.add_row(*(cells if wide else cells[:3]), *chosen)
    return table


def short_names(paths: Sequence[str]) -> list[str]:
    """The names of files, with as many of their folders as it takes to tell them apart."""
    parts = [PurePath(path).parts for path in paths]
    depth = [1] * len(paths)
    while True:
        names = [str(PurePath(*all_parts[-keep:])) for all_parts, keep in zip(parts, depth, strict=True)]
        counted = Counter(names)
        longer = [counted[name] > 1 and keep < len(own) for name, keep, own in zip(names, depth, parts, strict=True)]
        if not any(longer):
            return names
        depth = [keep + more for keep, more in zip(depth, longer, strict=True)]


def _cells(answer: Prediction, name: str, model: Model) -> tuple[str, str, str, str]:
    from rich.markup import escape

    name = escape(name)
    if answer.rectified is not None:
        name += " [dim](straightened)[/dim]"
    if answer.outcome is Outcome.ERROR:
        return name, "[red]unreadable[/red]", escape(answer.error or ""), ""
    said = phrase(answer)
    shown = escape(said.sentence)
    if answer.outcome is not Outcome.MOVEMENT:
        shown = f"[yellow]{shown}[/yellow]"
    if said.level is Level.NOT_A_PAINTING:
        return name, shown, f"if it is one: {list_guesses(answer.predictions[:1])}", ""
    told = LISTED if said.level is Level.GUESSES else len(said.movements)
    others = [guess for guess in answer.predictions[told:] if to_percent(guess.probability) >= _MIN_PERCENT]
    family = find_family(answer, model.taxonomy)
    shares = f"{family.label} {write_percent(family.probability)}" if family else ""
    return name, shown, list_guesses(others), shares


@click.command()
@click.argument("picture", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.png", required=True, help="The picture to write.")
@click.option("--movement", metavar="ID", help="Show the evidence for this movement instead of the best guess.")
@click.option("--top-k", type=click.IntRange(min=1), default=3, show_default=True, help="Number of guesses to list.")
@click.option("--taxonomy", help="Answer in another taxonomy: its name or a TOML file. See: smn taxonomy list")
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
@click.option(
    "--rectify", type=click.Choice([one.value for one in Rectify]), default=Rectify.AUTO.value, show_default=True,
    help="Detect a painting on a wall and straighten it: if certain, if found at all, or never.",
)  # fmt: skip
def explain(  # noqa: PLR0917 - click passes options by name
    picture: Path, out: Path, movement: str | None, top_k: int, taxonomy: str | None, model: Path, rectify: str
) -> None:
    """Show where the evidence for a movement is in a picture, its colours, and what to look for."""
    from smn.explain.explanation import draw_explanation, explain_picture
    from smn.extras import require_extra

    require_extra("explain", "matplotlib", "skimage", "sklearn")
    if out.exists():
        raise OutputExistsError(out)
    loaded = load(model, taxonomy=taxonomy, rectify=Rectify(rectify))
    if movement is not None:
        loaded.taxonomy.label(movement)  # what is wrong with it must be said before any work is done
    why = explain_picture(loaded, picture, top_k=top_k)
    draw_explanation(why, out, movement=movement)
    click.echo(f"{why.prediction}. See {out}.")
