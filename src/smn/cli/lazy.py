"""Groups of commands that are imported when they are called, so that help and `smn predict` start at once."""

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for.

    Args:
        commands_at: by command, ``module:attribute`` and the line in the help.
        arguments: click's own.
    """

    def __init__(self, *, commands_at: Mapping[str, tuple[str, str]], **arguments: Any) -> None:
        super().__init__(**arguments)
        self._at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order of a first visit, those of the group's own module first."""
        return [*super().list_commands(ctx), *self._at]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in self._at:
            return super().get_command(ctx, cmd_name)
        module, attribute = self._at[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands and their lines."""
        own = [(name, super(LazyGroup, self).get_command(ctx, name)) for name in super().list_commands(ctx)]
        lines = [(name, command.get_short_help_str(limit=80)) for name, command in own if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl([*lines, *((name, line) for name, (_, line) in self._at.items())])
