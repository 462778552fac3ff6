from pathlib import Path

import pytest

from smn.examples import paint


@pytest.fixture
def painting(tmp_path: Path) -> Path:
    """A file with a generated painting."""
    paint("impressionism", seed=0).save(tmp_path / "painting.png")
    return tmp_path / "painting.png"
