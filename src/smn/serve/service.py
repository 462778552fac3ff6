"""What the routes share: the engine, the index, the memory, the keys."""

import asyncio
import base64
import io
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import Any, TypeVar

from fastapi import Request

from smn.errors import ImageError, SimilarError, SmnError
from smn.images import Limits
from smn.predict.model import Analysis
from smn.predict.prediction import failed
from smn.serve.engine import Asked, Engine
from smn.serve.keys import RateLimiter, find_key, read_keys
from smn.serve.metrics import Metrics
from smn.serve.problems import ProblemError
from smn.serve.reading import Sent
from smn.serve.records import Records
from smn.serve.settings import Settings
from smn.similar.index import SimilarIndex, check_fit, read_index

LOG = logging.getLogger("smn.serve")
T = TypeVar("T")


class Service:
    """Everything that lives as long as the service does.

    Args:
        settings: checked.
        metrics: where things are counted.

    Raises:
        BundleError: the model cannot be loaded.
        InputError: the keys cannot be read.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings, self.metrics = settings, metrics
        limits = Limits(max_bytes=settings.max_body, max_pixels=settings.max_pixels)
        self.engine = Engine(
            settings.bundle, limits=limits, queue=settings.queue, batch=settings.batch, threads=settings.threads,
            cache=settings.cache, on_batch=metrics.count_batch,
        )  # fmt: skip
        metrics.watch(self.engine)
        self.records = Records(settings.database, images=settings.images) if settings.database else None
        self._keys = read_keys(settings.keys) if settings.keys else None
        self._limiter = RateLimiter()
        self._writing = ThreadPoolExecutor(1 if settings.database.startswith("sqlite") else 4, "records")
        self._drawing = ThreadPoolExecutor(1, "draw")
        self._background: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to work."""
        await self.engine.start()
        for chore in (self._watch, self._tidy):
            task = asyncio.create_task(chore())
            self._background.add(task)

    async def stop(self) -> None:
        """Finish what was taken, then end."""
        for task in self._background:
            task.cancel()
        await self.engine.stop()
        self._drawing.shutdown()
        self._writing.shutdown()
        if self.records is not None:
            self.records.close()

    @cached_property
    def index(self) -> SimilarIndex:
        """The works that look alike.

        Raises:
            SimilarError: there are none, or another model made them.
        """
        return read_index(self.settings.index)

    def _check_index(self) -> None:
        try:
            check_fit(self.index, self.engine.model)
        except SimilarError as error:
            # Ours to mend, and where our files lie is not for strangers.
            LOG.warning("index does not fit", extra={"fields": {"reason": str(error)}})
            raise ProblemError(503, "Similar works cannot be searched here at the moment; ask without them.") from error

    async def check_caller(self, request: Request) -> str | None:
        """Who asks, if they may.

        Raises:
            ProblemError: they may not, or not so often.
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
        self, pictures: Sequence[Sent], asked: Asked, *, several: bool, caller: str | None, keep: bool
    ) -> list[dict[str, Any]]:
        """An answer for each picture; where several could have been sent, a bad one becomes an answer with its reason.

        Raises:
            SmnError: the only picture is bad, too many are waiting, or what is asked does not fit.
        """
        self.engine.variant(asked.taxonomy, asked.rectify)  # what is wrong with these is wrong with every picture
        if asked.similar:
            self._check_index()
        return list(
            await asyncio.gather(
                *(self._one(one, asked, several=several, caller=caller, keep=keep) for one in pictures)
            )
        )

    async def _one(self, sent: Sent, asked: Asked, *, several: bool, caller: str | None, keep: bool) -> dict[str, Any]:
        try:
            if sent.error is not None:
                raise sent.error
            answered = await self.engine.answer(sent.data, asked)
        except SmnError as error:
            if not several or not (isinstance(error, ImageError) or sent.error is not None):
                raise
            model = self.engine.model.name
            self.metrics.count_answer("error", model)
            return {"id": None, **failed(sent.name, str(error), model=model).to_dict()}
        analysis = answered.analysis
        told = analysis.prediction.to_dict() | {"path": sent.name}
        self.metrics.count_answer(told["outcome"], told["model"])
        extras: dict[str, Any] = {}
        if asked.explain:
            extras["explanation"] = await self._run(self._drawing, partial(_explain, analysis))
        if asked.similar:
            search = partial(self.index.search, analysis.embedding, top_k=asked.similar)
            extras["similar"] = [one.to_dict() for one in await self._run(self._drawing, search)]
        remembered = None
        if self.records is not None:
            add = partial(self.records.add_prediction, told, sha256=answered.sha256, caller=caller,
                          image=sent.data if keep else None)  # fmt: skip
            remembered = await self.write(add)
        return {"id": remembered, **told, **extras}

    async def write(self, what: Callable[[], T]) -> T:
        """Do something with the memory, off the event loop."""
        return await self._run(self._writing, what)

    async def _run(self, pool: ThreadPoolExecutor, what: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, what)

    async def _watch(self) -> None:
        """Load the bundle anew when its ``bundle.json`` is another; a bundle that cannot be loaded changes nothing."""
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
                # Perhaps only half of it is there yet: looked at again.
                LOG.warning("bundle not loaded", extra={"fields": {"reason": str(error)}})

    async def _tidy(self) -> None:
        while self.records is not None and self.settings.keep_days:
            gone = await self.write(partial(self.records.forget_old, self.settings.keep_days))
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
