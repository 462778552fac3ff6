"""``smn clean``: find what is wrong in a data set, look at it, decide, apply."""

import click

from smn.cli.lazy import LazyGroup

_COMMANDS = {
    "check": ("smn.cli.clean_check:check", "Score every picture and label; nothing is changed."),
    "review": ("smn.cli.clean_review:review", "Make a page that shows the findings, to decide with the keyboard."),
    "suggest": ("smn.cli.clean_review:suggest", "Write the decisions that the findings suggest, for a person to edit."),
    "apply": ("smn.cli.clean_review:apply", "Write a manifest without what was dropped, with what was relabelled."),
    "undo": ("smn.cli.clean_review:undo", "Take decisions back."),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def clean() -> None:
    """Find wrong pictures and wrong labels, decide, and write a cleaned manifest."""
