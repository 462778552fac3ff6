"""The notebook runs from top to bottom, and is stored without outputs, which would differ from model to model."""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tutorial.ipynb"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The code cells, executed."""
    folder = tmp_path_factory.mktemp("tutorial")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    os.environ.setdefault("MPLBACKEND", "Agg")
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def find_output(cells: list[Any], source: str, kind: str) -> str:
    cell = next(cell for cell in cells if cell.source.endswith(source))
    return "".join(output["data"][kind] for output in cell.outputs if output.output_type == "execute_result")


def test_answers_are_shown_with_pictures(cells: list[Any]) -> None:
    shown = find_output(cells, "\nanswer", "text/html")
    assert "data:image/jpeg;base64," in shown
    assert "width:" in shown
    assert find_output(cells, "\nwhy", "image/png").startswith("iVBOR")
    assert find_output(cells, "\nmodel", "text/plain").startswith("<smn.Model ")


def test_a_wrong_array_and_a_broken_file_are_said(cells: list[Any]) -> None:
    texts = [output.text for cell in cells for output in cell.outputs if output.output_type == "stream"]
    assert any("type float64; give a path" in text for text in texts)
    assert any("broken.jpg,error" in text for text in texts)


def test_no_outputs_are_stored() -> None:
    stored = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert len(stored) > 8
    assert not any(cell.outputs or cell.execution_count for cell in stored)
