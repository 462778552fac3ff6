"""Answers for pictures on few cores: decodes in threads, shows several at once to the network, turns away too many."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn.bundle import read_bundle
from smn.errors import InputError, SmnError, UnknownNameError
from smn.images import ImageSource, Limits
from smn.movements import list_taxonomies
from smn.predict.model import Analysis, Model
from smn.rectify import Rectify
from smn.runtime import Outputs, Runtime


class BusyError(SmnError):
    """More pictures are waiting than may.

    Args:
        seconds: after which it is worth asking again.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Too many pictures are waiting; ask again in {seconds} second{'s' if seconds > 1 else ''}.")


@dataclass(frozen=True)
class Asked:
    """What is wanted of an answer.

    Args:
        top_k: how many guesses.
        taxonomy: its id, or None for the model's own.
        rectify: whether a painting on a wall is found and straightened.
        coverage: of a conformal set, or None.
        explain: whether evidence is wanted.
        similar: how many works that look alike.
    """

    top_k: int = 3
    taxonomy: str | None = None
    rectify: Rectify = Rectify.AUTO
    coverage: float | None = None
    explain: bool = False
    similar: int = 0


@dataclass(frozen=True)
class Answered:
    """What came of a picture.

    Args:
        analysis: the answer and what it was made of; by the model in the taxonomy that was asked for.
        sha256: of the picture's bytes.
    """

    analysis: Analysis
    sha256: str


_NO_SOURCE = ImageSource(b"")
"""In place of a picture, so that answers that are kept do not keep their pictures."""


@dataclass
class _Waiting:
    runtime: Runtime
    pixels: NDArray[np.float32]
    evidence: bool
    done: "asyncio.Future[Outputs]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Engine:
    """A model that serves many callers. It lives in one event loop: call `start` and `stop` there.

    Args:
        bundle: the model's folder.
        limits: how large a picture may be.
        queue: pictures that may wait or be worked on.
        batch: pictures that the network sees at once, at most; those that wait when it is free, never waiting for more.
        threads: of the network; 0 lets ONNX Runtime choose.
        cache: answers that are kept.
        on_batch: told the size of each batch.

    Raises:
        BundleError: the bundle cannot be loaded.
    """

    def __init__(
        self, bundle: Path, *, limits: Limits, queue: int = 64, batch: int = 1, threads: int = 1, cache: int = 1024,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._folder, self._limits, self._threads = bundle, limits, threads
        self._most, self._batch, self._size, self._on_batch = queue, batch, cache, on_batch
        self.pending, self.hits = 0, 0
        self._seconds = 0.05  # a picture takes, measured as it goes
        self._cache: OrderedDict[tuple[str, str, Asked], Analysis] = OrderedDict()
        self._decoding = ThreadPoolExecutor(2, "decode")
        self._seeing = ThreadPoolExecutor(1, "network")
        self._load()

    def _load(self) -> None:
        loaded = Model(read_bundle(self._folder), limits=self._limits, threads=self._threads)
        size = loaded.bundle.preprocess.size
        # The first look is slow; nobody shall wait for it.
        loaded.runtime.run(np.zeros((1, 3, size, size), dtype=np.float32), evidence=loaded.runtime.explains)
        self.model, self._variants = loaded, dict[tuple[str | None, Rectify], Model]()

    async def start(self) -> None:
        """Begin to work."""
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._worker = asyncio.create_task(self._work())

    async def stop(self) -> None:
        """Finish what was taken, then end."""
        while self.pending:
            await asyncio.sleep(0.02)
        self._worker.cancel()
        self._decoding.shutdown()
        self._seeing.shutdown()

    async def reload(self) -> None:
        """Load the bundle anew; pictures that are being worked on are finished by the model that began them.

        Raises:
            BundleError: it cannot be loaded; the old one stays.
        """
        await asyncio.to_thread(self._load)
        self._cache.clear()

    def variant(self, taxonomy: str | None, rectify: Rectify) -> Model:
        """The model in another taxonomy, or with another way to treat photographs; the network is shared.

        Raises:
            UnknownNameError: there is no such taxonomy inside the package.
            TaxonomyError: the model cannot answer in it.
        """
        known = self._variants.get((taxonomy, rectify))
        if known is None:
            # Of this list alone: a stranger must not name files of the server.
            if taxonomy is not None and taxonomy not in list_taxonomies():
                raise UnknownNameError("taxonomy", taxonomy, list_taxonomies())
            known = self._variants[taxonomy, rectify] = self.model.variant(taxonomy=taxonomy, rectify=rectify)
        return known

    async def answer(self, data: bytes, asked: Asked) -> Answered:
        """Answer for one encoded picture.

        Raises:
            BusyError: too many are waiting.
            ImageError: it cannot be read.
            InputError: what is asked does not fit.
        """
        model = self.variant(asked.taxonomy, asked.rectify)
        if asked.explain and not model.runtime.explains:
            # Said here, because in a batch it would be the others' error, too.
            raise InputError(f"The model {model.name} cannot say where it looks; ask without explain.")
        digest = hashlib.sha256(data).hexdigest()
        key = (digest, model.bundle.model_sha256, asked)
        source = ImageSource(data, limits=model.limits)
        if key in self._cache:
            self.hits += 1
            self._cache.move_to_end(key)
            return Answered(replace(self._cache[key], source=source), digest)
        if self.pending >= self._most:
            raise BusyError(max(1, round(self.pending * self._seconds)))
        self.pending += 1
        began = time.monotonic()
        # Shielded: whoever hangs up does not leave the count wrong. What then goes wrong is nobody's to hear.
        working = asyncio.ensure_future(self._analyze(model, source, asked))
        working.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            analysis = await asyncio.shield(working)
        finally:
            self._seconds += 0.05 * ((time.monotonic() - began) / max(1, self.pending) - self._seconds)
        if self._size:
            self._cache[key] = replace(analysis, source=_NO_SOURCE)
            while len(self._cache) > self._size:
                self._cache.popitem(last=False)
        return Answered(analysis, digest)

    async def _analyze(self, model: Model, source: ImageSource, asked: Asked) -> Analysis:
        """What `Model.analyze` does, its two halves in their own threads."""
        loop = asyncio.get_running_loop()
        try:
            preprocess = partial(model.preprocess, source, show=asked.explain)
            pixels, found = await loop.run_in_executor(self._decoding, preprocess)
            waiting = _Waiting(model.runtime, pixels, asked.explain)
            await self._queue.put(waiting)
            outputs = await waiting.done
            (prediction,) = model.to_predictions(
                outputs, [None], found=[found], top_k=asked.top_k, coverage=asked.coverage
            )
            return Analysis(prediction, outputs, found, model, source)
        finally:
            self.pending -= 1

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._batch and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            # After a new bundle, what waits may belong to two networks.
            for runtime in {id(one.runtime): one.runtime for one in batch}.values():
                mine = [one for one in batch if one.runtime is runtime]
                await self._see(loop.run_in_executor(self._seeing, _run, runtime, mine), mine)

    async def _see(self, running: Awaitable[tuple[Outputs, ...]], batch: list[_Waiting]) -> None:
        self._on_batch(len(batch))
        try:
            outputs = await running
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must hear of it
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(error)
            return
        for one, output in zip(batch, outputs, strict=True):
            if not one.done.done():
                one.done.set_result(output)


def _run(runtime: Runtime, batch: list[_Waiting]) -> tuple[Outputs, ...]:
    evidence = any(one.evidence for one in batch)
    return runtime.run(np.stack([one.pixels for one in batch]), evidence=evidence).split()
