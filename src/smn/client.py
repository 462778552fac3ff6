"""Asks a service of smn's, waiting and trying again as it says."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from smn.errors import InputError, MissingExtraError, ServiceError

Picture = bytes | str | Path
"""An encoded picture's bytes, or a path to it."""

_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 30.0


class _Asking:
    """What both clients share: what a request is made of, when it is sent again, and what an answer means."""

    def __init__(self, address: str, key: str | None, timeout: float, attempts: int) -> None:
        if not address.startswith(("http://", "https://")) or timeout <= 0 or attempts < 1:
            raise InputError(
                "A client needs an address such as http://127.0.0.1:8000, a timeout above 0 and 1 attempt or more, "
                f"not {address!r}, {timeout} and {attempts}."
            )
        try:
            import httpx2
        except ImportError as error:
            raise MissingExtraError("client", "httpx2") from error
        self.httpx = httpx2
        self.options: dict[str, Any] = {
            "base_url": address, "timeout": timeout, "headers": {"X-API-Key": key} if key else {},
        }  # fmt: skip
        self.attempts = attempts

    def waits(self) -> Iterator[float]:
        """Seconds before each further attempt, where the service does not say."""
        yield from (min(_LONGEST_WAIT, 0.25 * 2**number) for number in range(self.attempts - 1))

    def judge(self, response: Any, wait: float | None) -> float | None:
        """Seconds until the request is worth sending again, or None where the response is final."""
        if wait is None or response.status_code not in _AGAIN:
            return None
        said = response.headers.get("retry-after", "")
        return min(_LONGEST_WAIT, float(said)) if said.isdigit() else wait

    def pardon(self, error: Exception, wait: float | None) -> float:
        """Seconds until a request that never reached the service is worth sending again.

        One that may have reached it is not sent again: feedback must not be counted twice.

        Raises:
            ServiceError: it is not.
        """
        if wait is None or not isinstance(error, self.httpx.ConnectError | self.httpx.ConnectTimeout):
            address, kind = self.options["base_url"], type(error).__name__
            raise ServiceError(f"{address} cannot be reached ({kind}); is the service running?") from error
        return wait

    def read(self, response: Any) -> Any:
        """What a response holds.

        Raises:
            ServiceError: it is a refusal.
        """
        if response.status_code == 204:
            return None
        try:
            data = response.json()
        except ValueError:
            data = None
        if response.is_success and data is not None:
            return data
        detail = data.get("detail") if isinstance(data, dict) else None
        raise ServiceError(
            str(detail or f"The service answered {response.status_code}; is this one of smn's?"),
            status=response.status_code, request_id=response.headers.get("x-request-id"),
        )  # fmt: skip


def _predict(pictures: Sequence[Picture], options: Mapping[str, Any]) -> dict[str, Any]:
    """A request for answers."""
    if not pictures:
        raise InputError("No picture is given; give one or more.")
    files = []
    for number, picture in enumerate(pictures):
        name = f"{number}" if isinstance(picture, bytes) else Path(picture).name
        try:
            data = picture if isinstance(picture, bytes) else Path(picture).read_bytes()
        except OSError as error:
            raise InputError(f"{name} cannot be read ({error.strerror}); check the path.") from error
        files.append(("file", (name, data, "application/octet-stream")))
    return {"method": "POST", "url": "/v1/predict", "files": files, "params": dict(options)}


def _feedback(prediction: str, *, agree: bool, movement: str | None, text: str | None) -> dict[str, Any]:
    body = {"prediction": prediction, "verdict": "agree" if agree else "disagree", "movement": movement, "text": text}
    return {"method": "POST", "url": "/v1/feedback", "json": body}


class Client:
    """A service, asked from ordinary code.

    Args:
        address: of the service, such as ``http://127.0.0.1:8000``.
        key: if it asks for one.
        timeout: seconds for each attempt.
        attempts: how often a request is sent where the service is busy or cannot be reached, 1 or more.

    Raises:
        InputError: one of these does not fit.
        MissingExtraError: the extra ``client`` is not installed.

    Example:
        >>> with smn.Client("http://127.0.0.1:8000") as client:
        ...     answer = client.predict("monet.jpg")[0]
        ...     client.send_feedback(answer["id"], agree=False, movement="realism")
    """

    def __init__(self, address: str, *, key: str | None = None, timeout: float = 30.0, attempts: int = 4) -> None:
        self._asking = _Asking(address, key, timeout, attempts)
        self._http = self._asking.httpx.Client(**self._asking.options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def predict(self, *pictures: Picture, **options: Any) -> list[dict[str, Any]]:
        """An answer for each picture, in smn's shape; one that cannot be read has the outcome ``error``.

        Args:
            pictures: bytes or paths.
            options: ``top_k``, ``taxonomy``, ``rectify``, ``coverage``, ``explain``, ``similar``, ``keep``, ``model``.

        Raises:
            InputError: no picture is given, or a path cannot be read.
            ServiceError: the service refuses, or cannot be reached.
        """
        return self._ask(_predict(pictures, options))["answers"]  # type: ignore[no-any-return]

    def send_feedback(
        self, prediction: str, *, agree: bool, movement: str | None = None, text: str | None = None
    ) -> str:
        """Say whether an answer was right; the feedback's id is returned when it is safe.

        Raises:
            ServiceError: the service refuses, or cannot be reached.
        """
        return str(self._ask(_feedback(prediction, agree=agree, movement=movement, text=text))["id"])

    def get(self, path: str) -> Any:
        """What the service says at a path such as ``/v1/movements``.

        Raises:
            ServiceError: the service refuses, or cannot be reached.
        """
        return self._ask({"method": "GET", "url": path})

    def delete_prediction(self, prediction: str) -> None:
        """Let the service forget an answer.

        Raises:
            ServiceError: the service refuses, or cannot be reached.
        """
        self._ask({"method": "DELETE", "url": f"/v1/predictions/{prediction}"})

    def _ask(self, request: dict[str, Any]) -> Any:
        waits = self._asking.waits()
        while True:
            wait = next(waits, None)
            try:
                response = self._http.request(**request)
            except self._asking.httpx.TransportError as error:
                pause = self._asking.pardon(error, wait)
            else:
                judged = self._asking.judge(response, wait)
                if judged is None:
                    return self._asking.read(response)
                pause = judged
            time.sleep(pause)


class AsyncClient:
    """A service, asked from asynchronous code; arguments and methods are those of `Client`.

    Example:
        >>> async with smn.AsyncClient("http://127.0.0.1:8000") as client:
        ...     answers = await client.predict("monet.jpg", "hokusai.jpg")
    """

    def __init__(self, address: str, *, key: str | None = None, timeout: float = 30.0, attempts: int = 4) -> None:
        self._asking = _Asking(address, key, timeout, attempts)
        self._http = self._asking.httpx.AsyncClient(**self._asking.options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def predict(self, *pictures: Picture, **options: Any) -> list[dict[str, Any]]:
        """An answer for each picture; see `Client.predict`."""
        import asyncio  # it makes importing smn slower

        request = await asyncio.to_thread(_predict, pictures, options)
        return (await self._ask(request))["answers"]  # type: ignore[no-any-return]

    async def send_feedback(
        self, prediction: str, *, agree: bool, movement: str | None = None, text: str | None = None
    ) -> str:
        """Say whether an answer was right; see `Client.send_feedback`."""
        return str((await self._ask(_feedback(prediction, agree=agree, movement=movement, text=text)))["id"])

    async def get(self, path: str) -> Any:
        """What the service says at a path; see `Client.get`."""
        return await self._ask({"method": "GET", "url": path})

    async def delete_prediction(self, prediction: str) -> None:
        """Let the service forget an answer; see `Client.delete_prediction`."""
        await self._ask({"method": "DELETE", "url": f"/v1/predictions/{prediction}"})

    async def _ask(self, request: dict[str, Any]) -> Any:
        import asyncio

        waits = self._asking.waits()
        while True:
            wait = next(waits, None)
            try:
                response = await self._http.request(**request)
            except self._asking.httpx.TransportError as error:
                pause = self._asking.pardon(error, wait)
            else:
                judged = self._asking.judge(response, wait)
                if judged is None:
                    return self._asking.read(response)
                pause = judged
            await asyncio.sleep(pause)
