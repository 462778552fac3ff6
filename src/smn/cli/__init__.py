"""The command line. A command is imported when it is called, so that help and `smn predict` start at once."""

import importlib
import sys
from typing import Any

import click

from smn._version import __version__
from smn.errors import SmnError

_COMMANDS = {
    "predict": ("smn.cli.predict:predict", "Predict the movement of pictures, folders or patterns."),
    "review": ("smn.cli.catalogue:review", "Look at answers in one HTML file, and apply what was decided."),
    "catalogue": ("smn.cli.catalogue:catalogue", "Write answers into sidecars, annotations, tables or folders."),
    "undo": ("smn.cli.catalogue:undo", "Remove what a command of smn catalogue wrote."),
    "explain": ("smn.cli.predict:explain", "Show where the evidence for a movement is in a picture, and its colours."),
    "similar": ("smn.cli.similar:similar", "Find works that are similar to a picture."),
    "models": ("smn.cli.models:models", "List the models inside the package."),
    "movements": ("smn.cli.movements:movements", "List the movements, or show one."),
    "taxonomy": ("smn.cli.movements:taxonomy", "List the taxonomies, or show one."),
    "story": ("smn.cli.story:story", "Describe a movement, or that of a picture: works, neighbours, music."),
    "web": ("smn.cli.serve:web", "Start the web page."),
    "serve": ("smn.cli.serve:serve", "Start the HTTP service."),
    "mcp": ("smn.cli.serve:mcp", "Let language models ask, over the Model Context Protocol."),
    "serve-key": ("smn.cli.serve:serve_key", "Create an API key for the service."),
    "feedback": ("smn.cli.serve:feedback", "List, review and export feedback on answers."),
    "examples": ("smn.cli.examples:examples", "Paint pictures in the manner of several movements."),
    "dataset": ("smn.cli.dataset:dataset", "Fetch, import, add, split, check and describe data sets."),
    "clean": ("smn.cli.clean:clean", "Find wrong pictures and labels, review them, write a cleaned data set."),
    "index": ("smn.cli.similar:index", "Build an index of works for the search for similar works."),
    "recipes": ("smn.cli.train:recipes", "List, show, copy or check training recipes."),
    "train": ("smn.cli.train:train", "Train a model from a recipe; resumes after an interruption."),
    "weights": ("smn.cli.train:weights", "Mark a file of weights with its preprocessing."),
    "sweep": ("smn.cli.experiments:sweep", "Search the hyperparameters of a recipe, several trials in parallel."),
    "export": ("smn.cli.train:export", "Export a run as a bundle for prediction."),
    "push": ("smn.cli.push:push", "Upload a bundle to a model hub, with a model card."),
    "calibrate": ("smn.cli.train:calibrate", "Fit a bundle's temperature and thresholds again on other pictures."),
    "evaluate": ("smn.cli.evaluate:evaluate", "Evaluate a bundle and write the report."),
    "ladder": ("smn.cli.experiments:ladder", "Train and evaluate a list of recipes under one protocol."),
    "doctor": ("smn.cli.doctor:doctor", "Check this installation: versions, extras, models, speed, network."),
}
"""Where each command lives, and its line in the help, so that help imports nothing."""

_READERS = {
    "With a picture": ("predict", "explain", "similar", "story", "movements", "examples", "web"),
    "For an archive": ("review", "catalogue", "undo", "index"),
    "For a service": ("models", "serve", "mcp", "serve-key", "feedback", "doctor"),
    "For data sets and training": ("dataset", "clean", "taxonomy", "recipes", "train", "weights", "sweep", "export",
                                   "push", "calibrate", "evaluate", "ladder"),
}  # fmt: skip
"""Who uses which commands, as the help groups them; one that is in no group stands in the last section."""


class CommandGroup(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names of the commands."""
        return list(self.commands)


class Main(click.Group):
    """The root: imports a command when it is called, and turns what smn raises into one sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of a first visit."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        if cmd_name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands and their lines of help, without importing them."""
        grouped = {name for names in _READERS.values() for name in names}
        sections = {**_READERS, "Other commands": tuple(name for name in _COMMANDS if name not in grouped)}
        for title, names in sections.items():
            if names:
                with formatter.section(title):
                    formatter.write_dl([(name, _COMMANDS[name][1]) for name in names])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what smn raises becomes one sentence and exit code 2."""
        try:
            return super().invoke(ctx)
        except SmnError as error:
            click.echo(f"Error: {error}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt:
            click.echo("Stopped. Run the same command again to resume a training run or a job with --out.", err=True)
            ctx.exit(130)


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="smn")
def main() -> None:
    """Which artistic movement is this painting from, how sure is that, and why.

    Start with: smn predict painting.jpg
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that is not UTF-8 must not turn "Naïve Art" into a crash.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
