"""Writes files atomically: what a killed process leaves is the old file or the new one, never a part."""

import filecmp
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_text(file: Path, text: str) -> Path:
    """Write a text as UTF-8; a file that is there is replaced. Returns the file."""
    return write_bytes(file, text.encode())


def write_bytes(file: Path, content: bytes, *, sync: bool = True) -> Path:
    """Write bytes; a file that is there is replaced. ``sync`` is that of `write_partial`. Returns the file."""
    with write_partial(file, sync=sync) as partial:
        partial.write_bytes(content)
    return file


def keep_copy(file: Path) -> Path:
    """Copy a file to the next free name, such as ``answers.1.jsonl``, and return that name.

    An equal copy that is there already will do: one that was made before the process was killed.
    """
    names = (file.with_name(f"{file.stem}.{number}{file.suffix}") for number in range(1, 1_000_000))
    copy = next(name for name in names if not name.exists() or filecmp.cmp(file, name, shallow=False))
    if not copy.exists():
        with write_partial(copy) as partial:
            shutil.copy2(file, partial)
    return copy


@contextmanager
def write_partial(file: Path, *, sync: bool = True) -> Iterator[Path]:
    """A block that writes a file under another name, which becomes ``file`` when the block ends.

    The partial file lies beside ``file``, is hidden, and ends as it does, because some writers choose a format by the
    ending. It is removed if the block raises; a killed process leaves it, and nothing ever reads it.

    Args:
        file: what is written; its folder must exist. A file that is there is replaced.
        sync: whether to wait until the disk holds the content, so that a power failure leaves no empty file either.
            It takes milliseconds, too long for each of many small files that can be made again.

    Yields:
        The partial file's path, which the block must write.

    Example:
        >>> with write_partial(Path("curves.png")) as partial:
        ...     figure.savefig(partial)
    """
    # Without a name of its own, two processes would write into each other's.
    partial = file.with_name(f".partial-{os.getpid()}-{secrets.token_hex(4)}-{file.name}")
    try:
        yield partial
        if sync:
            with partial.open("rb+") as stream:
                os.fsync(stream.fileno())
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
