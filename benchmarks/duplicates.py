"""Times the search for near hashes, which compares all with all.

    python benchmarks/duplicates.py --sizes 10000 30000 100000

The hashes are made as those of pictures: of smooth random fields, so that neighbouring bits agree as often as in
paintings. One in twenty is a copy with up to 24 other bits, one in fifty belongs to a series of fifty alike, and
one in twenty is the same blank page. Prints times and peak memory; every size runs in a process of its own.
"""

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray

from smn.duplicates import near_pairs

RADIUS = 32
_WAVES = 9  # a side of the fields' spectrum


def make_hashes(count: int, *, seed: int = 0) -> NDArray[np.uint64]:
    """(count, 4) hashes of smooth fields; see the module's description."""
    random = np.random.default_rng(seed)
    hashes = np.concatenate([_fields(min(20_000, count - start), random) for start in range(0, count, 20_000)])
    copies = random.choice(count, count // 20, replace=False)
    hashes[copies] = _flipped(hashes[random.integers(0, count, len(copies))], random, most=24)
    series = random.choice(count, count // 50, replace=False)
    scenes = random.integers(0, count, max(1, len(series) // 50))
    hashes[series] = _flipped(hashes[scenes[np.arange(len(series)) % len(scenes)]], random, most=24)
    hashes[random.choice(count, count // 20, replace=False)] = np.uint64(12345)
    return hashes


def _fields(count: int, random: np.random.Generator) -> NDArray[np.uint64]:
    wave = np.arange(_WAVES)
    falling = 1.0 / (1.0 + wave[:, None] ** 2 + wave[None] ** 2) ** 0.6
    spectrum = (random.standard_normal((count, _WAVES, _WAVES)) * falling).astype(np.float32)

    def cells(number: int) -> NDArray[np.float32]:
        return np.cos(np.pi * wave[:, None] * (np.arange(number)[None] + 0.5) / number).astype(np.float32)

    across = np.einsum("nij,iy,jx->nyx", spectrum, cells(8), cells(18), optimize=True)
    along = np.einsum("nij,iy,jx->nyx", spectrum, cells(18), cells(8), optimize=True)
    bits = [
        (across[:, :, 2:] > across[:, :, :-2]).reshape(count, -1),
        (along[:, 2:] > along[:, :-2]).reshape(count, -1),
    ]
    return np.packbits(np.concatenate(bits, axis=1), axis=1).view(np.uint64)


def _flipped(hashes: NDArray[np.uint64], random: np.random.Generator, *, most: int) -> NDArray[np.uint64]:
    order = random.random((len(hashes), 256)).argsort(axis=1)
    bits = order < random.integers(1, most + 1, len(hashes))[:, None]
    return hashes ^ np.packbits(bits, axis=1).view(np.uint64)


def measure(count: int) -> None:
    """Search among ``count`` hashes and print."""
    hashes = make_hashes(count)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, used = time.perf_counter(), time.process_time()
    pairs = near_pairs(hashes, radius=RADIUS)
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count:,} hashes: {len(pairs.left):,} pairs in {seconds:.1f} s ({cpu:.1f} s of one core),", end=" ")
    print(f"peak memory {peak:.0f} MB ({before:.0f} MB with the hashes alone)", flush=True)


def main() -> None:
    """Measure each size in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for count in arguments.sizes:
        if arguments.here:
            measure(count)
        else:
            command = [sys.executable, __file__, "--here", "--sizes", str(count)]
            subprocess.run(command, check=True)  # noqa: S603


if __name__ == "__main__":
    main()
