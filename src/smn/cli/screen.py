"""What the commands show on a terminal: tables, progress, notes."""

import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from smn.progress import Progress


def console(*, err: bool = False) -> Any:
    """A rich console on standard output, or on standard error."""
    from rich.console import Console

    return Console(stderr=err, highlight=False, emoji=False)


def note(text: str) -> None:
    """A line for the person, kept out of standard output."""
    click.echo(text, err=True)


def command_line() -> str:
    """The command that is running, for a shell."""
    return shlex.join(["smn", *sys.argv[1:]])


def shell_line(*words: object) -> str:
    """A command of smn as a person types it, such as ``smn predict 'my picture.jpg'``."""
    return shlex.join(["smn", *map(str, words)])


def write_count(count: int, noun: str) -> str:
    """A count with its noun, such as ``1 row`` or ``2 rows``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def show_table(
    title: str | None, header: Sequence[str], rows: Iterable[Sequence[Any]], *, limit: int | None = None
) -> None:
    """Show a table; nothing without rows. Columns of numbers are right-aligned."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    lines = list(rows)
    if not lines:
        return
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for place, name in enumerate(header):
        numbers = all(isinstance(line[place], int | None) for line in lines)
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for line in lines[:limit]:
        table.add_row(
            *("" if cell is None else escape(f"{cell:,}" if isinstance(cell, int) else cell) for cell in line)
        )
    if limit is not None and len(lines) > limit:
        table.caption, table.caption_justify = f"and {len(lines) - limit} more", "left"
    console().print(table)


@contextmanager
def progress() -> "Iterator[Progress]":
    """A progress bar on standard error, for callbacks of (what, done, total); one bar for each what.

    Where standard error is no terminal, a line every half minute takes its place, so that a log stays readable.
    """
    screen = console(err=True)
    if not screen.is_terminal:
        yield _log_progress()
        return
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description}"), bars.BarColumn(bar_width=30), bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(), bars.TextColumn("left"), bars.TimeRemainingColumn(),
    )  # fmt: skip
    with bars.Progress(*columns, console=screen) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield show


def _log_progress() -> "Progress":
    last = {"at": time.monotonic()}

    def show(what: str, done: int, total: int) -> None:
        if done >= total or time.monotonic() - last["at"] > 30:
            last["at"] = time.monotonic()
            note(f"{time.strftime('%H:%M:%S')} {what}: {done} of {total}")

    return show
