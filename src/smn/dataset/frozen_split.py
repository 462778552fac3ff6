"""Assigns new rows to splits while the old rows keep theirs, and checks that they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from smn.dataset.leakage import find_leakage
from smn.dataset.matching import FEEDBACK, Entry
from smn.errors import InputError, LeakageError
from smn.manifest import HASHED, NOT_A_PAINTING, SPLITS, Manifest
from smn.manifest.identity import artist_key


class UnassignedReason(StrEnum):
    """Why a row has no split, so that neither training nor evaluation uses it."""

    ARTIST_IN_TEST = "artist-in-test"
    ARTIST_IN_VAL = "artist-in-val"  # and val is frozen
    FEEDBACK = "feedback"  # nobody has reviewed it
    NO_SPLITS = "no-splits"  # the old set has none: split the result


@dataclass(frozen=True)
class SplitRules:
    """How new rows are assigned to splits.

    Args:
        ratios: shares of train and val among new artists, whole numbers, the first above 0.
        seed: the same seed sends the same artist to the same split, whatever else is added.
        freeze_val: val gets no new rows either.
        accept_feedback: treat feedback like any other row; it has been reviewed.

    Raises:
        InputError: the ratios are no such numbers.
    """

    ratios: tuple[int, ...] = (70, 10)
    seed: int = 0
    freeze_val: bool = False
    accept_feedback: bool = False

    def __post_init__(self) -> None:
        if len(self.ratios) != 2 or min(self.ratios) < 0 or self.ratios[0] == 0:
            raise InputError(
                f"The ratios {'/'.join(map(str, self.ratios))} cannot be used; give two whole numbers for train and "
                "val, of which the first is above 0, such as 70/10."
            )


@dataclass(frozen=True)
class Unassigned:
    """A row of the result that has no split.

    Args:
        manifest: the manifest that it comes from.
        id: its id in the result.
        why: the kind of reason.
    """

    manifest: Path
    id: str
    why: UnassignedReason


class SplitAssigner:
    """Assigns new rows to splits so that no artist is in two.

    Test never gets a new row. A new row goes to its artist's split. New artists are drawn for train or val by a hash of
    their name, and so is each picture that is no painting; a painting without a known artist goes to train.

    Args:
        old: the rows of the old set.
        rules: how to assign.
    """

    def __init__(self, old: Sequence[Entry], rules: SplitRules) -> None:
        self._rules = rules
        self._split_of: dict[str, str] = {}
        # Of an artist that is in two splits already, the most protected one counts.
        for split in SPLITS:
            for entry in old:
                artist = artist_key(entry.artist)
                if artist is not None and entry.split == split:
                    self._split_of[artist] = split
        self._has_splits = any(entry.split for entry in old)

    def assign(self, entry: Entry) -> str | UnassignedReason:
        """The split of a new row, or why it has none."""
        if not self._has_splits:
            return UnassignedReason.NO_SPLITS
        if entry.label_kind == FEEDBACK and not self._rules.accept_feedback:
            return UnassignedReason.FEEDBACK
        artist = artist_key(entry.artist)
        split = self._split_of.get(artist) if artist is not None else None
        if split == "test":
            return UnassignedReason.ARTIST_IN_TEST
        if split == "val" and self._rules.freeze_val:
            return UnassignedReason.ARTIST_IN_VAL
        if artist is None and entry.movement == NOT_A_PAINTING:
            return self._draw(entry.sha256)
        return split or self._draw(artist)

    def _draw(self, key: str | None) -> str:
        train, val = self._rules.ratios
        if key is None or self._rules.freeze_val:
            return "train"
        drawn = int.from_bytes(sha256(f"{self._rules.seed} {key}".encode()).digest()[:8])
        return "val" if drawn % (train + val) < val else "train"


def check_frozen(old: Manifest, grown: Manifest) -> None:
    """Check that a merge has left the splits of the old rows alone, and has put no artist into two splits.

    Args:
        old: the manifest before.
        grown: the manifest after.

    Raises:
        LeakageError: a row that had a split has lost it, or has another picture, label or split; or test has a row
            that it had not; or an artist or a file is in two splits that was not before.
    """
    before, after = ({row for row in _hashed(manifest) if row[3]} for manifest in (old, grown))
    changed = sorted(before - after)
    added_to_test = sorted(row for row in after - before if row[3] == "test")
    if changed or added_to_test:
        first = (changed or added_to_test)[0]
        raise LeakageError(
            f"{len(changed)} rows would lose their split, picture or label and {len(added_to_test)} would be added to "
            f"test, such as {first[0]}; nothing was written. This is a bug in smn: report it with the command.",
            evidence=(changed, added_to_test),
        )
    if not before:
        return
    known = {(shared.kind, shared.value) for shared in find_leakage(old).leaks}
    leaks = [shared for shared in find_leakage(grown).leaks if (shared.kind, shared.value) not in known]
    if leaks:
        raise LeakageError(
            f"{len(leaks)} artists or files would be in two splits, such as {leaks[0].value}; nothing was written. "
            "This is a bug in smn: report it with the command.",
            evidence=leaks,
        )


def _hashed(manifest: Manifest) -> list[tuple[Any, ...]]:
    return list(zip(*(manifest.column(name) for name in HASHED), strict=True))
