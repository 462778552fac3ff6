"""The Space: what its host reads, and the app itself, in a Python that has Gradio."""

import base64
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

import smn
from smn.examples import paint

SPACE = Path(__file__).parents[1] / "spaces"
PYTHON = os.environ.get("SMN_TEST_GRADIO") or (sys.executable if importlib.util.find_spec("gradio") else None)
needs_gradio = pytest.mark.skipif(
    PYTHON is None,
    reason="Gradio wants other versions of Pillow and mcp than these tests; SMN_TEST_GRADIO names a Python with both",
)
ASK = """
import asyncio, json, sys
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

async def ask(address, picture):
    async with streamablehttp_client(address) as (reader, writer, _), ClientSession(reader, writer) as session:
        await session.initialize()
        tools = {tool.name: tool.description for tool in (await session.list_tools()).tools}
        called = await session.call_tool("classify", {"picture": picture})
        print(json.dumps({"tools": tools, "error": called.isError, "said": called.content[0].text}))

asyncio.run(ask(sys.argv[1], sys.stdin.read()))
"""


def test_the_space_says_what_its_host_needs() -> None:
    front, _, text = (SPACE / "README.md").read_text(encoding="utf-8").removeprefix("---\n").partition("\n---\n")
    told = yaml.safe_load(front)
    assert told["sdk"] == "gradio"
    assert (SPACE / told["app_file"]).is_file()
    assert told["license"] == "apache-2.0"
    assert len(told["short_description"]) <= 60
    assert "mcp-server" in told["tags"]
    assert f"smn_art-{smn.__version__}-" in text


def test_the_space_installs_extras_that_exist() -> None:
    lines = (SPACE / "requirements.txt").read_text(encoding="utf-8").split()
    project = (SPACE.parent / "pyproject.toml").read_text(encoding="utf-8")
    (extras,) = [re.fullmatch(r"smn-art\[([\w,]+)\]", line) for line in lines]
    assert extras is not None
    assert all(re.search(rf"^{extra} = \[", project, re.M) for extra in extras[1].split(","))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[str]:
    """The address of the app, in a process of its own."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    env = os.environ | {
        "GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "0", "GRADIO_TEMP_DIR": str(tmp_path / "gradio"),
        "PYTHONPATH": str(Path(smn.__file__).parents[1]), "SMN_MODEL": "fast",
    }  # fmt: skip
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as stream:
        app = subprocess.Popen([str(PYTHON), "app.py"], cwd=SPACE, env=env, stdout=stream, stderr=subprocess.STDOUT)
        try:
            address = f"http://127.0.0.1:{port}"
            for _ in range(600):
                assert app.poll() is None, log.read_text(encoding="utf-8")
                try:
                    with urlopen(f"{address}/gradio_api/info", timeout=10):  # noqa: S310 - the app's own address
                        break
                except OSError:
                    time.sleep(0.2)
            yield address
        finally:
            app.terminate()
            app.wait(30)


@needs_gradio
@pytest.mark.slow
def test_the_app_answers_as_a_page_and_as_a_server_for_language_models(running: str, tmp_path: Path) -> None:
    painting = tmp_path / "painting.png"
    paint("impressionism").save(painting)
    asked = (
        "import sys; from gradio_client import Client, handle_file; client = Client(sys.argv[1], verbose=False); "
        "import json; picture = handle_file(sys.argv[2]); "
        "print(json.dumps([client.predict(picture, api_name='/classify'), client.predict(picture, api_name='/explain'),"
        " client.predict('cubism', api_name='/story')]))"
    )
    (said, guesses, facts), (shown, traits), page = json.loads(run(asked, running, str(painting)).splitlines()[-1])
    own = smn.load("fast").predict(painting, top_k=5)
    assert said == str(own)
    assert guesses["label"] == own.predictions[0].label
    assert facts["outcome"] == own.outcome
    assert Path(shown).is_file()
    assert traits.startswith("- ")
    assert page["movement"] == "cubism"
    served = f"{running}/gradio_api/mcp/"
    encoded = f"data:image/png;base64,{base64.b64encode(painting.read_bytes()).decode()}"
    answered = json.loads(run(ASK, served, stdin=encoded).splitlines()[-1])
    assert {"classify", "explain", "story"} <= set(answered["tools"])
    assert "no painting" in answered["tools"]["classify"]
    assert not answered["error"], answered["said"]
    assert said in answered["said"]


def run(code: str, *words: str, stdin: str = "") -> str:
    """What a programme prints in the Python that has Gradio."""
    done = subprocess.run([str(PYTHON), "-c", code, *words], input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
