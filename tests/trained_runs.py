"""Runs that are stopped and compared, for the tests of training."""

from pathlib import Path

import torch

from smn.progress import Progress


class StoppedError(Exception):
    """What a test raises in place of a kill."""


def stop_in(phase: str, step: int) -> Progress:
    """A progress that ends a run when a phase has come to a step."""

    def progress(what: str, done: int, _: int) -> None:
        if (what, done) == (phase, step):
            raise StoppedError

    return progress


def weights(run: Path) -> dict[str, torch.Tensor]:
    """What a run has learned."""
    state: dict[str, torch.Tensor] = torch.load(run / "model.pt", weights_only=True)
    return state


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Whether two runs have learned the same to the last bit."""
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())
