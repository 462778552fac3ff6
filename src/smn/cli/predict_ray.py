"""``smn predict --engine ray``: predict on all processors of this machine or of a Ray cluster."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.bundle import DEFAULT
from smn.cli.screen import command_line, note, progress
from smn.errors import InputError
from smn.predict.model import Model

if TYPE_CHECKING:
    from smn.catalogue.collection_inputs import Collection
    from smn.predict.ray_engine import AnswerFolder

PARTITION = 1000  # pictures


@dataclass(frozen=True)
class Cluster:
    """The options of the engine ``ray``.

    Args:
        address: ``host:port`` of a cluster's head; None for one of this machine's own.
        workers: how many processes answer; None for one on each processor.
        partition_size: pictures in one file of answers.
    """

    address: str | None
    workers: int | None
    partition_size: int

    def open_folder(
        self, folder: Path, collection: "Collection", *, job: Mapping[str, Any], batch_size: int
    ) -> "AnswerFolder":
        """The folder of answers, new or continued."""
        from smn.predict.ray_engine import AnswerFolder

        return AnswerFolder(
            folder, collection.inputs, job=job, size=self.partition_size, batch_size=batch_size,
            columns=collection.columns,
        )  # fmt: skip


def ray_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of the engine to a command, which gets them as ``cluster``; None for the engine ``local``."""

    @click.option(
        "--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
        help="Predict in this process, or in many on a Ray cluster (extra scale); then --out is a folder.",
    )  # fmt: skip
    @click.option(
        "--ray-address", metavar="HOST:PORT", help="Head of a running Ray cluster.  [default: start one here]"
    )
    @click.option("--workers", type=click.IntRange(min=1), help="Processes on the cluster.  [default: one a processor]")
    @click.option(
        "--partition-size", type=click.IntRange(min=1), metavar="N",
        help=f"With --engine ray: pictures in one Parquet file of --out.  [default: {PARTITION}]",
    )  # fmt: skip
    @wraps(command)
    def with_cluster(
        *, engine: str, ray_address: str | None, workers: int | None, partition_size: int | None, **options: Any
    ) -> None:
        if engine == "ray":
            command(cluster=Cluster(ray_address, workers, partition_size or PARTITION), **options)
            return
        if ray_address or workers or partition_size:
            raise InputError("--ray-address, --workers and --partition-size need --engine ray.")
        command(cluster=None, **options)

    return with_cluster


def check_ray(out: Path | None, form: str | None, report: Path | None, *, update: bool) -> Path:
    """The folder that answers are written to.

    Raises:
        InputError: the options do not go with the engine.
    """
    if form not in {None, "parquet"}:
        raise InputError(f"--engine ray writes Parquet, not {form}; leave --format out.")
    if report is not None or update:
        raise InputError("--report, --update and --again do not work with --engine ray; leave them out.")
    if out is None or out.suffix or out.is_file():
        raise InputError(f"--engine ray writes a folder of Parquet files, not {out}; give one, such as --out answers.")
    return out


def predict_on_ray(
    answers: "AnswerFolder",
    cluster: Cluster,
    model: Model,
    make_model: Callable[..., Model],
    named: Path,
    *,
    top_k: int,
    coverage: float | None,
) -> None:
    """Answer for the partitions that are missing; an interruption says how to continue.

    Args:
        answers: the folder.
        cluster: where.
        model: as it was loaded here.
        make_model: loads what is named, as `smn.predict.model.load`.
        named: the model.
        top_k: how many guesses to list.
        coverage: of the answers' sets.

    Raises:
        InputError: a partition ends its workers.
    """
    from smn.experiments.sweep.cluster import open_cluster
    from smn.predict.ray_engine import Answering, predict_partitions

    total, missing = len(answers.inputs), len(answers.missing())
    if missing < answers.count:
        note(f"{answers.count - missing} of {answers.count} partitions were already done; continuing.")
    if not missing:
        return
    # The package may lie elsewhere on another machine.
    name = model.bundle.folder.name if model.bundle.folder.parent == DEFAULT.parent else named
    how = Answering(partial(make_model, name, threads=1), model.bundle.model_sha256, top_k, coverage)
    processors = cluster.workers or os.cpu_count() or 1
    try:
        with open_cluster(processors=processors, address=cluster.address), progress() as show:
            given_up = predict_partitions(answers, how, workers=cluster.workers, on_progress=show)
    except KeyboardInterrupt:
        left = sum(len(answers.partition(number)) for number in answers.missing())
        note(f"Stopped: {total - left} of {total} pictures are done. To continue, run: {command_line()}")
        click.get_current_context().exit(130)
    if given_up:
        raise InputError(
            f"Partitions {', '.join(map(str, given_up))} ended their processes, though no picture did alone; is there "
            "enough memory? All others are done. To continue, run the same command again."
        )
