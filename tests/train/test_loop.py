"""The training loop on a toy problem: it learns, and a run that is stopped ends as one that is not."""

import json
import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from smn.progress import Progress
from smn.train import loop
from smn.train.loop import Schedule, fit
from smn.train.recipe_sections import LRSchedule
from trained_runs import StoppedError

EPOCHS, STEPS, BATCH = 4, 5, 8


def toy_batches(epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Three classes, told apart by which of six values is large."""
    generator = torch.Generator().manual_seed(epoch)
    for _ in range(STEPS):
        targets = torch.randint(0, 3, (BATCH,), generator=generator)
        yield nn.functional.one_hot(targets, 6) + 0.3 * torch.randn(BATCH, 6, generator=generator), targets


def toy_model() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Dropout(0.2), nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))


def toy_loss(model: nn.Module) -> dict[str, float]:
    assert not model.training
    with torch.inference_mode():
        inputs, targets = next(iter(toy_batches(1000)))
        return {"val_log_loss": float(nn.functional.cross_entropy(model(inputs), targets))}


def train_toy(run: Path, *, progress: Progress = lambda *_: None, phase: str = "toy", **schedule: Any) -> nn.Module:
    run.mkdir(exist_ok=True)
    model = toy_model()
    return fit(
        model,
        torch.optim.AdamW(model.parameters(), lr=0.05),
        batches=toy_batches,
        schedule=Schedule(EPOCHS, STEPS, **({"label_smoothing": 0.1, "ema_decay": 0.8, "warmup": 0.2} | schedule)),
        phase=phase,
        run=run,
        evaluate=toy_loss,
        progress=progress,
    )


def stop_at(step: int) -> Progress:
    def progress(what: str, done: int, total: int) -> None:
        assert (what, total) == ("toy", EPOCHS * STEPS)
        if done == step:
            raise StoppedError

    return progress


def metrics(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().items(), strict=True)
    return all(mine == theirs and torch.equal(a, b) for (mine, a), (theirs, b) in pairs)


def test_the_loss_falls(tmp_path: Path) -> None:
    before = toy_loss(toy_model().eval())["val_log_loss"]
    model = train_toy(tmp_path / "run", label_smoothing=0.0)
    assert not model.training
    assert toy_loss(model)["val_log_loss"] < before / 2
    losses = [record["loss"] for record in metrics(tmp_path / "run")]
    assert losses[-1] < 0.6 * losses[0]


def test_a_line_of_metrics_an_epoch(tmp_path: Path) -> None:
    model = train_toy(tmp_path / "run")
    lines = metrics(tmp_path / "run")
    assert [(line["phase"], line["epoch"]) for line in lines] == [("toy", epoch) for epoch in (1, 2, 3, 4)]
    assert {tuple(line) for line in lines} == {("phase", "epoch", "seconds", "loss", "val_log_loss")}
    assert lines[-1]["val_log_loss"] == toy_loss(model)["val_log_loss"]


@pytest.mark.parametrize("step", [3, STEPS, STEPS + 1, 2 * STEPS + 2, EPOCHS * STEPS])
def test_a_stopped_run_ends_as_one_that_was_not(tmp_path: Path, step: int) -> None:
    whole = train_toy(tmp_path / "whole")
    with pytest.raises(StoppedError):
        train_toy(tmp_path / "run", progress=stop_at(step))
    told: list[int] = []
    resumed = train_toy(tmp_path / "run", progress=lambda _, done, __: told.append(done))
    # At most one epoch is repeated.
    assert told == list(range((step - 1) // STEPS * STEPS + 1, EPOCHS * STEPS + 1))
    assert same(resumed, whole)
    lines, expected = metrics(tmp_path / "run"), metrics(tmp_path / "whole")
    for line in (*lines, *expected):
        del line["seconds"]
    assert lines == expected


@pytest.mark.parametrize("cut", [False, True])
def test_stopped_between_metrics_and_checkpoint_no_epoch_has_two_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    whole, real = train_toy(tmp_path / "whole"), loop._save

    def save(file: Path, epoch: int, *parts: Any) -> None:
        if epoch == 3:
            raise StoppedError
        real(file, epoch, *parts)

    monkeypatch.setattr(loop, "_save", save)
    with pytest.raises(StoppedError):
        train_toy(tmp_path / "run")
    assert [line["epoch"] for line in metrics(tmp_path / "run")] == [1, 2, 3]
    file = tmp_path / "run" / "metrics.jsonl"
    if cut:
        file.write_text(file.read_text()[:-20])
    other = '{"phase": "another", "epoch": 9}\n'
    file.write_text(other + file.read_text())
    monkeypatch.setattr(loop, "_save", real)
    assert same(train_toy(tmp_path / "run"), whole)
    assert [(line["phase"], line["epoch"]) for line in metrics(tmp_path / "run")] == [
        ("another", 9), ("toy", 1), ("toy", 2), ("toy", 3), ("toy", 4),
    ]  # fmt: skip


def test_a_finished_run_trains_no_more(tmp_path: Path) -> None:
    first = train_toy(tmp_path / "run")
    again = train_toy(tmp_path / "run", progress=stop_at(1))
    assert same(first, again)
    assert len(metrics(tmp_path / "run")) == EPOCHS


def test_a_half_written_checkpoint_is_ignored(tmp_path: Path) -> None:
    whole = train_toy(tmp_path / "whole")
    with pytest.raises(StoppedError):
        train_toy(tmp_path / "run", progress=stop_at(STEPS + 1))
    good = tmp_path / "run" / "checkpoint-toy.pt"
    (tmp_path / "run" / ".partial-1-00-checkpoint-toy.pt").write_bytes(good.read_bytes()[:1000])
    assert same(train_toy(tmp_path / "run"), whole)
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / ".partial-1-00-checkpoint-toy.pt").write_bytes(b"half")
    assert same(train_toy(fresh), whole)


def test_phases_do_not_read_each_others_checkpoints(tmp_path: Path) -> None:
    first = train_toy(tmp_path / "run")
    second = train_toy(tmp_path / "run", phase="second")
    assert same(first, second)
    assert [line["phase"] for line in metrics(tmp_path / "run")] == ["toy"] * EPOCHS + ["second"] * EPOCHS


def test_the_schedule_rises_and_falls() -> None:
    schedule = Schedule(epochs=10, steps=10, warmup=0.2)
    rates = [schedule.rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(1 / 20)
    assert rates[19] == rates[20] == 1.0
    assert all(one < other for one, other in pairwise(rates[:20]))
    assert all(one > other for one, other in pairwise(rates[20:]))
    assert rates[60] == pytest.approx(0.5)  # in the middle of the fall
    assert 0 < rates[-1] < 0.001
    assert schedule.rate(100) == pytest.approx(0.0)


def test_without_warming_up_the_schedule_starts_at_its_highest() -> None:
    schedule = Schedule(epochs=2, steps=3)
    expected = [0.5 * (1 + math.cos(math.pi * step / 6)) for step in range(6)]
    assert [schedule.rate(step) for step in range(6)] == pytest.approx(expected)
    assert Schedule(epochs=1, steps=1).rate(0) == 1.0
    assert [Schedule(epochs=1, steps=4, warmup=1.0).rate(step) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]


@pytest.fixture
def one_step(tmp_path: Path) -> Callable[..., tuple[nn.Module, nn.Module]]:
    """Trains with plain gradient descent and gives the start and the end."""

    def one_step(*, decay: float, steps: int = 1, seen: list[Tensor] | None = None) -> tuple[nn.Module, nn.Module]:
        torch.manual_seed(0)
        model = nn.Linear(2, 2, bias=False)
        start = nn.Linear(2, 2, bias=False)
        start.load_state_dict(model.state_dict())
        batch = (torch.tensor([[1.0, -1.0]]), torch.tensor([0]))

        def watch(module: nn.Module, inputs: Tensor) -> Tensor:
            if seen is not None:
                seen.append(module.weight.detach().clone())
            return module(inputs)  # type: ignore[no-any-return]

        fit(
            model,
            torch.optim.SGD(model.parameters(), lr=1.0),
            batches=lambda _: [batch] * steps,
            schedule=Schedule(1, steps, ema_decay=decay),
            phase="toy",
            run=tmp_path,
            evaluate=lambda _: {},
            progress=lambda *_: None,
            classify=watch,
        )
        return start, model

    return one_step


def test_the_average_follows_its_formula(one_step: Callable[..., tuple[nn.Module, nn.Module]]) -> None:
    seen: list[Tensor] = []
    _, model = one_step(decay=0.5, steps=6, seen=seen)
    # The weights after steps 1 to 5 were seen by the steps that followed; the last is worked out from the gradient.
    last = seen[-1].clone().requires_grad_()
    rate = Schedule(1, 6).rate(5)
    loss = nn.functional.cross_entropy(torch.tensor([[1.0, -1.0]]) @ last.T, torch.tensor([0]))
    (gradient,) = torch.autograd.grad(loss, last)
    weights = [*seen[1:], last.detach() - rate * gradient]
    average = seen[0]
    for step, value in enumerate(weights):
        decay = min(0.5, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * value
    torch.testing.assert_close(model.weight.detach(), average)
    assert not torch.allclose(average, weights[-1])


def test_a_decay_of_0_keeps_the_last_weights(one_step: Callable[..., tuple[nn.Module, nn.Module]]) -> None:
    start, model = one_step(decay=0.0)
    weight = start.weight.detach().clone().requires_grad_()
    loss = nn.functional.cross_entropy(torch.tensor([[1.0, -1.0]]) @ weight.T, torch.tensor([0]))
    (gradient,) = torch.autograd.grad(loss, weight)
    torch.testing.assert_close(model.weight.detach(), weight.detach() - gradient)


def test_counts_in_the_weights_are_copied_not_averaged(tmp_path: Path) -> None:
    model = train_toy(tmp_path / "run")
    assert int(model.state_dict()["2.num_batches_tracked"]) == EPOCHS * STEPS


def test_label_smoothing_keeps_the_logits_apart_from_certainty(tmp_path: Path) -> None:
    spreads = []
    for smoothing in (0.0, 0.5):
        model = train_toy(tmp_path / f"run-{smoothing}", label_smoothing=smoothing)
        inputs, _ = next(iter(toy_batches(1000)))
        spreads.append(float(model(inputs).detach().softmax(1).max(1).values.mean()))
    assert spreads[0] > spreads[1] + 0.1


def test_learning_rates_keep_their_proportion(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(6, 3, bias=False), nn.Linear(3, 3, bias=False))
    optimiser = torch.optim.SGD(
        [{"params": [*model[0].parameters()], "lr": 0.1}, {"params": [*model[1].parameters()], "lr": 0.4}]
    )
    rates: list[tuple[float, ...]] = []
    step = partial(optimiser.step)

    def watched() -> None:
        rates.append(tuple(group["lr"] for group in optimiser.param_groups))
        step()

    optimiser.step = watched  # type: ignore[method-assign,assignment]
    fit(
        model,
        optimiser,
        batches=toy_batches,
        schedule=Schedule(2, STEPS),
        phase="toy",
        run=tmp_path,
        evaluate=lambda _: {},
        progress=lambda *_: None,
    )
    assert len(rates) == 2 * STEPS
    for at, (low, high) in enumerate(rates):
        assert (low, high) == pytest.approx((0.1 * Schedule(2, STEPS).rate(at), 0.4 * Schedule(2, STEPS).rate(at)))


def test_accumulated_gradients_are_those_of_one_large_batch(tmp_path: Path) -> None:
    batch = next(iter(toy_batches(0)))
    halves = [tuple(part[:4] for part in batch), tuple(part[4:] for part in batch)]
    ends = []
    for name, batches, accumulate in (("whole", [batch], 1), ("halves", halves, 2)):
        torch.manual_seed(0)
        model = nn.Linear(6, 3)
        (tmp_path / name).mkdir()
        fit(
            model,
            torch.optim.SGD(model.parameters(), lr=1.0),
            batches=lambda _, batches=batches: batches,
            schedule=Schedule(1, len(batches), warmup=1.0, accumulate=accumulate),
            phase="toy",
            run=tmp_path / name,
            evaluate=lambda _: {},
            progress=lambda *_: None,
        )
        ends.append(model.weight.detach())
    torch.testing.assert_close(*ends)


def test_the_last_batches_of_an_epoch_are_not_lost(tmp_path: Path) -> None:
    """Five steps an epoch, two batches a step: the fifth batch makes a step of its own."""
    model = train_toy(tmp_path / "run", accumulate=2)
    optimiser = torch.load(tmp_path / "run" / "checkpoint-toy.pt", weights_only=True)["optimiser"]
    assert {int(state["step"]) for state in optimiser["state"].values()} == {3 * EPOCHS}
    assert toy_loss(model)["val_log_loss"] < toy_loss(toy_model().eval())["val_log_loss"]


@pytest.mark.parametrize("stop", [None, STEPS + 1, 3 * STEPS])
def test_training_ends_early_with_the_best_weights(tmp_path: Path, stop: int | None) -> None:
    """Log loss on val falls in the first two epochs and rises from then on, as the test says."""
    said = [0.9, 0.5, 0.7, 0.6, 0.1]
    (tmp_path / "run").mkdir()

    def run(progress: Progress = lambda *_: None) -> tuple[nn.Module, list[dict[str, Tensor]]]:
        model, seen = toy_model(), []

        def evaluate(average: nn.Module) -> dict[str, float]:
            seen.append({name: value.clone() for name, value in average.state_dict().items()})
            file = tmp_path / "run" / "metrics.jsonl"
            return {"val_log_loss": said[len(file.read_text().splitlines()) if file.exists() else 0]}

        fit(
            model,
            torch.optim.AdamW(model.parameters(), lr=0.05),
            batches=toy_batches,
            schedule=Schedule(5, STEPS, patience=2),
            phase="toy",
            run=tmp_path / "run",
            evaluate=evaluate,
            progress=progress,
        )
        return model, seen

    def stopping(_: str, done: int, __: int) -> None:
        if done == stop:
            raise StoppedError

    if stop is not None:
        with pytest.raises(StoppedError):
            run(stopping)
    run()
    assert [line["val_log_loss"] for line in metrics(tmp_path / "run")] == said[:4]
    again, seen = run()
    assert seen == []  # it is over, also when asked again
    best = torch.load(tmp_path / "run" / "checkpoint-toy.pt", weights_only=True)["best"]
    assert (best["epoch"], best["loss"]) == (1, 0.5)
    assert all(torch.equal(value, best["weights"][name]) for name, value in again.state_dict().items())


def test_one_cycle_rises_and_falls_in_cosines() -> None:
    schedule = Schedule(epochs=10, steps=10, warmup=0.4, curve=LRSchedule.ONE_CYCLE)
    rates = [schedule.rate(step) for step in range(101)]
    assert rates[0] == pytest.approx(1 / 25)
    assert rates[20] == pytest.approx((1 + 1 / 25) / 2)
    assert rates[40] == 1.0
    assert rates[70] == pytest.approx(0.5)
    assert rates[100] == pytest.approx(0.0)
