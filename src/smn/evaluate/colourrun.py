"""A run of a colour model as a model to be measured: there is nothing to export, so its folder is asked itself."""

from pathlib import Path

from smn.bundle import file_sha256
from smn.errors import InputError
from smn.evaluate.candidate import Answers, Candidate, Classified, answer_pictures
from smn.evaluate.metrics import Floats, Ints
from smn.evaluate.provenance import list_training
from smn.evaluate.report import Model
from smn.manifest import Manifest
from smn.models.colour import describe_pictures
from smn.models.colourfile import read_colour_model
from smn.reading import OnProgress
from smn.train.kinds import ColourSettings
from smn.train.runfolder import MODEL_FILE, read_run


def open_colour_run(folder: str | Path) -> Candidate:
    """Read a finished run of kind colour, to be asked.

    Raises:
        InputError: the folder holds no run, one of another kind, or one that is not finished.
    """
    folder, known = Path(folder), read_run(folder)
    name = known.recipe.name
    if not isinstance(known.recipe.model, ColourSettings):
        raise InputError(
            f"{folder} is a run that trained a network; turn it into a bundle, which can be measured, with: "
            f"smn export {folder} --out bundles/{name} --name {name}-1"
        )
    file = folder / MODEL_FILE
    if not file.is_file():
        raise InputError(
            f"{folder} is not finished: it has no {MODEL_FILE}; continue it with the same smn train command."
        )
    model, taxonomy = read_colour_model(file), known.taxonomy

    def classify(batch: Floats) -> Classified:
        return Classified(model.predict_proba(batch))

    def ask(manifest: Manifest, rows: Ints, *, title: str, on_progress: OnProgress | None) -> Answers:
        pictures = describe_pictures(model.name, manifest, rows.tolist(), title=title, progress=on_progress)
        return answer_pictures(pictures, classify, title=title)

    about = Model(name, file_sha256(file), taxonomy.id, model.temperature, None)
    return Candidate(about, taxonomy, tuple(list_training(name, known.data.to_dict())), knows_paintings=False, ask=ask)
