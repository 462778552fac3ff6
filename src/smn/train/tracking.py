"""Sends the figures of a run's epochs to programs that plot them.

Such a program is one function like `track_tensorboard`: a block that gives what `smn.train.run.train` takes as
``told_epoch``. MLflow would be another.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from smn.errors import MissingExtraError
from smn.train.loop import ToldEpoch


@contextmanager
def track_tensorboard(folder: Path) -> Iterator[ToldEpoch]:
    """Write the figures of every epoch for TensorBoard, safe from a kill as soon as an epoch ends.

    Args:
        folder: where the event files go; made if need be.

    Yields:
        What to call with each epoch's figures, as ``metrics.jsonl`` has them.

    Raises:
        MissingExtraError: the extra ``track`` is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("track", "tensorboard") from error
    with ExitStack() as opened:

        @cache
        def open_writer() -> SummaryWriter:
            writer = SummaryWriter(str(folder))
            opened.callback(writer.close)
            return writer

        def track(record: dict[str, Any]) -> None:
            writer = open_writer()  # no sooner, so that training which is refused leaves no folder
            for name, value in record.items():
                if name not in ("phase", "epoch"):
                    writer.add_scalar(f"{record['phase']}/{name}", value, record["epoch"])
            writer.flush()

        yield track
