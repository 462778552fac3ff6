"""Which split new rows go to, when those of the old ones must stay as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from smn.dataset.matching import FEEDBACK, Entry
from smn.errors import InputError
from smn.manifest import NOT_A_PAINTING, SPLITS
from smn.manifest.identity import artist_key


class Unused(StrEnum):
    """Why a row has no split, so that neither training nor evaluation sees it."""

    ARTIST_IN_TEST = "artist-in-test"
    ARTIST_IN_VAL = "artist-in-val"  # and val was to stay as it is
    FEEDBACK = "feedback"  # nobody has reviewed it
    NO_SPLITS = "no-splits"  # the old set has none: split the result


@dataclass(frozen=True)
class Rules:
    """How new rows are shared out.

    Args:
        ratios: shares of train and val among new artists, whole numbers, the first above 0.
        seed: the same seed sends the same artist to the same split, whatever else is added.
        freeze_val: val gets no new row either.
        accept_feedback: feedback has been reviewed and counts like any other row.

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


class Allotter:
    """Knows in which split every artist of the old set stands, and allots new rows so that none comes to stand in two.

    Test gets no new row, ever. A new row goes where its artist stands. New artists are shared out between train and
    val, and so are pictures of something else than paintings, one by one; a painting without a known artist goes to
    train.

    Args:
        old: the rows of the old set.
        rules: how to share out.
    """

    def __init__(self, old: Sequence[Entry], rules: Rules) -> None:
        self._rules = rules
        self._homes: dict[str, str] = {}
        # Where an artist already stands in two splits, the one to be protected counts.
        for split in SPLITS:
            for entry in old:
                artist = artist_key(entry.artist)
                if artist is not None and entry.split == split:
                    self._homes[artist] = split
        self._has_splits = any(entry.split for entry in old)

    def allot(self, entry: Entry) -> str | Unused:
        """The split of a new row, or why it has none."""
        if not self._has_splits:
            return Unused.NO_SPLITS
        if entry.label_kind == FEEDBACK and not self._rules.accept_feedback:
            return Unused.FEEDBACK
        artist = artist_key(entry.artist)
        home = self._homes.get(artist) if artist is not None else None
        if home == "test":
            return Unused.ARTIST_IN_TEST
        if home == "val" and self._rules.freeze_val:
            return Unused.ARTIST_IN_VAL
        return home or self._draw(artist if artist is not None else _loner(entry))

    def _draw(self, key: str | None) -> str:
        train, val = self._rules.ratios
        if key is None or self._rules.freeze_val:
            return "train"
        drawn = int.from_bytes(sha256(f"{self._rules.seed} {key}".encode()).digest()[:8])
        return "val" if drawn % (train + val) < val else "train"


def _loner(entry: Entry) -> str | None:
    return entry.sha256 if entry.movement == NOT_A_PAINTING else None


@dataclass(frozen=True)
class Aside:
    """A row of the result that has no split.

    Args:
        manifest: the manifest that it comes from.
        id: its id in the result.
        why: the kind of reason.
    """

    manifest: Path
    id: str
    why: Unused
