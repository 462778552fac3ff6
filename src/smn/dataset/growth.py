"""What an addition to a data set did, for people and for programs."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smn.dataset.allotting import Aside, Unused
from smn.dataset.matching import LeftOut, Why
from smn.dataset.report import write_section
from smn.manifest import SPLITS

GROWTH_REPORTS = ("growth-report.json", "growth-report.md")
"""Files that an addition writes beside the manifest."""

NO_SPLIT = "no split"

REASONS: Mapping[Why | Unused, str] = {
    Why.SAME_FILE: "the same file stands in the set already",
    Why.SAME_PICTURE: "the same picture stands in the set already",
    Why.HELD_OUT: "the picture or the work stands in the held-out set",
    Why.UNREADABLE: "the picture cannot be used",
    Why.NO_CONSENT: "feedback without consent",
    Unused.ARTIST_IN_TEST: "the artist stands in test, which never grows",
    Unused.ARTIST_IN_VAL: "the artist stands in val, which was to stay as it is",
    Unused.FEEDBACK: "feedback that nobody has reviewed",
    Unused.NO_SPLITS: "the old set has no splits",
}
"""What people read for each reason."""


@dataclass(frozen=True)
class Offer:
    """One of the manifests that were put together.

    Args:
        manifest: its file.
        data_hash: its version.
        rows: how many it has.
        added: how many of them are in the result.
    """

    manifest: Path
    data_hash: str
    rows: int
    added: int


@dataclass(frozen=True)
class Growth:
    """What an addition did. Every row of every manifest is in the result or in ``left_out``.

    Args:
        manifest: the file written.
        data_hash: its version.
        old: the manifest that grew.
        new: what was added to it.
        splits: rows of each split (and of none) before and after.
        movements: rows of each movement before and after, most first; rows without one stand under ``""``.
        left_out: rows that are not in the result, with the reasons.
        aside: rows new in the result that have no split, with the reasons.
        same_works: ids of pictures of one work, by artist and title, where a new row is among them.
        renamed: old ids by new ones, of new rows whose id another row had.
        unreadable: rows of the old and of the held-out set whose pictures could not be compared; they stay.
        nameless: new paintings without a known artist, all in train: nobody can say whether the artist is in test.
    """

    manifest: Path
    data_hash: str
    old: Offer
    new: tuple[Offer, ...]
    splits: Mapping[str, tuple[int, int]]
    movements: Mapping[str, tuple[int, int]]
    left_out: tuple[LeftOut, ...]
    aside: tuple[Aside, ...]
    same_works: Mapping[str, tuple[str, ...]]
    renamed: Mapping[str, str]
    unreadable: tuple[LeftOut, ...]
    nameless: int

    @property
    def rows(self) -> int:
        """Rows of the result."""
        return self.old.rows + sum(offer.added for offer in self.new)

    def reasons(self) -> dict[str, int]:
        """How many rows were left out or got no split, for each reason."""
        return {why.value: count for why, count in self._count_reasons()}

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        plain = {**asdict(self), "rows": self.rows, "reasons": self.reasons()}
        loaded: dict[str, Any] = json.loads(json.dumps(plain, default=str))
        return loaded

    def to_markdown(self) -> str:
        """The report for people, as Markdown."""
        lines = ["# Growth report", "", self.summary(), "", f"Data hash `{self.data_hash}`."]
        offers = [(one.manifest, f"`{one.data_hash[:16]}`", one.rows, one.added) for one in (self.old, *self.new)]
        lines += write_section("Put together", ("manifest", "data hash", "rows", "in the result"), offers)
        header = ("before", "after")
        lines += write_section("Splits", ("split", *header), ((name, *both) for name, both in self.splits.items()))
        movements = ((name or "without a movement", *both) for name, both in self.movements.items())
        lines += write_section("Movements", ("movement", *header), movements)
        reasons = ((why.value, count, REASONS[why]) for why, count in self._count_reasons())
        lines += write_section("Reasons", ("reason", "rows", "in words"), reasons)
        left_out = [(one.manifest, one.id, one.why.value, one.kept or "", one.detail) for one in self.left_out]
        lines += write_section("Left out", ("manifest", "id", "reason", "stands for it", "detail"), left_out)
        aside = ((one.manifest, one.id, one.why.value) for one in self.aside)
        lines += write_section("In the result without a split", ("manifest", "id", "reason"), aside)
        works = ((work, ", ".join(ids)) for work, ids in self.same_works.items())
        lines += write_section("Several pictures of one work", ("work", "ids"), works)
        lines += write_section("Renamed, for another row has the id", ("now", "before"), self.renamed.items())
        unreadable = ((one.manifest, one.id, one.detail) for one in self.unreadable)
        lines += write_section("Could not be compared", ("manifest", "id", "why"), unreadable)
        return "\n".join(lines) + "\n"

    def _count_reasons(self) -> list[tuple[Why | Unused, int]]:
        reasons: list[Why | Unused] = [one.why for one in self.left_out]
        return Counter([*reasons, *(one.why for one in self.aside)]).most_common()

    def summary(self) -> str:
        """What was done, in a few sentences."""
        offered, added = sum(one.rows for one in self.new), sum(one.added for one in self.new)
        train, val = (self.splits[split][1] - self.splits[split][0] for split in SPLITS[:2])
        frozen = f" The {self.splits['test'][1]:,} rows of test are what they were." if self.splits["test"][1] else ""
        nameless = f" {self.nameless:,} paintings without a known artist went to train." if self.nameless else ""
        return (
            f"{added:,} of {offered:,} offered rows were added to {self.old.rows:,}: {train:,} to train, {val:,} to "
            f"val, {len(self.aside):,} without a split; {len(self.left_out):,} were left out.{frozen}{nameless}"
        )
