"""Inference for concurrent requests: decoding in threads, dynamic batching, an LRU cache, and a bounded queue."""

import asyncio
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn.bundle import DEFAULT, list_models, read_bundle
from smn.bundle.row_reader import choose_threads
from smn.bundle.runtime import Outputs, Runtime, limit_library_threads
from smn.errors import InputError, SimilarError, SmnError, UnknownNameError
from smn.images import ImageSource, Limits
from smn.images.rectify import Rectify
from smn.movements import list_taxonomies
from smn.predict.analysis import Analysis
from smn.predict.model import Model

LOG = logging.getLogger("smn.serve")


class BusyError(SmnError):
    """The queue is full.

    Args:
        seconds: to wait before the next request.
    """

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Too many pictures are waiting; ask again in {seconds} second{'s' if seconds > 1 else ''}.")


@dataclass(frozen=True)
class AnalysisOptions:
    """Options of one analysis.

    Args:
        top_k: number of guesses.
        taxonomy: id of the taxonomy, or None for the model's own.
        rectify: whether a photographed painting is found and straightened.
        coverage: of a conformal set, or None.
        explain: whether to compute evidence.
        similar: number of similar works.
        lookup: whether the very work is looked up.
        model: name of a model inside the package, or None for the one that is served.
    """

    top_k: int = 3
    taxonomy: str | None = None
    rectify: Rectify = Rectify.AUTO
    coverage: float | None = None
    explain: bool = False
    similar: int = 0
    lookup: bool = True
    model: str | None = None


@dataclass(frozen=True)
class EngineResult:
    """The analysis of one picture.

    Args:
        analysis: in the requested taxonomy.
        sha256: of the encoded picture.
    """

    analysis: Analysis
    sha256: str


_NO_SOURCE = ImageSource(b"")
"""Stands for the picture in cached analyses, so that the cache holds no pictures."""


@dataclass
class _Waiting:
    runtime: Runtime
    pixels: NDArray[np.float32]
    evidence: bool
    done: "asyncio.Future[Outputs]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Engine:
    """Serves a model, and those inside the package, to concurrent callers within one event loop.

    Call `start` and `stop` there. A model other than the served one is loaded when it is first asked for.

    Args:
        bundle: the model's folder.
        limits: how large a picture may be.
        queue: largest number of pictures waiting or in progress.
        batch: largest batch; made of what waits when the network is free, without a delay for more. 0 measures whether
            batches are faster here whenever a bundle is loaded, see `choose_batch`.
        workers: batches that the network answers at the same time; 0 measures how many are faster here, see
            `choose_workers`.
        threads: of the network; 0 lets ONNX Runtime choose.
        cache: number of cached analyses.
        lookup: whether, or in which index, works are looked up, as for `smn.predict.Model`; an index that does not fit
            is logged and left out.
        on_batch: called with the size of each batch.

    Raises:
        BundleError: the bundle cannot be loaded.
    """

    def __init__(
        self, bundle: Path, *, limits: Limits, queue: int = 64, batch: int = 0, workers: int = 0, threads: int = 1,
        cache: int = 1024, lookup: bool | Path = True, on_batch: Callable[[int], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._folder, self._limits, self._threads, self._lookup = bundle, limits, threads, lookup
        self._max_pending, self._asked_batch, self._cache_size, self._on_batch = queue, batch, cache, on_batch
        self.pending, self.hits = 0, 0
        self._seconds = 0.05  # a picture takes, measured as it goes
        self._cache: OrderedDict[tuple[str, str, AnalysisOptions], Analysis] = OrderedDict()
        limit_library_threads()
        self._decode_pool = ThreadPoolExecutor(2, "decode")
        self._load()
        runtime, size = self.model.runtime, self.model.bundle.preprocess.size
        # More threads a picture leave no processor for a second picture.
        self._workers = workers or (choose_workers(runtime, size=size) if threads == 1 else 1)
        self._network_pool = ThreadPoolExecutor(self._workers, "network")

    def _load(self) -> None:
        self.model = self._read(self._folder)
        self._max_batch = self._asked_batch or choose_batch(self.model.runtime, size=self.model.bundle.preprocess.size)
        self._models: dict[str | None, Model] = {None: self.model}
        self._variants: dict[tuple[str | None, str | None, Rectify, bool], Model] = {}

    def _read(self, folder: Path) -> Model:
        make = partial(Model, read_bundle(folder), limits=self._limits, threads=self._threads)
        try:
            loaded = make(lookup=self._lookup)
        except SimilarError as error:
            LOG.warning("works are not looked up", extra={"fields": {"reason": str(error)}})
            loaded = make(lookup=False)
        size = loaded.bundle.preprocess.size
        # The first run is slow: warm up.
        loaded.runtime.run(np.zeros((1, 3, size, size), dtype=np.float32), evidence=loaded.runtime.explains)
        return loaded

    async def start(self) -> None:
        """Start the workers."""
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._working = [asyncio.create_task(self._work()) for _ in range(self._workers)]

    async def stop(self) -> None:
        """Finish the pictures in progress, then stop."""
        while self.pending:
            await asyncio.sleep(0.02)
        for worker in self._working:
            worker.cancel()
        self._decode_pool.shutdown()
        self._network_pool.shutdown()

    async def reload(self) -> None:
        """Load the bundle again; pictures in progress are finished by the old model.

        Raises:
            BundleError: it cannot be loaded; the old model stays.
        """
        await asyncio.to_thread(self._load)
        self._cache.clear()

    async def variant(self, options: AnalysisOptions) -> Model:
        """The model in another taxonomy, with another `Rectify` mode or without looking up; the session is shared.

        Raises:
            UnknownNameError: there is no such taxonomy, or no such model, inside the package.
            TaxonomyError: the model cannot answer in it.
        """
        # A client may name what is inside the package only, not files of the server.
        model, taxonomy = options.model, options.taxonomy
        if model is not None and model not in list_models():
            raise UnknownNameError("model", model, list_models())
        if taxonomy is not None and taxonomy not in list_taxonomies():
            raise UnknownNameError("taxonomy", taxonomy, list_taxonomies())
        if model is not None and DEFAULT.with_name(model) == self.model.bundle.folder:
            model = None
        if model not in self._models:
            self._models[model] = await asyncio.to_thread(self._read, DEFAULT.with_name(str(model)))
        key = (model, taxonomy, options.rectify, options.lookup)
        if key not in self._variants:
            self._variants[key] = self._models[model].variant(
                taxonomy=taxonomy, rectify=options.rectify, lookup=options.lookup
            )
        return self._variants[key]

    async def answer(self, data: bytes, options: AnalysisOptions) -> EngineResult:
        """Analyze one encoded picture.

        Raises:
            BusyError: the queue is full.
            ImageError: the picture cannot be read.
            InputError: the options do not fit the model.
        """
        model = await self.variant(options)
        if options.explain and not model.runtime.explains:
            # Raised here: within a batch it would fail the other pictures, too.
            raise InputError(f"The model {model.name} cannot say where it looks; ask without explain.")
        digest = hashlib.sha256(data).hexdigest()
        key = (digest, model.bundle.model_sha256, options)
        source = ImageSource(data, limits=model.limits)
        if key in self._cache:
            self.hits += 1
            self._cache.move_to_end(key)
            return EngineResult(replace(self._cache[key], source=source), digest)
        if self.pending >= self._max_pending:
            raise BusyError(max(1, round(self.pending * self._seconds)))
        self.pending += 1
        began = time.monotonic()
        # Shielded: a cancelled request must not leave `pending` wrong. Its later exception is retrieved and dropped.
        working = asyncio.ensure_future(self._analyze(model, source, options))
        working.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            analysis = await asyncio.shield(working)
        finally:
            self._seconds += 0.05 * ((time.monotonic() - began) / max(1, self.pending) - self._seconds)
        if self._cache_size:
            self._cache[key] = replace(analysis, source=_NO_SOURCE)
            while len(self._cache) > self._cache_size:
                self._cache.popitem(last=False)
        return EngineResult(analysis, digest)

    async def _analyze(self, model: Model, source: ImageSource, options: AnalysisOptions) -> Analysis:
        """`Model.analyze` with preprocessing and inference in threads of their own."""
        loop = asyncio.get_running_loop()
        try:
            preprocess = partial(model.preprocess, source, show=options.explain)
            pixels, found = await loop.run_in_executor(self._decode_pool, preprocess)
            waiting = _Waiting(model.runtime, pixels, options.explain)
            await self._queue.put(waiting)
            outputs = await waiting.done
            # Looking a work up takes milliseconds, in which the event loop serves others.
            answer = partial(
                model.to_predictions, outputs, [None], found=[found], top_k=options.top_k, coverage=options.coverage,
                batch=pixels[None],
            )  # fmt: skip
            (prediction,) = await loop.run_in_executor(self._decode_pool, answer)
            return Analysis(prediction, outputs, found, model, source)
        finally:
            self.pending -= 1

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._max_batch and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            # After a reload, a batch may belong to two sessions.
            for runtime in {id(one.runtime): one.runtime for one in batch}.values():
                mine = [one for one in batch if one.runtime is runtime]
                await self._run_batch(loop.run_in_executor(self._network_pool, _run, runtime, mine), mine)

    async def _run_batch(self, running: Awaitable[tuple[Outputs, ...]], batch: list[_Waiting]) -> None:
        self._on_batch(len(batch))
        try:
            outputs = await running
        except Exception as error:  # noqa: BLE001 - passed on to every waiting request
            for one in batch:
                if not one.done.done():
                    one.done.set_exception(error)
            return
        for one, output in zip(batch, outputs, strict=True):
            if not one.done.done():
                one.done.set_result(output)


_TRIED, _WORTH = 4, 0.95
_REST = 0.03  # seconds of a processor that a request takes beside the network, as benchmarks/load.py saw them


def choose_batch(runtime: Runtime, *, size: int) -> int:
    """The largest batch that is worth it: 4 where four pictures at once take clearly less than one by one, or else 1.

    With one thread, batches are mostly slower, because their activations leave the processor's cache.

    Args:
        runtime: of the network; it is run fifteen times.
        size: side of the pictures in pixels.
    """
    pictures = np.zeros((_TRIED, 3, size, size), dtype=np.float32)
    times: dict[int, list[float]] = {1: [], _TRIED: []}
    for _ in range(3):  # in turns, so that a busy moment meets both
        for count, taken in times.items():
            started = time.perf_counter()
            for start in range(_TRIED if count == 1 else 1):
                runtime.run(pictures[start : start + count])
            taken.append(time.perf_counter() - started)
    chosen = _TRIED if min(times[_TRIED]) < _WORTH * min(times[1]) else 1
    ratio = round(min(times[_TRIED]) / min(times[1]), 2)
    LOG.info("batches measured", extra={"fields": {"batch": chosen, "ratio": ratio}})
    return chosen


def choose_workers(runtime: Runtime, *, size: int) -> int:
    """How many pictures to answer at the same time: one for each processor where that is clearly faster, or else 1.

    Processors that share a core gain little, those that other programs keep busy nothing. Neither does a network so
    quick that decoding and the rest of a request keep the other processors busy: then more at once only wait for each
    other.

    Args:
        runtime: of the network, of one thread; it is run six times for each processor.
        size: side of the pictures in pixels.
    """
    most = choose_threads()
    pictures = [np.zeros((1, 3, size, size), dtype=np.float32)] * most
    times: dict[int, list[float]] = {1: [], most: []}
    with ThreadPoolExecutor(most) as pool:
        for _ in range(3):  # in turns, so that a busy moment meets both
            for count, taken in times.items():
                started = time.perf_counter()
                list(map(runtime.run, pictures) if count == 1 else pool.map(runtime.run, pictures))
                taken.append(time.perf_counter() - started)
    faster = min(times[most]) < _WORTH * min(times[1])
    chosen = most if faster and min(times[1]) / most * (most - 1) > _REST else 1
    LOG.info(
        "workers measured", extra={"fields": {"workers": chosen, "ratio": round(min(times[most]) / min(times[1]), 2)}}
    )
    return chosen


def _run(runtime: Runtime, batch: list[_Waiting]) -> tuple[Outputs, ...]:
    evidence = any(one.evidence for one in batch)
    return runtime.run(np.stack([one.pixels for one in batch]), evidence=evidence).split()
