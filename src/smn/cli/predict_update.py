"""``smn predict --update``: predict what is new or changed in a collection."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smn.catalogue.answer_updates import Plan, merge_answers, plan_update, replace_answers, tell_changes
from smn.catalogue.answers_file import read_answers
from smn.cli.screen import note, progress, write_count
from smn.errors import InputError
from smn.predict.jobs import Input, Journal
from smn.predict.model import Model


def update_answers(
    model: Model,
    inputs: Sequence[Input],
    out: Path,
    *,
    again: bool,
    job: Mapping[str, Any],
    answer: Callable[[Journal, Sequence[Input]], object],
) -> int:
    """Bring a file of answers up to date, and say what was done; how many rows are unreadable.

    Args:
        model: that answers.
        inputs: the pictures of the collection.
        out: the file, ``.jsonl``; it need not be there.
        again: whether what another model answered is answered again.
        job: what decides the answers; an interrupted update with the same is continued.
        answer: predicts some inputs into a journal.
    """
    if out.suffix.lower() != ".jsonl":
        raise InputError(
            f"--update needs answers in JSON lines; give --out a name that ends in .jsonl, not {out.name}."
        )
    before = read_answers(out) if out.exists() else []
    with progress() as show:
        plan = plan_update(inputs, before, model=model.name, again=again, progress=show)
    _tell(plan, model, again=again)
    journal = Journal(out.with_name(f"{out.name}.update"), job)
    # A row in the journal counts only if the picture is still the one that was answered.
    current = {row["path"] for row in journal.rows() if row.get("sha256") == plan.hashes.get(row["path"])}
    waiting = [item for item in plan.wanted if item.path not in current]
    if waiting:
        answer(journal, waiting)
    rows = _finish(before, out, plan, journal)
    return sum(row["outcome"] == "error" for row in rows)


def _finish(before: list[dict[str, Any]], out: Path, plan: Plan, journal: Journal) -> list[dict[str, Any]]:
    wanted = {item.path for item in plan.wanted}
    rows, differing, dropped = merge_answers(before, [row for row in journal.rows() if row["path"] in wanted])
    if wanted or not out.exists():
        backup = replace_answers(out, rows)
        if backup is not None:
            note(f"The answers before this update are in {backup}.")
    journal.file.unlink()
    if changes := tell_changes(differing):
        note(changes)
    if dropped:
        have = "picture has" if len(dropped) == 1 else "pictures have"
        note(f"{len(dropped)} decided {have} changed, such as {dropped[0]}; decide again.")
    note(f"{out}: {write_count(len(rows), 'row')}.")
    return rows


def _tell(plan: Plan, model: Model, *, again: bool) -> None:
    parts = {
        "new": plan.new,
        "changed": plan.changed,
        "answered without a hash and answered again": plan.unhashed,
        "unchanged and left as they are": plan.unchanged,
        "no longer there, whose rows stay": plan.gone,
    }
    note(f"Pictures: {', '.join(f'{count} {what}' for what, count in parts.items() if count)}.")
    if plan.other_model and again:
        note(f"{plan.other_model} of the unchanged were answered by another model and are answered again.")
    elif plan.other_model:
        note(
            f"{plan.other_model} of the unchanged were answered by another model than {model.name}; "
            "--update --again answers them again."
        )
