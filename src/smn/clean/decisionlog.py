"""Keeps decisions in a file that is only ever appended to."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from smn.clean.decisions import (
    Decision,
    Verdict,
    format_decisions,
    parse_decisions,
    standing_decisions,
    write_time,
)
from smn.errors import DecisionsError, InputError


def read_decisions(file: str | Path) -> tuple[Decision, ...]:
    """Every line of a decisions file, in order; `standing_decisions` tells which of them count.

    Args:
        file: the CSV file, in UTF-8.

    Raises:
        DecisionsError: some lines are wrong; all of them are listed.
    """
    return parse_decisions(_text_of(Path(file)), where=Path(file))


def read_decision_files(files: Sequence[str | Path]) -> tuple[Decision, ...]:
    """Every line of several files, in the order given, as if they were one.

    Raises:
        DecisionsError: a file cannot be read.
    """
    return tuple(decision for file in files for decision in read_decisions(file))


def append_decisions(file: str | Path, decisions: Sequence[Decision]) -> Path:
    """Add lines to a decisions file, all of them or none; the lines that are there stay byte by byte.

    Args:
        file: the file; it is made where it is missing. Its own order of columns and its separator are kept.
        decisions: the lines to add.

    Returns:
        ``file``.

    Raises:
        DecisionsError: the file that is there is no decisions file.
    """
    file = Path(file)
    place = file.resolve()  # a link stays a link
    old = place.read_bytes() if place.exists() else b""
    text = _text_of(file) if old else ""
    parse_decisions(text, where=file)
    new = format_decisions(decisions, like=text)
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(place.name + ".partial")
    try:
        with partial.open("wb") as stream:
            stream.write(old + (b"\n" if old and not old.endswith(b"\n") else b"") + new.encode())
            stream.flush()
            os.fsync(stream.fileno())
        if old:
            shutil.copymode(place, partial)
        os.replace(partial, place)
    finally:
        partial.unlink(missing_ok=True)
    return file


def undo_decisions(
    file: str | Path,
    *,
    ids: Sequence[str] = (),
    last: int | None = None,
    check: str | None = None,
    now: datetime | None = None,
) -> tuple[Decision, ...]:
    """Take standing decisions back by appending undo lines; exactly one of the three ways to choose them is needed.

    Args:
        file: the decisions file.
        ids: those about these pictures.
        last: the last so many that stand, 1 or more.
        check: those that a finding of this check led to.
        now: the time to write; the present one unless given.

    Returns:
        The decisions that no longer stand.

    Raises:
        InputError: the choice is not one of the three, or nothing stands that could be taken back.
        DecisionsError: the file cannot be read.
    """
    if sum((bool(ids), last is not None, check is not None)) != 1 or (last is not None and last < 1):
        raise InputError("Choose what to take back in one way: ids, or --last 1 or more, or --check NAME.")
    standing = standing_decisions(read_decisions(file))
    unknown = [one for one in ids if one not in standing]
    if unknown:
        raise InputError(f"{file} holds no standing decision about {', '.join(unknown)}; nothing was changed.")
    if ids:
        chosen = [standing[one] for one in dict.fromkeys(ids)]
    elif last is not None:
        chosen = list(standing.values())[-last:]
    else:
        chosen = [decision for decision in standing.values() if check in decision.checks]
    if not chosen:
        raise InputError(f"{file} holds no standing decision{f' that {check} led to' if check else ''}.")
    at = write_time(now)
    append_decisions(
        file, [Decision(one.id, Verdict.UNDO, sha256=one.sha256, checks=one.checks, decided_at=at) for one in chosen]
    )
    return tuple(chosen)


def file_digest(file: str | Path) -> str:
    """SHA-256 of a decisions file's bytes, 64 hex digits."""
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except OSError as error:
        raise DecisionsError(file, [f"It cannot be read ({error.strerror or error}); check the path."]) from error
    except UnicodeDecodeError as error:
        raise DecisionsError(file, [f"It is not UTF-8 ({error.reason} at byte {error.start}); save it so."]) from error
