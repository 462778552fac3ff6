"""Bundles on a model hub: ``hf://owner/name`` is downloaded once and kept; `push_bundle` uploads one with its card."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smn._version import __version__
from smn.bundle.bundle_json import Bundle
from smn.errors import BundleError, InputError
from smn.extras import require_extra

FILES = ("bundle.json", "model.onnx")
"""The files of a bundle; nothing else of a repository is needed."""
_PATTERNS = [*FILES, "index/*"]
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_LICENCES = {"apache-2.0", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "mit", "unlicense"}
"""Licences that the hub knows by these ids; any other is told in words."""


def download_bundle(address: str, *, again: bool = False) -> Path:
    """The folder of a bundle on the hub, downloaded where the cache does not hold it.

    The hub's client decides where: its settings hold, such as ``HF_ENDPOINT``, ``HF_HOME``, ``HF_TOKEN`` and
    ``HF_HUB_OFFLINE``. Where the hub cannot be reached, what was downloaded before answers.

    Args:
        address: ``hf://owner/name``, or ``hf://owner/name@revision`` for a branch, a tag or a commit.
        again: whether to download what the cache holds, too, because it is damaged.

    Raises:
        BundleError: the repository is not there, holds no bundle, or can be neither reached nor found in the cache.
        InputError: the address is not of this form.
        MissingExtraError: the extra ``hub`` is not installed.
    """
    name, _, revision = address.removeprefix("hf://").partition("@")
    _check_name(name, address)
    require_extra("hub", "huggingface_hub")
    from huggingface_hub import snapshot_download

    with _told_by_smn(f"{address} cannot be downloaded"):
        folder = snapshot_download(
            name, revision=revision or None, allow_patterns=_PATTERNS, force_download=again,
            library_name="smn", library_version=__version__,
        )  # fmt: skip
    if missing := [file for file in FILES if not Path(folder, file).is_file()]:
        raise BundleError(
            f"{address} is not a bundle: it has no {' and no '.join(missing)}; upload one with: smn push BUNDLE {name}"
        )
    return Path(folder)


def push_bundle(bundle: Bundle, name: str, *, private: bool = False) -> tuple[str, bool]:
    """Upload a bundle, its index of works if it has one, and a model card as README, as one commit.

    The repository is made where it does not exist. Files of the same name get a new version there; earlier ones stay
    in its history. A README that is there is kept, unless the bundle's folder has one of its own.

    Args:
        bundle: what to upload.
        name: ``owner/name`` of the repository.
        private: whether a new repository is private.

    Returns:
        The commit's address, and whether a README was uploaded.

    Raises:
        BundleError: the hub refuses, or cannot be reached.
        InputError: the name is not of this form.
        MissingExtraError: the extra ``hub`` is not installed.
    """
    name = name.removeprefix("hf://")
    _check_name(name, name)
    require_extra("hub", "huggingface_hub")
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi(library_name="smn", library_version=__version__)
    index = sorted(file for file in (bundle.folder / "index").glob("*") if file.is_file())
    own_card = bundle.folder / "README.md"
    with _told_by_smn(f"{name} cannot be uploaded"):
        api.create_repo(name, private=private, exist_ok=True)
        operations = [
            CommitOperationAdd(file.relative_to(bundle.folder).as_posix(), file)
            for file in (*(bundle.folder / one for one in FILES), *index)
        ]
        has_card = own_card.is_file() or not api.file_exists(name, "README.md")
        if has_card:
            card = own_card.read_bytes() if own_card.is_file() else write_card(bundle, name).encode()
            operations.append(CommitOperationAdd("README.md", card))
        commit = api.create_commit(name, operations, commit_message=f"{bundle.name}, by smn {__version__}")
    return commit.commit_url, has_card


def write_card(bundle: Bundle, name: str) -> str:
    """The model card of a bundle, as Markdown with the hub's front matter: what it answers, learned from and is worth.

    Args:
        bundle: whose card.
        name: ``owner/name`` of its repository.
    """
    licence = bundle.licence.lower()
    known = licence in _LICENCES
    front = [
        "---", "library_name: smn", "pipeline_tag: image-classification",
        f"license: {licence if known else 'other'}", *([] if known else ["license_name: see-licence-below"]),
        "tags:", "- art", "- onnx", "- smn", "---",
    ]  # fmt: skip
    labels = ", ".join(label.name for label in bundle.taxonomy.labels)
    return "\n".join([
        *front, "", f"# {bundle.name}", "",
        f"Tells which of {len(bundle.labels)} artistic movements a painting belongs to, how sure that is, or that "
        "it is no painting.", "",
        "```sh", 'pip install "smn-art[hub]"', f"smn predict painting.jpg --model hf://{name}", "```", "",
        "```python", "import smn", "", f'model = smn.load("hf://{name}")', 'print(model.predict("painting.jpg"))',
        "```", "",
        "## Labels", "", f"Taxonomy `{bundle.taxonomy.id}`: {labels}.", "",
        "## Data and figures", "", *_describe_data(bundle), "",
        "## Limits", "",
        f"A movement is named from a confidence of {bundle.thresholds.confidence:.0%} on. Movements overlap, and "
        "labels are noisy. Compare figures only where they were measured on artists that no training saw, which `smn "
        "evaluate` reports.", "",
        "## Licence", "", bundle.licence, "",
    ])  # fmt: skip


def _describe_data(bundle: Bundle) -> Iterator[str]:
    counts = bundle.data.get("pictures", {})
    if counts:
        yield f"- Pictures: {', '.join(f'{count:,} in {split}' for split, count in counts.items())}."
    if bundle.data.get("sha256"):
        yield f"- SHA-256 of the data's manifest: `{bundle.data['sha256']}`."
    metrics = bundle.metrics
    if "val_top1" in metrics and "val_pictures" in metrics:
        yield (
            f"- Right at the first guess on {metrics['val_pictures']:,} validation pictures: {metrics['val_top1']:.1%}."
            f" The temperature was fitted on {_name_pictures(metrics)}."
        )
    if "backbone" in metrics:
        yield f"- Weights that training started from: {metrics['backbone']}."
    if "name" in bundle.recipe:
        yield f"- Recipe: {bundle.recipe['name']}; `bundle.json` holds all of it."
    yield f"- SHA-256 of `model.onnx`: `{bundle.model_sha256}`."


def _name_pictures(metrics: Mapping[str, Any]) -> str:
    others = metrics.get("temperature_pictures")
    return f"{others:,} other pictures, of which any accepted movement is right" if others else "them"


def _check_name(name: str, given: str) -> None:
    if not _NAME.fullmatch(name):
        raise InputError(f"{given!r} names no repository of a hub; write owner/name, such as hf://museum/movements.")


@contextmanager
def _told_by_smn(what: str) -> Iterator[None]:
    """What the hub's client raises becomes one sentence.

    Raises:
        BundleError: anything that the client, the network or the disk refuses.
    """
    import httpx2

    try:
        yield
    except (OSError, ValueError, RuntimeError, httpx2.HTTPError) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        reason = _REASONS.get(type(error).__name__) or (_REFUSED if status in {401, 403} else None)
        reason = reason or " ".join(str(error).split())[:200] or type(error).__name__
        raise BundleError(f"{what}: {reason.rstrip('.')}.") from error


_REFUSED = "the hub refuses, because no login with the right to do this was found; log in with: hf auth login"
_REASONS = {
    "RepositoryNotFoundError": "there is no such repository, or it is private; check the name, and log in with: "
    "hf auth login",
    "GatedRepoError": "its owner has to grant access first; ask on its page, and log in with: hf auth login",
    "RevisionNotFoundError": "the repository has no such revision; leave it out for the newest",
    "LocalEntryNotFoundError": "the hub cannot be reached, and nothing was downloaded before; check the network, "
    "HF_ENDPOINT and HF_HUB_OFFLINE",
    "IncompleteSnapshotError": "the hub cannot be reached, and only a part was downloaded before; check the network",
    "LocalTokenNotFoundError": "no login was found; log in with: hf auth login",
}
