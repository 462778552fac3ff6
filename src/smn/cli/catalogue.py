"""``smn review``, ``catalogue`` and ``undo``: look at answers, correct them, put them into a catalogue."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli import CommandGroup
from smn.cli.screen import note, progress, write_count
from smn.errors import InputError, OutputExistsError

if TYPE_CHECKING:
    from smn.catalogue.undo_journal import Result, WriteJournal
    from smn.progress import Progress

_FILE = click.Path(path_type=Path)
_ANSWERS = click.argument("answers", type=_FILE)
_NETWORKS = click.option(
    "--allow-network", "networks", multiple=True, metavar="CIDR",
    help="Also fetch from this private network, such as 10.0.0.0/8; repeatable.",
)  # fmt: skip


@click.group(cls=CommandGroup)
def review() -> None:
    """Look at the answers of smn predict in one HTML file, and apply what a person decided."""


@review.command("report")
@_ANSWERS
@click.option("--out", required=True, type=_FILE, metavar="FILE.html", help="The page to write.")
@click.option("--decisions", type=_FILE, metavar="FILE.csv", help="Continue this decisions file.")
@_NETWORKS
def report(answers: Path, out: Path, decisions: Path | None, networks: tuple[str, ...]) -> None:
    """Write one page with a small picture for each row of ANSWERS, to look at and to correct with the keyboard.

    The page needs no server and no network. smn predict --report writes the same page.
    """
    make_report(answers, out, decisions=decisions, networks=networks)


def make_report(
    answers: Path,
    out: Path,
    *,
    decisions: Path | None = None,
    networks: tuple[str, ...] = (),
    keep_old: bool = False,
) -> None:
    """Write the page and say how to open it; arguments as of ``smn review report`` and `write_report`."""
    from smn.catalogue.answers_file import read_answers
    from smn.catalogue.html_report import write_report
    from smn.images.safe_fetch import make_fetch

    rows = read_answers(answers)
    with progress() as show:
        write_report(
            rows, out, answers=answers, fetch=make_fetch(networks), decisions=decisions, keep_old=keep_old,
            progress=show,
        )  # fmt: skip
    note(f"Open {out.resolve().as_uri()}")


@review.command("apply")
@click.argument("decisions", type=_FILE)
@click.option("--answers", required=True, type=_FILE, help="The answers that the decisions are about.")
@click.option("--out", required=True, type=_FILE, help="The corrected answers: .jsonl, .json, .csv or .xlsx.")
def apply(decisions: Path, answers: Path, out: Path) -> None:
    """Write the answers with DECISIONS applied; neither file is changed.

    A changed row has the person's movement, a rejected one has none. CSV and XLSX are tables for people; go on with
    .jsonl for smn catalogue.
    """
    from smn.catalogue.answers_file import apply_to_answers, is_about, read_answers
    from smn.catalogue.catalogue_table import write_table
    from smn.clean.decisions import read_decisions, standing_decisions
    from smn.files import write_partial
    from smn.predict.formats import Format, write_rows

    if out.exists():
        raise OutputExistsError(out)
    if out.suffix.lower() not in (".jsonl", ".json", ".csv", ".xlsx"):
        raise InputError(f"{out} ends in {out.suffix!r}; use .jsonl, .json, .csv or .xlsx.")
    rows = {row["path"]: row for row in read_answers(answers)}
    standing = standing_decisions(read_decisions(decisions, known=rows))
    strangers = sorted(set(standing) - set(rows))
    outdated = sorted(one for one in set(standing) & set(rows) if not is_about(standing[one], rows[one]))
    decided = len(standing) - len(strangers) - len(outdated)
    if standing and not decided:
        raise InputError(
            f"No decision of {decisions} is about a picture in {answers}: it decides about {next(iter(standing))!r}, "
            f"and the answers are about {next(iter(rows), None)!r}; give the answers that were decided on."
        )
    corrected = apply_to_answers(rows.values(), standing)
    if out.suffix.lower() in (".csv", ".xlsx"):
        write_table(corrected, out)
    else:
        with write_partial(out) as partial:
            write_rows(corrected, partial, Format(out.suffix.lower()[1:]), top_k=1)
    if strangers:
        told = f"{write_count(len(strangers), 'decision')} not applied, without a row in {answers}"
        note(f"{told}: {strangers[0]}{' and others' if len(strangers) > 1 else ''}.")
    if outdated:
        told = f"{write_count(len(outdated), 'decision')} not applied, because the picture has changed since"
        note(f"{told}: {outdated[0]}{' and others' if len(outdated) > 1 else ''}; decide again.")
    note(f"{out}: {write_count(len(corrected), 'row')}, {decided} of them decided.")


@click.group(cls=CommandGroup)
def catalogue() -> None:
    """Put answers back into a catalogue: keywords, annotations, linked data, tables, folders.

    ANSWERS is the file of smn predict --out, or of smn review apply. A stopped command continues when it is run again;
    smn undo removes what it wrote.
    """


_JOURNAL = click.option(
    "--journal", type=_FILE, help="The journal for smn undo.  [default: beside ANSWERS, named after the command]"
)


@catalogue.command("keywords")
@_ANSWERS
@click.option("--names", type=click.Choice(["full", "stem"]), default="full", show_default=True,
              help="Name sidecars IMG.JPG.xmp, or IMG.xmp.")  # fmt: skip
@click.option("--embed", is_flag=True, help="Write XMP and IPTC into the pictures themselves; a backup is kept.")
@click.option("--prefix", default="smn", show_default=True, help="Marks these keywords; empty for none.")
@_JOURNAL
def keywords(answers: Path, names: str, prefix: str, journal: Path | None, *, embed: bool) -> None:
    """Write movements as keywords into XMP sidecars beside the pictures, for Lightroom, digiKam and others."""
    from smn.catalogue.sidecars import SidecarStyle, write_keywords

    settings = {"names": names, "embed": embed, "prefix": prefix}
    with _writing("keywords", answers, journal, settings) as (rows, written, show):
        _tell(
            write_keywords(rows, written, style=SidecarStyle(names), embed=embed, prefix=prefix, progress=show), written
        )


_FOLDER = click.Path(path_type=Path, file_okay=False)
_OUT_FOLDER = click.option("--out", required=True, type=_FOLDER, help="The folder to write into.")


def _check_base(context: click.Context, option: click.Parameter, base: str) -> str:
    del context, option
    if not base.startswith(("http://", "https://")):
        raise InputError(f"--base is {base!r}; give an address that starts with http:// or https://.")
    return base


_BASE = click.option(
    "--base", required=True, metavar="URL", callback=_check_base,
    help="The address below which the files will be published.",
)  # fmt: skip


@catalogue.command("annotations")
@_ANSWERS
@_OUT_FOLDER
@_BASE
@_JOURNAL
def annotations(answers: Path, out: Path, base: str, journal: Path | None) -> None:
    """Write a IIIF annotation page for each canvas, with its movement as a tag."""
    from functools import partial

    from smn.catalogue.linked_data import annotation_page, write_records

    with _writing("annotations", answers, journal, {"out": str(out.resolve()), "base": base}) as (rows, written, show):
        _tell(write_records(rows, out, written, partial(annotation_page, base=base), progress=show), written)


@catalogue.command("linked-art")
@_ANSWERS
@_OUT_FOLDER
@_BASE
@click.option("--id-column", metavar="NAME", help="The carried column with the object's number.  [default: the path]")
@_JOURNAL
def linked_art(answers: Path, out: Path, base: str, id_column: str | None, journal: Path | None) -> None:
    """Write a Linked Art record (JSON-LD) for each object, with its movement as a style."""
    from functools import partial

    from smn.catalogue.linked_data import linked_art_record, write_records

    make = partial(linked_art_record, base=base, id_column=id_column)
    settings = {"out": str(out.resolve()), "base": base, "id_column": id_column}
    with _writing("linked-art", answers, journal, settings) as (rows, written, show):
        _tell(write_records(rows, out, written, make, progress=show), written)


@catalogue.command("sort")
@_ANSWERS
@_OUT_FOLDER
@click.option("--by", type=click.Choice(["movement", "family"]), default="movement", show_default=True)
@click.option("--copy", is_flag=True, help="Copy the pictures instead of linking to them.")
@_JOURNAL
def sort(answers: Path, out: Path, by: str, journal: Path | None, *, copy: bool) -> None:
    """Sort pictures into folders by movement or family, by links or copies; the pictures stay where they are."""
    from smn.catalogue.sorted_folders import SortBy, sort_pictures

    settings = {"out": str(out.resolve()), "by": by, "copy": copy}
    with _writing("sort", answers, journal, settings) as (rows, written, show):
        _tell(sort_pictures(rows, out, written, by=SortBy(by), copy=copy, progress=show), written)


@catalogue.command("table")
@_ANSWERS
@click.option("--out", required=True, type=_FILE, help="The table: .csv or .xlsx.")
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, for Excel.")
@click.option("--no-guard", is_flag=True, help="Leave texts that look like formulas as they are, in CSV.")
def table(answers: Path, out: Path, *, bom: bool, no_guard: bool) -> None:
    """Write a table for people: names beside ids, and the columns of the list that the pictures came from."""
    from smn.catalogue.answers_file import read_answers
    from smn.catalogue.catalogue_table import write_table

    rows = read_answers(answers)
    write_table(rows, out, bom=bom, guard=not no_guard)
    note(f"{out}: {write_count(len(rows), 'row')}.")


@click.command("undo")
@click.argument("journal", type=_FILE)
def undo(journal: Path) -> None:
    """Remove what a command of smn catalogue wrote, and restore what was there before, from its JOURNAL.

    What somebody changed since is left alone.
    """
    from smn.catalogue.undo_journal import undo as undo_writes

    undone = undo_writes(journal)
    for path in undone.kept:
        note(f"Left alone, because it was changed since: {path}")
    note(f"{undone.removed} removed, {undone.restored} restored, {len(undone.kept)} left alone.")
    if undone.kept:
        click.get_current_context().exit(1)


@contextmanager
def _writing(
    command: str, answers: Path, journal: Path | None, settings: Mapping[str, Any]
) -> "Iterator[tuple[list[dict[str, Any]], WriteJournal, Progress]]":
    """The rows, an open journal that belongs to them and to the settings, and a progress bar."""
    import hashlib

    from smn.catalogue.answers_file import read_answers
    from smn.catalogue.undo_journal import WriteJournal

    rows = read_answers(answers)
    about = {"command": command, "answers": hashlib.sha256(answers.read_bytes()).hexdigest(), **settings}
    file = journal or answers.with_name(f"{answers.name}.{command}.journal")
    with WriteJournal(file, about) as written, progress() as show:
        yield rows, written, show


_SHOWN = 8  # reasons for which rows are left out that are told


def _tell(result: "Result", journal: "WriteJournal") -> None:
    counted, skipped = result
    reasons = Counter(one.reason for one in skipped).most_common()
    for reason, count in reasons[:_SHOWN]:
        example = next(one.path for one in skipped if one.reason == reason)
        note(f"Left out: {example}{f' and {count - 1} more' if count > 1 else ''}: {reason}")
    if len(reasons) > _SHOWN:
        note(f"Left out: {sum(count for _, count in reasons[_SHOWN:])} more, for other reasons.")
    told = ", ".join(f"{count} {what}" for what, count in counted.items()) or "nothing written"
    undo = f" To undo: smn undo {journal.file}" if counted else ""
    note(f"{told}; {len(skipped)} left out.{undo}")
