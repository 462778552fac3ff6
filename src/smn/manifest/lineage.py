"""Where a manifest comes from: the steps that made it and what it was made of, kept inside the manifest itself.

A Parquet file carries text beside its table. Under `KEY` a manifest carries its history as JSON: a list of steps, the
oldest first, each with the data hash of what it made and of what it was made from. A manifest without it is as good as
any other; its history is unknown.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from smn._version import __version__

KEY = b"smn.lineage"
"""Where a manifest's history stands in its Parquet metadata."""

UNRECORDED = "unrecorded"
"""The command of a step that is known only by its outcome: something else than smn changed the manifest."""


@dataclass(frozen=True)
class Step:
    """How one version of a data set was made.

    Args:
        data: hash of the manifest that the step made; see `smn.manifest.Manifest.data_hash`.
        parents: data hashes of the manifests that it was made from, the first one being the one that it continues;
            none where pictures came from elsewhere.
        made_by: what made it, as plain data: ``command`` such as ``"dataset split"``, and its settings.
        at: when, in UTC, such as ``2025-03-01T09:30:00Z``; empty if unknown.
        smn: the version of smn that made it; empty if unknown.
    """

    data: str
    parents: tuple[str, ...]
    made_by: Mapping[str, Any]
    at: str = ""
    smn: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)


def write_lineage(data: str, *, made_by: Mapping[str, Any], parents: Sequence[tuple[str, Sequence[Step]]]) -> str:
    """The history of a new manifest as text, for its metadata.

    Args:
        data: the new manifest's data hash.
        made_by: see `Step`; values that JSON does not know are written as text.
        parents: data hash and history of each manifest that it was made from.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    steps: list[Step] = []
    for _, history in parents:
        steps += [step for step in history if step not in steps]  # a common ancestor stands once
    steps.append(Step(data, tuple(parent for parent, _ in parents), dict(made_by), now, __version__))
    return json.dumps([step.to_dict() for step in steps], ensure_ascii=False, default=str)


def read_lineage(metadata: Mapping[bytes, bytes] | None, *, data: str) -> tuple[Step, ...]:
    """A manifest's history, the oldest step first.

    Args:
        metadata: of the Parquet file.
        data: the manifest's own data hash. Where the history ends with another one, something changed the manifest
            without a record: then the last step says so, by `UNRECORDED`.

    Returns:
        The steps; none where there is no history that can be read.
    """
    try:
        steps = tuple(_read_step(entry) for entry in json.loads((metadata or {})[KEY]))
    except (KeyError, ValueError, TypeError):
        return ()
    if steps and steps[-1].data != data:
        steps = (*steps, Step(data, (steps[-1].data,), {"command": UNRECORDED}))
    return steps


def without_lineage(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    """Parquet metadata without the history, which belongs to another manifest."""
    return {key: value for key, value in (metadata or {}).items() if key != KEY}


def describe_step(step: Step) -> str:
    """What made a version, in one line: the command and its settings, without those that were not used."""
    settings = {name: value for name, value in step.made_by.items() if name != "command" and _is_used(value)}
    said = ", ".join(f"{name} {_write_value(value)}" for name, value in settings.items())
    command = str(step.made_by.get("command", UNRECORDED))
    return f"{command} ({said})" if said else command


def _is_used(value: object) -> bool:
    return value is not None and value is not False and value not in ("", [], {}, ())


def _write_value(value: object) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={part}" for key, part in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return " ".join(map(str, value))
    return "yes" if value is True else str(value)


def _read_step(entry: Mapping[str, Any]) -> Step:
    return Step(
        data=str(entry["data"]),
        parents=tuple(map(str, entry["parents"])),
        made_by=dict(entry["made_by"]),
        at=str(entry.get("at", "")),
        smn=str(entry.get("smn", "")),
    )
