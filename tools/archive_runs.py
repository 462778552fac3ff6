"""Runs commands of smn on a collection: to their end, killed in the middle, and undone."""

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from archive_collection import Made

Row = dict[str, Any]
Check = Callable[[], int]
"""Compares what was written with the answers, and returns how many files there are."""


class Archive:
    """A collection on the disk and the commands that are run on it; what is found is kept in ``found``.

    Args:
        root: an empty folder, in which the commands are run.
        model: a name or a bundle.
        tell: given a line for each step.
    """

    def __init__(self, root: Path, *, model: str, tell: Callable[[str], object]) -> None:
        self.root, self.model, self.tell = root, model, tell
        self.steps: list[dict[str, Any]] = []
        self.found: dict[str, Any] = {"steps": self.steps}
        self.made = Made({}, {}, frozenset(), frozenset(), 0)
        self.rows: list[Row] = []

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """A step whose seconds are told; what the block notes is kept."""
        noted: dict[str, Any] = {"step": name}
        start = time.perf_counter()
        yield noted
        noted["seconds"] = round(time.perf_counter() - start, 1)
        self.steps.append(noted)
        more = ", ".join(f"{key} {value}" for key, value in noted.items() if key not in ("step", "seconds"))
        self.tell(f"{name:30} {noted['seconds']:8.1f} s  {more}")

    def smn(self, *words: object) -> str:
        """Run a command to its end; what it said."""
        done = subprocess.run(self._words(words), cwd=self.root, capture_output=True, check=False, encoding="utf-8")  # noqa: S603
        require(done.returncode == 0, f"{words}: {done.stderr}")
        return done.stdout + done.stderr

    def kill(self, *words: object, when: Callable[[], bool]) -> bool:
        """Start a command and kill it with SIGKILL as soon as ``when`` holds; whether it was, before its end."""
        with subprocess.Popen(  # noqa: S603 - the words are ours
            self._words(words), cwd=self.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            while process.poll() is None:
                if when():
                    process.kill()
                    break
                time.sleep(0.001)
            return process.wait() == -signal.SIGKILL

    @staticmethod
    def _words(words: tuple[object, ...]) -> list[str]:
        return [str(Path(sys.executable).with_name("smn")), *(str(word) for word in words)]

    def grown(self, file: str, size: int) -> Callable[[], bool]:
        """Whether a file in the folder is longer than ``size`` bytes."""
        path = self.root / file
        return lambda: path.exists() and path.stat().st_size > size

    def partial(self) -> Callable[[], bool]:
        """Whether a file is being written that becomes an output when it is whole."""
        return lambda: any(path.name.startswith(".partial-") for path in self.root.iterdir())

    def write(self, name: str, *words: str, check: Check) -> None:
        """Run a command of ``smn catalogue``: killed, continued, checked, run again, and undone with a kill."""
        journal = f"answers.jsonl.{words[0]}.journal"
        command = ("catalogue", words[0], "corrected.jsonl", "--journal", journal, *words[1:])
        before = snapshot(self.root)
        with self.step(name) as noted:
            noted["killed"] = self.kill(*command, when=self.grown(journal, 20 * len(self.rows)))
            said = self.smn(*command)
            noted["files"] = check()
            noted["left_out"] = int(re.findall(r"(\d+) left out", said)[-1])
            again = self.smn(*command)
            require(f"{noted['files']} already written" in again, f"{name}: nothing is written twice: {again}")
            noted["undo_killed"] = self.kill("undo", journal, when=_undone(self.root / journal))
            if (self.root / journal).exists():
                self.smn("undo", journal)
            require(snapshot(self.root) == before, f"{name} is undone byte for byte")


def _undone(journal: Path) -> Callable[[], bool]:
    """Whether half of what a journal made is gone again, or is another file again."""
    changes = [json.loads(line) for line in journal.read_bytes().splitlines()[1:]]
    places = [Path(change["path"]) for change in changes if change["kind"] != "folder"]
    middle = places[len(places) // 2]
    number = middle.lstat().st_ino

    def undone() -> bool:
        try:
            return middle.lstat().st_ino != number
        except FileNotFoundError:
            return True

    return undone


def snapshot(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file, the target of each link, and each folder; not what a killed process left unfinished."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.name.startswith(".partial-"):
            continue
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        else:
            found[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    return found


def require(holds: bool, what: str) -> None:  # noqa: FBT001 - as in an assertion
    """Raise an AssertionError unless something holds."""
    if not holds:
        raise AssertionError(what)
