"""API keys, stored as hashes, and rate limits."""

import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from smn.errors import InputError

_MAX_CALLERS = 10_000
"""Largest number of callers with a token bucket in memory."""


@dataclass(frozen=True)
class Key:
    """An API key.

    Args:
        name: of its owner.
        digest: SHA-256 of the key, 64 hex digits. Keys are random, so a fast hash is enough.
        rate: requests a minute; 0 for no limit.
    """

    name: str
    digest: str
    rate: int


def make_key(name: str, *, rate: int = 0) -> tuple[str, str]:
    """A new key, and the line for the file of keys; the key itself is in neither file nor log.

    Raises:
        InputError: the name holds blanks, or the rate is below 0.
    """
    if not name or name.split() != [name] or rate < 0:
        raise InputError(f"A key needs a name without blanks and a rate of 0 or more, not {name!r} and {rate}.")
    key = f"smn_{secrets.token_urlsafe(32)}"
    return key, f"{name} {_digest(key)} {rate}"


def read_keys(file: Path) -> tuple[Key, ...]:
    """The keys in a file: lines of name, hash and rate; ``#`` starts a remark.

    Raises:
        InputError: a line cannot be read, or holds a key instead of its hash.
    """
    keys = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        parts = line.split("#")[0].split()
        if not parts:
            continue
        hashed = len(parts) > 1 and len(parts[1]) == 64 and set(parts[1]) <= set("0123456789abcdef")
        if len(parts) != 3 or not hashed or not parts[2].isdigit():
            raise InputError(
                f"{file}, line {number}: a line is a name, a key's hash and a rate; make one with: smn serve-key NAME"
            )
        keys.append(Key(parts[0], parts[1], int(parts[2])))
    return tuple(keys)


def find_key(keys: tuple[Key, ...], given: str | None) -> Key | None:
    """The matching key, or None; compares with every key, against timing attacks."""
    digest = _digest(given or "")
    found = None
    for key in keys:
        if hmac.compare_digest(key.digest, digest):
            found = key
    return found


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


class RateLimiter:
    """Token buckets: each caller may ask ``rate`` times a minute, a quarter of them at once."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str, rate: int, *, now: float | None = None) -> float:
        """Take a token; 0.0 if there was one, else seconds until there is.

        Args:
            caller: name of the key, or the address.
            rate: requests a minute; 0 for no limit.
            now: the time in seconds, for tests.
        """
        if not rate:
            return 0.0
        now = time.monotonic() if now is None else now
        capacity = max(1.0, rate / 4)
        tokens, since = self._buckets.pop(caller, (capacity, now))
        tokens = min(capacity, tokens + (now - since) * rate / 60)
        allowed = tokens >= 1
        self._buckets[caller] = (tokens - 1 if allowed else tokens, now)
        while len(self._buckets) > _MAX_CALLERS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) * 60 / rate
