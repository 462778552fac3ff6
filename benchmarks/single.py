"""Times one picture from file to answer, against the network alone, and the start of the command.

    python benchmarks/single.py [--out docs/results/bench/single.json]

Prints medians and ratios, and keeps them where it is told to; absolute times depend on the machine.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import smn
from smn.examples import paint

SMN = str(Path(sys.executable).with_name("smn"))


def median_ms(call: Callable[[], object], *, runs: int) -> float:
    """Median time of a call in milliseconds, after two calls that do not count."""
    times = []
    for _ in range(runs + 2):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times[2:])


def start_ms(command: list[str]) -> float:
    """Median time of a new process in milliseconds; modules are compiled by the first, as after an installation."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return median_ms(lambda: subprocess.run(command, check=True, capture_output=True, env=compiled), runs=7)  # noqa: S603


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path)
    out: Path | None = parser.parse_args().out
    model = smn.load()
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "two-megapixels.jpg"
        paint("impressionism", size=(1600, 1250)).save(file, "JPEG", quality=90)
        whole = median_ms(lambda: model.predict(file), runs=50)
        batch = model.preprocess(file)[0][None]
        network = median_ms(lambda: model.predict_batch(batch, [None]), runs=50)
        decoding = median_ms(lambda: model.preprocess(file), runs=50)
        plain = model.variant(rectify=smn.Rectify.OFF)
        searching = decoding - median_ms(lambda: plain.preprocess(file), runs=50)
        command = start_ms([SMN, "predict", str(file)])
        imports = start_ms([sys.executable, "-c", "import onnxruntime, numpy, PIL.Image"])
    print(f"2-megapixel JPEG, file to answer: median {whole:.1f} ms")
    print(f"  decoding and preprocessing {decoding / whole:.0%} of it, the network {network / whole:.0%}")
    print(f"  of decoding, the search for a painting on a wall is {searching / decoding:.0%}")
    print(
        f"smn predict, cold start to answer: median {command:.0f} ms, {command / imports:.1f} times import of "
        "onnxruntime, numpy and PIL.Image"
    )
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        times = {"file_to_answer_ms": round(whole, 1), "decoding_ms": round(decoding, 1)}
        times |= {"network_ms": round(network, 1), "cold_start_ms": round(command), "imports_ms": round(imports)}
        out.write_text(json.dumps({"model": model.name, **times}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
