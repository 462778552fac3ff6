"""Writes into somebody's folders so that a kill loses nothing, the same command continues, and all can be undone.

Every change has a line in a journal before it is made. What a line says is compared with what the disk holds, so that
nothing depends on where a process was killed: a file holds what it held before, or what the journal wrote, or what
somebody else made of it since, which is then left alone.
"""

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from smn.errors import InputError
from smn.progress import Progress

_VERSION = 1


class Written(StrEnum):
    """What became of one file."""

    NEW = "written"
    ALREADY = "already written"
    CHANGED = "changed by somebody since, and left alone"


@dataclass(frozen=True)
class Change:
    """One line of a journal.

    Args:
        kind: ``file``, ``link`` or ``folder``.
        path: absolute.
        after: SHA-256 of what is written, or the target of a link; empty for a folder.
        before: SHA-256 of what was there; None where nothing was.
    """

    kind: str
    path: str
    after: str = ""
    before: str | None = None


class WriteJournal:
    """Writes files, copies and links, each noted before it is made. A context manager; nothing written, no journal.

    Args:
        file: the journal; one that is there is continued. ``FILE.backups`` beside it holds what was there before.
        about: what is being written, of plain values; a journal about something else is not continued.

    Raises:
        InputError: ``file`` is no journal, or one about something else.
    """

    def __init__(self, file: str | Path, about: Mapping[str, Any]) -> None:
        self.file = Path(file)
        self.backups = backups_of(self.file)
        header = {"smn-journal": _VERSION, **about}
        known, changes = read_journal(self.file) if self.file.exists() else (header, ())
        self._changes = {change.path: change for change in changes}
        self._holds_changes = bool(changes)
        if not changes:  # nothing was written: it may become a journal about anything
            self.file.unlink(missing_ok=True)
        elif known != header:
            raise InputError(
                f"{self.file} is the journal of another command or of other answers; undo that with smn undo "
                f"{self.file}, or name another file with --journal."
            )
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._stream = self.file.open("ab")
        if not self.file.stat().st_size:
            self._append(header)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
        if not self._holds_changes:
            self.file.unlink()

    def find(self, path: Path) -> Written | None:
        """Whether a file was written, or was changed since it was; None where it still has to be written."""
        change = self._changes.get(_absolute(path))
        if change is None:
            return None
        now = _state(Path(change.path))
        if now == change.after:
            return Written.ALREADY
        return None if now == change.before else Written.CHANGED

    def write(self, path: Path, content: bytes) -> Written:
        """Write a file, atomically; what was there is kept for `undo`."""
        return self._make(
            "file", path, hashlib.sha256(content).hexdigest(), lambda partial: partial.write_bytes(content)
        )

    def copy(self, source: Path, path: Path) -> Written:
        """Copy a file with its times; of a link, the file that it points to."""
        content = _state(source.resolve()) or ""
        return self._make("file", path, content, lambda partial: shutil.copy2(source, partial))

    def link(self, target: Path, path: Path) -> Written:
        """Make a symbolic link to a file."""
        to = os.path.relpath(target.resolve(), path.parent.resolve())
        return self._make("link", path, to, lambda partial: partial.symlink_to(to))

    def _make(self, kind: str, path: Path, after: str, make: Any) -> Written:
        found = self.find(path)
        if found is not None:
            return found
        place = Path(_absolute(path))
        known = self._changes.get(str(place))
        if known is None or known.after != after:
            before = known.before if known is not None else self._keep(place)
            self._make_folders(place.parent)
            self._note(Change(kind, str(place), after, before))
        partial = partial_of(place)
        partial.unlink(missing_ok=True)
        make(partial)
        if place.exists() and not place.is_symlink():
            shutil.copymode(place, partial)
        os.replace(partial, place)
        return Written.NEW

    def _keep(self, place: Path) -> str | None:
        """Keep what is at a place, and say what it is."""
        before = _state(place)
        if before is None:
            return None
        if place.is_symlink():
            raise InputError("The file is a link; smn does not replace it: write where it points to.")
        backup = self.backups / before
        if not backup.exists():
            self.backups.mkdir(exist_ok=True)
            shutil.copy2(place, partial_of(backup))
            os.replace(partial_of(backup), backup)
        return before

    def _make_folders(self, folder: Path) -> None:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            self._note(Change("folder", str(one)))
            one.mkdir(exist_ok=True)

    def _note(self, change: Change) -> None:
        self._holds_changes = True
        self._append({"kind": change.kind, "path": change.path, "after": change.after, "before": change.before})
        if change.kind != "folder":
            self._changes[change.path] = change

    def _append(self, line: Mapping[str, Any]) -> None:
        # ASCII, so that names that are no Unicode come back as they were.
        self._stream.write(json.dumps(line).encode("ascii") + b"\n")
        self._stream.flush()


@dataclass(frozen=True)
class Skipped:
    """A row that nothing was written for, with the reason."""

    path: str
    reason: str


Result = tuple[Counter[Written], list[Skipped]]
"""How many files became what, and the rows that nothing was written for."""


def write_each(
    rows: Sequence[Mapping[str, Any]],
    write: Callable[[Mapping[str, Any]], Written],
    *,
    title: str,
    progress: Progress | None = None,
) -> Result:
    """Write something for each row; what is wrong with one costs that row only.

    Args:
        rows: from `smn.catalogue.answers_file.read_answers`.
        write: writes, or raises `InputError` with the reason why not.
        title: what is written, for ``progress``.
        progress: called with the title, how many rows are done, and of how many.
    """
    counted: Counter[Written] = Counter()
    skipped: list[Skipped] = []
    for done, row in enumerate(rows, start=1):
        try:
            found = write(row)
        except InputError as error:
            skipped.append(Skipped(row["path"], str(error)))
        else:
            counted[found] += 1
            if found is Written.CHANGED:
                skipped.append(Skipped(row["path"], f"What was written for it was {found}."))
        if progress is not None:
            progress(title, done, len(rows))
    return counted, skipped


@dataclass(frozen=True)
class Undone:
    """What `undo` did.

    Args:
        restored: files that hold again what they held.
        removed: files, links and folders that are gone again.
        kept: files that somebody changed since, which were left alone.
    """

    restored: int
    removed: int
    kept: tuple[Path, ...]


def undo(file: str | Path) -> Undone:
    """Undo what a journal says was written, the last first; may be interrupted and run again.

    The journal and its backups are removed at the end, unless something was kept.

    Raises:
        InputError: it is no journal.
    """
    file = Path(file)
    if not file.exists():
        raise InputError(f"There is no file {file}; check the path, unless it was undone already.")
    _, changes = read_journal(file)
    done: Counter[str] = Counter()
    kept = []
    for change in reversed(list(changes)):
        what = _undo(change, backups_of(file))
        if what == "kept":
            kept.append(Path(change.path))
        elif what:
            done[what] += 1
    if not kept:
        shutil.rmtree(backups_of(file), ignore_errors=True)
        file.unlink()
    return Undone(done["restored"], done["removed"], tuple(kept))


def _undo(change: Change, backups: Path) -> str:
    place = Path(change.path)
    if change.kind == "folder":
        if not place.is_dir() or any(place.iterdir()):
            return ""
        place.rmdir()
        return "removed"
    partial_of(place).unlink(missing_ok=True)
    now = _state(place)
    if now == change.before:
        return ""
    if now != change.after:
        return "kept"
    if change.before is None:
        place.unlink()
        return "removed"
    shutil.copy2(backups / change.before, partial_of(place))
    os.replace(partial_of(place), place)
    return "restored"


def read_journal(file: Path) -> tuple[dict[str, Any], tuple[Change, ...]]:
    """The header and the changes of a journal; a line that a kill cut short is left out, and removed from the file.

    Raises:
        InputError: it is not there, or no journal.
    """
    try:
        data = file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        lines = list(_parse(whole))
        header = lines[0] if lines else {"smn-journal": None if data else _VERSION}
        changes = tuple(Change(**line) for line in lines[1:])
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{file} is no journal of smn catalogue ({error}); check the path.") from error
    if not isinstance(header, dict) or header.get("smn-journal") != _VERSION:
        raise InputError(f"{file} is no journal of smn catalogue; check the path.")
    if len(whole) < len(data):
        with file.open("r+b") as stream:
            stream.truncate(len(whole))
    return header, changes


def _parse(data: bytes) -> Iterator[dict[str, Any]]:
    for line in data.split(b"\n")[:-1]:
        yield json.loads(line)


def backups_of(journal: Path) -> Path:
    """The folder of what was there before, beside a journal."""
    return journal.with_name(journal.name + ".backups")


def partial_of(path: Path) -> Path:
    """What a file is called while it is being written: the same each time, so that `undo` finds what a kill left."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".smn-{digest}.partial")


def _absolute(path: Path) -> str:
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118 - a link at the end is not followed


def _state(path: Path) -> str | None:
    """What is at a place: the target of a link, the SHA-256 of a file, or None for nothing."""
    if path.is_symlink():
        return os.readlink(path)  # noqa: PTH115 - as text, as the journal has it
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
