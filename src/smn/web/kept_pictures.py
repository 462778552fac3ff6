"""Pictures that visitors ask the page to keep: for a time, in a bounded folder, at addresses that cannot be guessed."""

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock

from smn.files import write_bytes

_TOKEN = re.compile(r"[\w-]{32}")
_ENDING = ".picture"


@dataclass(frozen=True)
class KeptPicture:
    """A picture that is kept.

    Args:
        data: the encoded picture.
        until: the last day on which it can be had.
    """

    data: bytes
    until: date


class KeptPictures:
    """A folder of kept pictures. A file's name is the hash of its token, and its time the moment when it expires.

    Args:
        folder: where they lie; made when it is needed.
        days: how long a picture is kept.
        max_bytes: of all of them together.
    """

    def __init__(self, folder: Path, *, days: int, max_bytes: int) -> None:
        self.days = days
        self._folder, self._max_bytes = folder, max_bytes
        self._turn = Lock()

    def keep(self, data: bytes) -> str | None:
        """Keep a picture; its token, or None where there is no room for it at the moment."""
        token = secrets.token_urlsafe(24)
        with self._turn:
            if self._sweep() + len(data) > self._max_bytes:
                return None
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = write_bytes(self._file(token), data)
                file.chmod(0o600)
                expires = time.time() + 86400 * self.days
                os.utime(file, (expires, expires))
            except OSError:  # a full disk
                with suppress(OSError):
                    self._file(token).unlink(missing_ok=True)
                return None
        return token

    def get(self, token: str) -> KeptPicture | None:
        """The picture of a token; None where there is none, or its time is over."""
        if not _TOKEN.fullmatch(token):
            return None
        try:
            file = self._file(token)
            expires = file.stat().st_mtime
            return KeptPicture(file.read_bytes(), date.fromtimestamp(expires)) if expires > time.time() else None
        except OSError:
            return None

    def delete(self, token: str) -> None:
        """Delete the picture of a token, if there is one."""
        if _TOKEN.fullmatch(token):
            self._file(token).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete the pictures whose time is over."""
        with self._turn:
            self._sweep()

    def _sweep(self) -> int:
        """Bytes that are left."""
        left = 0
        for file in self._folder.glob(f"*{_ENDING}") if self._folder.is_dir() else ():
            try:
                known = file.stat()
                if known.st_mtime <= time.time():
                    file.unlink(missing_ok=True)
                else:
                    left += known.st_size
            except OSError:  # deleted meanwhile
                continue
        return left

    def _file(self, token: str) -> Path:
        return self._folder / f"{hashlib.sha256(token.encode()).hexdigest()}{_ENDING}"
