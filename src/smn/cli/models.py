"""``smn models``."""

import time

import click
import numpy as np

from smn.bundle import list_models, read_bundle
from smn.cli.screen import console, show_table
from smn.predict.model import load


@click.command()
@click.option("--speed/--no-speed", default=True, help="Whether to measure how long a picture takes here.")
def models(*, speed: bool) -> None:
    """List the models inside the package: size, speed on this machine, accuracy; --model NAME chooses one."""
    rows = []
    for name in list_models():
        bundle = read_bundle(name)
        megabytes, side = bundle.model_file.stat().st_size / 1e6, bundle.preprocess.size
        top1, pictures = bundle.metrics.get("val_top1"), bundle.metrics.get("val_pictures", 0)
        accuracy = "unknown" if top1 is None else f"{top1:.1%} of {pictures:,} validation pictures"
        seconds = f"{1000 * _time_network(name):.0f} ms" if speed else ""
        rows.append((name, bundle.name, f"{megabytes:.1f} MB", seconds, accuracy, len(bundle.labels), f"{side} px"))
    header = ("name", "version", "size", "speed", "accuracy, top-1", "movements", "input")
    show_table(None, header, rows)
    for name in list_models():
        console().print(f"{name}: {read_bundle(name).licence}", style="dim")


def _time_network(name: str) -> float:
    """Seconds that the network of a model needs for one picture here, the best of three."""
    model = load(name)
    size, seconds = model.bundle.preprocess.size, []
    for _ in range(3):
        begun = time.perf_counter()
        model.runtime.run(np.zeros((1, 3, size, size), dtype=np.float32))
        seconds.append(time.perf_counter() - begun)
    return min(seconds)
