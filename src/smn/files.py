"""Writes files atomically: what a killed process leaves is the old file or the new one, never a part."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write_text(file: Path, text: str) -> Path:
    """Write a text as UTF-8; a file that is there is replaced. Returns the file."""
    return write_bytes(file, text.encode())


def write_bytes(file: Path, content: bytes) -> Path:
    """Write bytes; a file that is there is replaced. Returns the file."""
    with write_partial(file) as partial:
        partial.write_bytes(content)
    return file


@contextmanager
def write_partial(file: Path) -> Iterator[Path]:
    """A block that writes a file under another name, which becomes ``file`` when the block ends.

    The partial file lies beside ``file``, is hidden, and ends as it does, because some writers choose a format by the
    ending. It is removed if the block raises; a killed process leaves it, and nothing ever reads it.

    Args:
        file: what is written; its folder must exist. A file that is there is replaced.

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
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
