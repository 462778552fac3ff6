import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smn.bundle import DEFAULT, Bundle, file_sha256, list_models, read_bundle, write_bundle
from smn.confidence.answer_policy import AnswerPolicy, Thresholds
from smn.confidence.conformal import SetTable
from smn.confidence.selective import OperatingPoint, PrecisionTable
from smn.errors import BundleError, OutputExistsError
from smn.images.preprocess import Fit, PreprocessSpec
from smn.movements import read_taxonomy

KEYS = {
    "schema", "name", "taxonomy", "preprocess", "temperature", "thresholds", "licence", "model_sha256",
    "recipe", "data", "metrics",
}  # fmt: skip


def change(bundle: Bundle, **values: Any) -> None:
    """Edit bundle.json; a value of None removes its key."""
    file = bundle.folder / "bundle.json"
    data = json.loads(file.read_text(encoding="utf-8")) | values
    file.write_text(json.dumps({key: value for key, value in data.items() if value is not None}), encoding="utf-8")


def test_a_bundle_survives_writing_and_reading(tiny_bundle: Bundle, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    shutil.copy(tiny_bundle.model_file, folder)
    bundle = replace(
        tiny_bundle, folder=folder, name="naïve-2", temperature=1.7, thresholds=Thresholds(0.3, 0.6, family=0.4),
        preprocess=PreprocessSpec(32, Fit.CROP, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)),
        recipe={"seed": 3, "model": {"levels": [0, 1]}}, data={"sha256": "ab", "rows": 7}, metrics={"top1": 0.5},
        policy=AnswerPolicy(
            PrecisionTable((OperatingPoint(0.4, 0.6, 0.3),) * 20, (None,) * 20), SetTable((0.25,) * 50)
        ),
    )  # fmt: skip
    file = write_bundle(bundle)
    assert file == folder / "bundle.json"
    assert read_bundle(folder) == bundle
    assert read_bundle(str(folder)).model_file == folder / "model.onnx"
    assert [path.name for path in sorted(folder.iterdir())] == ["bundle.json", "model.onnx"]


def test_the_keys_of_the_file_are_pinned(tiny_bundle: Bundle) -> None:
    assert set(json.loads((tiny_bundle.folder / "bundle.json").read_text(encoding="utf-8"))) == KEYS


def test_a_bundle_without_a_policy_loads(tiny_bundle: Bundle) -> None:
    data = json.loads((tiny_bundle.folder / "bundle.json").read_text(encoding="utf-8"))
    assert set(data["thresholds"]) == {"confidence", "painting"}
    assert (tiny_bundle.policy, tiny_bundle.thresholds.family) == (None, None)


def test_an_existing_bundle_is_not_overwritten(tiny_bundle: Bundle) -> None:
    before = (tiny_bundle.folder / "bundle.json").read_bytes()
    with pytest.raises(OutputExistsError, match=r"bundle\.json already exists"):
        write_bundle(replace(tiny_bundle, name="other"))
    assert (tiny_bundle.folder / "bundle.json").read_bytes() == before


def test_a_bundle_is_not_written_beside_another_model(tiny_bundle: Bundle) -> None:
    (tiny_bundle.folder / "bundle.json").unlink()
    with pytest.raises(BundleError, match="one of them is damaged"):
        write_bundle(replace(tiny_bundle, model_sha256="0" * 64))
    assert not (tiny_bundle.folder / "bundle.json").exists()


def test_a_folder_without_a_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(BundleError, match=r"has no bundle.json; make one with: smn export"):
            read_bundle(folder)


@pytest.mark.parametrize("content", [b"{not json", b"\xff\xfe\x00", b""])
def test_damaged_json_names_the_file(tiny_bundle: Bundle, content: bytes) -> None:
    (tiny_bundle.folder / "bundle.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"bundle\.json is not valid JSON .*export the model anew"):
        read_bundle(tiny_bundle.folder)


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"schema": 2}'])
def test_another_schema_is_refused(tiny_bundle: Bundle, content: str) -> None:
    (tiny_bundle.folder / "bundle.json").write_text(content, encoding="utf-8")
    with pytest.raises(BundleError, match="but this smn reads schema 1"):
        read_bundle(tiny_bundle.folder)


@pytest.mark.parametrize("key", sorted(KEYS - {"schema"}))
def test_a_missing_key_is_named(tiny_bundle: Bundle, key: str) -> None:
    change(tiny_bundle, **{key: None})
    with pytest.raises(BundleError, match=rf"bundle\.json lacks {key}; export"):
        read_bundle(tiny_bundle.folder)


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": 0},
        {"temperature": -1.0},
        {"temperature": "warm"},
        {"temperature": float("nan")},
        {"thresholds": {"confidence": 0.5}},
        {"thresholds": {"confidence": 0.5, "painting": "half"}},
        {"thresholds": {"confidence": 0.5, "painting": 0.5, "other": 1}},
        {"thresholds": [0.5, 0.5]},
        {"taxonomy": "smn-25"},
        {"taxonomy": 25},
        {"taxonomy": ["cubism", "realism"]},
        {"taxonomy": {"id": "mine", "name": "Mine", "description": "", "label": [{"id": "cubism"}]}},
        {"preprocess": {"size": 32}},
        {"preprocess": 32},
        {"thresholds": {"confidence": 0.5, "painting": 0.5, "family": float("nan")}},
        {"promises": 3},
        {"promises": {"precision": {}, "sets": {}}},
    ],
)
def test_a_value_that_does_not_fit_names_the_file(tiny_bundle: Bundle, values: dict[str, Any]) -> None:
    change(tiny_bundle, **values)
    with pytest.raises(BundleError, match=r"bundle\.json"):
        read_bundle(tiny_bundle.folder)


def test_a_bundle_carries_its_taxonomy_whole(make_tiny_bundle: Callable[..., Bundle]) -> None:
    bundle = make_tiny_bundle(taxonomy="origin-8", hues={})
    assert bundle.taxonomy == read_taxonomy("origin-8")
    assert bundle.labels == bundle.taxonomy.label_ids


def test_a_missing_or_tampered_model_is_refused(tiny_bundle: Bundle) -> None:
    data = tiny_bundle.model_file.read_bytes()
    tiny_bundle.model_file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BundleError, match=r"has SHA-256 \w{12}, but bundle\.json expects .*download the bundle anew"):
        read_bundle(tiny_bundle.folder)
    tiny_bundle.model_file.unlink()
    with pytest.raises(BundleError, match=r"has no model\.onnx"):
        read_bundle(tiny_bundle.folder)


def test_file_sha256_is_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert file_sha256(tmp_path / "file") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.skipif(not DEFAULT.is_dir(), reason="the default bundle is not in the package yet")
def test_the_default_bundle_loads_and_is_small() -> None:
    bundle = read_bundle()
    assert len(bundle.labels) == 25
    assert sum(file.stat().st_size for file in DEFAULT.iterdir()) <= 32_000_000


def test_a_model_inside_the_package_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_models()[0] == "default"
    assert read_bundle("default") == read_bundle(Path("default")) == read_bundle()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "default").mkdir()
    with pytest.raises(BundleError, match=r"default is not a bundle.*name one of smn models: default"):
        read_bundle("default")  # a folder of that name goes first
