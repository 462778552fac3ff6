import os
import signal
import time
from pathlib import Path

import pytest

from smn.errors import InputError, MissingExtraError
from smn.experiments.sweep.cluster import Report, open_cluster, require_scale, run_jobs


class Told:
    """Jobs that write down what they are told."""

    def __init__(self, *names: str) -> None:
        self.left, self.ends, self.steps = list(names), {}, []

    def begin(self) -> str | None:
        return self.left.pop(0) if self.left else None

    def reach(self, name: str, step: int) -> None:
        self.steps.append((name, step))

    def finish(self, name: str) -> None:
        self.ends[name] = "finished"

    def stop(self, name: str) -> None:
        self.ends[name] = "stopped"

    def fail(self, name: str, reason: str) -> None:
        self.ends[name] = reason


def test_two_jobs_run_at_once_and_only_what_dies_is_begun_anew(cluster: None, tmp_path: Path) -> None:
    def work(name: str, report: Report) -> None:
        with (tmp_path / name).open("a") as stream:
            stream.write("begun\n")
        if name in {"a", "b"}:  # each waits for the other to be there
            until = time.monotonic() + 60
            while not ((tmp_path / "a").exists() and (tmp_path / "b").exists()):
                if time.monotonic() > until:
                    raise TimeoutError("alone")
                time.sleep(0.05)
        report(1, 0.5)
        if name == "b" and (tmp_path / name).read_text().count("begun") == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if name == "c":
            raise ValueError("no good")
        if name == "d":
            raise InputError("Wrong; do otherwise.")

    told = Told("a", "b", "c", "d")
    run_jobs(work, told, at_once=2, processors=1, folder=tmp_path / "ray", retries=2)
    begun = {name: (tmp_path / name).read_text().count("begun") for name in "abcd"}
    assert begun == {"a": 1, "b": 2, "c": 1, "d": 1}
    assert (told.ends["a"], told.ends["b"]) == ("finished", "finished")
    assert told.ends["c"].startswith("ValueError: no good (test_cluster.py, line ")
    assert told.ends["d"] == "Wrong; do otherwise."
    assert ("b", 1) in told.steps


def test_who_is_behind_is_stopped_and_who_always_dies_has_failed(cluster: None, tmp_path: Path) -> None:
    def work(name: str, report: Report) -> None:
        if name == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        for step in range(1, 9):
            report(step, {"good": 1.0, "bad": -1.0, "lost": float("-inf")}[name])
        (tmp_path / name).touch()

    told = Told("good", "bad", "lost", "dies")
    run_jobs(work, told, at_once=1, processors=1, folder=tmp_path / "ray", retries=0, stop_after=9)
    assert told.ends == {
        "good": "finished",
        "bad": "stopped",
        "lost": "stopped",
        "dies": "Its worker's process died 1 times; is there enough memory?",
    }
    assert (tmp_path / "good").exists()
    assert not (tmp_path / "bad").exists()
    assert told.steps == [("good", step) for step in range(1, 9)]


def test_a_cluster_that_is_open_is_used_and_stays(cluster: None) -> None:
    import ray

    with open_cluster(processors=1):
        assert ray.cluster_resources()["CPU"] == 2
    assert ray.is_initialized()


def test_no_usage_is_told_and_no_dashboard_is_there(cluster: None) -> None:
    import ray
    from ray._common.usage.usage_lib import usage_stats_enabled

    assert not usage_stats_enabled()
    assert not ray._private.worker.global_worker.node.address_info.get("webui_url")


def test_what_is_installed_is_no_trouble() -> None:
    require_scale("ray", "pandas", "optuna", "torch", "matplotlib")


@pytest.mark.parametrize(("module", "package"), [("ray", r"ray\[tune\]"), ("optuna", "optuna")])
def test_what_is_missing_is_one_sentence(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smn.experiments.sweep.cluster.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf'needs {package}, .* pip install .*\[scale\]"'):
        require_scale(module)
