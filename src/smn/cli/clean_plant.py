"""``smn clean plant`` and ``smn clean score``: do the checks find what is known to be wrong?"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli.screen import console, note, progress

if TYPE_CHECKING:
    from smn.clean.proving import Proof, Share


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder to write.")
@click.option("--faults", metavar="A,B", default="", help="Plant only these.  [default: all]")
@click.option("--each", default=60, show_default=True, type=click.IntRange(1), help="Rows to plant each fault in.")
@click.option("--splits", metavar="A,B", default="", help="Plant only in these splits.  [default: all]")
@click.option("--not-paintings", metavar="MANIFEST", type=click.Path(path_type=Path), help="Photographs to hide in it.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, other rows.")
def plant(manifest: Path, out: Path, faults: str, splits: str, **options: Any) -> None:
    """Write a copy of MANIFEST with known faults in it: blurred, mirrored, mislabelled and so on."""
    from smn.clean.planting import plant_faults

    names, parts = ([name.strip() for name in text.split(",") if name.strip()] for text in (faults, splits))
    with progress() as show:
        planted = plant_faults(manifest, out, faults=names, splits=parts, progress=show, **options)
    note(f"{len(planted):,} faults of {len({one.fault for one in planted})} kinds are in {out}; next:")
    note(f"  smn clean check {out} --out FINDINGS && smn clean score FINDINGS --planted {out}")


@click.command()
@click.argument("findings", type=click.Path(path_type=Path))
@click.option("--planted", required=True, type=click.Path(path_type=Path), help="Folder that `smn clean plant` wrote.")
@click.option("--before", type=click.Path(path_type=Path), metavar="FINDINGS", help="Findings before the planting.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def score(findings: Path, planted: Path, before: Path | None, form: str) -> None:
    """Compare FINDINGS with what was planted: the recall of each fault, the precision of each check."""
    from smn.clean.findings import read_findings
    from smn.clean.planting import read_planted
    from smn.clean.proving import list_flagged, score_findings

    earlier = None if before is None else list_flagged(read_findings(before))
    proof = score_findings(list_flagged(read_findings(findings)), read_planted(planted), before=earlier)
    if form == "json":
        click.echo(json.dumps(proof.to_dict(), indent=2))
    else:
        _show(proof)


def _show(proof: "Proof") -> None:
    from rich import box
    from rich.table import Table

    faults = Table(title="Faults", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name in ("fault", "check", "planted", "found by it, %", "by any, %"):
        faults.add_column(name, justify="left" if name in ("fault", "check") else "right")
    for one in proof.faults:
        faults.add_row(one.fault, one.check, str(one.found.whole), _percent(one.found), _percent(one.found_by_any))
    checks = Table(title="Checks", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name in ("check", "findings", "recall, %", "precision at least, %", "of new findings, %"):
        checks.add_column(name, justify="left" if name == "check" else "right")
    for mine in proof.checks:
        shares = (_percent(share) for share in (mine.found, mine.precision, mine.precision_new))
        checks.add_row(mine.check, f"{mine.findings:,}", *shares)
    console().print(faults)
    console().print(checks)


def _percent(share: "Share") -> str:
    if share.value is None or share.interval is None:
        return "–"
    low, high = share.interval
    return f"{100 * share.value:.0f} ({100 * low:.0f}–{100 * high:.0f})"
