"""Kills commands at each of their writes and runs them again: ``python kill_points.py FOLDER STEPS.json``.

A write is what Python's audit hooks report of files below the folder: opening one for writing, renaming, removing,
making a folder; and each statement of SQLite that changes the feature cache. At the n-th write the process kills itself
by SIGKILL, before it or, for a file under its final name, after a part of its content. Each try has a copy of the
folder and a process of its own, forked from this one, which has imported the commands and computed nothing.

Prints a line of JSON for each step, see `walk`. The steps build on each other: each changes the folder for the next.
"""

import gc
import hashlib
import importlib
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "os.link", "os.symlink", "shutil.rmtree"}
_WRITING = os.O_WRONLY | os.O_RDWR
_CHANGES = ("PRAGMA journal_mode", "CREATE", "INSERT", "COMMIT")
_RANDOM = re.compile(r"\.partial-\d+-[0-9a-f]{8}-|\.partial-\w{8}\b")


class Killer:
    """An audit hook that kills its process at a write.

    Args:
        root: writes elsewhere do not count.
        at: the number of the write, from 0; None never kills.
        torn: whether a file that is opened there gets a part of its content first.
    """

    def __init__(self, root: Path, *, at: int | None, torn: bool) -> None:
        self._root, self._at, self._torn, self._busy = root, at, torn, False
        self.writes: list[tuple[str, bool]] = []  # of each, the path, and whether the file can be torn
        sys.addaudithook(self._see)
        connect = sqlite3.connect
        sqlite3.connect = lambda *given, **named: connect(  # type: ignore[assignment]
            *given, factory=_watched_connection(self), **named
        )

    def _see(self, event: str, given: tuple[Any, ...]) -> None:
        if self._busy:
            return
        if event == "open":
            path, _, flags = given
            if isinstance(flags, int) and flags & _WRITING and (name := self._name(path)) is not None:
                self.step(name, appends=bool(flags & os.O_APPEND), can_tear=not is_hidden(name))
        elif event in _EVENTS and (name := self._name(given[event == "os.rename"])) is not None:
            self.step(name)

    def _name(self, path: object) -> str | None:
        """The path below the root; None elsewhere."""
        if not isinstance(path, str | bytes | os.PathLike):
            return None
        place = Path(os.fsdecode(path)).absolute()
        return str(place.relative_to(self._root)) if place.is_relative_to(self._root) else None

    def step(self, name: str, *, appends: bool = False, can_tear: bool = False) -> None:
        """Count a write, and die here if it is the one."""
        if len(self.writes) == self._at:
            self._busy = True
            if self._torn:
                with Path(name).open("ab" if appends else "wb") as stream:
                    stream.write(b'{"torn')
            os.kill(os.getpid(), signal.SIGKILL)
        self.writes.append((name, can_tear))


def _watched_connection(killer: Killer) -> type[sqlite3.Connection]:
    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql.startswith(_CHANGES):
                killer.step("features.sqlite")
            return super().execute(sql, *rest)

    return Connection


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder that it is in, is hidden: nothing reads it."""
    return any(part.startswith(".") for part in Path(name).parts)


def fork(root: Path, words: list[str], *, at: int | None = None, torn: bool = False) -> Callable[[], dict[str, Any]]:
    """Start an smn command in a folder, in a forked process; what is returned waits, and tells how it ended."""
    log, told = (Path(tempfile.mkstemp()[1]) for _ in range(2))
    child = os.fork()
    if child == 0:
        code = 70
        try:
            for stream in (1, 2):
                os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), stream)
            os.chdir(root)
            killer = Killer(root, at=at, torn=torn)
            from smn.cli import main

            try:
                main(words)
            except SystemExit as end:
                code = end.code if isinstance(end.code, int) else 1
            told.write_text(json.dumps({"writes": killer.writes, "modules": sorted(sys.modules)}))
        except BaseException:  # noqa: BLE001 - told, and the fork must end here
            import traceback

            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def wait() -> dict[str, Any]:
        _, status = os.waitpid(child, 0)
        said = log.read_text(encoding="utf-8", errors="replace")
        more = json.loads(told.read_text() or '{"writes": []}')
        log.unlink()
        told.unlink()
        return {"code": os.waitstatus_to_exitcode(status), "said": said, **more}

    return wait


def digest(file: Path) -> str:
    """The hash of a file's content, without the time of day in it, and without random names."""
    content = file.read_bytes()
    if file.suffix == ".parquet":
        from pyarrow import parquet

        content = repr(parquet.read_table(file).to_pydict()).encode()
    elif file.suffix == ".csv":
        content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"", content)
    elif file.name == "metrics.jsonl":
        content = re.sub(rb'"seconds": [\d.]+', b"", content)
    elif file.suffix == ".pt" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            members = [(one.filename.partition("/")[2], one.CRC) for one in archive.infolist()]
        content = repr([one for one in members if one[0] != ".data/serialization_id"]).encode()
    return hashlib.sha256(content).hexdigest()


def snapshot(root: Path) -> dict[str, str]:
    """Every file below a folder and the hash of its content, without the feature cache."""
    files = (file for file in sorted(root.rglob("*")) if file.is_file() and ".sqlite" not in file.name)
    return {str(file.relative_to(root)): digest(file) for file in files}


def _state(root: Path) -> str:
    """What a kill left: two states that are equal go on alike."""
    known = [(_RANDOM.sub("", str(one.relative_to(root))), one) for one in sorted(root.rglob("*"))]
    return repr([(name, hashlib.sha256(one.read_bytes()).hexdigest() if one.is_file() else "") for name, one in known])


def walk(folder: Path, base: Path, words: list[str]) -> dict[str, Any]:
    """Run a command as a whole, then kill it at each write and run it again.

    Args:
        folder: where copies go.
        base: the folder as it is before; afterwards it is as the whole command left it.
        words: of the command.

    Returns:
        ``code`` and ``said`` of the whole command, its ``points``, changed files that were ``unseen``, and the
        ``tries``: where the kill was, ``at`` which write, ``torn`` or not, how it ended (``killed``), how the second
        run ended (``code``, ``said``), and which files then were ``lost``, ``missing``, ``changed`` against the whole
        command's, or ``left`` over.
    """
    # Always at the same place, because manifests and runs name files by absolute paths.
    place, whole = folder / "work", folder / "whole"
    shutil.copytree(base, place)
    done = fork(place, words)()
    place.rename(whole)
    for name in done.pop("modules", ()):
        if name not in sys.modules:
            with suppress(Exception):  # what the command imported late is there for all tries
                importlib.import_module(name)
    writes, before, wanted = done.pop("writes"), snapshot(base), snapshot(whole)
    seen = {name for name, _ in writes}
    new = [name for name, digits in wanted.items() if before.get(name) != digits]
    done["unseen"] = [name for name in new if not seen & {name, *map(str, Path(name).parents)}]
    done["points"], done["tries"] = len(writes), []
    gc.freeze()  # so that forks share what was imported
    states: set[str] = set()
    for at, (name, can_tear) in enumerate(writes):
        for torn in (False, True) if can_tear else (False,):
            shutil.copytree(base, place)
            killed = fork(place, words, at=at, torn=torn)()["code"]
            if (state := _state(place)) not in states or killed != -signal.SIGKILL:
                states.add(state)
                again = fork(place, words)()
                after = snapshot(place)
                done["tries"].append({
                    "words": words, "at": at, "name": name, "torn": torn, "killed": killed,
                    "code": again["code"], "said": again["said"],
                    "lost": [one for one, was in before.items() if wanted.get(one) == was != after.get(one)],
                    "missing": sorted(set(wanted) - set(after)), "left": sorted(set(after) - set(wanted)),
                    "changed": [one for one, digits in after.items() if wanted.get(one, digits) != digits],
                })  # fmt: skip
            shutil.rmtree(place)
    shutil.rmtree(base)
    whole.rename(base)
    return {"words": words, **done}


def main() -> None:
    """Go through the steps; ``walk`` of a step says whether it is killed."""
    for name in ("clean", "dataset", "similar", "train"):
        importlib.import_module(f"smn.cli.{name}")
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder, "base").resolve()
        shutil.copytree(sys.argv[1], base)
        for step in json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")):
            if step["walk"]:
                told = walk(Path(folder).resolve(), base, step["words"])
            else:
                base.rename(place := base.with_name("work"))
                told = {"words": step["words"], **fork(place, step["words"])()}
                place.rename(base)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
