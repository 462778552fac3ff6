"""Which versions of which data a report rests on."""

from collections.abc import Mapping
from typing import Any

from smn.evaluate.report import DataUse, Use
from smn.evaluate.sets import EvaluationSet


def list_training(name: str, data: Mapping[str, Any]) -> list[DataUse]:
    """The data that a model learned from, itself or through its teachers, as far as its bundle or run says.

    Args:
        name: the model's.
        data: what stands under ``data`` in ``bundle.json`` or ``run.json``.
    """
    pictures, others = sum((data.get("pictures") or {}).values()), data.get("negatives") or 0
    known = [(data.get("sha256"), pictures), (data.get("negatives_sha256"), others)]
    uses = [DataUse(Use.TRAINED, name, None, None, rows, str(sha256)) for sha256, rows in known if sha256]
    for teacher in data.get("teachers") or ():
        uses += list_training(f"{teacher['name']}, teacher of {name}", teacher["data"])
    return uses


def note_use(use: Use, chosen: EvaluationSet, *, rows: int, data_hash: str) -> DataUse:
    """The use of a set's manifest.

    Args:
        use: what for.
        chosen: the set.
        rows: how many of its rows were used.
        data_hash: of the whole manifest.
    """
    return DataUse(use, chosen.name, chosen.manifest.as_posix(), chosen.split, rows, data_hash)
