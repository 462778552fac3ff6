"""Compares findings with what was planted: recall of each fault, precision of each check."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

from cleaning_benchmark.planting import Planted
from smn.clean.checks import CHECKS
from smn.clean.findings import Findings


@dataclass(frozen=True)
class Share:
    """A share with its 95 % Wilson score interval (Wilson 1927).

    Args:
        part: how many.
        whole: of how many.
    """

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, 0..1; None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end; None of nothing."""
        if not self.whole:
            return None
        z, n = 1.959964, self.whole
        middle = (self.part / n + z * z / (2 * n)) / (1 + z * z / n)
        reach = z * sqrt(self.part * (n - self.part) / n**3 + z * z / (4 * n * n)) / (1 + z * z / n)
        return max(middle - reach, 0.0), min(middle + reach, 1.0)


@dataclass(frozen=True)
class FaultScore:
    """How one fault fared.

    Args:
        fault: its name.
        check: the check that should find it.
        found: by that check, of those planted.
        found_by_any: by whichever check.
    """

    fault: str
    check: str
    found: Share
    found_by_any: Share


@dataclass(frozen=True)
class CheckScore:
    """How one check fared.

    Args:
        check: its name.
        found: of the faults planted for it.
        findings: how many rows it flagged.
        other: of these, rows with a fault planted for another check: a blank page is blurred, too.
        before: of these, rows without a planted fault that it flagged before anything was planted, too.
        precision: planted for it, of its findings without ``other``: a lower bound, because data has faults of its own.
        precision_new: the same without ``before`` either.
    """

    check: str
    found: Share
    findings: int
    other: int
    before: int
    precision: Share
    precision_new: Share


@dataclass(frozen=True)
class Proof:
    """What the checks found of what was planted."""

    faults: tuple[FaultScore, ...]
    checks: tuple[CheckScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values, ready for JSON, intervals included."""

        def plain(value: Any) -> Any:
            if isinstance(value, Share):
                return {**asdict(value), "value": value.value, "interval": value.interval}
            if isinstance(value, FaultScore | CheckScore):
                return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__}
            return value

        return {
            "faults": [plain(score) for score in self.faults],
            "checks": [plain(score) for score in self.checks],
        }


def list_flagged(findings: Findings) -> dict[str, list[str]]:
    """Ids of the rows in which each check found something, the worst first."""
    ids = findings.column("id")
    return {check: [ids[row] for row in findings.worst(check)] for check in findings.checks}


def score_findings(
    flagged: Mapping[str, Sequence[str]],
    planted: Sequence[Planted],
    *,
    before: Mapping[str, Sequence[str]] | None = None,
) -> Proof:
    """Count what was found of what was planted.

    A copy counts as found if it or the row that it was copied from is flagged: which of the two is kept is the
    check's to choose.

    Args:
        flagged: ids of the flagged rows, by check, for the checks that were made.
        planted: what was planted.
        before: the same for the data before anything was planted.

    Returns:
        Recall of each fault and each check, and precision of each check.
    """
    hits = {check: set(ids) for check, ids in flagged.items()}
    earlier = {check: set(ids) for check, ids in (before or {}).items()}
    anywhere = set().union(*hits.values()) if hits else set()
    faulty = {one.id for one in planted} | {one.of for one in planted if one.of}
    by_fault: dict[str, list[Planted]] = defaultdict(list)
    for one in planted:
        by_fault[one.fault].append(one)
    faults = tuple(
        FaultScore(
            fault,
            ones[0].check,
            _share(ones, hits[ones[0].check]),
            _share(ones, anywhere),
        )
        for fault, ones in by_fault.items()
        if ones[0].check in hits
    )
    checks = []
    for check in CHECKS:
        if check not in hits or not any(one.check == check for one in planted):
            continue
        mine = [one for one in planted if one.check == check]
        own = {one.id for one in mine} | {one.of for one in mine if one.of}
        true, natural = hits[check] & own, hits[check] - faulty
        known = natural & earlier.get(check, set())
        checks.append(
            CheckScore(
                check,
                _share(mine, hits[check]),
                findings=len(hits[check]),
                other=len((hits[check] & faulty) - own),
                before=len(known),
                precision=Share(len(true), len(true) + len(natural)),
                precision_new=Share(len(true), len(true) + len(natural - known)),
            )
        )
    return Proof(faults, tuple(checks))


def _share(planted: Sequence[Planted], hits: set[str]) -> Share:
    return Share(sum(one.id in hits or one.of in hits for one in planted), len(planted))
