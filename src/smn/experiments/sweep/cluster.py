"""Opens a Ray cluster, this machine's own or one that runs, and runs jobs on it with Ray Tune."""

import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from smn.errors import InputError, MissingExtraError

Report = Callable[[int, float], None]
"""Called in a job with how far it is and how good, the higher the better; does not return in a job that is stopped."""

Work = Callable[[str, Report], None]
"""What a job of a given name does. It is sent to a worker's process, and must go on where a killed worker stopped."""

_MEGABYTE = 2**20


class Jobs(Protocol):
    """Hands out jobs by name, and hears what becomes of them; called in the process that calls `run_jobs`."""

    def begin(self) -> str | None:
        """The next job; None if there is none left."""

    def reach(self, name: str, step: int) -> None:
        """A job is so far."""

    def finish(self, name: str) -> None:
        """A job is done."""

    def stop(self, name: str) -> None:
        """A job was behind others and has been ended."""

    def fail(self, name: str, reason: str) -> None:
        """A job raised an error, or its workers died too often."""


def _prepare_ray() -> None:
    """Set what Ray reads from the environment, unless whoever calls has set it."""
    require_scale("ray", "pandas")
    wanted = {
        "RAY_USAGE_STATS_ENABLED": "0",  # no usage statistics are sent
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do by default, and warns of
        "RAY_AIR_NEW_OUTPUT": "0",
        "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # a job's own files say what there is to say
        "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",  # the last word of a job has no value
        "TUNE_DISABLE_SIGINT_HANDLER": "1",  # an interruption is smn's to handle
    }
    for name, value in wanted.items():
        os.environ.setdefault(name, value)


@contextmanager
def _quiet_tune() -> Iterator[None]:
    """Ray Tune's own log left out: `Jobs` hears the same."""
    logger = logging.getLogger("ray.tune")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def open_cluster(*, processors: int, address: str | None = None) -> Iterator[None]:
    """Use a cluster while the block lasts: one of this machine's own, or one that runs already.

    A local one has no dashboard and sends no usage statistics. Where the process is part of a cluster already, that one
    is used and stays.

    Args:
        processors: how many a local cluster may use.
        address: ``host:port`` of a cluster's head; the call is made on one of its machines.

    Raises:
        InputError: there is no cluster at the address, it is of another form, or none starts here.
        MissingExtraError: Ray is not installed.
    """
    if address is not None and "://" in address:
        raise InputError(f"The address is {address}; give host:port of the head, and call on one of its machines.")
    _prepare_ray()
    import ray

    if ray.is_initialized():
        yield
        return
    quiet: dict[str, Any] = {"logging_level": "WARNING", "log_to_driver": False}
    if address is None:
        memory = 100 * _MEGABYTE  # jobs hand over little: names, numbers, rows of answers
        try:
            ray.init("local", num_cpus=processors, include_dashboard=False, object_store_memory=memory, **quiet)
        except Exception as error:  # Ray raises no class of its own where it takes longer than half a minute
            ray.shutdown()
            raise InputError(f"Ray did not start ({error}); once this machine has less to do, try again.") from error
    else:
        try:
            ray.init(address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise InputError(
                f"No cluster answers at {address}: {error}; start one with: ray start --head, or give no address."
            ) from error
    try:
        yield
    finally:
        ray.shutdown()


def run_jobs(
    work: Work,
    jobs: Jobs,
    *,
    at_once: int,
    processors: int,
    folder: Path,
    retries: int = 3,
    stop_after: int | None = None,
) -> None:
    """Run jobs on the open cluster until there are none left.

    A job that raises has failed at once, for it would raise again; one whose process dies is begun anew.

    Args:
        work: what a job does.
        jobs: which jobs there are.
        at_once: how many run at the same time.
        processors: for each.
        folder: for Ray's own notes; on a cluster all machines see it.
        retries: how often a job is begun anew.
        stop_after: if not None, jobs are stopped by asynchronous successive halving (Li et al. 2020): at steps that
            grow threefold, a job ends if it is not among the best third of those that came as far; this is the last
            step.
    """
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler, TrialScheduler

    scheduler: TrialScheduler | None = None
    if stop_after is not None:
        scheduler = ASHAScheduler(
            time_attr="step", metric="value", mode="max", max_t=stop_after, reduction_factor=3, grace_period=1
        )
    tuner = tune.Tuner(
        tune.with_resources(_make_trainable(work), {"cpu": processors}),
        tune_config=tune.TuneConfig(
            search_alg=_make_searcher(jobs, retries=retries),
            scheduler=scheduler,
            num_samples=-1,
            max_concurrent_trials=at_once,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(
            storage_path=str(folder), verbose=0, failure_config=tune.FailureConfig(max_failures=retries)
        ),
    )
    with _quiet_tune():
        tuner.fit()


def _make_trainable(work: Work) -> Callable[[dict[str, Any]], None]:
    def run_job(config: dict[str, Any]) -> None:
        from ray import tune

        try:
            work(config["name"], lambda step, value: tune.report({"step": step, "value": value}))
        except Exception as error:  # noqa: BLE001 - it becomes the job's reason
            tune.report({"failed": _say(error)})
        else:
            tune.report({"finished": True})

    return run_job


def _say(error: Exception) -> str:
    """A sentence of smn's as it is; of others, what and where."""
    from smn.errors import SmnError

    if isinstance(error, SmnError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.filename).name}, line {frame.lineno})"


def _make_searcher(jobs: Jobs, *, retries: int) -> Any:
    from ray.tune.search import Searcher

    class JobSearcher(Searcher):  # type: ignore[misc, unused-ignore]
        """Hands Ray the names of jobs, and tells them what Ray tells."""

        def __init__(self) -> None:
            super().__init__()
            self._names: dict[str, str] = {}
            self._ends: dict[str, dict[str, Any]] = {}

        def suggest(self, trial_id: str) -> Any:
            name = jobs.begin()
            if name is None:
                return Searcher.FINISHED
            self._names[trial_id] = name
            return {"name": name}

        def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
            if "step" in result:
                jobs.reach(self._names[trial_id], result["step"])
            else:
                self._ends[trial_id] = result

        def on_trial_complete(  # with the signature that Ray wants
            self,
            trial_id: str,
            result: dict[str, Any] | None = None,  # noqa: ARG002
            error: bool = False,  # noqa: FBT001, FBT002
        ) -> None:
            died = f"Its worker's process died {retries + 1} times; is there enough memory?"
            end = {"failed": died} if error else {}
            _tell_end(jobs, self._names[trial_id], self._ends.get(trial_id, end))

        def save(self, checkpoint_path: str) -> None:
            """Nothing: jobs keep their own files."""

        def restore(self, checkpoint_path: str) -> None:
            """Nothing."""

    return JobSearcher()


def _tell_end(jobs: Jobs, name: str, end: dict[str, Any]) -> None:
    if "failed" in end:
        jobs.fail(name, end["failed"])
    elif "finished" in end:
        jobs.finish(name)
    else:
        jobs.stop(name)


_PACKAGES = {
    "matplotlib": "matplotlib",
    "optuna": "optuna",
    "pandas": "ray[tune]",
    "ray": "ray[tune]",
    "torch": "torch",
}


def require_scale(*modules: str) -> None:
    """Make sure that modules of the extra ``scale`` are installed; they are not imported yet.

    Args:
        modules: any of ``matplotlib``, ``optuna``, ``pandas``, ``ray`` and ``torch``.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    for module in modules:
        if find_spec(module) is None:
            raise MissingExtraError("scale", _PACKAGES[module])
