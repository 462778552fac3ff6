"""When the next request may begin: spacing over all threads, pauses that a server asks for, and stopping at once."""

import random
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from smn.errors import InputError


class Stopped(Exception):  # noqa: N818 - nothing is wrong: the fetch is being stopped
    """Work ends because the fetch is being stopped."""


class Pace:
    """Spaces the beginnings of requests evenly, over all threads.

    Args:
        requests_per_second: at most so many begin in a second.

    Raises:
        InputError: it is not above nought.
    """

    def __init__(self, requests_per_second: float) -> None:
        if not requests_per_second > 0:
            raise InputError(f"{requests_per_second} requests a second are not possible; give a number above 0.")
        self._spacing = 1 / requests_per_second
        self._next = time.monotonic()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def wait(self) -> None:
        """Wait for one's turn.

        Raises:
            Stopped: the fetch is being stopped.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                left = self._next - now
                if left <= 0:
                    self._next = now + self._spacing
                    break
            self.rest(left)
        self.check()

    def rest(self, seconds: float) -> None:
        """Do nothing for so long.

        Raises:
            Stopped: the fetch is being stopped.
        """
        self._stopped.wait(seconds)
        self.check()

    def pause(self, seconds: float) -> None:
        """Let no request of any thread begin for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def check(self) -> None:
        """Go on, or not.

        Raises:
            Stopped: the fetch is being stopped.
        """
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """End every wait, now and later."""
        self._stopped.set()


def back_off(attempt: int, *, first: float, most: float = 60.0) -> float:
    """Seconds to wait after a failed attempt: doubling, and a random half of it, so that threads do not knock together.

    Args:
        attempt: 0 for the first.
        first: what the doubling begins with, in seconds.
        most: the upper limit.
    """
    full = min(most, first * 2.0**attempt)
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - nothing depends on its being secret


def read_retry_after(value: str | None) -> float | None:
    """Seconds that a Retry-After header asks to wait, given as seconds or as a date; None where it gives neither."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())
