"""Answers for very many pictures: partitions of a list, each answered on a Ray cluster and written once, as Parquet."""

import hashlib
import io
import json
import os
import platform
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smn._version import __version__
from smn.errors import ImageError, InputError
from smn.extras import require_extra
from smn.files import write_bytes, write_text
from smn.predict.formats import parquet_schema
from smn.predict.jobs import Input, predict_stream
from smn.predict.model import Model

if TYPE_CHECKING:
    from smn.progress import Progress

ATTEMPTS = 3
"""How often a partition, or a single picture, may end the process that answers for it."""

_JOB = "_job.json"  # readers of Parquet folders leave out names that start like this


class AnswerFolder:
    """A folder of answers, one Parquet file for each partition: a slice of fixed size of the list of pictures.

    A partition's file is there, whole, or it is not; the files say what is done. A row has the columns of ``smn
    predict --format parquet`` and, before them, ``id``: the place of its picture in the list, 64 bits.

    Args:
        folder: made if it is not there.
        inputs: the list of pictures, in order.
        job: what decides the answers, as for `smn.predict.jobs.Journal`; written into ``_job.json`` with a hash of the
            list.
        size: pictures in a partition, 1 or more; rounded up to whole batches, so that every picture is in the batch in
            which it would be without partitions.
        batch_size: pictures that the network sees at once.
        columns: names of the columns that lists of pictures brought along.

    Raises:
        InputError: the folder holds something else, or a job of other pictures or settings, or cannot be written.
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(
        self,
        folder: Path,
        inputs: Sequence[Input],
        *,
        job: Mapping[str, Any],
        size: int,
        batch_size: int,
        columns: Sequence[str] = (),
    ) -> None:
        require_extra("data", "pyarrow")
        self.folder, self.inputs, self.columns, self.batch_size = folder, inputs, tuple(columns), batch_size
        self.size = -(-size // batch_size) * batch_size
        described = {
            **job, "batch_size": batch_size, "partition_size": self.size, "columns": list(columns),
            "pictures": len(inputs), "list": _hash_list(inputs),
        }  # fmt: skip
        try:
            self._open(json.loads(json.dumps(described)))
        except OSError as error:
            raise InputError(f"{folder} cannot be written ({error.strerror or error}); name another folder.") from error

    def _open(self, job: dict[str, Any]) -> None:
        file = self.folder / _JOB
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(not one.name.startswith(".partial-") for one in self.folder.iterdir()):
                raise InputError(f"{self.folder} holds files that are no answers of this job; name a new folder.")
            write_text(file, json.dumps(job, indent=1, ensure_ascii=False) + "\n")
            return
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{file} is damaged ({error}); name a new folder.") from error
        if known != job:
            other = [name for name in {**known, **job} if known.get(name) != job.get(name)]
            raise InputError(
                f"{self.folder} holds a job that differs in {', '.join(other)}; finish it with the same pictures and "
                "settings, or name a new folder."
            )

    @property
    def count(self) -> int:
        """How many partitions there are."""
        return -(-len(self.inputs) // self.size)

    def file(self, number: int) -> Path:
        """Where a partition's answers are, or will be."""
        return self.folder / f"part-{number:06}.parquet"

    def partition(self, number: int) -> Sequence[Input]:
        """The pictures of a partition."""
        return self.inputs[number * self.size : (number + 1) * self.size]

    def missing(self) -> list[int]:
        """The partitions that are not there yet."""
        there = {file.name for file in self.folder.iterdir()}
        return [number for number in range(self.count) if self.file(number).name not in there]

    def write(self, number: int, content: bytes) -> None:
        """Write a partition; one that is there is left as it is.

        Raises:
            InputError: it cannot be written, for example because the disk is full.
        """
        file = self.file(number)
        try:
            if not file.exists():
                write_bytes(file, content)
        except OSError as error:
            raise InputError(
                f"{file} cannot be written ({error.strerror or error}); once it can, run the same command again."
            ) from error

    def rows(self) -> Iterator[dict[str, Any]]:
        """Outcome and movement of every answer so far, in order."""
        from pyarrow import parquet

        done = set(range(self.count)) - set(self.missing())
        for number in sorted(done):
            yield from parquet.read_table(self.file(number), columns=["outcome", "movement"]).to_pylist()


def _hash_list(inputs: Sequence[Input]) -> str:
    """The SHA-256 of the pictures' paths and further columns, 64 hex digits."""
    digest = hashlib.sha256()
    for item in inputs:
        digest.update(json.dumps([item.path, dict(item.extra)], default=str).encode() + b"\n")
    return digest.hexdigest()


@dataclass(frozen=True)
class Answering:
    """How pictures are answered for.

    Args:
        make_model: loads the model, in each worker's process; it is sent there.
        model_sha256: of the model that has to come out.
        top_k: as for `smn.predict.jobs.predict_stream`.
        coverage: likewise.
        version: of smn.
    """

    make_model: Callable[[], Model]
    model_sha256: str
    top_k: int = 3
    coverage: float | None = None
    version: str = __version__


class _Worker:
    """An actor: one process with one session, which answers for one partition after another."""

    def load(self, how: Answering, folder: str) -> None:
        """Load the model; relative paths mean what they mean where the command runs, as far as that folder is here."""
        with suppress(OSError):
            os.chdir(folder)
        self._how, self._model = how, how.make_model()
        if (how.version, how.model_sha256) != (__version__, self._model.bundle.model_sha256):
            raise InputError(
                f"On {platform.node()}, smn {__version__} or its model {self._model.name} is not the same as where the "
                f"command runs; install smn {how.version} on all machines, and put the same model there."
            )

    def answer(
        self, inputs: Sequence[Input], first: int, deadly: Sequence[int], batch_size: int, columns: Sequence[str]
    ) -> bytes:
        """The answers for pictures as a Parquet file; ``first`` is the id of the first, ``deadly`` are not opened."""
        import pyarrow as pa
        from pyarrow import parquet

        begun = time.perf_counter(), time.process_time()
        safe = [replace(item, source=_refuse) if place in deadly else item for place, item in enumerate(inputs)]
        answers = predict_stream(
            self._model,
            safe,
            top_k=self._how.top_k,
            batch_size=batch_size,
            coverage=self._how.coverage,
            workers=2,  # one processor is the actor's: one picture is fetched while the other is answered
        )
        rows = [
            {"id": first + place, **answer.to_dict(), **inputs[place].extra} for place, answer in enumerate(answers)
        ]
        schema = parquet_schema(columns).insert(0, pa.field("id", pa.int64(), nullable=False))
        content = io.BytesIO()
        costs = {
            "seconds": f"{time.perf_counter() - begun[0]:.3f}",
            "processor_seconds": f"{time.process_time() - begun[1]:.3f}",
        }
        parquet.write_table(pa.Table.from_pylist(rows, schema=schema.with_metadata(costs)), content)
        return content.getvalue()


def _refuse() -> bytes:
    raise ImageError(f"The process that read it ended {ATTEMPTS} times; is it damaged, or too large for the memory?")


@dataclass(frozen=True)
class _Task:
    """A partition to answer for, or one picture of it, to find out which one ends the process."""

    number: int
    place: int | None = None


@dataclass
class _Schedule:
    """What is still to be done, and what becomes of partitions whose process ends."""

    answers: AnswerFolder
    waiting: deque[_Task]
    ends: Counter[_Task | None] = field(default_factory=Counter)
    deadly: dict[int, set[int]] = field(default_factory=dict)  # places of pictures, by partition
    untried: Counter[int] = field(default_factory=Counter)
    given_up: list[int] = field(default_factory=list)

    def arguments(self, task: _Task) -> tuple[Any, ...]:
        """What `_Worker.answer` needs for a task."""
        inputs, first = self.answers.partition(task.number), task.number * self.answers.size
        if task.place is not None:
            inputs, first = inputs[task.place : task.place + 1], first + task.place
        deadly = () if task.place is not None else tuple(self.deadly.get(task.number, ()))
        return inputs, first, deadly, self.answers.batch_size, self.answers.columns

    def finish(self, task: _Task | None, content: bytes) -> int:
        """A task is done, or a model is loaded; how many pictures have their answers now that had none."""
        if task is None:
            self.ends[None] = 0
            return 0
        if task.place is not None:
            self._tried(task.number)
            return 0
        self.answers.write(task.number, content)
        return len(self.answers.partition(task.number))

    def lose(self, task: _Task | None, error: Exception) -> None:
        """The process of a task ended; None where it had not loaded the model yet.

        Raises:
            InputError: too many ended so.
        """
        self.ends[task] += 1
        if task is None:
            if self.ends[None] > 10 * ATTEMPTS:
                raise InputError(
                    f"Workers end before they can load the model ({str(error).splitlines()[0]}); is smn installed on "
                    "all machines, and is there enough memory?"
                ) from error
        elif self.ends[task] < ATTEMPTS:
            self.waiting.appendleft(task)
        elif task.place is not None:
            self.deadly[task.number].add(task.place)
            self._tried(task.number)
        elif task.number in self.deadly:
            self.given_up.append(task.number)
        else:
            self.deadly[task.number] = set()
            self.untried[task.number] = len(self.answers.partition(task.number))
            self.waiting.extend(_Task(task.number, place) for place in range(self.untried[task.number]))

    def _tried(self, number: int) -> None:
        self.untried[number] -= 1
        if self.untried[number] == 0:
            self.ends[_Task(number)] = 0
            self.waiting.append(_Task(number))


class _Pool:
    """Workers, each with one call under way."""

    def __init__(self, how: Answering) -> None:
        import ray

        self._how = how
        self._class: Any = ray.remote(num_cpus=1)(_Worker)
        self._busy: dict[Any, tuple[Any, _Task | None]] = {}

    @property
    def tasks(self) -> int:
        """How many tasks are under way; the other workers load their model."""
        return sum(task is not None for _, task in self._busy.values())

    def grow(self, wanted: int) -> None:
        """Start workers until there are as many as are wanted."""
        for _ in range(len(self._busy), wanted):
            worker = self._class.remote()
            self._busy[worker.load.remote(self._how, str(Path.cwd()))] = worker, None

    def assign(self, worker: Any, task: _Task, arguments: tuple[Any, ...]) -> None:
        """Give a worker that is free its next task."""
        self._busy[worker.answer.remote(*arguments)] = worker, task

    def wait(self) -> Iterator[tuple[Any, _Task | None, bytes | Exception]]:
        """Workers that are free now, with the task that each has done, or with why its process ended.

        Raises:
            SmnError: a worker raised it.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        ready, _ = ray.wait(list(self._busy), timeout=5)  # machines may have joined in the meantime
        for reference in ready:
            worker, task = self._busy.pop(reference)
            try:
                yield worker, task, ray.get(reference)
            except RayTaskError as error:
                raise error.cause from None
            except RayError as error:  # the process has ended, or its machine is lost
                yield worker, task, error

    def close(self) -> None:
        """End all workers."""
        import ray

        for worker, _ in self._busy.values():
            ray.kill(worker)


def predict_partitions(
    answers: AnswerFolder, how: Answering, *, workers: int | None = None, on_progress: "Progress | None" = None
) -> list[int]:
    """Answer for every picture whose partition is missing, on the cluster to which this process is connected.

    Each worker is an actor with one processor. One that ends, or whose machine is lost, is replaced as soon as a
    processor is free, and its partition is answered anew; machines that join are used. A picture that ends its process
    three times gets an answer with that reason.

    Args:
        answers: where the answers go; this process alone writes there.
        how: how pictures are answered for.
        workers: how many, 1 or more; None for one on each processor of the cluster.
        on_progress: called after each partition with the number of pictures.

    Returns:
        The partitions that ended their processes although no picture alone did; call it again for these.

    Raises:
        SmnError: the model cannot be loaded in a worker.
        InputError: workers end before they have loaded it.
    """
    import ray

    schedule = _Schedule(answers, deque(_Task(number) for number in answers.missing()))
    total = len(answers.inputs)
    done = total - sum(len(answers.partition(task.number)) for task in schedule.waiting)
    pool = _Pool(how)
    try:
        while left := len(schedule.waiting) + pool.tasks:
            pool.grow(min(left, workers or max(1, int(ray.cluster_resources().get("CPU", 1)))))
            for worker, task, result in pool.wait():
                if isinstance(result, Exception):
                    schedule.lose(task, result)
                    continue
                done += schedule.finish(task, result)
                if on_progress is not None:
                    on_progress("pictures", done, total)
                if schedule.waiting:
                    following = schedule.waiting.popleft()
                    pool.assign(worker, following, schedule.arguments(following))
    finally:
        pool.close()
    return schedule.given_up
