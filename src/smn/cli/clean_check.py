"""``smn clean check``: score every picture and label of a manifest."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli.screen import console, progress

if TYPE_CHECKING:
    from smn.clean.findings import Findings


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the findings.")
@click.option("--against", type=click.Path(path_type=Path), metavar="MANIFEST", help="A held-out set: find leaks.")
@click.option(
    "--not-paintings", "negatives", type=click.Path(path_type=Path), metavar="MANIFEST",
    help="Pictures that are no paintings, to learn from.",
)  # fmt: skip
@click.option("--checks", metavar="A,B", help="Make these checks only.  [default: all]")
@click.option("--threshold", "pairs", multiple=True, metavar="NAME=0..1", help="As blurred=0.2 or baroque.dark=0.05.")
@click.option("--thresholds", "file", type=click.Path(path_type=Path), metavar="FILE.toml", help="Thresholds, a file.")
@click.option("--model", type=click.Path(path_type=Path), metavar="BUNDLE", help="The bundle that looks at them.")
@click.option("--no-model", is_flag=True, help="Find copies without a model: much faster, but few crops.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Of everything random.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def check(
    manifest: Path, checks: str | None, pairs: tuple[str, ...], file: Path | None, *, model: Path | None, form: str,
    no_model: bool, **options: Any,
) -> None:  # fmt: skip
    """Score every picture and label of MANIFEST; nothing is changed.

    Duplicates and leaks, broken, tiny, dark and blurred pictures, borders and frames, pictures that are no paintings,
    and labels that models which never saw the artist doubt. Interrupted, the same command continues.
    """
    from smn.bundle import DEFAULT
    from smn.clean.checking import check_manifest
    from smn.clean.thresholds import parse_thresholds, read_thresholds

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
        _show(findings)


def _to_dict(findings: "Findings") -> dict[str, Any]:
    from smn.clean.report import count_findings

    return {
        "findings": str(findings.file),
        "rows": len(findings),
        "flagged": sum(map(bool, findings.column("issues"))),
        "checks": [count.to_dict() for count in count_findings(findings)],
    }


def _show(findings: "Findings") -> None:
    from rich import box
    from rich.table import Table

    from smn.clean.report import count_findings

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
    click.echo(f"Look at them and decide with: smn clean review {folder}")
