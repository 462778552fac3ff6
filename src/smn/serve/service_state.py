"""What the routes share: engine, index of similar works, records, keys, and Prometheus metrics."""

import asyncio
import base64
import io
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, TypeVar

from fastapi import Request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from smn.errors import ImageError, SimilarError, SmnError
from smn.images import Limits
from smn.predict.analysis import Analysis
from smn.predict.model import Model
from smn.predict.phrasing import phrase
from smn.predict.prediction import failed
from smn.serve.engine import AnalysisOptions, Engine
from smn.serve.keys import RateLimiter, find_key, read_keys
from smn.serve.problems import ProblemError
from smn.serve.request_body import SentPicture
from smn.service.records import Records
from smn.service.service_settings import ServiceSettings
from smn.similar.index import DEFAULT_INDEX, SimilarIndex, check_fit, read_index
from smn.works import choose_index

LOG = logging.getLogger("smn.serve")
T = TypeVar("T")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """Prometheus metrics, in a registry of their own for each service of a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "smn_requests", "Requests answered", ["method", "path", "status"], registry=self.registry
        )
        self._seconds = Histogram("smn_request_seconds", "Seconds a request took", ["path"], buckets=_SECONDS,
                                  registry=self.registry)  # fmt: skip
        self._batch = Histogram("smn_batch_pictures", "Pictures that the network saw at once", registry=self.registry,
                                buckets=(1, 2, 4, 8, 16, 32))  # fmt: skip
        self._outcomes = Counter("smn_answers", "Answers given", ["outcome", "model"], registry=self.registry)

    def watch(self, engine: Engine) -> None:
        """Export the queue length and the cache hits of an engine."""
        Gauge("smn_pictures_pending", "Pictures that wait or are worked on", registry=self.registry).set_function(
            lambda: engine.pending
        )
        Gauge("smn_cache_hits", "Answers that were known already", registry=self.registry).set_function(
            lambda: engine.hits
        )

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        # Arbitrary method names from clients must not become a label each.
        self._requests.labels(method if method in _METHODS else "other", path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def count_batch(self, size: int) -> None:
        """Count a batch."""
        self._batch.observe(size)

    def count_answer(self, outcome: str, model: str) -> None:
        """Count an answer."""
        self._outcomes.labels(outcome, model).inc()

    def text(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self.registry)


class ServiceState:
    """What lives as long as the service.

    Args:
        settings: of the service.
        metrics: to update.

    Raises:
        BundleError: the model cannot be loaded.
        InputError: the keys cannot be read.
    """

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self.settings, self.metrics = settings, metrics
        limits = Limits(max_bytes=settings.max_body, max_pixels=settings.max_pixels)
        self.engine = Engine(
            settings.bundle, limits=limits, queue=settings.queue, batch=settings.batch, workers=settings.workers,
            threads=settings.threads,
            cache=settings.cache, lookup=settings.index == DEFAULT_INDEX or settings.index,
            on_batch=metrics.count_batch,
        )  # fmt: skip
        metrics.watch(self.engine)
        self.records = Records(settings.database, images=settings.images) if settings.database else None
        self._keys = read_keys(settings.keys) if settings.keys else None
        self._limiter = RateLimiter()
        self._write_pool = ThreadPoolExecutor(1 if settings.database.startswith("sqlite") else 4, "records")
        self._draw_pool = ThreadPoolExecutor(1, "draw")
        self._background: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the engine and the background tasks."""
        await self.engine.start()
        for chore in (self._reload_on_change, self._delete_expired):
            task = asyncio.create_task(chore())
            self._background.add(task)

    async def stop(self) -> None:
        """Finish the pictures in progress, then stop."""
        for task in self._background:
            task.cancel()
        await self.engine.stop()
        self._draw_pool.shutdown()
        self._write_pool.shutdown()
        if self.records is not None:
            self.records.close()

    @cached_property
    def index(self) -> SimilarIndex:
        """The index of similar works.

        Raises:
            SimilarError: there is none, or it is from another model.
        """
        return read_index(choose_index(self.engine.model.bundle, self.settings.index))

    def _check_index(self, model: Model) -> None:
        try:
            check_fit(self.index, model)
        except SimilarError as error:
            # The reason names files of the server: logged, not sent.
            LOG.warning("index does not fit", extra={"fields": {"reason": str(error)}})
            raise ProblemError(503, "Similar works cannot be searched here at the moment; ask without them.") from error

    async def check_caller(self, request: Request) -> str | None:
        """The name of the caller's key, or None where no keys are set.

        Raises:
            ProblemError: the key is missing or unknown, or the rate limit is exceeded.
        """
        host = request.client.host if request.client else "unknown"
        if self._keys is None:
            caller, rate = host, self.settings.rate
            name = None
        else:
            given = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
            key = find_key(self._keys, given)
            if key is None:
                raise ProblemError(
                    401, "A key is needed: send it as X-API-Key, or as Authorization: Bearer.",
                    headers={"WWW-Authenticate": "Bearer"},
                )  # fmt: skip
            caller, rate, name = key.name, key.rate, key.name
        wait = self._limiter.wait(caller, rate)
        if wait:
            seconds = max(1, round(wait + 0.5))
            raise ProblemError(
                429, f"At most {rate} requests a minute are answered; ask again in {seconds} s.",
                headers={"Retry-After": str(seconds)},
            )  # fmt: skip
        request.scope["smn.caller"] = name
        return name

    async def answer(
        self,
        pictures: Sequence[SentPicture],
        options: AnalysisOptions,
        *,
        several: bool,
        caller: str | None,
        keep: bool,
        language: str = "en",
    ) -> list[dict[str, Any]]:
        """An answer for each picture; with ``several``, an unreadable picture becomes an answer with its reason.

        Args:
            pictures: as they were sent.
            options: of every analysis.
            several: whether the request may hold several.
            caller: the name of the caller's key.
            keep: whether pictures may be kept.
            language: of the sentences.

        Raises:
            SmnError: the only picture cannot be read, the queue is full, or the options do not fit.
        """
        model = await self.engine.variant(options)  # fails once for all pictures
        if options.similar:
            self._check_index(model)
        return list(
            await asyncio.gather(
                *(self._answer_one(one, options, several=several, caller=caller, keep=keep, language=language)
                  for one in pictures)
            )
        )  # fmt: skip

    async def _answer_one(
        self, sent: SentPicture, options: AnalysisOptions, *, several: bool, caller: str | None, keep: bool,
        language: str,
    ) -> dict[str, Any]:  # fmt: skip
        try:
            if sent.error is not None:
                raise sent.error
            answered = await self.engine.answer(sent.data, options)
        except SmnError as error:
            if not several or not (isinstance(error, ImageError) or sent.error is not None):
                raise
            name = (await self.engine.variant(options)).name
            self.metrics.count_answer("error", name)
            failure = failed(sent.name, str(error), model=name)
            return {"id": None, **failure.to_dict(), "sentence": str(failure)}
        analysis = answered.analysis
        answer = analysis.prediction.to_dict() | {"path": sent.name}
        self.metrics.count_answer(answer["outcome"], answer["model"])
        extras: dict[str, Any] = {}
        if options.explain:
            extras["explanation"] = await self._run(self._draw_pool, partial(_explain, analysis))
        if options.similar:
            search = partial(self.index.search, analysis.embedding, top_k=options.similar)
            extras["similar"] = [one.to_dict() for one in await self._run(self._draw_pool, search)]
        prediction_id = None
        if self.records is not None:
            add = partial(self.records.add_prediction, answer, sha256=answered.sha256, caller=caller,
                          image=sent.data if keep else None)  # fmt: skip
            prediction_id = await self.write(add)
        sentence = phrase(analysis.prediction, language).sentence
        return {"id": prediction_id, **answer, "sentence": sentence, **extras}

    async def write(self, what: Callable[[], T]) -> T:
        """Run a function of `records` off the event loop."""
        return await self._run(self._write_pool, what)

    async def _run(self, pool: ThreadPoolExecutor, what: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, what)

    async def _reload_on_change(self) -> None:
        """Reload the bundle when its ``bundle.json`` changes; one that cannot be loaded changes nothing."""
        file, every = self.settings.bundle / "bundle.json", self.settings.watch

        def stamp() -> tuple[int, int] | None:
            try:
                known = file.stat()
            except OSError:
                return None
            return known.st_mtime_ns, known.st_size

        known = stamp()
        while every:
            await asyncio.sleep(every)
            now = await asyncio.to_thread(stamp)
            if now is None or now == known:
                continue
            try:
                await self.engine.reload()
                LOG.info("bundle loaded", extra={"fields": {"model": self.engine.model.name}})
                known = now
            except SmnError as error:
                # It may be half written: tried again.
                LOG.warning("bundle not loaded", extra={"fields": {"reason": str(error)}})

    async def _delete_expired(self) -> None:
        while self.records is not None and self.settings.keep_days:
            gone = await self.write(partial(self.records.delete_expired, self.settings.keep_days))
            if gone:
                LOG.info("old predictions deleted", extra={"fields": {"count": gone}})
            await asyncio.sleep(3600)


def _explain(analysis: Analysis) -> dict[str, Any]:
    from smn.explain import explain_analysis

    why = explain_analysis(analysis)
    buffer = io.BytesIO()
    why.overlay().save(buffer, "JPEG", quality=85)
    return {
        "movement": why.movement,
        "overlay": f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}",
        "evidence": why.evidence[why.movement].round(4).tolist(),
        "maps": {
            guess.movement: why.evidence[guess.movement].round(4).tolist()
            for guess in why.prediction.predictions
            if guess.movement in why.evidence
        },
        "traits": list(why.traits()),
    }
