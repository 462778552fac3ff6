"""A child process that kills itself with SIGKILL at the n-th call of a function that changes the disk."""

import os
import signal
import warnings
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

KILLED_AT = ("os.replace", "pathlib.Path.mkdir", "smn.catalogue.undo_journal.WriteJournal._append")


def killed(run: Callable[[], object], call: str, *, at: int) -> bool:
    """Whether ``run`` was killed at the ``at``-th call of ``call``, rather than coming to its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork where threads are; the child uses none
        child = os.fork()
    if child == 0:
        try:
            _kill_at(call, at)
            run()
        except BaseException:  # noqa: BLE001 - whatever it is, the test must not go on in the child
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0
    return False


def _kill_at(call: str, at: int) -> None:
    owner_name, _, name = call.rpartition(".")
    owner, left = resolve_name(owner_name), at
    original = getattr(owner, name)

    def counting(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*arguments, **options)

    setattr(owner, name, counting)
