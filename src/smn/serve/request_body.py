"""Reads pictures from a request: files of a form, a raw body, or JSON with base64 or a URL."""

import asyncio
import base64
import binascii
import ipaddress
import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from smn.errors import FetchError, SmnError
from smn.images.safe_fetch import fetch_picture
from smn.serve.problems import ProblemError
from smn.service.service_settings import ServiceSettings


@dataclass(frozen=True)
class SentPicture:
    """A picture of a request.

    Args:
        name: given by the client.
        data: the encoded picture.
        error: why it could not be fetched, or None.
    """

    name: str | None
    data: bytes = b""
    error: SmnError | None = None


async def read_pictures(request: Request, settings: ServiceSettings) -> tuple[list[SentPicture], bool]:
    """The pictures of a request, and whether its form allows several.

    Raises:
        ProblemError: the request holds none, too many, or cannot be read.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_form(request, settings), True
    body = await request.body()
    if kind == "application/json" or kind.endswith("+json"):
        return await _read_json(body, settings)
    # Any other content type: the bytes decide.
    if not body:
        raise ProblemError(422, "The request holds no picture; send one as its body, in a form, or in JSON.")
    return [SentPicture(None, body)], False


async def refuse_unknown_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not have, instead of ignoring it.

    Raises:
        ProblemError: there is one.
    """
    if not request.query_params:
        return
    described = request.app.openapi()["paths"].get(request.scope["route"].path, {}).get(request.method.lower(), {})
    known = sorted(one["name"] for one in described.get("parameters", ()) if one["in"] == "query")
    for name in request.query_params:
        if name not in known:
            near = get_close_matches(name.casefold(), known, n=1, cutoff=0.5)
            hint = f" Did you mean {near[0]}?" if near else ""
            allowed = f"it has {', '.join(known)}" if known else "it has none"
            raise ProblemError(422, f"There is no query parameter {name[:60]!r} here.{hint} Leave it out; {allowed}.")


async def _read_form(request: Request, settings: ServiceSettings) -> list[SentPicture]:
    try:
        # One more than allowed, to raise our own sentence.
        form = await request.form(max_files=settings.max_files + 1, max_fields=32, max_part_size=64_000)
    except (HTTPException, MultiPartException, KeyError, ValueError) as error:
        raise ProblemError(422, f"The form cannot be read ({_brief(error)}); send multipart/form-data.") from error
    try:
        files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile)]
        if not files:
            raise ProblemError(422, "The form holds no file; send one or more named file.")
        _check_count(len(files), settings)
        return [SentPicture(value.filename or name, await value.read()) for name, value in files]
    finally:
        await form.close()


def _check_count(count: int, settings: ServiceSettings) -> None:
    if count > settings.max_files:
        most = f"At most {settings.max_files} picture{'s' if settings.max_files != 1 else ''}"
        raise ProblemError(413, f"{most} can be sent in one request; send them in several.")


async def _read_json(body: bytes, settings: ServiceSettings) -> tuple[list[SentPicture], bool]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(400, "The body is no JSON; send an object with image (base64) or url.") from error
    several = isinstance(data, dict) and isinstance(data.get("images"), list)
    entries = data["images"] if several else [data]
    if not entries:
        raise ProblemError(422, "images is empty; give one object or more, each with image (base64) or url.")
    _check_count(len(entries), settings)
    # Concurrently: URLs fetched in turn could exceed the timeout.
    return await asyncio.gather(*(_read_entry(entry, settings, alone=not several) for entry in entries)), several


async def _read_entry(entry: Any, settings: ServiceSettings, *, alone: bool) -> SentPicture:
    image, url = (entry.get(key) for key in ("image", "url")) if isinstance(entry, dict) else (None, None)
    if isinstance(image, str) == isinstance(url, str):
        raise ProblemError(422, "A picture is an object with either image (base64) or url.")
    if not isinstance(url, str):
        image = str(image)
        try:
            # An address of the kind data: carries base64, too.
            return SentPicture(
                None, base64.b64decode(image.split(",", 1)[-1] if image[:5] == "data:" else image, validate=True)
            )
        except (binascii.Error, ValueError) as error:
            raise ProblemError(422, f"image is no base64 ({_brief(error)}).") from error
    if not settings.urls:
        raise ProblemError(422, "Addresses are not taken here; send the picture itself.")
    networks = [ipaddress.ip_network(one) for one in settings.url_networks]
    try:
        data = await fetch_picture(url, max_bytes=settings.max_body, timeout=settings.timeout / 2, networks=networks)
    except FetchError as error:
        if alone:
            raise
        return SentPicture(url, error=error)
    return SentPicture(url, data)


def _brief(error: BaseException) -> str:
    text = error.detail if isinstance(error, HTTPException) else str(error)
    return text[:120].rstrip(".") or type(error).__name__
