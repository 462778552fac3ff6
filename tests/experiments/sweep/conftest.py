"""A cluster of this machine, which every test here shares, and a sweep of seconds."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SetMaker = Callable[..., Path]

RECIPE = """\
name = "tiny"
description = "A network of one block."
taxonomy = "origin-8"
[model]
kind = "cnn"
widths = [4]
size = 32
[augment]
on = false
[head]
epochs = 0
[finetune]
epochs = 2
batch_size = 4
warmup = 0.0
ema_decay = 0.0
"""


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """Two processors of this machine; it takes seconds to start."""
    pytest.importorskip("ray")
    from smn.experiments.sweep.cluster import open_cluster

    with open_cluster(processors=2):
        yield


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> Path:
    return make_painted_set(tmp_path_factory.mktemp("sweeps") / "pictures", splits={"train": 2, "val": 1})


@pytest.fixture
def write_sweep(tmp_path: Path) -> Callable[..., Path]:
    """Writes a sweep beside the tiny recipe: ``write_sweep('search = "grid"', '"finetune.epochs" = [1, 2]')``."""

    def write(head: str, space: str, *, recipe: str = RECIPE) -> Path:
        (tmp_path / "tiny.toml").write_text(recipe)
        file = tmp_path / "sweep.toml"
        file.write_text(f'name = "tried"\nrecipe = "tiny.toml"\n{head}\n[space]\n{space}\n')
        return file

    return write
