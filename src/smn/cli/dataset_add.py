"""``smn dataset add``: add new pictures to an old set."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli.screen import progress, show_table

if TYPE_CHECKING:
    from smn.dataset import MergeReport

_LISTED = 12  # lines of a long table that are shown
_EXAMPLE = """\b
Example:
  smn dataset add data/pool data/aic data/cubism --against data/famous --out data/pool-2
"""


@click.command(epilog=_EXAMPLE)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", nargs=-1, type=click.Path(path_type=Path), metavar="[NEW]...")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of the result.")
@click.option("--against", type=click.Path(path_type=Path), metavar="MANIFEST", help="Let nothing in that stands here.")
@click.option("--ratios", default="70/10", show_default=True, help="Shares of train/val among new artists.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0), help="Another seed, another sharing out.")
@click.option("--freeze-val", is_flag=True, help="Add nothing to val either.")
@click.option("--accept-feedback", is_flag=True, help="Feedback has been reviewed: use it like any other row.")
@click.option("--format", "form", default="table", show_default=True, type=click.Choice(["table", "json"]))
def add(old: Path, new: tuple[Path, ...], out: Path, against: Path | None, form: str, **options: Any) -> None:
    """Write a manifest of OLD and of what is new in NEW; OLD and its test split stay as they are.

    Pictures that stand in OLD, or in the manifest given with --against, are left out. New rows by an artist of OLD's
    test split get no split; other known artists stay where they stand, new ones are shared out between train and val.
    """
    from smn.dataset import SplitRules, add_to_dataset

    rules = SplitRules(
        ratios=_read_ratios(options["ratios"]),
        seed=options["seed"],
        freeze_val=options["freeze_val"],
        accept_feedback=options["accept_feedback"],
    )
    with progress() as show:
        report = add_to_dataset(old, new, out, against=against, rules=rules, progress=show)
    if form == "json":
        click.echo(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    else:
        _show(report)


def _read_ratios(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split("/"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not like 70/10.", param_hint="--ratios") from error


def _show(report: "MergeReport") -> None:
    from smn.dataset.description import name_movement
    from smn.dataset.reports import REASONS

    show_table("Splits", ("split", "before", "after"), [(name, *both) for name, both in report.splits.items()])
    movements = [(name_movement(name), *both) for name, both in report.movements.items() if both[0] != both[1]]
    show_table("Movements that grew", ("movement", "before", "after"), movements, limit=2 * _LISTED)
    words = {why.value: text for why, text in REASONS.items()}
    reasons = [(words[why], rows) for why, rows in report.reasons().items()]
    show_table("Left out, or without a split", ("why", "rows"), reasons)
    contradicting = [(one.id, one.kept, one.detail) for one in report.left_out if one.kept and one.detail]
    show_table("Labels that contradict", ("left out", "stands for it", "labels"), contradicting, limit=_LISTED)
    works = [(work, ", ".join(ids)) for work, ids in report.same_works.items()]
    show_table("Several pictures of one work", ("work", "ids"), works, limit=_LISTED)
    click.echo(report.summary())
    click.echo(f"The manifest is {report.manifest}; all of it stands in growth-report.md beside it.")
    click.echo(f"Data hash {report.data_hash}")
