import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from smn.dataset.fetch.pace import Pace, Stopped, back_off, read_retry_after
from smn.errors import InputError


def test_turns_are_spaced_over_all_threads() -> None:
    pace, begun = Pace(100), []

    def ask() -> None:
        for _ in range(5):
            pace.wait()
            begun.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(begun) == 20
    # 19 spaces of 10 ms: never quicker, however busy the machine.
    assert max(begun) - min(begun) >= 0.18


def test_a_pause_holds_everyone() -> None:
    pace, before = Pace(1000), time.monotonic()
    pace.pause(0.2)
    pace.wait()
    assert time.monotonic() - before >= 0.19


def test_stopping_ends_waits_at_once() -> None:
    pace, ended = Pace(0.001), threading.Event()
    pace.wait()

    def ask() -> None:
        with pytest.raises(Stopped):
            pace.wait()
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    pace.stop()
    assert ended.wait(20)
    for stopped in (pace.wait, pace.check, lambda: pace.rest(1000)):
        with pytest.raises(Stopped):
            stopped()


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_is_above_nought(rate: float) -> None:
    with pytest.raises(InputError, match="give a number above 0"):
        Pace(rate)


def test_back_off_doubles_to_a_limit_and_varies() -> None:
    for attempt, full in ((0, 1), (1, 2), (4, 16), (20, 60), (2000 // 2, 60)):
        waits = {back_off(attempt, first=1.0) for _ in range(50)}
        assert all(full / 2 <= wait <= full for wait in waits)
        assert len(waits) > 1


def test_retry_after_is_seconds_or_a_date() -> None:
    assert read_retry_after("120") == 120
    assert read_retry_after(" 0 ") == 0
    assert read_retry_after(None) is None
    assert read_retry_after("soon") is None
    assert read_retry_after("-5") is None
    then = read_retry_after(format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True))
    assert then is not None
    assert 60 < then <= 90
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert read_retry_after("Wed, 21 Oct 2015 07:28:00 -0000") == 0
