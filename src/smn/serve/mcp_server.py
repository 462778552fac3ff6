"""A server of the Model Context Protocol: language models ask for movements, evidence, similar works and stories."""

import base64
import binascii
import io
import ipaddress
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import anyio.to_thread
from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from pydantic import Field

from smn._version import __version__
from smn.errors import InputError, SmnError
from smn.images import Limits, is_address
from smn.images.safe_fetch import fetch_picture
from smn.predict.model import Model, load
from smn.service.service_settings import ServiceSettings
from smn.similar.index import DEFAULT_INDEX, find_similar, read_index
from smn.story.pages import read_story
from smn.works import choose_index

_INSTRUCTIONS = (
    "Tells which artistic movement a painting belongs to, how sure that is, and why. A probability is calibrated. "
    "Where the outcome is unsure or not_a_painting, say so instead of naming a movement."
)

_NOT_RECOGNISED = (
    "No work of the index was recognised in this picture. That says nothing about who painted it; do not name a work."
)

Picture = Annotated[
    str, Field(description="An http(s) address of a picture, or the picture itself in base64, also as a data: address.")
]
T = TypeVar("T")


def create_mcp(settings: ServiceSettings) -> MCPServer:
    """The server with its tools; the model is loaded here, once.

    Args:
        settings: model, index and limits, as for the service.

    Raises:
        BundleError: the model is missing or damaged.
        SimilarError: another model made the index that is named.
    """
    server = MCPServer("smn", version=__version__, instructions=_INSTRUCTIONS)
    limits = Limits(max_bytes=settings.max_body, max_pixels=settings.max_pixels)
    lookup = settings.index == DEFAULT_INDEX or settings.index
    _add_tools(server, load(settings.bundle, limits=limits, threads=settings.threads, lookup=lookup), settings)
    return server


def _add_tools(server: MCPServer, model: Model, settings: ServiceSettings) -> None:
    @server.tool(structured_output=False)
    async def classify(
        picture: Picture, top_k: Annotated[int, Field(ge=1, le=100, description="How many guesses to list.")] = 3
    ) -> list[Any]:
        """Tell the movement of a painting: the answer as a sentence, and everything about it as JSON."""
        data = await _read_picture(picture, settings)
        answer = await _compute(lambda: model.predict(data, top_k=top_k))
        return [str(answer), answer.to_dict()]

    @server.tool(structured_output=False)
    async def explain(
        picture: Picture,
        movement: Annotated[str | None, Field(description="Id of a movement; by default the best guess.")] = None,
    ) -> list[Any]:
        """Show where in a painting the evidence for a movement is: the picture with it, and what to look for."""
        from smn.explain.explanation import explain_picture

        data = await _read_picture(picture, settings)

        def look() -> list[Any]:
            why = explain_picture(model, data)
            buffer = io.BytesIO()
            why.overlay(movement).save(buffer, "JPEG", quality=88)
            return [Image(data=buffer.getvalue(), format="jpeg"), str(why.prediction), *why.traits(movement)]

        return await _compute(look)

    @server.tool(structured_output=False)
    async def similar(
        picture: Picture, top_k: Annotated[int, Field(ge=1, le=50, description="How many works to list.")] = 6
    ) -> list[Any]:
        """Find known works that look most like a picture, with their museums and pages where these are known."""
        data = await _read_picture(picture, settings)
        folder = choose_index(model.bundle, settings.index)
        found = await _compute(lambda: find_similar(model, data, index=read_index(folder), top_k=top_k))
        return [one.to_dict() for one in found]

    @server.tool(structured_output=False)
    async def recognise(picture: Picture) -> list[Any]:
        """Look up the very work that a picture shows: title, artist, year and museum; facts, never a guess."""
        data = await _read_picture(picture, settings)
        work = (await _compute(lambda: model.predict(data))).work
        return [_NOT_RECOGNISED] if work is None else [asdict(work)]

    @server.tool(structured_output=False)
    async def story(
        movement: Annotated[str, Field(max_length=80, description="Id, name or alias of a movement.")],
    ) -> list[Any]:
        """A movement's page: what it is, works, neighbours, music and sources."""
        return [await _compute(lambda: read_story(movement).to_dict())]


async def _compute(function: Callable[[], T]) -> T:
    """Run something slow in a thread; what smn raises becomes the tool's error."""
    try:
        return await anyio.to_thread.run_sync(function)
    except SmnError as error:
        raise ToolError(str(error)) from error


async def _read_picture(picture: str, settings: ServiceSettings) -> bytes:
    """The bytes of a picture: fetched as the service does, or decoded. A path is not read: a model could name any.

    Raises:
        ToolError: it cannot be fetched, is no base64, or is too large.
    """
    try:
        if is_address(picture):
            if not settings.urls:
                raise InputError("Addresses are not taken here; send the picture itself.")
            networks = [ipaddress.ip_network(one) for one in settings.url_networks]
            return await fetch_picture(
                picture, max_bytes=settings.max_body, timeout=settings.timeout / 2, networks=networks
            )
        encoded = picture.split(",", 1)[-1] if picture[:5] == "data:" else picture
        return base64.b64decode(encoded, validate=True)
    except SmnError as error:
        raise ToolError(str(error)) from error
    except (binascii.Error, ValueError) as error:
        raise ToolError(
            "The picture is neither an http(s) address nor base64; files are not read by their path."
        ) from error
