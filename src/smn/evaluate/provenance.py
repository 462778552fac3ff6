"""Which versions of which data a report rests on."""

from smn.bundle import Bundle
from smn.evaluate.report import DataUse, Use
from smn.evaluate.sets import EvaluationSet


def list_training(bundle: Bundle) -> list[DataUse]:
    """The data that a model learned from, as far as its bundle says."""
    pictures, others = sum((bundle.data.get("pictures") or {}).values()), bundle.data.get("negatives") or 0
    known = [(bundle.data.get("sha256"), pictures), (bundle.data.get("negatives_sha256"), others)]
    return [DataUse(Use.TRAINED, bundle.name, None, None, rows, str(data)) for data, rows in known if data]


def note_use(use: Use, chosen: EvaluationSet, *, rows: int, data_hash: str) -> DataUse:
    """The use of a set's manifest.

    Args:
        use: what for.
        chosen: the set.
        rows: how many of its rows were used.
        data_hash: of the whole manifest.
    """
    return DataUse(use, chosen.name, chosen.manifest.as_posix(), chosen.split, rows, data_hash)
