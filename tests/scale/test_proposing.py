import dataclasses
from typing import Any

import pytest

from smn.scale import Metric, Search, Sweep
from smn.scale.proposing import make_proposer
from smn.scale.space import Choices, Range

SPACE = {
    "rate": Range(1e-4, 1e-2, log=True, whole=False),
    "depth": Range(1, 3, log=False, whole=True),
    "widths": Choices(([4], [8, 8])),
}
SWEEP = Sweep("tried", "tiny", trials=6, space=SPACE)


def propose_all(sweep: Sweep, *, known: int = 0) -> list[Any]:
    proposer = make_proposer(sweep, known=known)
    found = []
    while (settings := proposer.propose(known + len(found))) is not None:
        found.append(settings)
    return found


def test_a_grid_is_every_combination() -> None:
    space = {"a": Choices((1, 2)), "b": Choices(("x", "y", "z"))}
    found = propose_all(dataclasses.replace(SWEEP, search=Search.GRID, trials=0, space=space))
    assert [tuple(settings.values()) for settings in found] == [
        (1, "x"), (1, "y"), (1, "z"), (2, "x"), (2, "y"), (2, "z"),
    ]  # fmt: skip


def test_random_draws_depend_on_seed_and_number_only() -> None:
    found = propose_all(SWEEP)
    assert len(found) == 6
    assert len({settings["rate"] for settings in found}) == 6
    assert propose_all(SWEEP, known=3) == found[3:]
    assert propose_all(dataclasses.replace(SWEEP, seed=1)) != found


@pytest.mark.parametrize("metric", list(Metric))
def test_bayesian_draws_gather_where_it_was_good(metric: Metric) -> None:
    sweep = dataclasses.replace(SWEEP, search=Search.BAYESIAN, trials=40, metric=metric)
    proposer = make_proposer(sweep, known=0)
    rates = []
    for number in range(40):
        settings = proposer.propose(number)
        assert settings is not None
        assert 1e-4 <= settings["rate"] <= 1e-2
        assert settings["depth"] in (1, 2, 3)
        assert settings["widths"] in ([4], [8, 8])
        rates.append(settings["rate"])
        proposer.learn(number, settings, settings["rate"] if metric.rises else -settings["rate"])
    assert proposer.propose(40) is None
    late = rates[20:]
    assert sum(rate > 3e-3 for rate in late) > 0.5 * len(late)  # a quarter of random draws


def test_bayesian_draws_learn_from_an_earlier_call_and_from_failures() -> None:
    sweep = dataclasses.replace(SWEEP, search=Search.BAYESIAN, trials=12)
    first, again = (make_proposer(sweep, known=known) for known in (0, 2))
    begun = [first.propose(number) for number in (0, 1)]
    first.learn(0, begun[0] or {}, None)
    for number, settings in enumerate(begun):
        again.learn(number, settings or {}, 0.5)
    again.learn(2, {"rate": 1e-3, "depth": 2, "widths": [4]}, None)
    assert again.propose(2) not in begun
