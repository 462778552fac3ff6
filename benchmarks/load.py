"""Puts the service under load: pictures a second, how long they take, errors, memory; and what batching is worth.

    python benchmarks/load.py --seconds 300 --out docs/results/bench/load.json

32 clients send generated paintings, each another, as JPEG of 640 x 512; the service runs in a process of its own, the
clients in this one, on the same cores; what a service with clients elsewhere would do is told beside, by counting out
the processor time of these. Answers are remembered in SQLite and not cached. The default model gets all the seconds,
fast a fifth of them.
"""

import argparse
import asyncio
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from smn.bundle import DEFAULT, read_bundle

CLIENTS = 32
_TURN = 20.0


def make_pictures(count: int) -> list[bytes]:
    """Encoded paintings, all different: some are painted, and each is changed a little, which costs less."""
    from PIL import ImageEnhance

    from smn.examples import list_examples, paint

    painted = [paint(name, seed=0) for name in list_examples()]
    made = []
    for number in range(count):
        image = painted[number % len(painted)]
        changed = ImageEnhance.Brightness(image).enhance(0.7 + 0.6 * number / count)
        buffer = io.BytesIO()
        changed.save(buffer, "JPEG", quality=90)
        made.append(buffer.getvalue())
    return made


@contextmanager
def run_service(**environment: str) -> Iterator[tuple[str, int]]:
    """A service with its address and process."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(  # noqa: S603 - ours
            [str(Path(sys.executable).with_name("smn")), "serve", "--port", "0"], cwd=folder, text=True,
            stderr=(log := Path(folder) / "log").open("w"), env={**os.environ, "SMN_CACHE": "0", **environment},
        )  # fmt: skip
        try:
            while not (found := re.search(r"running on (http://[\d.:]+)", log.read_text())):
                if process.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.2)
            yield found.group(1), process.pid
        finally:
            process.terminate()
            process.wait(60)


def memory(pid: int) -> float:
    """Megabytes that a process holds."""
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


async def press(address: str, pictures: list[bytes], seconds: float, clients: int = CLIENTS) -> dict[str, Any]:
    """Send pictures from so many clients for so long."""
    times: list[float] = []
    statuses: list[int] = []
    numbers = iter(range(10**9))
    until = time.monotonic() + seconds

    async def client() -> None:
        async with httpx2.AsyncClient(base_url=address, timeout=60) as http:
            while time.monotonic() < until:
                data = pictures[next(numbers) % len(pictures)]
                began = time.monotonic()
                try:
                    response = await http.post("/v1/predict", content=data)
                    statuses.append(response.status_code)
                except httpx2.HTTPError:
                    statuses.append(0)
                times.append(time.monotonic() - began)

    began, worked = time.monotonic(), time.process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    spent, worked = time.monotonic() - began, time.process_time() - worked
    left = 1 - worked / (spent * (os.cpu_count() or 1))  # share of the cores' time that the clients did not take
    ordered = sorted(times)
    return {
        "pictures": len(times), "a_second": round(statuses.count(200) / spent, 1),
        "a_second_without_clients": round(statuses.count(200) / spent / left, 1),
        "p50_ms": round(1000 * statistics.median(times)), "p99_ms": round(1000 * ordered[int(0.99 * len(ordered))]),
        "turned_away": statuses.count(429), "errors": sum(status not in {200, 429} for status in statuses),
    }  # fmt: skip


def main() -> None:
    """Press, compare, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    pictures = make_pictures(240)
    told: dict[str, Any] = {"clients": CLIENTS, "cores": os.cpu_count(), "seconds": chosen.seconds}
    for name, folder in (("default", DEFAULT), ("fast", DEFAULT.with_name("fast"))):
        with run_service(SMN_BUNDLE=str(folder)) as (address, pid):
            asyncio.run(press(address, pictures, 10))  # what it reserves once
            before = memory(pid)
            load = asyncio.run(press(address, pictures, chosen.seconds / (1 if name == "default" else 5)))
            load |= {"memory_before_mb": round(before), "memory_after_mb": round(memory(pid))}
            told[name] = {"model": read_bundle(folder).name, **load}
    print(json.dumps(told, indent=1))
    with run_service(SMN_BATCH="8") as (several, _), run_service(SMN_BATCH="1") as (single, _):
        ratios = []
        for turn in range(chosen.turns):
            pair = [several, single] if turn % 2 == 0 else [single, several]
            rates = {address: asyncio.run(press(address, pictures, _TURN))["a_second"] for address in pair}
            ratios.append(rates[several] / rates[single])
            print(f"turn {turn + 1}: {rates[several]:.1f} a second in batches, {rates[single]:.1f} one by one")
    told["batching_ratio"] = round(statistics.median(ratios), 3)
    print(f"in batches / one by one: {told['batching_ratio']:.2f} (median of {chosen.turns})")
    if chosen.out is not None:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
