"""Decisions about pictures, and the CSV files that hold them, which are only ever appended to."""

import csv
import hashlib
import io
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from smn.dataset.label_map import suggest_movements
from smn.errors import DecisionsError, InputError
from smn.files import write_partial
from smn.manifest import NOT_A_PAINTING
from smn.movements import find_movement, list_movements, normalise

FIELDS = ("id", "sha256", "decision", "movement", "checks", "note", "decided_at")
"""The columns of a decisions file. Only ``id`` and ``decision`` are required; further columns are ignored."""

_BOM = "\ufeff"  # with which spreadsheets begin a file in UTF-8

_Problem = tuple[int, str]
"""A line's number and what is wrong with it."""

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


class Verdict(StrEnum):
    """What was decided about a picture."""

    KEEP = "keep"
    DROP = "drop"
    RELABEL = "relabel"
    UNDO = "undo"  # whatever was decided about it before no longer stands


SPELLINGS = {**{one.value: one for one in Verdict}, "reject": Verdict.DROP, "change": Verdict.RELABEL}
"""How a verdict may be written; the report's buttons say reject and change."""


@dataclass(frozen=True)
class Decision:
    """One line of a decisions file.

    Args:
        id: the manifest's id of the picture.
        verdict: what was decided.
        sha256: of the picture that was looked at; empty where the line does not say.
        movement: the new movement's id or `NOT_A_PAINTING`, with `Verdict.RELABEL` only.
        checks: names of the checks whose findings led to it.
        note: anything, for people.
        decided_at: when, as in ``2025-03-01T09:30:00Z``; empty where the line does not say.
    """

    id: str
    verdict: Verdict
    sha256: str = ""
    movement: str | None = None
    checks: tuple[str, ...] = ()
    note: str = ""
    decided_at: str = ""


def parse_decisions(text: str, *, where: Path, known: Collection[str] | None = None) -> tuple[Decision, ...]:
    """Every line of a decisions file's text, in order.

    The separator is a comma, semicolon or tab, so that what a spreadsheet saved is read too. A movement may be written
    as its id, its name or an alias, ``drop`` as ``reject``, and ``relabel`` as ``change``.

    Args:
        text: the file's text; an empty one holds no lines.
        where: the file, for the errors.
        known: the ids that there are; where lines are wrong, the error also says which ids are none of these.

    Raises:
        DecisionsError: some lines are wrong; all of them are listed.
    """
    text = text.removeprefix(_BOM)
    if not text.strip():
        return ()
    problems: list[_Problem] = []
    lines = list(_lines(text, where, problems))
    decisions = [_parse(number, line, problems) for number, line in lines]
    if problems:
        sentences = [sentence for _, sentence in sorted(problems, key=lambda problem: problem[0])]
        if known is not None:
            sentences += _strangers(lines, known)
        if any(_names_no_movement(line) and not suggest_movements(line["movement"]) for _, line in lines):
            sentences.append(f"Movements are {', '.join(_movement_ids())}.")
        raise DecisionsError(where, [*sentences, "Correct these lines; nothing was changed."])
    return tuple(decision for decision in decisions if decision is not None)


def standing_decisions(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """What counts of a series of lines: the last one of each id, unless it is an undo.

    Returns:
        Decisions by id, in the order of their lines.
    """
    standing: dict[str, Decision] = {}
    for decision in decisions:
        standing.pop(decision.id, None)
        if decision.verdict is not Verdict.UNDO:
            standing[decision.id] = decision
    return standing


def format_decisions(decisions: Iterable[Decision], *, like: str = "") -> str:
    """Decisions as CSV lines.

    Args:
        decisions: what to write.
        like: the text that the lines will follow, whose separator and order of columns they take; without one, the
            header comes first.
    """
    like = like.removeprefix(_BOM)
    fields, separator = _layout(like) if like.strip() else (list(FIELDS), ",")
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator="\n")
    if not like.strip():
        writer.writerow(fields)
    for decision in decisions:
        values = _values(decision)
        writer.writerow([values.get(field, "") for field in fields])
    return stream.getvalue()


def write_time(now: datetime | None = None) -> str:
    """A time as decisions have it: UTC, to the second."""
    return (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_decisions(file: str | Path, *, known: Collection[str] | None = None) -> tuple[Decision, ...]:
    """Every line of a decisions file, in order; see `standing_decisions` for those that count.

    Args:
        file: the CSV file, in UTF-8.
        known: as for `parse_decisions`.

    Raises:
        DecisionsError: some lines are wrong; all of them are listed.
    """
    return parse_decisions(_text_of(Path(file)), where=Path(file), known=known)


def read_decision_files(files: Sequence[str | Path]) -> tuple[Decision, ...]:
    """Every line of several files, in the order given, as if they were one.

    Raises:
        DecisionsError: a file cannot be read.
    """
    return tuple(decision for file in files for decision in read_decisions(file))


def append_decisions(file: str | Path, decisions: Sequence[Decision]) -> Path:
    """Append lines to a decisions file, atomically; the lines that are there are not changed by a byte.

    Args:
        file: the file, created where it is missing. Its own order of columns and its separator are kept.
        decisions: the lines to add.

    Returns:
        ``file``.

    Raises:
        DecisionsError: the file that is there is no decisions file.
    """
    file = Path(file)
    place = file.resolve()  # a symbolic link stays one
    old = place.read_bytes() if place.exists() else b""
    text = _text_of(file) if old else ""
    parse_decisions(text, where=file)
    new = format_decisions(decisions, like=text)
    place.parent.mkdir(parents=True, exist_ok=True)
    with write_partial(place) as partial:
        partial.write_bytes(old + (b"\n" if old and not old.endswith(b"\n") else b"") + new.encode())
        if old:
            shutil.copymode(place, partial)
    return file


def undo_decisions(
    file: str | Path,
    *,
    ids: Sequence[str] = (),
    last: int | None = None,
    check: str | None = None,
    now: datetime | None = None,
) -> tuple[Decision, ...]:
    """Take standing decisions back by appending undo lines; exactly one of ``ids``, ``last`` and ``check`` is needed.

    Args:
        file: the decisions file.
        ids: those about these pictures.
        last: the last so many that stand, 1 or more.
        check: those that a finding of this check led to.
        now: the time to write; by default the present.

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


def _escape(value: str) -> str:
    """Escape a value that a spreadsheet would take for a formula, by an apostrophe before ``= + - @``; see OWASP."""
    return "'" + value if _FORMULA.match(value) else value


def _unescape(value: str) -> str:
    return value[1:] if _ESCAPED.match(value) else value


def _values(decision: Decision) -> dict[str, str]:
    return {
        "id": _escape(decision.id),
        "sha256": decision.sha256,
        "decision": decision.verdict.value,
        "movement": decision.movement or "",
        "checks": " ".join(decision.checks),
        "note": _escape(" ".join(decision.note.split())),
        "decided_at": decision.decided_at,
    }


def _layout(text: str) -> tuple[list[str], str]:
    """The columns and the separator of a file's text."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    return [name.strip().casefold() for name in next(csv.reader([first.strip("\r")], delimiter=separator))], separator


def _lines(text: str, where: Path, problems: list[_Problem]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The lines below the header, each with the number that an editor shows."""
    fields, separator = _layout(text)
    missing = [name for name in ("id", "decision") if name not in fields]
    twice = sorted({name for name in fields if name in FIELDS and fields.count(name) > 1})
    if missing or twice:
        has = "lacks " + ", ".join(missing) if missing else "repeats " + ", ".join(twice)
        raise DecisionsError(where, [f"Its header {has}; a decisions file has the columns {', '.join(FIELDS)}."])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    header, before = False, 0
    try:
        for cells in reader:
            number, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = True
            elif len(cells) > len(fields):
                problems.append((number, f"Line {number} has {len(cells)} values for {len(fields)} columns."))
            else:
                yield number, dict(zip(fields, cells, strict=False))
    except csv.Error as error:
        problems.append((before + 1, f"Line {before + 1} is not CSV ({error})."))


def _parse(number: int, line: Mapping[str, str], problems: list[_Problem]) -> Decision | None:
    """One line, or None with its problems added."""
    value = {name: _unescape(line.get(name, "")).strip() for name in FIELDS}
    found: list[str] = []
    if not value["id"]:
        found.append(f"Line {number} has no id.")
    verdict = SPELLINGS.get(value["decision"].casefold())
    if verdict is None:
        found.append(f"Line {number} decides {value['decision']!r}; allowed are {', '.join(SPELLINGS)}.")
    if value["sha256"] and not re.fullmatch(r"[0-9a-fA-F]{64}", value["sha256"]):
        found.append(f"Line {number} has the sha256 {value['sha256']!r}; it needs 64 hex digits, or nothing.")
    movement = _movement_id(value["movement"]) if verdict is Verdict.RELABEL else None
    if verdict is Verdict.RELABEL and not value["movement"]:
        found.append(f"Line {number} relabels to nothing; write a movement.")
    elif _names_no_movement(line):
        near = suggest_movements(value["movement"])
        hint = f" (did you mean {near[0]}?)" if near else ""
        found.append(f"Line {number}: there is no movement {value['movement']!r}{hint}.")
    problems += [(number, sentence) for sentence in found]
    if found or verdict is None:
        return None
    return Decision(
        id=value["id"],
        verdict=verdict,
        sha256=value["sha256"].lower(),
        movement=movement,
        checks=tuple(value["checks"].replace(",", " ").split()),
        note=value["note"],
        decided_at=value["decided_at"],
    )


def _names_no_movement(line: Mapping[str, str]) -> bool:
    name = line.get("movement", "").strip()
    relabels = SPELLINGS.get(line["decision"].strip().casefold()) is Verdict.RELABEL
    return relabels and bool(name) and _movement_id(name) is None


def _strangers(lines: Iterable[tuple[int, Mapping[str, str]]], known: Collection[str]) -> Iterator[str]:
    """A sentence on the ids that are not known, if there are any."""
    ids = [(number, _unescape(line.get("id", "")).strip()) for number, line in lines]
    unknown = [(number, one) for number, one in ids if one and one not in known]
    if unknown:
        more = f" (and so with {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        yield f"Line {unknown[0][0]}: there is no picture {unknown[0][1]!r}{more}."


def _movement_id(name: str) -> str | None:
    if normalise(name) == normalise(NOT_A_PAINTING):
        return NOT_A_PAINTING
    found = find_movement(name) if name else None
    return found.id if found else None


def _movement_ids() -> tuple[str, ...]:
    return (*sorted(movement.id for movement in list_movements()), NOT_A_PAINTING)


def _text_of(file: Path) -> str:
    try:
        return file.read_bytes().decode()
    except OSError as error:
        raise DecisionsError(file, [f"It cannot be read ({error.strerror or error}); check the path."]) from error
    except UnicodeDecodeError as error:
        raise DecisionsError(file, [f"It is not UTF-8 ({error.reason} at byte {error.start}); save it so."]) from error
