"""Suggests decisions from findings, in a file for a person to edit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from smn.clean.checks import Advice, get_check
from smn.clean.decisions import Decision, Verdict, append_decisions, write_time
from smn.clean.findings import Finding, Findings, list_findings
from smn.errors import OutputExistsError
from smn.manifest import SPLITS


def suggest_decisions(
    findings: Findings,
    *,
    checks: Sequence[str] | None = None,
    below: float | None = None,
    now: datetime | None = None,
) -> tuple[Decision, ...]:
    """The decisions that the findings advise, one a picture, in the order of the rows.

    A finding of a check with the advice to drop suggests that; one with the advice to relabel suggests the movement
    that the check names, if it names one; one with the advice to look suggests nothing. Dropping takes precedence over
    relabelling. Of copies of one picture one is always kept, that of the test split if there is one.

    Args:
        findings: from `smn.clean.findings.read_findings`.
        checks: only what these found; None is every check.
        below: only scores below this, 0..1.
        now: the time to write; the present one unless given.

    Raises:
        UnknownNameError: there is no such check.
        InputError: such a check was not run, or ``below`` is no score.
    """
    by_row: dict[int, list[Finding]] = defaultdict(list)
    for found in list_findings(findings, checks=checks, below=below).values():
        for finding in found:
            if _is_advice(finding):
                by_row[finding.row].append(finding)
    ids, digests = findings.column("id"), findings.column("sha256")
    for row in _survivors(by_row, ids, findings.column("split")):
        by_row[row] = [finding for finding in by_row[row] if "of" not in finding.evidence]
    at = write_time(now)
    return tuple(_decide(by_row[row], ids[row], digests[row], at) for row in sorted(by_row) if by_row[row])


def write_suggestions(decisions: Sequence[Decision], file: str | Path) -> Path:
    """Write suggested decisions to a file of their own.

    Raises:
        OutputExistsError: the file exists.
    """
    file = Path(file)
    if file.exists():
        raise OutputExistsError(file)
    return append_decisions(file, decisions)


def _is_advice(finding: Finding) -> bool:
    relabels = get_check(finding.check).advice is Advice.RELABEL
    return _is_drop(finding) or (relabels and bool(finding.evidence.get("suggestion")))


def _is_drop(finding: Finding) -> bool:
    return get_check(finding.check).advice is Advice.DROP


def _decide(found: Sequence[Finding], row_id: str, sha256: str, at: str) -> Decision:
    drops = [finding for finding in found if _is_drop(finding)]
    reasons = drops or found[:1]
    movement = None if drops else str(found[0].evidence["suggestion"])
    return Decision(
        row_id,
        Verdict.DROP if drops else Verdict.RELABEL,
        sha256=sha256,
        movement=movement,
        checks=tuple(finding.check for finding in reasons),
        note="; ".join(_reason(finding) for finding in reasons),
        decided_at=at,
    )


def _reason(finding: Finding) -> str:
    words = finding.describe()
    return f"{finding.check} {finding.score:.2f}{f': {words}' if words else ''}"


def _survivors(by_row: Mapping[int, Sequence[Finding]], ids: Sequence[str], splits: Sequence[str | None]) -> set[int]:
    """One row of each set of copies that would all be dropped for no other reason than being copies."""
    place = {row_id: row for row, row_id in enumerate(ids)}
    dropped = {row for row, found in by_row.items() if any(_is_drop(finding) for finding in found)}
    groups: dict[int, set[int]] = {}  # of every copy, all rows that are the same picture
    stays: set[int] = set()  # rows of which a copy is kept in any case
    for row in sorted(dropped):
        for finding in by_row[row]:
            if "of" not in finding.evidence:
                continue
            other = row if finding.is_outside else place.get(str(finding.evidence["of"]), row)
            if other == row or other not in dropped:
                stays.add(row)
            joined = groups.get(row, {row}) | groups.get(other, {other})
            groups.update(dict.fromkeys(joined, joined))
    survivors = set()
    for rows in groups.values():
        only_copies = {row for row in rows & dropped if _is_only_copy(by_row[row])}
        if only_copies and not rows & stays:
            survivors.add(_first(only_copies, splits))
    return survivors


def _is_only_copy(found: Sequence[Finding]) -> bool:
    return all("of" in finding.evidence for finding in found if _is_drop(finding))


def _first(rows: Iterable[int], splits: Sequence[str | None]) -> int:
    order = {split: number for number, split in enumerate(reversed(SPLITS))}
    return min(rows, key=lambda row: (order.get(splits[row] or "", len(order)), row))
