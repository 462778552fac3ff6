"""Errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from smn.errors import (
    FetchError,
    ImageError,
    ImageTooLargeError,
    ImageTypeError,
    InputError,
    MissingExtraError,
    SmnError,
    UnknownNameError,
)
from smn.serve.engine import BusyError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """What went wrong, and what to do."""

    type: str = Field("about:blank", description="Always about:blank: the status says what kind of problem it is.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    detail: str = Field(description="One sentence: what is wrong, what is allowed and what to do.")
    request_id: str = Field(description="To be named to whoever runs the service.")


class ProblemError(Exception):
    """Ends a request with a problem response."""

    def __init__(self, status: int, detail: str, *, headers: dict[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, headers or {}
        super().__init__(detail)


_STATUS: tuple[tuple[type[SmnError], int], ...] = (
    (BusyError, 429), (ImageTooLargeError, 413), (ImageTypeError, 415), (ImageError, 422), (UnknownNameError, 422),
    (FetchError, 422), (MissingExtraError, 422), (InputError, 422),
)  # fmt: skip


def to_problem(error: SmnError) -> ProblemError:
    """The problem response of an error of smn."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, BusyError) else None
    detail = str(error) if status < 500 else "Something went wrong here; ask again later."
    return ProblemError(status, detail, headers=headers)


def answer_problem(request_id: str, status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """A problem as a response."""
    body = Problem(
        type="about:blank", title=HTTPStatus(status).phrase, status=status, detail=detail, request_id=request_id
    )
    return JSONResponse(body.model_dump(), status, headers=headers, media_type=MEDIA_TYPE)


def describe(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI ``responses`` of a route, for these problem statuses."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in sorted(statuses)}


def add_handlers(app: FastAPI) -> None:
    """Turn the exceptions of routes into problem responses."""

    def respond(request: Request, status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
        return answer_problem(request.scope.get("smn.request_id", ""), status, detail, headers)

    @app.exception_handler(ProblemError)
    async def _problem(request: Request, error: ProblemError) -> JSONResponse:
        return respond(request, error.status, error.detail, error.headers)

    @app.exception_handler(SmnError)
    async def _smn(request: Request, error: SmnError) -> JSONResponse:
        found = to_problem(error)
        return respond(request, found.status, found.detail, found.headers)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return respond(request, error.status_code, str(error.detail), dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return respond(request, 422, f"{where}: {first['msg']}.")
