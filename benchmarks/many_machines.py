"""Predicts 20,000 pictures while a node, a worker and the driver are killed, and measures what a plan needs.

    python benchmarks/many_machines.py --out docs/results/bench/many-machines.json [--pictures 20000]

The cluster is three Ray nodes on this machine: a head, and two with a processor each. The pictures of this part are
small and the model is the tests' tiny one, because what is measured is whether a row is lost or doubled. Scaling and
costs are those of the model ``fast`` on 2-megapixel JPEGs.
"""

import argparse
import io
import json
import os
import pickle
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import dataset, parquet
from ray.cluster_utils import Cluster

from smn.bundle import read_bundle
from smn.catalogue.collection_inputs import collect_inputs
from smn.examples import list_examples, paint
from smn.experiments.sweep.cluster import open_cluster
from smn.images.safe_fetch import make_fetch
from smn.predict.model import load
from smn.predict.ray_engine import AnswerFolder, Answering, predict_partitions

ROOT = Path(__file__).parents[1]
SMN = str(Path(sys.executable).with_name("smn"))
PARTITION, EVERY_BROKEN = 200, 100
QUICK = ("--rectify", "off", "--no-lookup")
SCALED = 120  # pictures of 2 megapixels a run
WORKERS = (1, 2)


def encode(picture: Image.Image) -> bytes:
    """A picture as JPEG."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return stream.getvalue()


def fill(folder: Path, count: int) -> None:
    """Write small pictures, no two alike; every hundredth is cut short, or text."""
    folder.mkdir()
    painted = [paint(name, seed=seed, size=(160, 128)) for name in list_examples() for seed in range(3)]
    random = np.random.default_rng(0)
    for number in range(count):
        left, upper = random.integers(0, (64, 48))
        data = encode(painted[number % len(painted)].crop((left, upper, left + 96, upper + 80)))
        if number % EVERY_BROKEN == 0:
            data = data[: len(data) // 3] if number // EVERY_BROKEN % 2 else b"this is not a picture\n"
        (folder / f"{number:06}.jpg").write_bytes(data)


def descendants(process: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    found = []
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, file.read_text().split()):
            found += [child, *descendants(child)]
    return found


def find_workers() -> list[int]:
    """The processes that answer, of clusters that this process has started."""
    found = []
    for process in descendants(os.getpid()):
        try:
            if Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::_Worker"):
                found.append(process)
        except OSError:
            continue
    return found


# A node, a worker and the driver.


def kill_all(folder: Path, model: Path, out: Path) -> dict[str, Any]:
    """Run the command while all three are killed, then again until it is done; what was there before, and after."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
        cluster.wait_for_nodes()
        command = [
            SMN, "predict", str(folder), "--model", str(model), "--out", str(out), "--engine", "ray",
            "--ray-address", cluster.address, "--partition-size", str(PARTITION), *QUICK,
        ]  # fmt: skip
        begun = time.monotonic()
        driver = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        partitions = len(list(folder.iterdir())) // PARTITION
        kills = []

        def at(share: float, kill: Callable[[], object], what: str) -> None:
            while len(list(out.glob("part-*"))) < share * partitions:
                if driver.poll() is not None:
                    raise RuntimeError(f"the command ended before the {what} was killed")
                time.sleep(0.02)
            kill()
            kills.append({"killed": what, "partitions_done": len(list(out.glob("part-*")))})
            print(kills[-1], flush=True)

        at(0.2, lambda: cluster.remove_node(nodes[0], allow_graceful=False), "node")
        cluster.add_node(num_cpus=1)
        at(0.4, lambda: os.kill(find_workers()[0], signal.SIGKILL), "worker")
        at(0.6, driver.kill, "driver")
        driver.wait()
        kept = {file.name: file.stat().st_mtime_ns for file in out.glob("part-*")}
        subprocess.run(command, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
        changed = [name for name, written in kept.items() if (out / name).stat().st_mtime_ns != written]
        seconds = round(time.monotonic() - begun, 1)
        return {"kills": kills, "kept": len(kept), "computed_again": len(changed), "seconds": seconds}
    finally:
        cluster.shutdown()


def compare(out: Path, single: Path) -> dict[str, int]:
    """How the rows of the folder differ from those of one machine, row by row."""
    table = dataset.dataset(out).to_table()
    ids = table["id"].to_pylist()
    rows, alone = table.drop_columns("id").to_pylist(), parquet.read_table(single).to_pylist()
    return {
        "rows": len(rows),
        "partitions": len(list(out.glob("part-*"))),
        "doubled": len(ids) - len(set(ids)),
        "missing": len(set(range(len(alone))) - set(ids)),
        "different": sum(one != other for one, other in zip(rows, alone, strict=False)),
        "failures_as_rows": sum(row["outcome"] == "error" for row in rows),
        "output_bytes_a_picture": round(sum(file.stat().st_size for file in out.glob("part-*")) / len(rows)),
    }


def run_killed(place: Path, count: int) -> dict[str, Any]:
    """The run of which all three are killed, beside the same on one machine."""
    sys.path.insert(0, str(ROOT / "tests"))
    from conftest import write_tiny_bundle

    model = write_tiny_bundle(place / "tiny").folder
    fill(place / "small", count)
    begun = time.monotonic()
    single = place / "single.parquet"
    command = [SMN, "predict", str(place / "small"), "--model", str(model), "--out", str(single), *QUICK]
    subprocess.run(command, stderr=subprocess.DEVNULL, check=True)  # noqa: S603
    alone = round(time.monotonic() - begun, 1)
    print(f"{count} pictures on one machine: {alone} s", flush=True)
    told = kill_all(place / "small", model, place / "answers")
    return {"pictures": count, **told, "seconds_alone": alone, **compare(place / "answers", single)}


# What a plan needs.


def measure_scaling(place: Path, rounds: int) -> dict[str, Any]:
    """Pictures a second by the number of workers, in turns, and what a picture and a worker cost."""
    folder, names = place / "large", list_examples()
    folder.mkdir()
    painted = [paint(name, size=(1680, 1360)) for name in names]
    for number in range(SCALED):
        shift = number // len(names) * 8
        data = encode(painted[number % len(names)].crop((shift, shift, 1600 + shift, 1280 + shift)))
        (folder / f"{number:03}.jpg").write_bytes(data)
    inputs = collect_inputs([str(folder)], fetch=make_fetch()).inputs
    how = Answering(partial(load, "fast", threads=1), read_bundle("fast").model_sha256)
    rates: dict[int, list[float]] = {workers: [] for workers in WORKERS}
    processor, peaks = [], []
    with open_cluster(processors=max(WORKERS)):
        for turn in range(rounds):
            for workers in WORKERS:
                answers = AnswerFolder(place / f"scaled-{turn}-{workers}", inputs, job={}, size=20, batch_size=4)
                predict_partitions(answers, how, workers=workers, on_progress=lambda *_: peaks.extend(read_peaks()))
                costs = [parquet.read_schema(file).metadata for file in answers.folder.glob("part-*")]
                rates[workers].append(workers * SCALED / sum(float(cost[b"seconds"]) for cost in costs))
                processor.append(sum(float(cost[b"processor_seconds"]) for cost in costs) / SCALED)
    bytes_each = sum(file.stat().st_size for file in folder.iterdir()) / SCALED
    return {
        "model": "fast", "pictures": SCALED, "rounds": rounds, "load_average": os.getloadavg()[1],
        "processors": os.cpu_count(),
        "a_second": {str(workers): round(statistics.median(one), 2) for workers, one in rates.items()},
        "processor_ms_a_picture": round(1000 * statistics.median(processor), 1),
        "worker_peak_mb": round(max(peaks)), "input_bytes_a_picture": round(bytes_each),
    }  # fmt: skip


def read_peaks() -> list[float]:
    """The peak memory of every worker so far, in MB."""
    peaks = []
    for process in find_workers():
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
    return peaks


def measure_driver(place: Path) -> dict[str, float]:
    """What the process that runs the command needs: bytes for each listed picture, seconds for each partition."""
    listed = 50_000
    (place / "list.txt").write_text("".join(f"/mnt/scans/{n // 1000:04}/{n:09}.jpg\n" for n in range(listed)))
    tracemalloc.start()
    inputs = collect_inputs([str(place / "list.txt")], fetch=make_fetch()).inputs
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    answers = AnswerFolder(place / "driver", inputs, job={}, size=1000, batch_size=4)
    rows = dataset.dataset(place / "answers").to_table().slice(0, 1000)
    content = pa.BufferOutputStream()
    parquet.write_table(rows, content)
    data, begun = content.getvalue().to_pybytes(), time.perf_counter()
    for number in range(20):
        pickle.dumps(answers.partition(number))
        answers.write(number, data)
    return {
        "bytes_a_listed_picture": round(held / listed),
        "driver_ms_a_partition": round(1000 * (time.perf_counter() - begun) / 20, 1),
    }


def plan(told: dict[str, Any], pictures: int, processors: int) -> dict[str, float]:
    """Time, machine hours, traffic and memory for many pictures, at the measured rates."""
    scaling, driver = told["scaling"], told["driver"]
    each = 1000 / scaling["processor_ms_a_picture"]
    rate = min(each * processors, 1000 * 1000 / driver["driver_ms_a_partition"])
    return {
        "pictures": pictures,
        "processors": processors,
        "pictures_a_second": round(rate, 1),
        "hours": round(pictures / rate / 3600, 2),
        "processor_hours": round(pictures / each / 3600),
        "read_mb_a_second": round(rate * scaling["input_bytes_a_picture"] / 1e6),
        "output_gb": round(pictures * told["killed"]["output_bytes_a_picture"] / 1e9, 1),
        "list_gb": round(pictures * driver["bytes_a_listed_picture"] / 1e9, 1),
        "set_of_ids_gb": round(pictures * 8 / 1e9, 3),
        "workers_the_driver_can_feed": round(1000 * 1000 / driver["driver_ms_a_partition"] / each),
    }


def main() -> None:
    """Run the parts that are asked for; of the others, what the file tells is kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", nargs="*", choices=("kill", "scale"), default=["kill", "scale"])
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    # By itself Ray gives its workers a lower priority, so that whatever else runs here would be measured, too.
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"})
    told: dict[str, Any] = json.loads(asked.out.read_text(encoding="utf-8")) if asked.out.exists() else {}
    with tempfile.TemporaryDirectory() as made:
        if "kill" in asked.parts:
            told["killed"] = run_killed(Path(made), asked.pictures)
            told["driver"] = measure_driver(Path(made))
        if "scale" in asked.parts:
            told["scaling"] = measure_scaling(Path(made), asked.rounds)
    if {"killed", "scaling"} <= set(told):
        told["plan"] = [plan(told, pictures, processors) for pictures in (10**6, 10**8) for processors in (16, 1024)]
    asked.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
