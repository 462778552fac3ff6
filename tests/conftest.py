"""What tests of several stages share: a tiny model and how to make one, tiny sets of pictures, a tiny training run."""

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

from awkward_files import READABLE, UNREADABLE
from smn.browser.onnxruntime_web import find_runtime
from smn.bundle import Bundle, file_sha256, read_bundle, write_bundle
from smn.confidence.answer_policy import AnswerPolicy, Thresholds
from smn.errors import FetchError, InputError
from smn.images.preprocess import PreprocessSpec
from smn.movements import read_taxonomy

# How long an example takes says nothing where other programs share the machine.
settings.register_profile("smn", deadline=None)
settings.load_profile("smn")

TESTS = Path(__file__).parent
SLOW_FOLDERS = {"browser", "e2e", "experiments", "export", "models", "serve", "train", "web"}
SLOW_FILES = {
    "test_camera.py", "test_documentation.py", "test_explanation.py", "test_faithfulness.py", "test_gallery.py",
    "test_generation.py", "test_imports.py", "test_killing.py", "test_planting.py", "test_ray_engine.py",
    "test_rectify.py", "test_tutorial.py",
}  # fmt: skip
SLOW_FIXTURES = {"tiny_run", "browser"}


def _is_slow(path: Path) -> bool:
    return bool(SLOW_FOLDERS & set(path.relative_to(TESTS).parts[:1])) or path.name in SLOW_FILES


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import slow tests, and torch with them, where none of them is asked for."""
    return True if config.getoption("markexpr") == "not slow" and _is_slow(collection_path) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what trains, or starts a browser, a database, a server or many processes; `make quick` leaves it."""
    for item in items:
        if _is_slow(item.path) or SLOW_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


BundleMaker = Callable[..., Bundle]


def write_tiny_model(file: Path, *, weights: np.ndarray, bias: np.ndarray, size: int) -> None:
    """Write a graph whose embedding is the mean colour (R, G, B), each about -1..1.

    Args:
        file: the ONNX file to write.
        weights: (3, K), from mean colour to logits.
        bias: (K,), added to the logits.
        size: side of the input, in pixels.
    """
    onnx = pytest.importorskip("onnx")
    from onnx import TensorProto, helper, numpy_helper

    labels = weights.shape[1]
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["embedding"], axes=[2, 3], keepdims=0),
        helper.make_node("Gemm", ["embedding", "weights", "bias"], ["logits"]),
        # Grey pictures are not paintings: the log-odds grow with the spread of the mean colour's channels.
        helper.make_node("ReduceMax", ["embedding"], ["most"], axes=[1], keepdims=0),
        helper.make_node("ReduceMin", ["embedding"], ["least"], axes=[1], keepdims=0),
        helper.make_node("Sub", ["most", "least"], ["spread"]),
        helper.make_node("Mul", ["spread", "steep"], ["raised"]),
        helper.make_node("Sub", ["raised", "middle"], ["painting"]),
    ]
    constants = {"weights": weights, "bias": bias, "steep": np.array(40.0), "middle": np.array(4.0)}
    shapes = {"logits": ["N", labels], "painting": ["N"], "embedding": ["N", 3]}
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, size, size])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, file)


def write_tiny_bundle(
    folder: Path,
    *,
    taxonomy: str = "smn-25",
    hues: dict[str, tuple[float, float, float]] | None = None,
    size: int = 32,
    thresholds: Thresholds | None = None,
    policy: AnswerPolicy | None = None,
) -> Bundle:
    """Write a bundle that tells movements by colour into a new folder."""
    hues = {"fauvism": (1, -1, -1), "impressionism": (-1, -1, 1), "realism": (-1, 1, -1)} if hues is None else hues
    labels = read_taxonomy(taxonomy).label_ids
    folder.mkdir(parents=True)
    weights, bias = np.zeros((3, len(labels))), np.full(len(labels), -6.0)
    for label, hue in hues.items():
        weights[:, labels.index(label)], bias[labels.index(label)] = hue, 0.0
    write_tiny_model(folder / "model.onnx", weights=weights, bias=bias, size=size)
    write_bundle(
        Bundle(
            folder=folder,
            name="tiny-1",
            taxonomy=read_taxonomy(taxonomy),
            preprocess=PreprocessSpec(size=size),
            temperature=0.5,
            thresholds=thresholds or Thresholds(confidence=0.4, painting=0.5),
            licence="CC0-1.0",
            model_sha256=file_sha256(folder / "model.onnx"),
            policy=policy,
        )
    )
    return read_bundle(folder)


@pytest.fixture
def make_tiny_bundle(tmp_path: Path) -> BundleMaker:
    """Makes bundles that tell movements by colour: ``make_tiny_bundle(taxonomy="origin-8", hues={...})``."""

    def make(folder: Path | None = None, **options: Any) -> Bundle:
        return write_tiny_bundle(folder or tmp_path / "tiny-bundle", **options)

    return make


@pytest.fixture
def tiny_bundle(make_tiny_bundle: BundleMaker) -> Bundle:
    """A bundle of taxonomy ``smn-25`` with 32-pixel input that answers by colour.

    Red is Fauvism, blue is Impressionism, green is Realism, and a grey picture is not a painting.
    """
    return make_tiny_bundle()


PAINTED = ("color-field", "cubism", "impressionism", "romanticism")
SetMaker = Callable[..., Path]


def _as_manifest(folder: Path, pictures: list[tuple[Image.Image, dict[str, Any]]]) -> Path:
    import pyarrow as pa

    from smn.manifest import COLUMNS, write_manifest

    folder.mkdir(parents=True)
    rows = []
    for number, (picture, known) in enumerate(pictures):
        picture.save(folder / f"{number}.jpg", quality=92)
        digest = hashlib.sha256((folder / f"{number}.jpg").read_bytes()).hexdigest()
        rows.append(
            dict.fromkeys(COLUMNS)
            | {"id": digest[:16], "sha256": digest, "path": f"{number}.jpg", "source": "made"}
            | known
        )
    schema = pa.schema([(name, {"string": pa.string(), "int32": pa.int32()}[kind]) for name, kind in COLUMNS.items()])
    return write_manifest(pa.Table.from_pylist(rows, schema), folder / "manifest.parquet")


@pytest.fixture(scope="session")
def make_painted_set() -> SetMaker:
    """Paints four movements of ``origin-8``: ``make_painted_set(folder, splits={"train": 6, "val": 3})``."""

    def make(folder: Path, *, splits: Mapping[str, int], side: int = 72, first: int = 0) -> Path:
        from smn.examples import paint

        pictures = []
        for movement in PAINTED:
            seed = first
            for split, count in splits.items():
                for _ in range(count):
                    known = {"movement": movement, "artist": f"{movement} {seed}", "split": split}
                    pictures.append((paint(movement, seed=seed, size=(side + 16, side)), known))
                    seed += 1
        return _as_manifest(folder, pictures)

    return make


@pytest.fixture(scope="session")
def make_other_set() -> SetMaker:
    """Writes pictures of grey noise, which are no paintings: ``make_other_set(folder, splits={"train": 8})``."""

    def make(folder: Path, *, splits: Mapping[str, int], side: int = 72, first: int = 0) -> Path:
        random = np.random.default_rng(first)
        pictures = []
        for split, count in splits.items():
            for _ in range(count):
                noise = random.integers(0, 256, (side, side), dtype=np.uint8)
                known = {"movement": "not-a-painting", "split": split}
                pictures.append((Image.fromarray(noise).convert("RGB"), known))
        return _as_manifest(folder, pictures)

    return make


TINY_RECIPE: dict[str, Any] = {
    "name": "tiny",
    "description": "Small enough for a test.",
    "taxonomy": "origin-8",
    "model": {"backbone": "lite0", "levels": [0, 3, 7], "size": 64},
    "head": {"views": 1, "epochs": 2, "batch_size": 4, "learning_rate": 1e-2, "weight_decay": 0.1},
    "finetune": {"epochs": 1, "batch_size": 4, "ema_decay": 0.5},
}


@pytest.fixture
def tiny_recipe() -> dict[str, Any]:
    """The data of a recipe that trains within seconds; change it as you like."""
    return {key: dict(value) if isinstance(value, dict) else value for key, value in TINY_RECIPE.items()}


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker, make_other_set: SetMaker) -> Path:
    """A finished run of the tiny recipe, beside its manifests in ``pictures`` and ``others``; read only."""
    from smn.train import Recipe
    from smn.train.run import train

    folder = tmp_path_factory.mktemp("tiny")
    pictures = make_painted_set(folder / "pictures", splits={"train": 6, "val": 3})
    others = make_other_set(folder / "others", splits={"train": 8})
    return train(Recipe.from_dict(TINY_RECIPE, where="tiny"), pictures, out=folder / "run", negatives=others)


@pytest.fixture
def awkward_folder(tmp_path: Path) -> Path:
    """A folder of every file in ``awkward_files.py``, readable or not."""
    folder = tmp_path / "awkward"
    folder.mkdir()
    for name, file in (READABLE | UNREADABLE).items():
        (folder / name).write_bytes(file.make())
    return folder


@pytest.fixture
def paint_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a picture of one colour: ``paint_file("red.png", (255, 0, 0))``."""

    def write(name: str, colour: tuple[int, int, int], *, size: tuple[int, int] = (40, 30)) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, colour).save(file)
        return file

    return write


@pytest.fixture(scope="session")
def onnxruntime_web() -> Path:
    """The folder of ONNX Runtime Web; where it must be there, it may not be missing."""
    try:
        return find_runtime()
    except (InputError, FetchError) as error:
        if "SMN_TEST_ONNXRUNTIME_WEB" in os.environ:
            raise
        pytest.skip(str(error))
