"""``smn ladder``: train and measure a list of recipes under one protocol."""

from dataclasses import replace
from pathlib import Path

import click

from smn.cli.screen import note, progress, show_table
from smn.errors import InputError, MissingExtraError, UnknownNameError


@click.command()
@click.argument("ladder", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="Split by artist: train, val, test.")
@click.option("--negatives", type=click.Path(path_type=Path), help="Pictures that are no paintings, to refuse.")
@click.option("--also", multiple=True, metavar="[NAME=]MANIFEST[:SPLIT]", help="Measure on these too; repeatable.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder, created or continued.")
@click.option("--weights", multiple=True, metavar="RUNG=FILE", help="Pretrained weights for a rung; repeatable.")
@click.option("--only", metavar="RUNG,RUNG", help="Climb these rungs; the table has all that are finished.")
@click.option("--time-again", is_flag=True, help="Time the networks that are finished again, on an idle machine.")
def ladder(
    ladder: Path | None,
    *,
    manifest: Path,
    negatives: Path | None,
    also: tuple[str, ...],
    out: Path,
    weights: tuple[str, ...],
    only: str | None,
    time_again: bool,
) -> None:
    """Train and measure every recipe of LADDER, a TOML file; by default the one inside the package.

    Each rung is measured on new pictures by artists that it has seen, and on artists that it has not. What is finished
    is used again, so the same command continues, and two with different --only share the work; reports and costs are
    enough, the runs may be gone. Writes ladder.csv,
    ladder.md and ladder.png.
    """
    try:
        from smn.evaluate import EvaluationSet
        from smn.ladder import climbing
        from smn.ladder.picture import draw_ladder
        from smn.ladder.rungs import read_ladder
        from smn.ladder.table import collect_rows, describe_rows, write_table
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error

    whole = read_ladder(ladder, weights=_read_weights(weights))
    names = [rung.name for rung in whole.rungs]
    wanted = only.split(",") if only else names
    for name in wanted:
        if name not in names:
            raise UnknownNameError("rung", name, names)
    protocol = climbing.prepare(
        whole, manifest, out, also=[EvaluationSet.parse(one) for one in also], negatives=negatives
    )
    chosen = replace(whole, rungs=tuple(rung for rung in whole.rungs if rung.name in wanted))
    with progress() as report:
        failed = climbing.climb(chosen, protocol, out, progress=report)
        if time_again:
            climbing.time_again(chosen, protocol, out, progress=report)
    rows = collect_rows(whole, out)
    if rows:
        write_table(rows, out / "ladder.csv")
        (out / "ladder.md").write_text(describe_rows(rows) + "\n", encoding="utf-8")
        draw_ladder(rows, out / "ladder.png")
        header = ("rung", "known artists", "unseen artists", "minutes", "ms a picture")
        show_table("Top-1 in per cent", header, [
            (row["rung"], *(f"{100 * row[f'{name}_top1']:.1f}" for name in ("known-artists", "unseen-artists")),
             f"{row['minutes']:.0f}", f"{row['milliseconds']:.0f}") for row in rows
        ])  # fmt: skip
        note(f"{out / 'ladder.csv'}, ladder.md and ladder.png have {len(rows)} of {len(names)} rungs.")
    if failed:
        raise InputError("\n".join(f"Rung {name} failed: {reason}" for name, reason in failed.items()))


def _read_weights(given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, file = text.partition("=")
        if not (equals and name and file):
            raise InputError(f"--weights {text!r} is not RUNG=FILE; write for example vgg16-frozen=vgg16.safetensors.")
        pairs[name] = file
    return pairs
