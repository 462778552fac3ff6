"""``smn web``."""

import os
from pathlib import Path
from typing import Any

import click

from smn.errors import MissingExtraError


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 for all.")
@click.option("--port", type=int, default=8501, show_default=True, help="Port to listen at; 0 for any that is free.")
@click.option("--api", metavar="ADDRESS", help="Let this service answer, instead of a model in this process.")
@click.option("--model", "bundle", type=click.Path(path_type=Path), help="A name of smn models, or a bundle.")
@click.option("--index", type=click.Path(path_type=Path), help="An index of works of your own.")
@click.option("--review", type=click.Path(path_type=Path), help="A folder of smn clean review, shown to curators.")
@click.option("--database", help="Where feedback is remembered.  [default: sqlite:///smn-data/smn.db]")
@click.option("--memory/--no-memory", default=True, help="Whether to ask for feedback and remember it.")
@click.option("--images", type=click.Path(path_type=Path), help="Keep pictures here whose senders allow it.")
def web(host: str, port: int, database: str | None, *, memory: bool, **given: Any) -> None:
    """Show the page on which people look at paintings. Settings may be variables such as SMN_API, too."""
    try:
        import alembic  # noqa: F401
        import httpx2  # noqa: F401
        import sqlalchemy  # noqa: F401
        import streamlit  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise MissingExtraError("web", str(error.name)) from error

    from smn.web.app import create_app
    from smn.web.settings import read_page_settings

    if not memory:
        database = ""
    elif database is None and "SMN_DATABASE" not in os.environ:
        database = f"sqlite:///{Path('smn-data') / 'smn.db'}"
    settings = read_page_settings(os.environ, database=database, **given)
    config = uvicorn.Config(
        create_app(settings), host=host, port=port, log_level="warning", server_header=False,
        timeout_graceful_shutdown=10, ws_max_size=32_000_000,
    )  # fmt: skip
    listening = config.bind_socket()
    listening.listen()  # whoever follows the address at once waits a moment, and is not turned away
    shown = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
    click.echo(f"The page is at http://{shown}:{listening.getsockname()[1]}", err=True)
    uvicorn.Server(config).run(sockets=[listening])
