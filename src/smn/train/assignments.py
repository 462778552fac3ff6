"""Settings of a recipe as a command line gives them: ``finetune.epochs=4``."""

import tomllib
from collections.abc import Iterable
from typing import Any


def read_assignments(texts: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
    """Values by the settings' names, and a sentence for each text that is none.

    A value is TOML: ``4``, ``3e-4``, ``true``, ``[32, 64]``, ``"avg"``; a word may go without its quotation marks.
    """
    found: dict[str, Any] = {}
    problems: list[str] = []
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not name or not equals:
            problems.append(f"--set {text} is no setting; write it as section.key=value, such as finetune.epochs=4.")
            continue
        try:
            found[name] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError as error:
            if not value or value[0] in "[{\"'":
                problems.append(f"--set {text} has no value that is valid TOML ({error}).")
            else:
                found[name] = value
    return found, problems
