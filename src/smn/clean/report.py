"""Counts findings, and writes the counts as Markdown."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from smn.clean.checks import CHECKS
from smn.clean.findings import Findings
from smn.clean.thresholds import render_thresholds

UNLABELLED = "no movement"


@dataclass(frozen=True)
class CheckCount:
    """What one check found.

    Args:
        check: its name.
        title: for people.
        judged: rows that it could judge.
        found: rows in which it found something.
        threshold: of the check itself; movements may have others.
        worst: the id of the row with the lowest score, where anything was found.
        movements: findings by movement, most first.
        unjudged: why it could not judge the other rows.
    """

    check: str
    title: str
    judged: int
    found: int
    threshold: float
    worst: str | None
    movements: dict[str, int]
    unjudged: str | None

    @property
    def share(self) -> float:
        """Findings among the rows that were judged, 0..1."""
        return self.found / self.judged if self.judged else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "share": round(self.share, 6)}


def count_findings(findings: Findings) -> tuple[CheckCount, ...]:
    """What each check found, in the order of the checks."""
    ids, movements = findings.column("id"), findings.column("movement")
    counts = []
    for name in findings.checks:
        rows = findings.worst(name)
        by_movement = Counter(movements[row] or UNLABELLED for row in rows)
        counts.append(
            CheckCount(
                check=name,
                title=CHECKS[name].title,
                judged=len(findings) - findings.table[f"{name}_score"].null_count,
                found=len(rows),
                threshold=findings.about.thresholds[name],
                worst=ids[rows[0]] if rows else None,
                movements=dict(sorted(by_movement.items(), key=lambda item: (-item[1], item[0]))),
                unjudged=findings.about.unjudged.get(name),
            )
        )
    return tuple(counts)


def to_markdown(findings: Findings) -> str:
    """The counts for people, as Markdown."""
    about, counts = findings.about, count_findings(findings)
    flagged = sum(map(bool, findings.column("issues")))
    lines = [
        "# Findings",
        "",
        f"{flagged:,} of {len(findings):,} pictures have a finding. Nothing was changed: look at them with "
        "`smn clean review`, then decide.",
        "",
        f"- manifest: `{about.manifest}`, data hash `{about.data_hash[:16]}`",
        *([f"- held out: `{about.against}`"] if about.against else []),
        *([f"- not paintings: `{about.negatives}`"] if about.negatives else []),
        f"- model: {about.model} (`{about.model_sha256[:16]}`), smn {about.version}, seed {about.seed}",
        "",
        "## Checks",
        "",
        *_table(
            ("check", "findings", "share", "judged", "threshold", "worst"),
            [
                (f"{count.title} (`{count.check}`)", f"{count.found:,}", f"{count.share:.1%}", f"{count.judged:,}",
                 f"{count.threshold:g}", f"`{count.worst}`" if count.worst else "")
                for count in counts
            ],
        ),
    ]  # fmt: skip
    unjudged = [(f"{count.title} (`{count.check}`)", count.unjudged) for count in counts if count.unjudged]
    if unjudged:
        lines += ["", "## Not judged", "", *_table(("check", "why"), unjudged)]
    found = [count for count in counts if count.found]
    if found:
        rows = Counter(movement or UNLABELLED for movement in findings.column("movement"))
        header = ("movement", "rows", *(count.title for count in found))
        body = [
            (name, f"{rows[name]:,}", *(str(count.movements.get(name, "")) for count in found)) for name in sorted(rows)
        ]
        lines += ["", "## By movement", "", *_table(header, body)]
    lines += ["", "## Thresholds", "", "```toml", render_thresholds(about.thresholds).rstrip(), "```", ""]
    return "\n".join(lines)


def checks_table() -> str:
    """Every check as a Markdown table, as it stands in docs/clean.md."""
    rows = [
        (f"`{name}`", check.meaning, f"{check.threshold:g}{' *' if check.relative else ''}", check.advice.value)
        for name, check in CHECKS.items()
    ]
    return "\n".join(_table(("check", "means", "finding below", "advice"), rows))


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [f"| {' | '.join(row)} |" for row in (list(header), ["---"] * len(header), *cells)]
