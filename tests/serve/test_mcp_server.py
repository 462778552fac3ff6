"""The tools that language models call, asked by the SDK's own client."""

import asyncio
import base64
import io
import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.mcpserver import MCPServer
from PIL import Image

from made_index import make_painted_index
from smn.bundle import Bundle
from smn.examples import paint
from smn.serve.mcp_server import create_mcp
from smn.service.service_settings import ServiceSettings


@pytest.fixture(scope="module")
def server() -> MCPServer:
    return create_mcp(ServiceSettings(max_body=3_000_000, url_networks=("127.0.0.0/8",)))


@pytest.fixture(scope="module")
def painting() -> bytes:
    buffer = io.BytesIO()
    paint("impressionism", seed=0).save(buffer, "JPEG")
    return buffer.getvalue()


def ask(server: MCPServer, call: Callable[[Client], Awaitable[Any]]) -> Any:
    async def connected() -> Any:
        async with Client(server) as client:
            return await call(client)

    return asyncio.run(connected())


def use(server: MCPServer, tool: str, **arguments: object) -> Any:
    return ask(server, lambda client: client.call_tool(tool, arguments))


def test_every_tool_is_described(server: MCPServer) -> None:
    tools = ask(server, lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == {"classify", "explain", "recognise", "similar", "story"}
    assert all(tool.description for tool in tools)


def test_a_painting_is_classified_and_explained(server: MCPServer, painting: bytes) -> None:
    encoded = base64.b64encode(painting).decode()
    sentence, data = use(server, "classify", picture=encoded, top_k=2).content
    answer = json.loads(data.text)
    assert len(answer["predictions"]) == 2
    assert sentence.text
    picture, *said = use(server, "explain", picture=f"data:image/jpeg;base64,{encoded}").content
    assert picture.type == "image"
    with Image.open(io.BytesIO(base64.b64decode(picture.data))) as shown, Image.open(io.BytesIO(painting)) as given:
        assert shown.size == given.size
    assert len(said) > 2


def test_stories_and_similar_works_are_told(server: MCPServer, painting: bytes) -> None:
    (page,) = use(server, "story", movement="Impressionism").content
    assert json.loads(page.text)["movement"] == "impressionism"
    found = use(server, "similar", picture=base64.b64encode(painting).decode(), top_k=3).content
    assert len(found) == 3
    assert all("similarity" in json.loads(one.text) for one in found)


def test_a_work_is_looked_up_and_an_unknown_one_is_not_guessed(tiny_bundle: Bundle, tmp_path: Path) -> None:
    index = make_painted_index(tmp_path / "works", tiny_bundle)
    server = create_mcp(ServiceSettings(bundle=tiny_bundle.folder, index=index))

    def recognise(movement: str) -> str:
        buffer = io.BytesIO()
        paint(movement, seed=1).save(buffer, "PNG")
        (told,) = use(server, "recognise", picture=base64.b64encode(buffer.getvalue()).decode()).content
        return str(told.text)

    work = json.loads(recognise("cubism"))
    assert (work["title"], work["artist"], work["confidence"]) == ("work 4", "artist 4", 0.98)
    assert recognise("ukiyo-e").startswith("No work of the index was recognised")


def test_an_address_is_fetched_with_the_guard(server: MCPServer, painting: bytes) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(painting)

        def log_message(self, *_: object) -> None:
            pass

    host = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    try:
        result = use(server, "classify", picture=f"http://127.0.0.1:{host.server_port}/a.jpg")
        assert not result.is_error
    finally:
        host.shutdown()
        host.server_close()


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("classify", {"picture": "http://10.0.0.1/a.jpg"}, "Only servers on the public internet"),
        ("classify", {"picture": "/etc/passwd"}, "files are not read by their path"),
        ("classify", {"picture": base64.b64encode(b"no picture").decode()}, "not a picture that smn can read"),
        ("classify", {"picture": base64.b64encode(bytes(3_000_001)).decode()}, "at most 3.0 MB are allowed"),
        ("story", {"movement": "impressionsm"}, "Did you mean impressionism"),
    ],
)
def test_what_is_wrong_is_said(server: MCPServer, tool: str, arguments: dict[str, str], said: str) -> None:
    result = use(server, tool, **arguments)
    assert result.is_error
    assert said in result.content[0].text


def test_the_command_answers_over_standard_input_and_output() -> None:
    async def connected() -> Any:
        command = Path(sys.executable).with_name("smn")
        started = StdioServerParameters(command=str(command), args=["mcp"], env=dict(os.environ))
        async with Client(stdio_client(started)) as client:
            return await client.call_tool("story", {"movement": "cubism"})

    result = asyncio.run(connected())
    assert not result.is_error
    assert json.loads(result.content[0].text)["movement"] == "cubism"
