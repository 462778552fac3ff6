"""What the commands show on a terminal: tables, progress, notes."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


def console(*, err: bool = False) -> Any:
    """A rich console on standard output, or on standard error."""
    from rich.console import Console

    return Console(stderr=err, highlight=False, emoji=False)


def note(text: str) -> None:
    """A line for the person, kept out of standard output."""
    click.echo(text, err=True)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on standard error, for callbacks of (what, done, total); one bar for each what.

    Where standard error is no terminal, a line every half minute takes its place, so that a log stays readable.
    """
    screen = console(err=True)
    if not screen.is_terminal:
        yield _lines()
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=screen) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


def _lines() -> Callable[[str, int, int], None]:
    last = {"at": time.monotonic()}

    def show(what: str, done: int, total: int) -> None:
        if done >= total or time.monotonic() - last["at"] > 30:
            last["at"] = time.monotonic()
            note(f"{time.strftime('%H:%M:%S')} {what}: {done} of {total}")

    return show
