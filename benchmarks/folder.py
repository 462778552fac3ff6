"""Classifies a folder of thousands with broken files in it, and prints what it took.

    python benchmarks/folder.py                 5,000 files, 50 of them broken
    python benchmarks/folder.py --files 500

The pictures are painted by `smn examples`. Two runs, a tenth of the files and all of them, show whether memory grows.
"""

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from smn.examples import list_examples, paint

SMN = str(Path(sys.executable).with_name("smn"))
BROKEN = 50


def fill(folder: Path, count: int, *, broken: int) -> None:
    """Write pictures of several sizes; some are cut, some are text."""
    folder.mkdir()
    sizes = ((320, 256), (256, 400), (1024, 768), (1600, 1200))
    painted = []
    for place, movement in enumerate(list_examples()):
        file = folder / f"00000-{movement}.jpg"
        paint(movement, size=sizes[place % len(sizes)]).save(file, "JPEG", quality=88)
        painted.append(file.read_bytes())
        file.unlink()
    every = count // broken
    for number in range(count):
        data = painted[number % len(painted)]
        if number % every == 0:
            data = data[: len(data) // 3] if number // every % 2 else b"this is not a picture\n"
        (folder / f"{number:05}.jpg").write_bytes(data)


def classify(folder: Path, out: Path) -> tuple[float, float]:
    """Seconds and peak memory in MB of one `smn predict`."""
    started = time.monotonic()
    process = subprocess.Popen([SMN, "predict", str(folder), "--out", str(out)], stderr=subprocess.DEVNULL)  # noqa: S603
    while process.poll() is None:
        time.sleep(0.05)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return time.monotonic() - started, peak


def main() -> None:
    """Run both sizes and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=5000)
    count = parser.parse_args().files
    with tempfile.TemporaryDirectory() as place:
        peaks = []
        for files, broken in ((count // 10, BROKEN // 10), (count, BROKEN)):
            folder, out = Path(place) / str(files), Path(place) / f"{files}.csv"
            fill(folder, files, broken=broken)
            seconds, peak = classify(folder, out)
            rows = list(csv.DictReader(out.open(encoding="utf-8")))
            reasons = [row["error"] for row in rows if row["outcome"] == "error"]
            peaks.append(peak)
            print(
                f"{files} files: {len(rows)} rows, {len(reasons)} with a reason (all given: {all(reasons)}),", end=" "
            )
            print(f"{files / seconds:.0f} pictures a second, peak memory {peak:.0f} MB")
        print(f"peak memory, {count} files against {count // 10}: ratio {peaks[1] / peaks[0]:.2f}")


if __name__ == "__main__":
    main()
