"""The FastAPI application: routes, middleware, error handlers and the OpenAPI description."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from smn._version import __version__
from smn.serve.middleware import RequestMiddleware
from smn.serve.problems import Problem, add_handlers
from smn.serve.request_body import refuse_unknown_parameters
from smn.serve.routes import make_protocol, make_routes
from smn.serve.service_state import Metrics, ServiceState
from smn.serve.start_page import add_pages
from smn.service.service_settings import ServiceSettings

_ABOUT = """Which artistic movement is a painting from, how sure is that, and why.

Errors are problem details ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)); every answer carries X-Request-ID."""


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """The service as an ASGI application; the model is loaded when it starts, not here.

    Args:
        settings: by default those of `ServiceSettings`.
    """
    settings = settings or ServiceSettings()
    metrics = Metrics()
    held: list[ServiceState] = []

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        service = ServiceState(settings, metrics)
        await service.start()
        held.append(service)
        try:
            yield
        finally:
            held.clear()
            await service.stop()

    app = FastAPI(
        title="smn", version=__version__, description=_ABOUT, lifespan=live, redoc_url=None, redirect_slashes=False,
        docs_url=None, openapi_url="/openapi.json" if settings.docs else None,
    )  # fmt: skip
    add_handlers(app)
    for router in (make_routes(lambda: held[0]), make_protocol(lambda: held[0])):
        for route in router.routes:
            if isinstance(route, APIRoute):  # else each is listed under its function's name
                route.summary, route.description = route.description.rstrip("."), ""
        app.include_router(router, dependencies=[Depends(refuse_unknown_parameters)])

    add_pages(app, settings)

    @app.get("/metrics", include_in_schema=False)
    async def show_metrics() -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    if settings.origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=list(settings.origins), allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["X-API-Key", "Authorization", "Content-Type"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )  # fmt: skip
    app.add_middleware(
        RequestMiddleware, max_body=settings.max_body, timeout=settings.timeout, on_done=metrics.count_request
    )
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Put the schema of a problem into the OpenAPI description, in place of FastAPI's own."""
    describe = app.openapi

    def described() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = describe()
            _, defined = models_json_schema([(Problem, "serialization")], ref_template="#/components/schemas/{model}")
            schemas = schema["components"]["schemas"]
            schemas.update(defined["$defs"])
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
