"""The report of an evaluation: its parts, and ``report.json``.

``report.json`` has these keys; ones may be added, these stay. A *figure* is ``{"value", "low", "high"}``: the measured
value and its 95 % interval over resampled artists, all three null where it cannot be measured. Shares are in 0..1.

==================  ====================================================================================================
``schema``          version of this layout, 1
``smn``             version of smn that wrote it
``command``         the command that wrote it
``seed``            of the resampling
``resamples``       how many there were
``model``           ``name``, ``sha256`` of its file, ``taxonomy`` that it answers in, ``temperature``, ``thresholds``
                    (null where it always answers)
``taxonomy``        ``id``, ``name`` and ``labels`` (``id``, ``name``, ``family``) that were asked for
``train``           null, or ``data_hash`` and ``rows`` of the data that the baselines learned from
``data``            a list, one object a use of a manifest: ``use`` (a value of `Use`), ``name``, ``manifest`` as it was
                    given, ``split``, ``rows`` that were used, ``data_hash`` of the whole manifest; reports of smn 0.1
                    lack it
``sets``            a list, one object a set, in the order given:
``kinds``           a list, one object a kind of drawn pictures that are no paintings: ``kind``, ``part`` (``learned``
                    or ``held out``), ``group`` (``photograph``, ``page`` or ``drawing``), ``pictures`` and ``caught``,
                    the share refused; empty where not measured
==================  ====================================================================================================

Each set:

==================  ====================================================================================================
``name``            its name
``data_hash``       of its manifest
``rows``            paintings that were measured
``artists``         how many named artists they are by
``not_paintings``   how many pictures of something else they were set against
``figures``         every figure of `FIGURES` by its key
``groups``          ``kind`` (source, labels, artists or century), ``name``, ``rows``, ``artists``, and the ``figures``
                    ``top1 top3 macro_f1 accepted_top1 accepted_top3``
``classes``         a label each: ``id``, ``name``, ``family``, ``support``, the figures ``precision recall f1
                    refused``
``families``        a family each, the same keys
``confusion``       counts, a list for each right label of a number for each answer, both in the taxonomy's order
``reliability``     the lists ``confidence``, ``accuracy`` and ``count``, a bin each
``coverage``        a point each: ``share`` answered and the figure ``accuracy``
``accepted``        null for a set whose manifest lists no accepted movements, or ``rows`` that have some in the
                    taxonomy, ``several``: how many have more than one, ``contradicted``: how many whose own label is
                    none of them, and ``reliability`` and ``coverage`` as above with these as the truth
``useful``          a threshold each: ``threshold``, the shares ``movement``, ``two`` and ``family`` of what is named
                    from it on, and the figures ``right`` and ``accepted_right``, of what is named
``robustness``      null where it was not measured, or ``rows`` that were changed, ``changes``, each ``id``, ``name``
                    and the figures ``top1 accepted_top1 same``, and the figures ``spread`` and ``accepted_spread``
``probe``           null where it was not measured, or ``column``, ``rows``, ``artists``, ``left_out``, ``chance`` and
                    the figures ``balanced_accuracy`` and ``by_movement``; ``classes``: ``name``, ``rows``, ``recall``
``baselines``       ``id``, ``name``, ``note``, ``figures`` as above; painting figures are null
``promises``        null for a model that promises nothing, or two lists: ``precisions``, each the ``precision`` asked
                    for and the figures ``answered right family_answered family_right``; ``sets``, each the
                    ``coverage`` asked for and the figures ``held`` and ``size``
``unreachable``     ids of labels that occur in the set and that the model gives no probability to
``excluded``        rows left out, by the movement that the taxonomy does not cover
``failures``        pictures that could not be read: ``id`` and ``reason``
==================  ====================================================================================================
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from smn._version import __version__
from smn.bundle.row_reader import Failure
from smn.confidence.answer_policy import Thresholds
from smn.evaluate.metrics import UNKNOWN, Bins, Figure, Ints
from smn.evaluate.probe import ProbeReport
from smn.evaluate.refusal import KindReport
from smn.evaluate.robustness import RobustnessReport
from smn.evaluate.selective_answers import PolicyReport, UsefulPoint
from smn.movements import Taxonomy

SCHEMA = 1
"""The version of ``report.json``'s layout."""


@dataclass(frozen=True)
class Meaning:
    """What a figure is called and means.

    Args:
        title: what people read.
        note: its meaning in a line.
        in_percent: whether it is a share, shown as a percentage.
    """

    title: str
    note: str
    in_percent: bool = True


FIGURES: Mapping[str, Meaning] = {
    "top1": Meaning("Top-1, strict", "the first answer is the source's label"),
    "accepted_top1": Meaning("Top-1, accepted", "the first answer is one of the movements that handbooks accept"),
    "top3": Meaning("Top-3, strict", "the source's label is among the first three answers"),
    "accepted_top3": Meaning("Top-3, accepted", "an accepted movement is among the first three answers"),
    "macro_f1": Meaning("Macro-F1", "F1 averaged over the movements in the set, each counting the same"),
    "balanced_accuracy": Meaning("Balanced accuracy", "recall averaged over the movements in the set"),
    "log_loss": Meaning("Log loss", "surprise at the right answer, in nats; lower is better", in_percent=False),
    "calibration_error": Meaning(
        "Calibration error, strict", "distance between confidence and accuracy, 15 bins of equal mass; lower is better"
    ),
    "accepted_calibration_error": Meaning("Calibration error, accepted", "the same with accepted movements as right"),
    "accuracy_at_90": Meaning("Accuracy at 90 % coverage", "top-1 when the least confident 10 % stay unanswered"),
    "accuracy_at_75": Meaning("Accuracy at 75 % coverage", "top-1 when the least confident 25 % stay unanswered"),
    "accuracy_at_50": Meaning("Accuracy at 50 % coverage", "top-1 on the more confident half"),
    "coverage_at_90_precision": Meaning("Answered at 90 % precision", "the largest share answered with 9 of 10 right"),
    "family_top1": Meaning(
        "Family top-1, strict", "the first family is the label's; a family's probability is its movements' sum"
    ),
    "accepted_family_top1": Meaning("Family top-1, accepted", "the first family is an accepted movement's"),
    "family_top3": Meaning("Family top-3", "the right family is among the first three"),
    "painting_auroc": Meaning("Painting AUROC", "how often a painting scores above a picture of something else"),
    "paintings_refused": Meaning("Paintings refused", "taken for something else at the model's threshold"),
    "not_paintings_caught": Meaning("Not-paintings caught", "pictures of something else that the threshold refuses"),
    "unsure": Meaning("Unsure", "not refused, but below the model's confidence threshold"),
    "named": Meaning("Movement named", "neither refused nor unsure at the model's thresholds"),
    "answered_accuracy": Meaning("Right of named, strict", "top-1 on what a movement is named for"),
    "accepted_answered_accuracy": Meaning("Right of named, accepted", "the same with accepted movements as right"),
    "family_alone": Meaning("Family alone", "unsure of the movement, but sure enough of the family to name it"),
    "family_alone_accuracy": Meaning("Accuracy of family alone", "the family is right where it alone is named"),
    "useful_at_85_precision": Meaning(
        "Useful at 85 % precision, strict",
        "the largest share that gets a movement, one of two or a family with 85 of 100 right, at one threshold for all",
    ),
    "accepted_useful_at_85_precision": Meaning(
        "Useful at 85 % precision, accepted", "the same with accepted movements as right"
    ),
}
"""Every figure of a set by its key, in the order in which they are shown."""


@dataclass(frozen=True)
class ClassReport:
    """How well one label, or one family, is recognised.

    Args:
        id: of the label or family.
        name: what people read.
        family: id of its family.
        support: how many pictures it has in the set.
        precision: share of its answers that are right.
        recall: share of its pictures that are recognised.
        f1: their harmonic mean.
        refused: share of its pictures that are refused as no paintings; unknown for a model that refuses nothing.
    """

    id: str
    name: str
    family: str
    support: int
    precision: Figure
    recall: Figure
    f1: Figure
    refused: Figure = UNKNOWN


@dataclass(frozen=True)
class GroupReport:
    """Figures of a part of a set.

    Args:
        kind: ``source``, ``labels`` (how the truth is known), ``artists`` (seen in training or not) or ``century``.
        name: the part's name.
        rows: its paintings.
        artists: its named artists.
        figures: ``top1``, ``top3``, ``macro_f1``, ``accepted_top1`` and ``accepted_top3``.
    """

    kind: str
    name: str
    rows: int
    artists: int
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class BaselineReport:
    """How far something simple gets on the same set.

    Args:
        id: ``majority``, ``artist`` or ``colour``.
        name: what people read.
        note: how it answers, one sentence.
        figures: the figures of `FIGURES`; those about refusing are unknown.
    """

    id: str
    name: str
    note: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class CoveragePoint:
    """Accuracy when a share of the set is answered, the most confident first.

    Args:
        share: 0..1.
        accuracy: 0..1.
    """

    share: float
    accuracy: Figure


@dataclass(frozen=True)
class AcceptedReport:
    """A set whose truth is what handbooks accept.

    Args:
        rows: paintings with an accepted movement in the taxonomy; the others are left out of the accepted figures.
        several: how many of them have more than one accepted label.
        contradicted: how many of them have a label of their own that is none of the accepted ones.
        reliability: confidence against accuracy.
        coverage: accuracy against the share answered.
    """

    rows: int
    several: int
    contradicted: int
    reliability: Bins
    coverage: tuple[CoveragePoint, ...]


@dataclass(frozen=True)
class SetReport:
    """Everything that was measured on one set; the keys are described in this module's docstring."""

    name: str
    data_hash: str
    rows: int
    artists: int
    not_paintings: int
    figures: Mapping[str, Figure]
    groups: tuple[GroupReport, ...]
    classes: tuple[ClassReport, ...]
    families: tuple[ClassReport, ...]
    confusion: Ints
    reliability: Bins
    coverage: tuple[CoveragePoint, ...]
    unreachable: tuple[str, ...]
    excluded: Mapping[str, int]
    failures: tuple[Failure, ...]
    baselines: tuple[BaselineReport, ...] = ()
    promises: PolicyReport | None = None
    accepted: AcceptedReport | None = None
    useful: tuple[UsefulPoint, ...] = ()
    robustness: RobustnessReport | None = None
    probe: ProbeReport | None = None


@dataclass(frozen=True)
class Model:
    """Which model was measured.

    Args:
        name: its name and version.
        sha256: of its file, ``model.onnx`` or ``colour.npz``.
        taxonomy: id of the taxonomy that it answers in.
        temperature: by which its logits were divided.
        thresholds: where its answers change their outcome; None for a model that always answers.
    """

    name: str
    sha256: str
    taxonomy: str
    temperature: float
    thresholds: Thresholds | None


@dataclass(frozen=True)
class Train:
    """Which data the baselines learned from.

    Args:
        data_hash: of its manifest.
        rows: paintings used.
    """

    data_hash: str
    rows: int


class Use(StrEnum):
    """What a report used a manifest for."""

    TRAINED = "trained"  # the model learned from it, as its bundle or run says
    MEASURED = "measured"
    NOT_PAINTINGS = "not-paintings"
    BASELINES = "baselines"  # they learned from it


@dataclass(frozen=True)
class DataUse:
    """A manifest that a report was made with.

    Args:
        use: what for.
        name: the set's; the model's for `Use.TRAINED`.
        manifest: as it was given; None where its bundle or run does not say.
        split: only rows of this split were used; None for all.
        rows: how many were used.
        data_hash: of the whole manifest.
    """

    use: Use
    name: str
    manifest: str | None
    split: str | None
    rows: int
    data_hash: str


@dataclass(frozen=True)
class Report:
    """An evaluation of one model on one or more sets; the keys are described in this module's docstring."""

    model: Model
    taxonomy: Taxonomy
    sets: tuple[SetReport, ...]
    seed: int
    resamples: int
    command: str = ""
    train: Train | None = None
    data: tuple[DataUse, ...] = ()
    kinds: tuple[KindReport, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data for ``report.json``."""
        labels = [{"id": label.id, "name": label.name, "family": label.family} for label in self.taxonomy.labels]
        return {
            "schema": SCHEMA,
            "smn": __version__,
            "command": self.command,
            "seed": self.seed,
            "resamples": self.resamples,
            "model": _plain(self.model),
            "taxonomy": {"id": self.taxonomy.id, "name": self.taxonomy.name, "labels": labels},
            "train": _plain(self.train),
            "data": _plain(self.data),
            "sets": _plain(self.sets),
            "kinds": _plain(self.kinds),
        }


def _plain(value: Any) -> Any:
    """Dataclasses, arrays and tuples as plain data; NaN as null, six decimals."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return None if value != value else round(value, 6)  # noqa: PLR0124 - only NaN differs from itself
    return value
