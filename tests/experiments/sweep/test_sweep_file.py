import random
from collections.abc import Callable
from pathlib import Path

import pytest

from smn.errors import SweepError
from smn.experiments.sweep import Metric, Search, read_sweep
from smn.experiments.sweep.sweep_file import Choices, Range

Writer = Callable[..., Path]


def test_a_sweep_is_read(write_sweep: Writer) -> None:
    sweep, recipe = read_sweep(
        write_sweep(
            'search = "bayesian"\ntrials = 7\nmetric = "val_top1"\nstop_early = true\nseed = 3\nthreads = 2',
            '"finetune.learning_rate" = { from = 1e-4, to = 1e-2, scale = "log" }\n'
            "finetune.batch_size = { from = 4, to = 8 }\n"
            "model.widths = [[4], [8, 8]]",
        )
    )
    assert (sweep.name, sweep.search, sweep.trials, sweep.metric) == ("tried", Search.BAYESIAN, 7, Metric.TOP1)
    assert (sweep.stop_early, sweep.seed, sweep.threads) == (True, 3, 2)
    assert sweep.space == {
        "finetune.learning_rate": Range(1e-4, 1e-2, log=True, whole=False),
        "finetune.batch_size": Range(4, 8, log=False, whole=True),
        "model.widths": Choices(([4], [8, 8])),
    }
    assert recipe.name == "tiny"


def test_all_problems_are_told_at_once(write_sweep: Writer) -> None:
    file = write_sweep(
        'search = "clever"\ntrials = 0\nmetric = "f1"\nthreads = 0\nworkers = 2',
        '"finetune.learning_rate" = { from = 1e-2, to = 1e-4, scale = "log", step = 3 }\n'
        '"finetune.warmup" = { from = 0.0, to = 0.5, scale = "log" }\n'
        '"finetune.depth" = [1]\n"seed.x" = [1]\n"model.depth" = []\n"model.kernel" = [3, 4]\n"model.size" = 32',
    )
    with pytest.raises(SweepError) as caught:
        read_sweep(file)
    told = " ".join(caught.value.problems)
    for sentence in (
        "workers is unknown; allowed are name, recipe, search,",
        "search is 'clever'; allowed are grid, random, bayesian.",
        "metric is 'f1'; allowed are val_log_loss, val_top1.",
        "trials is 0; a search of kind random needs 1 or more.",
        "threads is 0; it must be 1 or more.",
        "space.finetune.learning_rate.step is unknown; allowed are from, to, scale.",
        "space.finetune.warmup goes from 0.0; on a logarithmic scale it must begin above 0.",
        "space.finetune.depth is no setting of the recipe",
        "space.seed.x is no setting of the recipe",
        "space.model.depth is []; it must be a list of choices or",
        "model.kernel is 4; it must be odd and above 0.",
        "space.model.size is 32; it must be a list",
    ):
        assert sentence in told
    assert str(caught.value).startswith(f"Sweep {file} cannot be used: ")


@pytest.mark.parametrize(
    ("head", "space", "sentence"),
    [
        ('search = "grid"', '"finetune.warmup" = { from = 0.0, to = 0.5 }', "a grid needs a list of choices"),
        (
            'search = "grid"\ntrials = 3',
            '"finetune.warmup" = [0.1]',
            "a grid tries every combination; leave trials out",
        ),
        ("trials = 2", "", "[space] is empty; name a setting"),
        ("trials = 2", '"finetune.warmup" = { from = 0.5, to = 0.1 }', "goes from 0.5 to 0.1"),
        (
            "trials = 2",
            '"finetune.warmup" = { from = 0.5, to = 2.0 }',
            "finetune.warmup is 2.0; it must be from 0 to 1",
        ),
        (
            "trials = 2",
            '"finetune.warmup" = { from = 0.5 }',
            "space.finetune.warmup.to is missing; it must be a number",
        ),
        ("trials = 2", '"finetune.warmup" = [0.1, 0.1]', "name each choice once"),
        (
            "trials = 2",
            '"finetune.epochs" = { from = 1.5, to = 2.5 }',
            "finetune.epochs is 1.5; it must be of type int",
        ),
        ("trials = 2", "x = [", "It is not valid TOML"),
    ],
)
def test_what_does_not_fit_is_told(write_sweep: Writer, head: str, space: str, sentence: str) -> None:
    with pytest.raises(SweepError) as caught:
        read_sweep(write_sweep(head, space))
    assert sentence in str(caught.value)


def test_a_recipe_or_file_that_is_not_there_is_told(write_sweep: Writer, tmp_path: Path) -> None:
    file = write_sweep("", '"finetune.epochs" = [1]')
    (tmp_path / "tiny.toml").unlink()
    with pytest.raises(SweepError, match=r"trials is 0.*There is no file .*tiny\.toml"):
        read_sweep(file)
    with pytest.raises(SweepError, match=r"There is no file none\.toml; check the path"):
        read_sweep("none.toml")


def test_draws_stay_within_the_range_and_reach_both_ends() -> None:
    generator = random.Random(0)  # noqa: S311 - nothing secret
    log = [Range(1e-4, 1e-2, log=True, whole=False).draw(generator) for _ in range(400)]
    assert 1e-4 <= min(log) <= max(log) <= 1e-2
    assert 150 < sum(value < 1e-3 for value in log) < 250
    for scale in (True, False):
        whole = {Range(1, 4, log=scale, whole=True).draw(generator) for _ in range(200)}
        assert whole == {1, 2, 3, 4}
    assert {Choices(("a", "b")).draw(generator) for _ in range(50)} == {"a", "b"}


def test_weights_are_named_from_the_root(write_sweep: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    backbone = 'name = "t"\ndescription = "d"\n[model]\nkind = "backbone"\nweights = "a.pth"\n'
    file = write_sweep("trials = 1", '"model.weights" = ["timm", "b.pth"]', recipe=backbone)
    monkeypatch.chdir(tmp_path)
    sweep, recipe = read_sweep(file)
    assert sweep.space["model.weights"] == Choices(("timm", str(tmp_path / "b.pth")))
    assert recipe.to_dict()["model"]["weights"] == str(tmp_path / "a.pth")
