"""Pictures sorted into folders by their answers, by links or copies; the pictures themselves stay where they are."""

import os
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from smn.catalogue.answers_file import movement_name, outcome_name
from smn.catalogue.undo_journal import Result, WriteJournal, Written, write_each
from smn.errors import InputError
from smn.movements import get_family
from smn.predict.jobs import locate
from smn.predict.prediction import Outcome
from smn.progress import Progress


class SortBy(StrEnum):
    """What the folders are."""

    MOVEMENT = "movement"
    FAMILY = "family"


def sort_pictures(
    rows: Sequence[Mapping[str, Any]],
    out: Path,
    journal: WriteJournal,
    *,
    by: SortBy = SortBy.MOVEMENT,
    copy: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Put a link to, or a copy of, each picture into ``OUT/ANSWER/`` with the folders that it has in the collection.

    Args:
        rows: from `smn.catalogue.answers_file.read_answers`.
        out: the folder.
        journal: what writes, and can be undone.
        by: which folders there are.
        copy: copies instead of symbolic links.
        progress: called with what is done, how many rows are done, and of how many.
    """
    places = {row["path"]: locate(row["path"]).absolute() for row in rows if "://" not in row["path"]}
    there = [place.parent for place in places.values() if place.is_file()]
    root = Path(os.path.commonpath(there)) if there else Path()

    def write(row: Mapping[str, Any]) -> Written:
        source = places.get(row["path"])
        if row["outcome"] == Outcome.ERROR:
            raise InputError("It could not be read.")
        if source is None or not source.is_file():
            raise InputError("The picture is not there; run the command in the folder in which smn predict ran.")
        target = out / folder_of(row, by) / source.relative_to(root)
        return journal.copy(source, target) if copy else journal.link(source, target)

    return write_each(rows, write, title="pictures", progress=progress)


def folder_of(row: Mapping[str, Any], by: SortBy) -> str:
    """The name of the folder for a row, such as ``Impressionism`` or ``unsure``, without what a file system forbids."""
    name = movement_name(row)
    if by is SortBy.FAMILY:
        name = get_family(row["family"]).name if row["family"] else None
    return re.sub(r'[<>:"/\\|?*\x00-\x1f]', "-", name or outcome_name(row))
