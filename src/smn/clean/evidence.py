"""What was found, the worst first, and in words what speaks for it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smn.clean.checks import get_check
from smn.clean.findings import Findings
from smn.errors import InputError
from smn.manifest import SPLITS


@dataclass(frozen=True)
class Finding:
    """One check's finding about one picture.

    Args:
        row: of the findings table.
        check: its name.
        score: 0, surely a fault, up to the check's threshold.
        evidence: what the check noted of this picture, by what follows the check's name in the column: ``of`` and
            ``where`` the same picture is, a movement as ``suggestion`` with its ``probability`` and that of the
            ``given`` one, ``reason``, numbers.
    """

    row: int
    check: str
    score: float
    evidence: Mapping[str, Any]

    @property
    def is_outside(self) -> bool:
        """Whether the copy it speaks of stands in another manifest: ``where`` names no split of this one."""
        return self.evidence.get("where", SPLITS[0]) not in SPLITS

    def describe(self) -> str:
        """The evidence as part of a sentence; empty where there is none."""
        return ", ".join(_phrases(self.evidence))


def list_findings(
    findings: Findings, *, checks: Sequence[str] | None = None, below: float | None = None, limit: int | None = None
) -> dict[str, list[Finding]]:
    """The findings of each check, the worst first.

    Args:
        findings: from `smn.clean.findings.read_findings`.
        checks: only these; None is every check that was made.
        below: only scores below this, 0..1.
        limit: at most so many of each check.

    Returns:
        By check in the order in which checks are read; checks that found nothing are left out.

    Raises:
        UnknownNameError: there is no such check.
        InputError: such a check was not made, or ``below`` is no score.
    """
    if below is not None and not 0 <= below <= 1:
        raise InputError(f"--below {below} is no score; choose a number from 0 to 1.")
    wanted = [get_check(name).name for name in checks] if checks is not None else list(findings.checks)
    absent = [name for name in wanted if name not in findings.checks]
    if absent:
        raise InputError(
            f"{findings.file} holds no scores of {', '.join(absent)}; it has {', '.join(findings.checks) or 'none'}."
        )
    listed = {name: _of_check(findings, name, below, limit) for name in findings.checks if name in wanted}
    return {name: found for name, found in listed.items() if found}


def split_names(text: str | None) -> list[str] | None:
    """Names of checks as the command line has them, separated by commas; None stays None.

    Raises:
        UnknownNameError: there is no such check.
    """
    if text is None:
        return None
    names = [name.strip().replace("-", "_") for name in text.split(",") if name.strip()]
    return [get_check(name).name for name in names]


def _of_check(findings: Findings, check: str, below: float | None, limit: int | None) -> list[Finding]:
    score = findings.column(f"{check}_score")
    rows = [row for row in findings.worst(check) if below is None or score[row] < below][:limit]
    own = {f"is_{check}_issue", f"{check}_score"}
    names = [name for name in findings.table.column_names if name.startswith(f"{check}_") and name not in own]
    columns = {name.removeprefix(f"{check}_"): findings.column(name) for name in names}
    found = []
    for row in rows:
        evidence = {name: values[row] for name, values in columns.items() if values[row] is not None}
        found.append(Finding(row, check, float(score[row]), evidence))
    return found


def _phrases(evidence: Mapping[str, Any]) -> Iterator[str]:
    for name, value in evidence.items():
        if name == "group":  # a name for programs, which tells a person nothing
            continue
        text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        if name in _PHRASES:
            yield _PHRASES[name].format(text)
        else:
            yield f"{name.replace('_', ' ')} {text}"


_PHRASES = {
    "of": "the same as {}",
    "where": "in {}",
    "suggestion": "suggests {}",
    "probability": "probability {}",
    "given": "the given one {}",
    "like": "most like {}",
    "deviations": "{} deviations from its movement",
    "how": "{}",
    "contradicts": "elsewhere labelled {}",
    "reason": "{}",
}
