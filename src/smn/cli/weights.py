"""``smn weights``."""

from pathlib import Path

import click

from smn.cli.screen import note
from smn.errors import MissingExtraError


@click.group()
def weights() -> None:
    """Files of weights for recipes of kind vgg16 and backbone."""


@weights.command("mark")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--convention", required=True, type=click.Choice(["timm", "caffe"]),
    help="timm: red, green, blue, scaled as timm notes. caffe: blue, green, red, not scaled, as Keras' VGG and ResNet.",
)  # fmt: skip
@click.option("--origin", required=True, help="Where the weights come from and under which licence.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
def mark(file: Path, *, convention: str, origin: str, out: Path) -> None:
    """Copy a FILE of weights into one that says how its pictures were prepared.

    Runs and bundles made with it repeat its origin.
    """
    try:
        from smn.models.weights import Convention, write_weights
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    write_weights(file, out, convention=Convention(convention), origin=origin)
    note(f"{out} says: {convention}, {origin}; next: smn train vgg16-frozen --weights {out}")
