"""The page as an ASGI application: Streamlit's, with a few routes and headers of our own."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from smn.examples import list_examples
from smn.movements import find_movement
from smn.web.app_state import AppState, make_example, open_app_state
from smn.web.page_settings import PageSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from streamlit.starlette import App

LOG = logging.getLogger("smn.web")
_SCRIPT = Path(__file__).parent / "script.py"

_POLICY = "; ".join((
    "default-src 'self'",
    # Streamlit builds its components from text, which needs eval and blob; nothing comes from elsewhere.
    "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob: data:",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' ws: wss: data: blob:",
    "frame-src 'self'",
    "frame-ancestors 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
))  # fmt: skip

_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
    "cross-origin-opener-policy": "same-origin",
}
_REVIEW = "/findings"
_SWEEP_SECONDS = 3600


class Headers:
    """ASGI middleware that adds security headers.

    Args:
        app: the ASGI application.
    """

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a request."""
        # The page of findings brings a policy of its own, which allows its very scripts and nothing else.
        own = {name: value for name, value in _HEADERS.items()
               if not (name == "content-security-policy" and scope.get("path", "").startswith(_REVIEW))}  # fmt: skip

        async def add(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", ()),
                    *((name.encode(), value.encode()) for name, value in own.items()),
                ]
            await send(message)

        await self._app(scope, receive, add if scope["type"] == "http" else send)


def create_app(settings: PageSettings) -> "App":
    """The page; the model is loaded when it starts, not here.

    Args:
        settings: of the page.

    Raises:
        MissingExtraError: the extra ``web`` is not installed.
    """
    # Read when Streamlit first asks for its settings; what the operator set for it themselves goes first.
    os.environ.setdefault("STREAMLIT_SERVER_MAX_UPLOAD_SIZE", str(max(1, settings.service.max_body // 1_000_000)))
    from streamlit.starlette import App

    state = open_app_state(settings)

    @asynccontextmanager
    async def live(_: Any) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(asyncio.to_thread(state.warm)), asyncio.create_task(_sweep(state))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()

    return App(
        _SCRIPT, lifespan=live, routes=_make_routes(state), middleware=[Middleware(Headers)],
        on_script_error=_note_error,
    )  # fmt: skip


async def _sweep(state: AppState) -> None:
    """Delete kept pictures when their time is over, whether anybody visits or not."""
    while state.kept is not None:
        await asyncio.to_thread(state.kept.sweep)
        await asyncio.sleep(_SWEEP_SECONDS)


def _note_error(error: Exception) -> None:
    """Log what went wrong; the visitor reads that something did, and nothing of the server."""
    LOG.error("the page's script failed", exc_info=error)


def _make_routes(state: AppState) -> list[BaseRoute]:
    async def thumbnail(request: Request) -> Response:
        picture = await state.thumbnails.get(request.path_params["key"])
        # Seen again within the hour, it need not be asked for; one that failed is.
        return _picture(picture, seconds=3600) if picture else Response(status_code=404)

    async def example(request: Request) -> Response:
        name = request.path_params["name"]
        famous = next((one.data for one in state.famous if one.known.work.id == name), None)
        if famous is not None:
            return _picture(famous, seconds=86400)
        if name not in list_examples():
            return Response(status_code=404)
        return _picture(await asyncio.to_thread(make_example, name), seconds=86400)

    async def works_map(request: Request) -> Response:
        name, drawn = request.path_params["name"], request.url.path.endswith(".svg")
        known = name == "all" or find_movement(name) is not None
        pack = state.pack_map if drawn else state.pack_dots
        packed = await asyncio.to_thread(pack, None if name == "all" else name) if known else None
        if packed is None:
            return Response(status_code=404)
        kept = {"Content-Encoding": "gzip", "Cache-Control": "private, max-age=3600"}
        return Response(packed, media_type="image/svg+xml" if drawn else "application/json", headers=kept)

    routes: list[BaseRoute] = [
        Route("/thumbnail/{key}", thumbnail),
        Route("/example/{name}.jpg", example),
        Route("/map/{name}.json", works_map),
        Route("/map/{name}.svg", works_map),
    ]
    if state.settings.review is not None:
        routes.append(Mount(_REVIEW, StaticFiles(directory=state.settings.review, html=True)))
    return routes


def _picture(data: bytes, *, seconds: int) -> Response:
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": f"private, max-age={seconds}"})
