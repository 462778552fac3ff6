"""``smn recipes``, ``train``, ``weights``, ``export`` and ``calibrate``."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smn.cli.evaluate import suggest_evaluation
from smn.cli.screen import note, progress, shell_line, show_table
from smn.confidence.calibration import MIN_PICTURES
from smn.errors import InputError, MissingExtraError, OutputExistsError, RecipeError
from smn.files import write_text
from smn.movements import read_taxonomy
from smn.train.model_configs import ColourSettings
from smn.train.recipe import Recipe, list_recipes, read_assignments, read_recipe, recipe_text

if TYPE_CHECKING:
    from smn.bundle import Bundle
    from smn.train.run import RunDescription


@click.group(invoke_without_command=True)
@click.pass_context
def recipes(context: click.Context) -> None:
    """List, show, copy or check training recipes."""
    if context.invoked_subcommand is None:
        context.invoke(list_all)


@recipes.command("list")
def list_all() -> None:
    """List the recipes inside the package."""
    show_table(None, ("recipe", "what it does"), [(name, read_recipe(name).description) for name in list_recipes()])


@recipes.command("show")
@click.argument("name")
def show(name: str) -> None:
    """Print a recipe as commented TOML."""
    click.echo(recipe_text(name), nl=False)


@recipes.command("copy")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def copy(name: str, file: Path) -> None:
    """Copy the recipe NAME to FILE, which must end in .toml, so that you can edit it."""
    if file.suffix != ".toml":
        raise InputError(f"The file name of a recipe must end in .toml, but {file} does not; choose another name.")
    text = recipe_text(name)
    if file.exists():
        raise OutputExistsError(file)
    write_text(file, text)
    note(f"{file}: {name}; after editing it: smn recipes validate {file}")


@recipes.command("validate")
@click.argument("names", metavar="RECIPE...", nargs=-1, required=True)
def validate(names: tuple[str, ...]) -> None:
    """Check recipes, of the package or your own, and report all problems."""
    problems = []
    for name in names:
        try:
            recipe = read_recipe(name)
            read_taxonomy(recipe.taxonomy)
        except InputError as error:
            problems.append(str(error))
        else:
            note(f"{name}: a recipe of kind {recipe.model.kind} on taxonomy {recipe.taxonomy}")
    if problems:
        raise InputError("\n".join(problems))


@click.command()
@click.argument("recipe")
@click.option("--manifest", required=True, type=click.Path(path_type=Path), help="Pictures with splits train and val.")
@click.option(
    "--negatives", type=click.Path(path_type=Path), help="Pictures that are not paintings, with a split train."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The run's folder, created or continued.")
@click.option("--backbone", help="Name of a timm model, for a recipe of kind backbone.")
@click.option("--weights", help="A file of weights, for kinds statistics, vgg16 and backbone.")
@click.option(
    "--set", "settings", multiple=True, metavar="SECTION.KEY=VALUE",
    help="Override a setting of the recipe, such as finetune.epochs=4; repeatable.",
)  # fmt: skip
@click.option(
    "--device", default="auto", show_default=True, type=click.Choice(["auto", "cuda", "mps", "cpu"]),
    help="Device; auto takes the fastest.",
)  # fmt: skip
@click.option("--tensorboard", is_flag=True, help="Write every epoch's figures for TensorBoard, in OUT/tensorboard.")
@click.option(
    "--everything", is_flag=True,
    help="Train on every split, for a model to ship; evaluate the recipe without this first.",
)  # fmt: skip
@click.option(
    "--from", "start", metavar="RUN", type=click.Path(path_type=Path),
    help="Start from the weights of a finished run of the same network.",
)  # fmt: skip
@click.option("--fast-dev-run", "fast", is_flag=True, help="Run every phase for one epoch of two small batches.")
def train(
    recipe: str,
    *,
    manifest: Path,
    negatives: Path | None,
    out: Path,
    backbone: str | None,
    weights: str | None,
    settings: tuple[str, ...],
    device: str,
    tensorboard: bool,
    everything: bool,
    start: Path | None,
    fast: bool,
) -> None:
    """Train a model from RECIPE: a name of `smn recipes list`, or a TOML file.

    After an interruption, the same command resumes: features are cached, and every epoch writes a checkpoint.
    """
    from smn.train.run import read_run
    from smn.train.run import train as run

    chosen = read_recipe(recipe)
    has_network = not isinstance(chosen.model, ColourSettings)
    if not has_network and (backbone or weights):
        raise InputError(f"{recipe} is a recipe of kind colour, without a network; remove --backbone and --weights.")
    if start is not None and not has_network:
        raise InputError(f"{recipe} is a recipe of kind colour, which has no weights to start from; remove --from.")
    if everything and not has_network:
        raise InputError(
            f"{recipe} is a recipe of kind colour, which is fitted on the split train; remove --everything."
        )
    given = {"model.name": backbone, "model.weights": weights}
    chosen = _change_recipe(chosen, settings, given)
    with ExitStack() as open_now:
        on_epoch_end = open_now.enter_context(_follow(out, tensorboard=tensorboard))
        report = open_now.enter_context(progress())
        run(
            chosen, manifest, out=out, negatives=negatives, fast=fast, everything=everything, start=start,
            device=device, progress=report, on_epoch_end=on_epoch_end,
        )  # fmt: skip
    _warn_of_missing(manifest, chosen, everything=everything)
    if fast:
        note(f"{out} completed every phase; now train without --fast-dev-run and with another --out.")
        return
    for line in _describe_validation(read_run(out), out):
        note(line)
    name, other = chosen.name, ("--calibrated-by", "BUNDLE") if everything else ()
    exporting = shell_line("export", out, "--out", f"bundles/{name}", "--name", f"{name}-1", *other)
    note(f"{out} is trained; next: {exporting if has_network else suggest_evaluation(out, manifest)}")


def _warn_of_missing(manifest: Path, recipe: Recipe, *, everything: bool) -> None:
    """Say which labels had no picture to learn from."""
    from smn.manifest import read_manifest
    from smn.train.selection import describe_missing, select

    taxonomy = read_taxonomy(recipe.taxonomy)
    line = describe_missing(select(read_manifest(manifest), taxonomy, split=None if everything else "train"), taxonomy)
    if line is not None:
        note(line)


def _describe_validation(run: "RunDescription", out: Path) -> Iterator[str]:
    """The accuracy on the validation split, and what a reader should know about it."""
    pictures, metrics = run.data.pictures.get("val", 0), out / "metrics.jsonl"
    lines = metrics.read_text(encoding="utf-8").splitlines() if metrics.is_file() else []
    records = [json.loads(line) for line in lines]
    records = [one for one in records if one.get("phase") == records[-1].get("phase")]
    if records and not run.data.everything:
        phase = str(records[-1].get("phase"))
        patient = getattr(getattr(run.recipe, phase, None), "patience", 0)
        last = min(records, key=lambda one: float(one["val_log_loss"])) if patient else records[-1]
        count = f"{pictures:,} validation picture{'s' if pictures != 1 else ''}"
        blended = phase == "finetune" and run.recipe.finetune.blend < 1
        averaged = " before its weights were averaged with the pretrained ones" if blended else ""
        yield f"On {count}: top-1 {last['val_top1']:.1%}, top-3 {last['val_top3']:.1%}{averaged}."
    if pictures < MIN_PICTURES:
        yield (
            f"That is few: with fewer than {MIN_PICTURES} validation pictures such a figure is left to chance, and "
            "export fits no thresholds; add pictures, or give val a larger share of the split."
        )


def _follow(out: Path, *, tensorboard: bool) -> AbstractContextManager[Callable[[dict[str, Any]], None]]:
    """The callback after every epoch: TensorBoard's, or one that does nothing."""
    if not tensorboard:
        return nullcontext(lambda _: None)
    try:
        from smn.train.learning_curves import track_tensorboard
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    return track_tensorboard(out / "tensorboard")


def _change_recipe(recipe: Recipe, settings: tuple[str, ...], given: Mapping[str, str | None]) -> Recipe:
    """The recipe with what ``--set`` and the options for one setting say; all that is wrong is said at once."""
    changes, problems = read_assignments(settings)
    changes |= {name: value for name, value in given.items() if value is not None}
    try:
        changed = recipe.with_settings(changes)
    except RecipeError as error:
        raise RecipeError(error.name, [*problems, *error.problems]) from error
    if problems:
        raise RecipeError(recipe.name, problems)
    return changed


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The bundle's folder.")
@click.option("--name", help="The model's name and version, such as default-1.")
@click.option("--manifest", type=click.Path(path_type=Path), help="The run's manifest, if it has moved.")
@click.option(
    "--calibrated-by", metavar="BUNDLE", type=click.Path(path_type=Path),
    help="Take the calibration from the same recipe's bundle, for runs trained with --everything.",
)  # fmt: skip
@click.option("--quantize", is_flag=True, help="Quantise a transformer's linear layers to 8 bits (static, QDQ).")
@click.option(
    "--jpeg", type=click.IntRange(0, 95), default=0,
    help="Encode pictures as JPEG of this quality before inference.  [default: as in the run]",
)  # fmt: skip
@click.option(
    "--embedding-of", metavar="BUNDLE", type=click.Path(path_type=Path),
    help="Check that BUNDLE, of the first RUN alone, gives the same embedding; they then share an index of works.",
)  # fmt: skip
@click.option(
    "--browser", metavar="FOLDER", type=click.Path(path_type=Path),
    help="Write a static page that answers in the browser; RUN is then a bundle.  [default: fast]",
)  # fmt: skip
@click.option(
    "--runtime", metavar="FOLDER", type=click.Path(path_type=Path),
    help="With --browser: a folder with onnxruntime-web.  [default: the cache, or else from npm]",
)  # fmt: skip
def export(
    runs: tuple[Path, ...],
    *,
    out: Path | None,
    name: str | None,
    manifest: Path | None,
    calibrated_by: Path | None,
    quantize: bool,
    jpeg: int,
    embedding_of: Path | None,
    browser: Path | None,
    runtime: Path | None,
) -> None:
    """Export a finished RUN as a bundle, calibrated on its validation split; several RUNs become an ensemble.

    Fails unless torch and ONNX Runtime agree on real pictures.
    """
    if browser is not None:
        if out or name or manifest or calibrated_by or quantize or jpeg or embedding_of:
            raise InputError("--browser writes a page of a finished bundle; of the other options only --runtime fits.")
        _export_page(runs, browser, runtime=runtime)
        return
    if runtime is not None:
        raise InputError("--runtime is for the page that --browser FOLDER writes; add that, or remove --runtime.")
    if not runs or out is None or name is None:
        missing = "argument 'RUN...'" if not runs else "option '--out'" if out is None else "option '--name'"
        raise click.UsageError(f"Missing {missing}.")
    try:
        from smn.export import export_run
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    from smn.train.run import read_run

    with progress() as report:
        bundle = export_run(
            *runs,
            out=out,
            name=name,
            manifest=manifest,
            calibrated_by=calibrated_by,
            quantize=quantize,
            jpeg=jpeg,
            embedding_of=embedding_of,
            progress=report,
        )
    _warn_of_few(bundle)
    figures, pictures = bundle.metrics, manifest or Path(read_run(runs[0]).manifest)
    indexing = shell_line("index", "build", pictures, "--model", out)
    note(
        f"{out}: {bundle.model_file.stat().st_size / 1e6:.1f} MB, {len(bundle.labels)} labels, "
        f"temperature {bundle.temperature:.2f}; "
        f"torch and ONNX Runtime differ by {figures['agreement_largest_difference']:.1g} at most "
        f"on {figures['agreement_files']} pictures; {_describe_quantization(figures)}next: "
        f"{suggest_evaluation(out, pictures)}; for similar works: {indexing}"
    )


def _warn_of_few(bundle: "Bundle") -> None:
    pictures = int(bundle.metrics.get("val_pictures", MIN_PICTURES))
    if pictures < MIN_PICTURES:
        note(
            f"Warning: there are only {pictures} validation pictures. With fewer than {MIN_PICTURES} the confidences "
            f"of {bundle.name} are unreliable, and it has no thresholds: it names a movement for every painting. "
            f"Add pictures to split val and run: smn calibrate {bundle.folder} --manifest MANIFEST --out FOLDER"
        )
    elif bundle.thresholds.confidence >= 1.0:
        note(
            f"Warning: no confidence gave enough right answers on the {pictures} validation pictures, so {bundle.name} "
            "names no movement unless --precision asks for less."
        )


def _export_page(bundles: tuple[Path, ...], out: Path, *, runtime: Path | None) -> None:
    from smn.browser import build_page
    from smn.bundle import DEFAULT, read_bundle

    if len(bundles) > 1:
        raise InputError(f"A page has one model, but {len(bundles)} are named; name one bundle.")
    bundle = read_bundle(bundles[0] if bundles else DEFAULT.with_name("fast"))
    build_page(bundle, out, runtime=runtime)
    megabytes = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
    note(f"{out}: the page of {bundle.name}, {megabytes:.1f} MB; try it with: python -m http.server --directory {out}")


def _describe_quantization(figures: Mapping[str, Any]) -> str:
    if "quantized_layers" not in figures:
        return ""
    before, after = 100 * figures["float_val_top1"], 100 * figures["quantized_val_top1"]
    return f"{figures['quantized_layers']} layers in 8 bits: top-1 on val {before:.1f} -> {after:.1f} %; "


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--manifest", type=click.Path(path_type=Path), help="Pictures with a split val.")
@click.option(
    "--temperature-from", metavar="MANIFEST", type=click.Path(path_type=Path),
    help="Fit the temperature on all pictures of this one, where any accepted movement is right.  [default: val]",
)  # fmt: skip
@click.option(
    "--calibrated-by", metavar="BUNDLE", type=click.Path(path_type=Path),
    help="Instead of fitting, take over the calibration of another bundle of the same networks.",
)  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The new bundle's folder.")
@click.option("--name", help="The new model's name and version.  [default: the old one's]")
def calibrate(
    bundle: Path,
    *,
    manifest: Path | None,
    temperature_from: Path | None,
    calibrated_by: Path | None,
    out: Path,
    name: str | None,
) -> None:
    """Copy BUNDLE and fit its temperature and thresholds again on the split val of MANIFEST.

    The network does not change; it must not have been trained on these pictures.
    """
    try:
        from smn.export.exporter import copy_calibration, recalibrate_bundle
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    if manifest is not None and calibrated_by is None:
        with progress() as report:
            made = recalibrate_bundle(
                bundle, manifest, out=out, name=name, temperature_from=temperature_from, progress=report
            )
    elif calibrated_by is not None and manifest is None and temperature_from is None:
        made = copy_calibration(bundle, calibrated_by, out=out, name=name)
    else:
        raise click.UsageError("Name either --manifest, with --temperature-from or without, or --calibrated-by alone.")
    _warn_of_few(made)
    note(
        f"{out}: temperature {made.temperature:.2f}, unsure below {made.thresholds.confidence:.2f}, not a painting "
        f"below {made.thresholds.painting:.2f}; next: {suggest_evaluation(out, manifest)}"
    )


@click.group()
def weights() -> None:
    """Mark files of weights for recipes with pretrained networks."""


@weights.command("mark")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--convention", required=True, type=click.Choice(["timm", "caffe"]),
    help="timm: red, green, blue, scaled as in timm. caffe: blue, green, red, not scaled, as Keras' VGG and ResNet.",
)  # fmt: skip
@click.option("--origin", required=True, help="Where the weights come from and under which licence.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write.")
def mark(file: Path, *, convention: str, origin: str, out: Path) -> None:
    """Copy a FILE of weights and mark the copy with its preprocessing.

    Runs and bundles made with it repeat its origin.
    """
    try:
        from smn.models.weight_files import Convention, suggest_recipe, write_weights
    except ImportError as error:
        raise MissingExtraError("train", error.name or "torch") from error
    write_weights(file, out, convention=Convention(convention), origin=origin)
    recipe = suggest_recipe(out)
    following = ("train", *recipe, "--weights", out, "--manifest", "MANIFEST", "--out", f"runs/{recipe[0]}")
    note(f"{out} says: {convention}, {origin}; next: {shell_line(*following)}")
