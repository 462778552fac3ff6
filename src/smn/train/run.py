"""A training run of whatever kind of model; only what the recipe's kind needs is imported."""

from pathlib import Path
from typing import TYPE_CHECKING

from smn.errors import MissingExtraError
from smn.progress import Progress
from smn.train.kinds import ColourSettings
from smn.train.recipe import Recipe
from smn.train.runfolder import read_run

if TYPE_CHECKING:
    from smn.train.loop import ToldEpoch

__all__ = ["read_run", "train"]


def train(
    recipe: Recipe,
    manifest: str | Path,
    *,
    out: Path,
    negatives: str | Path | None = None,
    fast: bool = False,
    everything: bool = False,
    start: str | Path | None = None,
    device: str = "auto",
    progress: Progress = lambda *_: None,
    told_epoch: "ToldEpoch" = lambda _: None,
) -> Path:
    """Train a model as a recipe says.

    The same call continues a run that was interrupted: features come from the cache beside the run, and weights from
    the last epoch's checkpoint. A run that is finished is left as it is.

    Args:
        recipe: what to do.
        manifest: pictures with the splits ``train`` and ``val``.
        out: the run's folder; created, or continued if it is of the same recipe and data.
        negatives: a manifest of pictures that are not paintings, to learn refusal from; its split ``train`` is used.
            Not for models of colour.
        fast: only rehearse: one epoch of two small batches for each phase; the run is of no other use.
        everything: learn from the rows of every split and of none, for a model that is shipped; its figures on val are
            worth nothing then. Not for models of colour.
        start: a finished run of a network with the same section ``[model]`` and taxonomy, whose weights the training
            starts from; its head is kept, so the head's phase is left out. Not for models of colour.
        device: see `smn.train.precision.choose_device`; models of colour have none.
        progress: told how far things are.
        told_epoch: told the figures of every epoch of a network after it; what it raises ends the training.

    Returns:
        The run's folder.

    Raises:
        InputError: ``out`` holds a run of another recipe or of other data, ``start`` is not finished or is of another
            network, a picture cannot be read, or this
            machine has no such device.
        ManifestError: a split has no usable rows, or the negatives have none.
        MissingExtraError: the extra ``train`` is not installed, or for models of colour the extra ``colour``.
    """
    if isinstance(recipe.model, ColourSettings):
        from smn.train.colour import train_colour

        return train_colour(recipe, manifest, out=out, negatives=negatives, fast=fast, progress=progress)
    try:
        from smn.train.networks import train_network
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    return train_network(
        recipe, manifest, out=out, negatives=negatives, fast=fast, everything=everything, start=start, device=device,
        progress=progress, told_epoch=told_epoch,
    )  # fmt: skip
