"""Answers on a Ray cluster of several nodes, of which nodes, workers and drivers are killed."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awkward_files import encode, jpeg
from smn.bundle import Bundle
from smn.errors import ImageError, InputError
from smn.predict.jobs import Input
from smn.predict.model import load
from smn.predict.prediction import Outcome
from smn.predict.ray_engine import ATTEMPTS, AnswerFolder, Answering, predict_partitions

pytest.importorskip("ray", reason="the extra scale is not installed")
SMN = Path(sys.executable).with_name("smn")
COUNT, SIZE = 156, 12
STUCK = (5 * SIZE + 3, 8 * SIZE + 7)  # two pictures that are pipes: who reads them waits until somebody writes
Finder = Callable[[], bool]


def wait_for(condition: Finder, *, process: subprocess.Popen[str] | None = None) -> None:
    give_up = time.monotonic() + 240
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < give_up
        time.sleep(0.05)


def paint_folder(folder: Path, count: int) -> Path:
    """Small pictures of every colour; each thirteenth is cut short, each seventeenth is text."""
    from PIL import Image

    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        noise = random.integers(0, 64, (24, 32, 3)) + random.integers(0, 192, 3)
        data = encode(Image.fromarray(noise.astype(np.uint8)), "JPEG")
        data = b"no picture" if number % 17 == 5 else data[: len(data) // 2] if number % 13 == 5 else data
        (folder / f"{number:03}.jpg").write_bytes(data)
    return folder


def read_folder(folder: Path) -> list[dict[str, Any]]:
    """The rows as any reader of Parquet folders finds them."""
    from pyarrow import dataset

    return dataset.dataset(folder).to_table().to_pylist()


def predict(*arguments: object, **options: Any) -> subprocess.Popen[str]:
    """``smn predict`` in a process of its own."""
    return subprocess.Popen(
        [SMN, "predict", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, an interrupt is ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - as little as can be
        **options,
    )


def finish(process: subprocess.Popen[str]) -> str:
    said = process.communicate(timeout=240)[1]
    assert process.returncode == 0, said
    return said


@pytest.fixture(scope="module", autouse=True)
def _ray() -> Iterator[None]:
    """No usage statistics; and workers that other programs of this machine do not keep waiting."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_worker_niceness", "0")
        yield


# A cluster that runs already.


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A cluster of three nodes on this machine: a head that computes nothing, and two with a processor each."""
    from ray.cluster_utils import Cluster

    # A node is taken for lost after three seconds, not after half a minute.
    health = {"health_check_period_ms": 1000, "health_check_timeout_ms": 5000, "health_check_failure_threshold": 3}
    head = {"num_cpus": 0, "include_dashboard": False, "_system_config": health}
    made = Cluster(initialize_head=True, head_node_args=head)
    yield made
    made.shutdown()


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of pictures with a title each: files, of which one is not there, and addresses that fsspec knows."""
    folder = paint_folder(tmp_path / "pictures", COUNT)
    (folder / "033.jpg").unlink()
    lines = ["path,title"]
    for number in range(COUNT):
        name = f"{number:03}.jpg"
        lines.append(f"{(folder / name).as_uri() if number % 10 == 4 else f'pictures/{name}'},Number {number}")
    (tmp_path / "list.csv").write_text("\n".join(lines))
    return tmp_path / "list.csv"


@pytest.fixture
def pipes(listed: Path) -> Iterator[list[Path]]:
    """Two of the pictures replaced by pipes; the pictures lie beside them."""
    files = [listed.parent / "pictures" / f"{number:03}.jpg" for number in STUCK]
    for file in files:
        file.rename(file.with_suffix(".kept"))
        os.mkfifo(file)
    with contextlib.ExitStack() as stack:
        for file in files:  # open for both directions, so that nobody who reads finds it closed
            stack.callback(os.close, os.open(file, os.O_RDWR))
        yield files


def readers(file: Path) -> list[int]:
    """The processes, other than this one, that have a file open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if any(one.readlink() == file for one in (process / "fd").iterdir()):
                found.append(int(process.name))
    return [one for one in found if one != os.getpid()]


def times(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("part-*.parquet")}


def test_a_node_a_worker_and_the_driver_are_killed_and_nothing_is_lost_or_doubled(
    cluster: Any, listed: Path, pipes: list[Path], tiny_bundle: Bundle, tmp_path: Path
) -> None:
    one, _ = (cluster.add_node(num_cpus=1) for _ in range(2))
    cluster.wait_for_nodes()
    run = partial(
        predict, "list.csv", "--model", tiny_bundle.folder, "--out", "answers", "--engine", "ray",
        "--ray-address", cluster.address, "--partition-size", SIZE, cwd=tmp_path,
    )  # fmt: skip
    out = tmp_path / "answers"

    def reading() -> list[int]:
        return [process for pipe in pipes for process in readers(pipe)]

    driver = run()
    wait_for(lambda: all(readers(pipe) for pipe in pipes), process=driver)
    finished = {f"part-{number:06}.parquet" for number in (0, 1, 2, 3, 4, 6, 7)}
    assert set(times(out)) == finished

    cluster.remove_node(one, allow_graceful=False)
    wait_for(lambda: len(reading()) == 1, process=driver)
    (worker,) = reading()
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: len(reading()) == 1 and reading() != [worker], process=driver)
    driver.kill()
    driver.communicate()
    wait_for(lambda: not reading())  # a cluster ends the workers of a driver that is gone
    before = times(out)
    assert set(before) == finished

    again = run()
    wait_for(lambda: len(reading()) == 1, process=again)
    again.send_signal(signal.SIGINT)
    said = again.communicate(timeout=240)[1]
    assert again.returncode == 130, said
    assert "7 of 13 partitions were already done; continuing.\n" in said
    assert f"Stopped: {7 * SIZE} of {COUNT} pictures are done. To continue, run: smn predict list.csv --model" in said

    for pipe in pipes:
        pipe.with_suffix(".kept").replace(pipe)
    finish(run())
    assert {name: time for name, time in times(out).items() if name in before} == before
    assert not list(out.glob(".partial-*"))
    finish(predict("list.csv", "--model", tiny_bundle.folder, "--out", "single.parquet", cwd=tmp_path))
    from pyarrow import parquet

    rows = read_folder(out)
    assert [row.pop("id") for row in rows] == list(range(COUNT))
    assert rows == parquet.read_table(tmp_path / "single.parquet").to_pylist()
    assert rows[4]["columns"] == {"title": "Number 4"}
    assert sum(row["outcome"] == "error" for row in rows) == len({*range(5, COUNT, 13), *range(5, COUNT, 17), 33})
    assert "13 of 13 partitions were already done" in finish(run())


def test_an_address_where_no_cluster_is(listed: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    process = predict(
        listed, "--model", tiny_bundle.folder, "--out", tmp_path / "out", "--engine", "ray", "--ray-address", "nowhere"
    )
    said = process.communicate(timeout=240)[1]
    assert process.returncode == 2
    assert said.splitlines()[-1].startswith("Error: No cluster answers at nowhere: ")


# A cluster of this machine's own.


def descendants(process: int) -> set[int]:
    found = set()
    for child in Path(f"/proc/{process}/task").glob("*/children"):
        for one in map(int, child.read_text().split()):
            found |= {one} | descendants(one)
    return found


def test_a_killed_driver_leaves_no_process_and_its_job_continues(
    listed: Path, pipes: list[Path], tiny_bundle: Bundle, tmp_path: Path
) -> None:
    run = partial(
        predict, listed.parent / "pictures", "--model", tiny_bundle.folder, "--out", tmp_path / "answers",
        "--engine", "ray", "--workers", "1", "--partition-size", SIZE, "--top-k", "2",
    )  # fmt: skip
    driver = run()
    wait_for(lambda: bool(readers(pipes[0])), process=driver)
    started = descendants(driver.pid)
    assert set(readers(pipes[0])) < started
    driver.kill()
    driver.communicate()
    wait_for(lambda: not any(Path(f"/proc/{one}").exists() for one in started))
    for pipe in pipes:
        pipe.with_suffix(".kept").replace(pipe)
    assert "5 of 13 partitions were already done; continuing.\n" in finish(run())
    rows = read_folder(tmp_path / "answers")
    assert [row["id"] for row in rows] == list(range(COUNT - 1))
    assert {len(row["predictions"]) for row in rows if row["outcome"] != Outcome.ERROR} == {2}


@pytest.fixture(scope="module")
def opened() -> Iterator[None]:
    from smn.experiments.sweep.cluster import open_cluster

    with open_cluster(processors=2):
        yield


def test_a_picture_that_ends_its_process_is_a_row_with_the_reason(
    opened: None, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    def end() -> bytes:
        os.kill(os.getpid(), signal.SIGKILL)
        return b""

    inputs = [Input(f"{number}.jpg", end if number == 2 else jpeg()) for number in range(7)]
    answers = AnswerFolder(tmp_path / "answers", inputs, job={}, size=4, batch_size=2)
    told = []
    how = Answering(partial(load, tiny_bundle.folder, threads=1), tiny_bundle.model_sha256, top_k=1)
    assert predict_partitions(answers, how, on_progress=lambda *one: told.append(one)) == []
    rows = read_folder(tmp_path / "answers")
    assert [row["error"] is None for row in rows] == [True, True, False, True, True, True, True]
    assert f"The process that read it ended {ATTEMPTS} times" in rows[2]["error"]
    assert [row["path"] for row in rows] == [f"{number}.jpg" for number in range(7)]
    assert told[-1] == ("pictures", 7, 7)


def test_a_worker_with_another_model_or_none_answers_for_nothing(
    opened: None, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    answers = AnswerFolder(tmp_path / "answers", [Input("a.jpg", jpeg())], job={}, size=4, batch_size=2)
    with pytest.raises(InputError, match="or its model tiny-1 is not the same as where the command runs"):
        predict_partitions(answers, Answering(partial(load, tiny_bundle.folder), "0" * 64))
    with pytest.raises(InputError, match="is not a bundle"):
        predict_partitions(answers, Answering(partial(load, tmp_path / "nothing"), tiny_bundle.model_sha256))
    assert answers.missing() == [0]


# The folder.


def some(count: int, *, title: str = "") -> list[Input]:
    return [Input(f"{number}.jpg", jpeg(), {"columns": {"title": title}}) for number in range(count)]


def test_partitions_are_slices_of_whole_batches(tmp_path: Path) -> None:
    answers = AnswerFolder(tmp_path / "a", some(25), job={"model": "tiny-1"}, size=9, batch_size=4)
    assert (answers.size, answers.count, answers.missing()) == (12, 3, [0, 1, 2])
    assert [len(answers.partition(number)) for number in range(3)] == [12, 12, 1]
    answers.write(1, b"first")
    answers.write(1, b"second")
    assert answers.file(1).read_bytes() == b"first"
    assert answers.missing() == [0, 2]
    job = json.loads((tmp_path / "a" / "_job.json").read_text())
    assert (job["model"], job["pictures"], job["partition_size"], len(job["list"])) == ("tiny-1", 25, 12, 64)
    same = AnswerFolder(tmp_path / "a", some(25), job={"model": "tiny-1"}, size=10, batch_size=4)
    assert same.missing() == [0, 2]
    (tmp_path / "a").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"part-000000.parquet cannot be written \(No such file or directory\); once"):
        same.write(0, b"first")


@pytest.mark.parametrize(
    ("change", "named"),
    [({"inputs": some(24)}, "pictures, list"), ({"inputs": some(25, title="x")}, "list"), ({"size": 16},
      "partition_size"), ({"job": {"model": "tiny-2"}}, "model"), ({"columns": ["title"]}, "columns")],
)  # fmt: skip
def test_another_job_is_not_continued(tmp_path: Path, change: dict[str, Any], named: str) -> None:
    given: dict[str, Any] = {"inputs": some(25), "job": {"model": "tiny-1"}, "size": 12, "batch_size": 4}
    AnswerFolder(tmp_path / "a", **given)
    with pytest.raises(InputError, match=f"holds a job that differs in {named}; finish it with the same"):
        AnswerFolder(tmp_path / "a", **given | change)


def test_a_folder_of_other_files_or_a_damaged_job_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files that are no answers of this job; name a new folder"):
        AnswerFolder(tmp_path, some(1), job={}, size=1, batch_size=1)
    (tmp_path / "_job.json").write_text("{")
    with pytest.raises(InputError, match=r"_job\.json is damaged .* name a new folder"):
        AnswerFolder(tmp_path, some(1), job={}, size=1, batch_size=1)
    with pytest.raises(InputError, match=r"cannot be written \(.*\); name another folder"):
        AnswerFolder(tmp_path / "notes.txt" / "a", some(1), job={}, size=1, batch_size=1)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["_job.json", "notes.txt"]
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_what_is_refused_is_an_error_of_the_picture() -> None:
    from smn.predict.ray_engine import _refuse

    with pytest.raises(ImageError, match="is it damaged, or too large for the memory"):
        _refuse()
