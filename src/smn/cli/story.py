"""``smn story``."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from smn.bundle import DEFAULT
from smn.cli.screen import console, note
from smn.errors import InputError, OutputExistsError
from smn.movements import get_movement

_AUDIENCES = ("adult", "child", "curator")


@click.command()
@click.argument("name", required=False, metavar="[MOVEMENT]")
@click.option(
    "--for", "picture", type=click.Path(path_type=Path), metavar="FILE", help="The story of a picture's movement."
)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option(
    "--timeline",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw a timeline of the movements. Needs the extra explain.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    help="A model name (see smn models), a bundle, or hf://owner/name.",
)
@click.option(
    "--audience", type=click.Choice(_AUDIENCES), default="adult", show_default=True, help="Audience of the label."
)
@click.option(
    "--language", default="en", show_default=True, help="Language of a generated label: en, fr, es, it, nl, pt, de."
)
@click.option(
    "--endpoint",
    metavar="URL",
    help="Let a language model write the label and choose the music. Needs the extra generate.",
)
@click.option("--endpoint-model", metavar="NAME", default="", help="Name of the model on that server.")
@click.option(
    "--endpoint-key", envvar="SMN_ENDPOINT_KEY", metavar="KEY", help="API key; better set as SMN_ENDPOINT_KEY."
)
@click.option("--completion", is_flag=True, help="The model is a base model, which completes texts and does not chat.")
@click.option("--timeout", type=float, default=30.0, show_default=True, help="Timeout in seconds.")
def story(  # noqa: PLR0917 - click passes options by name
    name: str | None, picture: Path | None, form: str, timeline: Path | None, model: Path, audience: str, language: str,
    endpoint: str | None, endpoint_model: str, endpoint_key: str | None, completion: bool, timeout: float,  # noqa: FBT001
) -> None:  # fmt: skip
    """Describe a movement: what it is, what to look for, works, neighbours, music.

    With --for, the movement is the best guess for a picture, and a label for the picture comes first. With --endpoint,
    a server with an OpenAI-compatible API writes that label from the facts; invented facts are rejected.
    """
    from smn.story.generation import Endpoint
    from smn.story.pages import read_story

    if (name is None) == (picture is None):
        raise InputError("Give either a movement, such as impressionism, or a picture with --for FILE.")
    if endpoint is not None and picture is None:
        raise InputError("--endpoint writes about a picture; give one with --for FILE.")
    if timeline is not None and timeline.exists():
        raise OutputExistsError(timeline)
    server = None
    if endpoint is not None:
        server = Endpoint(endpoint, endpoint_model, endpoint_key, completion=completion, timeout=timeout)
    generated: dict[str, Any] = {}
    marked: dict[str, float] | None = None
    if picture is not None:
        name, generated, marked = _look(picture, model, server, audience, language)
    page = read_story(str(name))
    if timeline is not None:
        from smn.story.timeline import draw_timeline

        draw_timeline(timeline, marked=marked or {page.movement: 1.0})
        note(f"{timeline} shows its years on a timeline.")
    if form == "json":
        click.echo(json.dumps({**generated, "story": page.to_dict()}, ensure_ascii=False, indent=2))
        return
    _show(page.to_dict(), generated)


def _look(
    picture: Path, model: Path, server: Any, audience: str, language: str
) -> tuple[str, dict[str, Any], dict[str, float]]:
    """The movement, what was written for the picture, and the guesses."""
    from smn.errors import MissingExtraError
    from smn.explain.explanation import list_colours
    from smn.predict.model import load
    from smn.predict.prediction import Outcome
    from smn.story.facts import collect_facts
    from smn.story.generation import Audience, choose_playlist, write_label
    from smn.story.timeline import mark_prediction

    loaded = load(model)
    analysis = loaded.analyze(picture)
    answer = analysis.prediction
    if answer.outcome is Outcome.NOT_A_PAINTING:
        raise InputError(f"{picture} does not look like a painting; name a movement instead.")
    try:
        swatches = list_colours(analysis.picture) if loaded.runtime.explains else ()
    except MissingExtraError:
        swatches = ()  # the label then says nothing of colours
    facts = collect_facts(answer, loaded.taxonomy, colours=tuple(swatch.colour for swatch in swatches))
    label = write_label(facts, endpoint=server, audience=Audience(audience), language=language)
    playlist = choose_playlist(facts, endpoint=server)
    for reason in (label.reason, playlist.reason):
        if reason:
            note(f"Using the hand-written text instead: {reason}")
    generated = {"prediction": answer.to_dict(), "label": label.to_dict(), "playlist": playlist.to_dict()}
    return facts.movement, generated, mark_prediction(answer, loaded.taxonomy)


def _show(page: dict[str, Any], generated: dict[str, Any]) -> None:
    from rich.markup import escape

    screen = console()
    width = min(88, screen.width)
    if generated:
        label = generated["label"]
        screen.print(f"\n{escape(label['text'])}", width=width)
        source = "written by a language model from facts" if label["source"] == "generated" else "smn"
        screen.print(f"[dim]({source})[/dim]")
    screen.print(f"\n[bold]{page['name']}[/bold]  {page['start']}–{page['end']}  {', '.join(page['places'])}\n")
    screen.print(page["text"], width=width)
    _list("What to look for", page["traits"])
    works = (
        f"{one['artist']}, [italic]{escape(one['title'])}[/italic], {one['year']} ({one['place']})"
        for one in page["works"]
    )
    _list("Works", works)
    _list("Neighbours", (f"{get_movement(one['movement']).name}: {one['how']}" for one in page["neighbours"]))
    music = (
        f"{one['composer']}, [italic]{escape(one['title'])}[/italic], {one['year']}. {one['why']}"
        + (f" [dim]{one['note']}[/dim]" if one["note"] else "")
        for one in (generated["playlist"]["pieces"] if generated else page["music"])
    )
    _list("Music[/bold]  [dim]suggestions by period and mood, not facts[/dim][bold]", music, mark="♪")
    reading = "Read on: " + "; ".join(page["sources"])
    screen.print(f"\n[dim]{escape(reading)}\n(written from general knowledge, not from these books)[/dim]", width=width)


def _list(title: str, lines: Iterable[str], *, mark: str = "·") -> None:
    from rich.table import Table

    screen = console()
    table = Table.grid(padding=(0, 1))
    for line in lines:
        table.add_row(f" {mark}", line)
    screen.print(f"\n[bold]{title}[/bold]")
    screen.print(table, width=min(88, screen.width))
