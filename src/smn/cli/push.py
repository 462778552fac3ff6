"""``smn push``."""

from pathlib import Path

import click

from smn.cli.screen import note


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("name", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="Make a new repository private.")
def push(bundle: Path, name: str, private: bool) -> None:  # noqa: FBT001 - click passes options by name
    """Upload BUNDLE to the repository OWNER/NAME of a model hub, with a model card as its README.

    The repository is made where it does not exist; a README that is there is kept, unless BUNDLE has one. Log in first
    with: hf auth login
    """
    from smn.bundle import read_bundle
    from smn.bundle.model_hub import push_bundle

    address, has_card = push_bundle(read_bundle(bundle), name, private=private)
    kept = "" if has_card else "; its README is as it was"
    note(f"{address}{kept}; use it with: smn predict FILE --model hf://{name.removeprefix('hf://')}")
