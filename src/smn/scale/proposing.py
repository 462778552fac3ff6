"""Which settings a trial of a sweep gets."""

import itertools
import random
from collections.abc import Mapping
from typing import Any, Protocol

from smn.scale.extra import require_scale
from smn.scale.space import Choices, Range
from smn.scale.sweepfile import Search, Sweep

Settings = Mapping[str, Any]
"""By a setting's name, its value."""


class Proposer(Protocol):
    """Chooses settings."""

    def propose(self, number: int) -> Settings | None:
        """The settings of a trial, counted from 0; None after the last one."""

    def learn(self, number: int, settings: Settings, value: float | None) -> None:
        """Take note of what a trial gave; None if it failed."""


class GridProposer:
    """Every combination of the choices; the last setting changes fastest.

    Args:
        sweep: a sweep whose space has choices only.
    """

    def __init__(self, sweep: Sweep) -> None:
        values = itertools.product(*(setting.edges for setting in sweep.space.values()))
        self._combinations = [dict(zip(sweep.space, combination, strict=True)) for combination in values]

    def propose(self, number: int) -> Settings | None:
        """The combination of that number."""
        return self._combinations[number] if number < len(self._combinations) else None

    def learn(self, number: int, settings: Settings, value: float | None) -> None:
        """Nothing."""


class RandomProposer:
    """Independent draws that depend on the sweep's seed and the trial's number only.

    Args:
        sweep: the sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep

    def propose(self, number: int) -> Settings | None:
        """The draw of that number."""
        if number >= self._sweep.trials:
            return None
        generator = random.Random(f"{self._sweep.seed} {number}")  # noqa: S311 - nothing secret
        return {name: setting.draw(generator) for name, setting in self._sweep.space.items()}

    def learn(self, number: int, settings: Settings, value: float | None) -> None:
        """Nothing."""


class BayesianProposer:
    """Tree-structured Parzen estimators (Bergstra et al. 2011), as Optuna has them.

    The first third of the trials, ten at most, is drawn at random. Trials that are under way count as bad ones, so
    that workers do not all try the same.

    Args:
        sweep: the sweep.
        known: how many trials an earlier call has begun; the same draws are not made twice.

    Raises:
        MissingExtraError: Optuna is not installed.
    """

    def __init__(self, sweep: Sweep, *, known: int = 0) -> None:
        require_scale("optuna")
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(
            seed=sweep.seed + known, n_startup_trials=min(10, max(1, sweep.trials // 3)), constant_liar=True
        )
        self._sweep = sweep
        self._study = optuna.create_study(sampler=sampler, direction="maximize" if sweep.metric.rises else "minimize")
        self._distributions = {name: _distribution(setting) for name, setting in sweep.space.items()}
        self._asked: dict[int, Any] = {}

    def propose(self, number: int) -> Settings | None:
        """What seems best to try next."""
        if number >= self._sweep.trials:
            return None
        self._asked[number] = trial = self._study.ask(self._distributions)
        return {
            name: setting.values[trial.params[name]] if isinstance(setting, Choices) else trial.params[name]
            for name, setting in self._sweep.space.items()
        }

    def learn(self, number: int, settings: Settings, value: float | None) -> None:
        """Tell Optuna, also of trials from an earlier call."""
        import optuna

        if number in self._asked:
            state = optuna.trial.TrialState.FAIL if value is None else optuna.trial.TrialState.COMPLETE
            self._study.tell(self._asked.pop(number), value, state=state)
        elif value is not None:
            params = {
                name: setting.values.index(settings[name]) if isinstance(setting, Choices) else settings[name]
                for name, setting in self._sweep.space.items()
            }
            known = optuna.trial.create_trial(params=params, distributions=self._distributions, value=value)
            self._study.add_trial(known)


def _distribution(setting: Choices | Range) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if isinstance(setting, Choices):  # by place, because a choice may be a list
        return CategoricalDistribution(range(len(setting.values)))
    if setting.whole:
        return IntDistribution(int(setting.low), int(setting.high), log=setting.log)
    return FloatDistribution(setting.low, setting.high, log=setting.log)


def make_proposer(sweep: Sweep, *, known: int) -> Proposer:
    """What chooses the settings of a sweep.

    Args:
        sweep: the sweep.
        known: how many trials an earlier call has begun.
    """
    if sweep.search is Search.GRID:
        return GridProposer(sweep)
    if sweep.search is Search.RANDOM:
        return RandomProposer(sweep)
    return BayesianProposer(sweep, known=known)
