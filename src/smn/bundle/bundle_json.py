"""A bundle: the folder that holds a trained model as ``model.onnx`` and everything about it as ``bundle.json``."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from smn.confidence.answer_policy import AnswerPolicy, Thresholds
from smn.errors import BundleError, InputError, OutputExistsError, TaxonomyError
from smn.files import write_text
from smn.images.preprocess import PreprocessSpec
from smn.movements import Taxonomy, parse_taxonomy

SCHEMA = 1
"""The version of ``bundle.json``'s layout that this smn reads and writes."""

_PACKAGED = Path(__file__).parent.parent / "bundles"

DEFAULT = _PACKAGED / "default"
"""The bundle inside the package that answers where none is named."""


@dataclass(frozen=True)
class Bundle:
    """What ``bundle.json`` says, and where it lies.

    Args:
        folder: where ``model.onnx`` and ``bundle.json`` are.
        name: the model's name and version, such as ``default-1``.
        taxonomy: the taxonomy it was trained on, whole, so that a bundle needs no other file; its K labels stand in
            the order of the network's logits.
        preprocess: what happens to a picture before the network.
        temperature: divides the logits before the softmax; fitted on validation data.
        thresholds: where answers change their outcome.
        licence: the licence of the weights and what rights the training pictures carry.
        recipe: the recipe, resolved, with which it was trained.
        data: hashes and counts of the data it was trained on.
        metrics: figures measured at export, by name.
        model_sha256: of ``model.onnx``.
        policy: lets a precision or a coverage be asked for; None in bundles that were exported without.
        groups: what each of the network's judges knows from paintings, values of `smn.examples.gallery.Group`; empty
            where the graph gives the lowest judge alone.
        embedding_sha256: ``model_sha256`` of the bundle whose embedding this one gives, too; None where it is its own.
    """

    folder: Path
    name: str
    taxonomy: Taxonomy
    preprocess: PreprocessSpec
    temperature: float
    thresholds: Thresholds
    licence: str
    model_sha256: str
    recipe: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    policy: AnswerPolicy | None = None
    groups: tuple[str, ...] = ()
    embedding_sha256: str | None = None

    @property
    def embedding_id(self) -> str:
        """The same for bundles that give the same embedding, so that one index of works serves them all."""
        return self.embedding_sha256 or self.model_sha256

    @property
    def labels(self) -> tuple[str, ...]:
        """Ids of the taxonomy's labels, in the order of the network's logits."""
        return self.taxonomy.label_ids

    @property
    def model_file(self) -> Path:
        """Path of the ONNX graph."""
        return self.folder / "model.onnx"

    def require_policy(self, asked: str) -> AnswerPolicy:
        """The policy by which ``asked``, a precision or a coverage, is chosen.

        Raises:
            InputError: the bundle was exported without one.
        """
        if self.policy is None:
            raise InputError(
                f"{self.name} was exported without what {asked} needs; export it anew with: smn export RUN --out "
                f"FOLDER --name NAME, or leave {asked} out."
            )
        return self.policy


_PLAIN = ("name", "temperature", "licence", "model_sha256", "recipe", "data", "metrics")


def write_bundle(bundle: Bundle) -> Path:
    """Write ``bundle.json`` into the bundle's folder, where ``model.onnx`` must already lie.

    Raises:
        OutputExistsError: there is one already.
        BundleError: the model is missing or is another file than ``model_sha256`` says.
    """
    file = bundle.folder / "bundle.json"
    if file.exists():
        raise OutputExistsError(file)
    _check_model(bundle)
    data: dict[str, Any] = {"schema": SCHEMA, "taxonomy": bundle.taxonomy.to_dict()}
    data |= {name: getattr(bundle, name) for name in _PLAIN}
    data["preprocess"] = bundle.preprocess.to_dict()
    data["thresholds"] = {name: value for name, value in asdict(bundle.thresholds).items() if value is not None}
    if bundle.policy is not None:
        data["promises"] = bundle.policy.to_dict()
    if bundle.groups:
        data["groups"] = list(bundle.groups)
    if bundle.embedding_sha256 is not None:
        data["embedding_sha256"] = bundle.embedding_sha256
    return write_text(file, json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def list_models() -> tuple[str, ...]:
    """Names of the bundles inside the package, ``default`` first; `read_bundle` takes them as well as folders."""
    names = sorted(file.parent.name for file in _PACKAGED.glob("*/bundle.json"))
    return tuple(sorted(names, key=lambda name: name != DEFAULT.name))


def read_bundle(folder: str | Path = DEFAULT) -> Bundle:
    """Read a bundle from its folder, one inside the package by its name, or one on a hub by its address.

    Args:
        folder: a folder, or one of `list_models`, of which a folder of that name in the current one goes first; or
            ``hf://owner/name``, also with ``@revision``, which `smn.bundle.model_hub.download_bundle` explains.

    Raises:
        BundleError: something is missing, damaged or from another version; the message names the file and the key.
        InputError: an address is not of this form.
        MissingExtraError: an address is given, and the extra ``hub`` is not installed.
    """
    if is_hub_address(folder):
        return _read_from_hub(folder)
    folder = Path(folder)
    if not folder.exists() and str(folder) in list_models():
        folder = _PACKAGED / folder
    file = folder / "bundle.json"
    if not file.is_file():
        raise BundleError(
            f"{folder} is not a bundle: it has no bundle.json; make one with: smn export RUN --out FOLDER "
            f"--name NAME, or name one of smn models: {', '.join(list_models())}"
        )
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BundleError(f"{file} is not valid JSON ({error}); export the model anew.") from error
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        found = data.get("schema") if isinstance(data, dict) else None
        raise BundleError(f"{file} has schema {found}, but this smn reads schema {SCHEMA}; export the model anew.")
    missing = [key for key in ("taxonomy", "preprocess", "thresholds", *_PLAIN) if key not in data]
    if missing:
        raise BundleError(f"{file} lacks {', '.join(missing)}; export the model anew.")
    try:
        bundle = Bundle(
            folder=folder,
            taxonomy=parse_taxonomy(data["taxonomy"], where=str(file)),
            preprocess=PreprocessSpec.from_dict(data["preprocess"], where=str(file)),
            thresholds=Thresholds(**data["thresholds"]),
            policy=AnswerPolicy.from_dict(data["promises"], where=str(file)) if "promises" in data else None,
            groups=tuple(map(str, data.get("groups", ()))),
            embedding_sha256=data.get("embedding_sha256"),
            **{key: data[key] for key in _PLAIN},
        )
        numbers = [bundle.temperature, *(value for value in asdict(bundle.thresholds).values() if value is not None)]
        usable = all(map(math.isfinite, numbers)) and bundle.temperature > 0
    except (TypeError, AttributeError, TaxonomyError) as error:
        raise BundleError(f"{file} has keys or values that do not fit ({error}); export the model anew.") from error
    if not usable:
        raise BundleError(f"{file} needs a temperature above 0 and finite thresholds; export the model anew.")
    _check_model(bundle)
    return bundle


def is_hub_address(folder: str | Path) -> bool:
    """Whether this is ``hf://owner/name``, which a `Path` shortens to ``hf:/owner/name``, and no folder."""
    return Path(folder).as_posix().startswith("hf:/")


def _read_from_hub(address: str | Path) -> Bundle:
    from smn.bundle.model_hub import download_bundle  # which imports this module

    address = f"hf://{Path(address).as_posix().removeprefix('hf:/')}"
    folder = download_bundle(address)
    try:
        return read_bundle(folder)
    except BundleError:  # the copy in the cache may be damaged, and the hub's not
        return read_bundle(download_bundle(address, again=True))


def file_sha256(file: Path) -> str:
    """SHA-256 of a file's content, as hex digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_model(bundle: Bundle) -> None:
    if not bundle.model_file.is_file():
        raise BundleError(f"{bundle.folder} is not a bundle: it has no model.onnx; export the model anew.")
    actual = file_sha256(bundle.model_file)
    if actual != bundle.model_sha256:
        raise BundleError(
            f"{bundle.model_file} has SHA-256 {actual[:12]}, but bundle.json expects {bundle.model_sha256[:12]}; "
            "one of them is damaged, so export or download the bundle anew."
        )
