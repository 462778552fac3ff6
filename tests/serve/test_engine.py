import asyncio
import threading
import time
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from PIL import Image

from smn.bundle import DEFAULT, Bundle
from smn.errors import ImageError, InputError
from smn.examples import paint
from smn.images import Limits
from smn.serve import engine as engine_module
from smn.serve.engine import AnalysisOptions, BusyError, Engine, choose_batch, choose_workers

from .conftest import encode


def test_an_engine_batches_caches_and_turns_away(painting: bytes) -> None:
    sizes: list[int] = []
    pictures = [encode(paint("cubism", seed=seed)) for seed in range(6)]

    async def work() -> None:
        engine = Engine(DEFAULT, limits=Limits(), queue=6, batch=4, cache=2, on_batch=sizes.append)
        await engine.start()
        answers = await asyncio.gather(*(engine.answer(one, AnalysisOptions()) for one in pictures))
        assert sum(sizes) == 6
        assert max(sizes) <= 4
        alone = [await engine.answer(one, AnalysisOptions()) for one in pictures]
        assert [one.analysis.prediction for one in alone] == [one.analysis.prediction for one in answers]
        hits = engine.hits
        await engine.answer(pictures[-1], AnalysisOptions())
        assert engine.hits == hits + 1
        many = [encode(paint("cubism", seed=seed)) for seed in range(100, 110)]
        found = await asyncio.gather(*(engine.answer(one, AnalysisOptions()) for one in many), return_exceptions=True)
        assert sum(isinstance(one, BusyError) for one in found) == 4
        with pytest.raises(ImageError):
            await engine.answer(b"nothing", AnalysisOptions())
        assert engine.pending == 0
        # A caller who gives up leaves nothing behind.
        task = asyncio.create_task(engine.answer(painting, AnalysisOptions(top_k=2)))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await engine.stop()
        assert engine.pending == 0

    asyncio.run(work())


def test_one_who_asks_too_much_does_not_spoil_the_batch(tiny_bundle: Bundle) -> None:
    """A network that cannot say where it looks: whoever asks hears of it, the others get their answers."""
    pictures = [encode(Image.new("RGB", (40, 40), (200, shade, 10)), "PNG") for shade in range(6)]

    async def work() -> None:
        engine = Engine(tiny_bundle.folder, limits=Limits(), batch=8)
        await engine.start()
        found = await asyncio.gather(
            *(engine.answer(one, AnalysisOptions(explain=number == 2)) for number, one in enumerate(pictures)),
            return_exceptions=True,
        )
        assert [isinstance(one, InputError) for one in found] == [number == 2 for number in range(6)]
        await engine.stop()

    asyncio.run(work())


@pytest.mark.parametrize(("whole", "chosen"), [(0.001, 4), (0.03, 1)])
def test_batches_are_made_where_they_are_faster(whole: float, chosen: int) -> None:
    class Slow:
        """A network that takes 5 ms for one picture, and a given time for several."""

        def run(self, batch: np.ndarray) -> None:
            time.sleep(0.005 if len(batch) == 1 else whole)

    assert choose_batch(Slow(), size=8) == chosen  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("alone", "seconds", "processors", "chosen"),
    [(False, 0.04, 2, 2), (False, 0.02, 3, 3), (True, 0.04, 2, 1), (False, 0.04, 1, 1), (False, 0.005, 2, 1)],
)
def test_pictures_are_answered_at_once_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, alone: bool, seconds: float, processors: int, chosen: int
) -> None:
    monkeypatch.setattr(engine_module, "choose_threads", lambda: processors)
    turn = threading.Lock()

    class Slow:
        """A network that takes some time, of which nothing overlaps where it is alone on its core."""

        def run(self, batch: np.ndarray) -> None:
            assert len(batch) == 1
            with turn if alone else nullcontext():
                time.sleep(seconds)

    assert choose_workers(Slow(), size=8) == chosen  # type: ignore[arg-type]


def test_two_networks_answer_as_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [encode(paint("cubism", seed=seed)) for seed in range(8)]
    active, most = 0, 0
    run, guard = engine_module._run, threading.Lock()

    def counted(*arguments: Any) -> Any:
        nonlocal active, most
        with guard:
            active += 1
            most = max(most, active)
        try:
            return run(*arguments)
        finally:
            with guard:
                active -= 1

    monkeypatch.setattr(engine_module, "_run", counted)

    async def work(workers: int) -> list[Any]:
        engine = Engine(DEFAULT.with_name("fast"), limits=Limits(), batch=1, workers=workers)
        await engine.start()
        found = await asyncio.gather(*(engine.answer(one, AnalysisOptions()) for one in pictures))
        await engine.stop()
        return [one.analysis.prediction for one in found]

    alone = asyncio.run(work(1))
    assert most == 1
    assert asyncio.run(work(2)) == alone
    assert most == 2
