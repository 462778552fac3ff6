"""``smn serve``, ``serve-key``, ``feedback`` and ``web``."""

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from smn.cli.screen import shell_line
from smn.errors import InputError, MissingExtraError, OutputExistsError

_OLD_DATABASE = Path("smn-data") / "smn.db"
"""Where smn 0.1 kept answers and feedback: below the folder that it was started in."""


def _default_database() -> str:
    """The database in the user's data folder; the one of smn 0.1 where it lies in the current folder."""
    if _OLD_DATABASE.is_file():
        return f"sqlite:///{_OLD_DATABASE}"
    from platformdirs import user_data_path

    return f"sqlite:///{user_data_path('smn', appauthor=False) / 'smn.db'}"


def _choose_database(database: str | None, *, memory: bool) -> str | None:
    """The database asked for; none without memory, and the default one where neither option nor variable names one."""
    if not memory:
        return ""
    return _default_database() if database is None and "SMN_DATABASE" not in os.environ else database


def _describe_storage(database: str, what: str = "Answers and feedback") -> str:
    """Where something is stored; of a server's address nothing but its host, because it has a password."""
    if not database:
        return f"{what} are not stored."
    place = Path(database.removeprefix("sqlite:///")).absolute() if database.startswith("sqlite:///") else None
    return f"{what} are stored in {place or 'the database ' + database.rpartition('@')[2]}."


def _require() -> None:
    try:
        import alembic  # noqa: F401
        import fastapi  # noqa: F401
        import fastapi_offline  # noqa: F401
        import platformdirs  # noqa: F401
        import prometheus_client  # noqa: F401
        import python_multipart  # noqa: F401
        import sqlalchemy  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("serve", str(error.name)) from error


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option("--port", type=int, default=8000, show_default=True, help="Port to listen at; 0 for any free port.")
@click.option(
    "--model",
    "bundle",
    type=click.Path(path_type=Path),
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
@click.option("--index", type=click.Path(path_type=Path), help="Your own index of works.")
@click.option("--database", help="Database for answers and feedback.  [default: smn.db in your data folder]")
@click.option("--memory/--no-memory", default=True, help="Whether to store answers and feedback.")
@click.option("--images", type=click.Path(path_type=Path), help="Folder for pictures that users allow you to keep.")
@click.option("--keys", type=click.Path(path_type=Path), help="File of hashed keys; without it no key is needed.")
@click.option("--rate", type=int, help="Requests a minute for each IP address, if there are no keys.")
@click.option("--origin", "origins", multiple=True, help="Origin that CORS allows; repeatable.")
@click.option("--queue", type=int, help="Maximum number of waiting pictures; more are rejected.")
@click.option("--threads", type=int, help="Threads of the network; 0 lets ONNX Runtime choose.")
@click.option("--timeout", type=float, help="Timeout of a request, in seconds.")
def serve(host: str, port: int, database: str | None, origins: tuple[str, ...], **given: Any) -> None:
    """Start the HTTP service. Environment variables such as SMN_MAX_BODY work too; docs/serve.md lists them."""
    _require()
    import logging

    import uvicorn

    from smn.serve.app import create_app
    from smn.serve.middleware import JsonLines
    from smn.service.service_settings import read_service_settings

    database = _choose_database(database, memory=given.pop("memory"))
    settings = read_service_settings(os.environ, database=database, origins=origins or None, **given)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("smn.serve", "uvicorn"):
        log = logging.getLogger(name)
        log.handlers, log.level, log.propagate = [handler], logging.INFO, False
    logging.getLogger("smn.serve").info(_describe_storage(settings.database))
    config = uvicorn.Config(
        create_app(settings), host=host, port=port, log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=round(settings.timeout) + 5, timeout_keep_alive=15,
    )  # fmt: skip
    uvicorn.Server(config).run()


@click.command("serve-key")
@click.argument("name")
@click.option(
    "--rate", type=click.IntRange(min=0), default=0, show_default=True, help="Requests a minute; 0: no limit."
)
def serve_key(name: str, rate: int) -> None:
    """Create an API key for NAME. The key is shown once; the line for the key file contains only its hash."""
    from smn.serve.keys import make_key

    key, line = make_key(name, rate=rate)
    click.echo(f"Give this key to {name}; it is not shown again: {key}", err=True)
    click.echo(line)


@click.group()
@click.option(
    "--database", envvar="SMN_DATABASE", help="The service's database.  [default: smn.db in your data folder]"
)
@click.pass_context
def feedback(context: click.Context, database: str | None) -> None:
    """List, review and export feedback on answers."""
    _require()
    database = database or _default_database()
    if database.startswith("sqlite:///") and not Path(database.removeprefix("sqlite:///")).is_file():
        raise InputError(f"There is no database {database}; name one with --database or SMN_DATABASE.")
    from smn.service.records import Records

    records = Records(database)
    context.call_on_close(records.close)
    context.obj = records


@feedback.command("list")
@click.option("--reviewed/--waiting", default=None, help="Only reviewed feedback, or only feedback without a review.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@click.pass_obj
def list_all(records: Any, reviewed: bool | None, limit: int) -> None:  # noqa: FBT001
    """List feedback as lines of JSON, the oldest first."""
    for one in records.list_feedback(reviewed=reviewed, limit=limit):
        click.echo(json.dumps(one, ensure_ascii=False))


@feedback.command("decide")
@click.argument("feedback_id")
@click.option("--accept/--reject", required=True, help="Whether the feedback is right.")
@click.pass_obj
def decide(records: Any, feedback_id: str, accept: bool) -> None:  # noqa: FBT001
    """Accept or reject a piece of feedback."""
    if not records.review(feedback_id, accepted=accept):
        raise InputError(f"There is no feedback {feedback_id!r}; see: smn feedback list")


@feedback.command("export")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE.csv", help="The file to write.")
@click.option("--images", type=click.Path(path_type=Path), required=True, help="The folder of the kept pictures.")
@click.pass_obj
def export(records: Any, out: Path, images: Path) -> None:
    """Write accepted labels of kept pictures as a CSV that `smn dataset import` reads, to be added to a data set."""
    if out.exists():
        raise OutputExistsError(out)
    rows = {}
    for one in records.list_feedback(reviewed=True, limit=1_000_000):
        given = one["prediction"]
        label = one["movement"] or (given["answer"]["movement"] if one["verdict"] == "agree" else None)
        if one["accepted"] and label and given["image"] and (images / given["image"]).is_file():
            rows[given["image_sha256"]] = (str(images / given["image"]), label, "feedback", "person")
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("x", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("path", "movement", "source", "label_kind"))
        writer.writerows(rows.values())
    following = shell_line("dataset", "import", out, "--out", "data/feedback")
    click.echo(f"{out} contains {len(rows)} pictures; next: {following}")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option("--port", type=int, default=8501, show_default=True, help="Port to listen at; 0 for any free port.")
@click.option("--api", metavar="ADDRESS", help="Use this service instead of a model in this process.")
@click.option(
    "--model",
    "bundle",
    type=click.Path(path_type=Path),
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
@click.option("--index", type=click.Path(path_type=Path), help="Your own index of works.")
@click.option("--review", type=click.Path(path_type=Path), help="A folder of smn clean review, shown on the page.")
@click.option("--database", help="Database for feedback.  [default: smn.db in your data folder]")
@click.option("--memory/--no-memory", default=True, help="Whether to ask for feedback and store it.")
@click.option("--images", type=click.Path(path_type=Path), help="Folder for pictures that users allow you to keep.")
def web(host: str, port: int, database: str | None, *, memory: bool, **given: Any) -> None:
    """Start the web page. Environment variables such as SMN_API work too; docs/web.md lists them."""
    try:
        import alembic  # noqa: F401
        import httpx2  # noqa: F401
        import platformdirs  # noqa: F401
        import sqlalchemy  # noqa: F401
        import streamlit  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtraError("web", str(error.name)) from error

    from smn.web.asgi import create_app
    from smn.web.page_settings import read_page_settings

    database = _choose_database(database, memory=memory)
    settings = read_page_settings(os.environ, database=database, **given)
    config = uvicorn.Config(
        create_app(settings), host=host, port=port, log_level="warning", server_header=False,
        timeout_graceful_shutdown=10, ws_max_size=32_000_000,
        ws_per_message_deflate=False,  # most of what is sent are pictures, which are packed already
    )  # fmt: skip
    listening = config.bind_socket()
    listening.listen()  # whoever follows the address at once waits a moment, and is not turned away
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    # The page remembers an answer only together with what a visitor says about it.
    click.echo(_describe_storage(settings.service.database, "Feedback and the answers it is about"), err=True)
    click.echo(f"The page is at http://{shown}:{listening.getsockname()[1]}", err=True)
    uvicorn.Server(config).run(sockets=[listening])


@click.command()
@click.option("--http", is_flag=True, help="Serve streamable HTTP at /mcp instead of standard input and output.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at, with --http.")
@click.option("--port", type=int, default=8002, show_default=True, help="Port to listen at, with --http.")
@click.option(
    "--model",
    "bundle",
    type=click.Path(path_type=Path),
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
@click.option("--index", type=click.Path(path_type=Path), help="Your own index of works.")
def mcp(*, http: bool, host: str, port: int, **given: Any) -> None:
    """Let language models ask: a server of the Model Context Protocol.

    Its tools are classify, explain, similar, recognise and story.
    """
    try:
        from smn.serve.mcp_server import create_mcp
    except ImportError as error:
        raise MissingExtraError("mcp", str(error.name)) from error
    from smn.service.service_settings import read_service_settings

    server = create_mcp(read_service_settings(os.environ, **given))
    if http:
        click.echo(f"The server is at http://{host}:{port}/mcp", err=True)
        server.run("streamable-http", host=host, port=port)
    else:
        server.run("stdio")
