"""``smn clean``: find what is wrong in a data set, look at it, decide, apply."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli import CommandGroup
from smn.cli.screen import console, progress, shell_line, write_count

if TYPE_CHECKING:
    from smn.clean.applied_decisions import Applied
    from smn.clean.findings import Findings

_FINDINGS = click.argument("findings", type=click.Path(path_type=Path))
_CHECKS = click.option("--checks", metavar="NAME,NAME", help="Only what these checks found.  [default: all]")


@click.group(cls=CommandGroup)
def clean() -> None:
    """Find wrong pictures and wrong labels, decide, and write a cleaned manifest."""


@clean.command(short_help="Score every picture and label; nothing is changed.")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the findings.")
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="MANIFEST", help="A held-out set, to find leaks into it."
)
@click.option(
    "--not-paintings", "negatives", type=click.Path(path_type=Path), metavar="MANIFEST",
    help="Pictures that are not paintings, to train the check not_a_painting.",
)  # fmt: skip
@click.option("--checks", metavar="A,B", help="Run only these checks.  [default: all]")
@click.option(
    "--threshold", "pairs", multiple=True, metavar="NAME=0..1", help="For example blurred=0.2 or baroque.dark=0.05."
)
@click.option(
    "--thresholds", "file", type=click.Path(path_type=Path), metavar="FILE.toml", help="A file with thresholds."
)
@click.option("--model", type=click.Path(path_type=Path), metavar="BUNDLE", help="The bundle to use.")
@click.option("--no-model", is_flag=True, help="Find copies without a model: much faster, but few crops.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def check(
    manifest: Path, checks: str | None, pairs: tuple[str, ...], file: Path | None, *, model: Path | None, form: str,
    no_model: bool, **options: Any,
) -> None:  # fmt: skip
    """Score every picture and label of MANIFEST; nothing is changed.

    The checks find duplicates and leaks, broken, tiny, dark and blurred pictures, borders and frames, pictures that are
    not paintings, and doubtful labels. After an interruption, the same command resumes.
    """
    from smn.bundle import DEFAULT
    from smn.clean.check_runner import check_manifest
    from smn.clean.check_thresholds import parse_thresholds, read_thresholds

    # One on the command line overrules the same one in the file.
    given = (read_thresholds(file) if file else {}) | parse_thresholds(pairs)
    names = None if checks is None else [name.strip() for name in checks.split(",") if name.strip()]
    with progress() as show:
        findings = check_manifest(
            manifest,
            checks=names,
            thresholds=given,
            bundle=None if no_model else model or DEFAULT,
            progress=show,
            **options,
        )
    if form == "json":
        click.echo(json.dumps(_to_dict(findings), ensure_ascii=False, indent=2))
    else:
        _show_findings(findings)


@clean.command(short_help="Build a page to review the findings with the keyboard.")
@_FINDINGS
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the page.")
@_CHECKS
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most N pictures of each check, the worst ones.")
@click.option("--decisions", type=click.Path(path_type=Path), metavar="FILE", help="Continue this decisions file.")
@click.option("--manifest", type=click.Path(path_type=Path), help="The manifest, if it has moved.")
@click.option("--against", type=click.Path(path_type=Path), help="The held-out manifest, if it has moved.")
def review(findings: Path, out: Path, checks: str | None, limit: int | None, **places: Path | None) -> None:
    """Build a page that shows FINDINGS as pictures, the worst first, to keep, drop or relabel with the keyboard.

    Open OUT/index.html in a browser; it needs no server and no network.
    """
    from smn.clean.findings import read_findings, split_names
    from smn.clean.review_page import build_review, manifest_of
    from smn.manifest import read_manifest

    found = read_findings(findings)
    held_out = places["against"] or found.about.against
    with progress() as on_progress:
        index = build_review(
            found,
            manifest_of(found, places["manifest"]),
            out,
            against=read_manifest(held_out) if held_out else None,
            checks=split_names(checks),
            limit=limit,
            decisions=places["decisions"],
            progress=on_progress,
        )
    click.echo(f"Open {index.resolve().as_uri()}")


@clean.command(short_help="Write the decisions that the findings suggest, for a person to edit.")
@_FINDINGS
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.csv", help="Decisions to write.")
@_CHECKS
@click.option("--below", type=float, metavar="SCORE", help="Only findings with a score below this, 0 to 1.")
def suggest(findings: Path, out: Path, checks: str | None, below: float | None) -> None:
    """Write the decisions that FINDINGS suggest to a CSV file, for a person to review and edit."""
    from smn.clean.decisions import Verdict
    from smn.clean.findings import read_findings, split_names
    from smn.clean.suggestions import suggest_decisions, write_suggestions

    found = read_findings(findings)
    decisions = suggest_decisions(found, checks=split_names(checks), below=below)
    write_suggestions(decisions, out)
    drops = sum(decision.verdict is Verdict.DROP for decision in decisions)
    click.echo(
        f"{drops:,} to drop and {len(decisions) - drops:,} to relabel are in {out}. Edit it, then: "
        + shell_line("clean", "apply", found.about.manifest, "--decisions", out, "--out", "CLEANED")
    )


@clean.command("apply", short_help="Write a manifest with the decisions applied.")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--decisions",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A decisions file; repeatable, later files win.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder or file (.parquet) to write.")
@click.option("--splits", metavar="NAME,NAME", help="Only rows of these splits may change, such as train,val.")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["text", "json"]))
def apply(manifest: Path, decisions: tuple[Path, ...], out: Path, splits: str | None, form: str) -> None:
    """Write a copy of MANIFEST with the decisions applied; MANIFEST itself is not changed."""
    from smn.clean.applied_decisions import apply_decisions

    chosen = [split.strip() for split in (splits or "").split(",") if split.strip()]
    with progress() as on_progress:
        applied = apply_decisions(manifest, decisions, out, splits=chosen, progress=on_progress)
    click.echo(json.dumps(applied.to_dict(), ensure_ascii=False, indent=2) if form == "json" else _summary(applied))


@clean.command(short_help="Undo decisions.")
@click.argument("decisions", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--last", type=click.IntRange(1), metavar="N", help="The last N decisions that are in force.")
@click.option("--check", metavar="NAME", help="Decisions that a finding of this check led to.")
def undo(decisions: Path, ids: tuple[str, ...], last: int | None, check: str | None) -> None:
    """Undo decisions: by ID, the last ones, or those of a check. Lines are added to DECISIONS, none is removed."""
    from smn.clean.checks import RETIRED, get_check
    from smn.clean.decisions import undo_decisions

    name = None if check is None else check.replace("-", "_")
    if name is not None and name not in RETIRED:
        get_check(name)
    taken = undo_decisions(decisions, ids=ids, last=last, check=name)
    click.echo(f"{write_count(len(taken), 'decision')} undone; apply {decisions} again to restore their pictures.")


def _summary(applied: "Applied") -> str:
    left = {
        "no such picture": applied.not_in_manifest,
        "another picture than the reviewed one": applied.picture_changed,
        "in another split": applied.other_splits,
    }
    aside = [f"{len(ids):,} {why}" for why, ids in left.items() if ids]
    return (
        f"{applied.rows_after:,} of {applied.rows_before:,} pictures are in {applied.after}: "
        f"{applied.dropped:,} dropped, {applied.relabelled:,} relabelled, {applied.kept:,} kept after review."
        + (f" Ignored decisions: {', '.join(aside)}." if aside else "")
        + " The report next to it has the details."
    )


def _to_dict(findings: "Findings") -> dict[str, Any]:
    from smn.clean.findings_report import count_findings

    return {
        "findings": str(findings.file),
        "rows": len(findings),
        "flagged": sum(map(bool, findings.column("issues"))),
        "checks": [count.to_dict() for count in count_findings(findings)],
    }


def _show_findings(findings: "Findings") -> None:
    from rich import box
    from rich.table import Table

    from smn.clean.findings_report import count_findings

    counts = count_findings(findings)
    table = Table(title="Findings", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, side in (("check", "left"), ("findings", "right"), ("share", "right"), ("worst", "left")):
        table.add_column(name, justify=side)  # type: ignore[arg-type]
    for count in counts:
        cells = (f"{count.found:,}", f"{count.share:.1%}") if count.judged else ("not judged", "")
        table.add_row(count.title, *cells, count.worst or "")
    console().print(table)
    for count in counts:
        if not count.judged:
            click.echo(f"{count.title}: {count.unjudged}")
    flagged = sum(map(bool, findings.column("issues")))
    folder = findings.file.parent
    click.echo(f"{flagged:,} of {len(findings):,} pictures have a finding; see findings.md and worst.png in {folder}.")
    click.echo(f"Look at them and decide with: {shell_line('clean', 'review', folder, '--out', 'review')}")
