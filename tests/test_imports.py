"""What is imported when: classifying must need neither torch nor any extra, and importing smn must be instant."""

import subprocess
import sys
from pathlib import Path

import pytest

from awkward_files import jpeg
from smn.bundle import Bundle

HEAVY = {"torch", "torchvision", "timm", "pyarrow", "sklearn", "matplotlib", "pandas", "onnx", "scipy", "ray", "optuna"}


def imported_by(code: str, *arguments: str, within: str = "") -> set[str]:
    """The top-level modules, or those directly within a package, that a fresh interpreter has imported by the code."""
    names = f"name.removeprefix({within!r}).split('.')[0] for name in sys.modules if name.startswith({within!r})"
    script = code + f"\nimport sys; print(*{{{names}}})"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.splitlines()[-1].split())


def test_importing_smn_imports_no_runtime() -> None:
    imported = imported_by("import smn")
    assert {"smn", "numpy", "PIL"} <= imported
    assert imported & (HEAVY | {"onnxruntime", "rich", "click"}) == set()


def test_loading_and_predicting_import_nothing_heavy(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    code = "import smn, sys; assert smn.load(sys.argv[1]).predict(sys.argv[2], top_k=1).predictions"
    imported = imported_by(code, str(tiny_bundle.folder), str(tmp_path / "a.jpg"))
    assert "onnxruntime" in imported
    assert imported & (HEAVY | {"asyncio"}) == set()


def test_the_command_imports_no_other_stage(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg())
    code = "import sys; from smn.cli import main; main(['predict', *sys.argv[1:]], standalone_mode=False)"
    imported = imported_by(code, str(tmp_path / "a.jpg"), "--model", str(tiny_bundle.folder), within="smn.")
    assert "predict" in imported
    assert imported & {"clean", "dataset", "train", "export", "evaluate", "similar", "story", "serve", "web"} == set()


@pytest.mark.parametrize("arguments", ["['--help']", "['--version']", "['predict', '--help']", "['movements']"])
def test_help_and_lists_import_no_runtime(arguments: str) -> None:
    imported = imported_by(f"from smn.cli import main; main({arguments}, standalone_mode=False)")
    assert imported & (HEAVY | {"onnxruntime"}) == set()


@pytest.mark.parametrize(
    "arguments", ["['recipes']", "['taxonomy', 'show', 'smn-25']", "['train', '--help']", "['sweep', '--help']"]
)
def test_recipes_and_taxonomies_import_nothing_heavy(arguments: str) -> None:
    imported = imported_by(f"from smn.cli import main; main({arguments}, standalone_mode=False)")
    assert imported & HEAVY == set()


def test_a_palette_is_extracted_without_torch() -> None:
    code = "from smn.models.palette import extract_palette; from smn.examples import paint"
    imported = imported_by(code + "; extract_palette(paint('cubism', size=(32, 32)))")
    assert {"skimage", "sklearn"} <= imported
    # Where pandas is installed, as with the extra scale, others import it, and it imports pyarrow.
    assert imported & {"torch", "timm", "ot", "matplotlib", "ray"} == set()


@pytest.mark.parametrize("module", ["colour_models", "palette_models", "palette"])
def test_models_of_colour_import_nothing_heavy(module: str) -> None:
    assert imported_by(f"import smn.models.{module}") & (HEAVY | {"skimage", "ot"}) == set()


def test_models_give_networks_when_they_are_asked_for() -> None:
    assert "torch" not in imported_by("import smn.models")
    assert "torch" in imported_by("from smn.models import Classifier, build_backbone")


def test_the_page_needs_neither_torch_nor_what_the_service_alone_needs() -> None:
    code = (
        "import io; from smn.examples import paint; from smn.web.app_state import AppState; "
        "from smn.web.page_settings import PageSettings; buffer = io.BytesIO(); "
        "paint('cubism', size=(64, 64)).save(buffer, 'PNG'); "
        "analysis = AppState(PageSettings()).analyze('a', buffer.getvalue(), find=True); assert analysis.palette; "
        "import smn.web.frame, smn.web.look, smn.web.asgi"
    )
    imported = imported_by(code)
    assert "streamlit" in imported
    assert imported & {"torch", "torchvision", "timm", "onnx", "ray", "matplotlib"} == set()
    assert imported & {"fastapi", "prometheus_client", "psycopg", "usearch"} == set()
