"""``smn clean review``, ``suggest``, ``apply`` and ``undo``: from findings to decisions to a cleaned manifest."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from smn.cli.screen import progress

if TYPE_CHECKING:
    from smn.clean.applied import Applied

_FINDINGS = click.argument("findings", type=click.Path(path_type=Path))
_CHECKS = click.option("--checks", metavar="NAME,NAME", help="Only what these checks found.  [default: all]")


@click.command()
@_FINDINGS
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the page.")
@_CHECKS
@click.option("--limit", type=click.IntRange(1), metavar="N", help="At most so many pictures of each check, the worst.")
@click.option("--decisions", type=click.Path(path_type=Path), metavar="FILE", help="Continue this decisions file.")
@click.option("--manifest", type=click.Path(path_type=Path), help="Where the manifest is now, if it has moved.")
@click.option("--against", type=click.Path(path_type=Path), help="Where the held-out manifest is now, likewise.")
def review(findings: Path, out: Path, checks: str | None, limit: int | None, **places: Path | None) -> None:
    """Make a page that shows FINDINGS as pictures, the worst first, to keep, drop or relabel with the keyboard.

    Open OUT/index.html in a browser; it needs no server and no network.
    """
    from smn.clean.evidence import split_names
    from smn.clean.findings import read_findings
    from smn.clean.review import build_review, manifest_of
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


@click.command()
@_FINDINGS
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.csv", help="Decisions to write.")
@_CHECKS
@click.option("--below", type=float, metavar="SCORE", help="Only findings with a score below this, 0 to 1.")
def suggest(findings: Path, out: Path, checks: str | None, below: float | None) -> None:
    """Write the decisions that FINDINGS advise into a CSV file, for a person to look at and to edit."""
    from smn.clean.decisions import Verdict
    from smn.clean.evidence import split_names
    from smn.clean.findings import read_findings
    from smn.clean.suggesting import suggest_decisions, write_suggestions

    decisions = suggest_decisions(read_findings(findings), checks=split_names(checks), below=below)
    write_suggestions(decisions, out)
    drops = sum(decision.verdict is Verdict.DROP for decision in decisions)
    click.echo(
        f"{drops:,} to drop and {len(decisions) - drops:,} to relabel stand in {out}. Edit it, then: smn clean apply"
    )


@click.command("apply")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option(
    "--decisions",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What was decided; repeatable, later files win.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder or file (.parquet) to write.")
@click.option("--splits", metavar="NAME,NAME", help="Only rows of these splits may change, such as train,val.")
@click.option("--format", "form", default="text", show_default=True, type=click.Choice(["text", "json"]))
def apply(manifest: Path, decisions: tuple[Path, ...], out: Path, splits: str | None, form: str) -> None:
    """Write a copy of MANIFEST without what was dropped and with what was relabelled; MANIFEST stays as it is."""
    from smn.clean.applying import apply_decisions

    chosen = [split.strip() for split in (splits or "").split(",") if split.strip()]
    with progress() as on_progress:
        applied = apply_decisions(manifest, decisions, out, splits=chosen, progress=on_progress)
    click.echo(json.dumps(applied.to_dict(), ensure_ascii=False, indent=2) if form == "json" else _sentence(applied))


@click.command()
@click.argument("decisions", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--last", type=click.IntRange(1), metavar="N", help="The last N decisions that stand.")
@click.option("--check", metavar="NAME", help="Decisions that a finding of this check led to.")
def undo(decisions: Path, ids: tuple[str, ...], last: int | None, check: str | None) -> None:
    """Take decisions back: by ID, the last ones, or those of a check. Lines are added to DECISIONS, none is removed."""
    from smn.clean.checks import RETIRED, get_check
    from smn.clean.decisionlog import undo_decisions

    name = None if check is None else check.replace("-", "_")
    if name is not None and name not in RETIRED:
        get_check(name)
    taken = undo_decisions(decisions, ids=ids, last=last, check=name)
    click.echo(f"{len(taken):,} decisions taken back; apply {decisions} again to have their pictures as they were.")


def _sentence(applied: "Applied") -> str:
    left = {
        "no such picture": applied.not_in_manifest,
        "another picture than was looked at": applied.picture_changed,
        "in another split": applied.other_splits,
    }
    aside = [f"{len(ids):,} {why}" for why, ids in left.items() if ids]
    return (
        f"{applied.rows_after:,} of {applied.rows_before:,} pictures are in {applied.after}: "
        f"{applied.dropped:,} dropped, {applied.relabelled:,} relabelled, {applied.kept:,} kept after a look."
        + (f" Decisions that did not count: {', '.join(aside)}." if aside else "")
        + " All of it stands in the report beside it."
    )
