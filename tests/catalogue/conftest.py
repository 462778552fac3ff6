"""A collection that was never touched by a model: pictures, and the answers about them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from smn.catalogue.answers_file import Row
from smn.movements import get_family, get_movement

NAMES = (
    "recto/0001.jpg", "verso/0001.jpg", "a b/ünïcode, näme.JPG", "a b/=SUM(A1).png", "deep/er/x.tif", "deep/er/y.webp",
    "plain.jpg", "plain.png",
)  # fmt: skip
ANSWERS = ("impressionism", "cubism", "naive-art", "analytical-cubism", "baroque", "realism", "op-art", "fauvism")


def answer(path: str, movement: str | None = "impressionism", outcome: str = "movement", **more: Any) -> Row:
    """A row as ``smn predict --out`` writes it; without a movement, the best guess is Impressionism."""
    guessed = get_movement(movement or "impressionism")
    family = get_family(guessed.family)
    error = outcome == "error"
    return {
        "path": path, "outcome": outcome, "movement": movement if outcome == "movement" else None,
        "confidence": None if error else 0.71,
        "predictions": [] if error else [
            {"movement": guessed.id, "label": guessed.name, "probability": 0.71},
            {"movement": "realism" if guessed.id != "realism" else "cubism", "label": "Another", "probability": 0.2},
        ],
        "families": [] if error else [{"family": family.id, "label": family.name, "probability": 0.8}],
        "is_painting": None if error else outcome != "not_a_painting", "painting_score": None if error else 0.9,
        "model": "tiny-1", "error": "It is no picture; convert it." if error else None,
        "family": family.id if outcome == "movement" else None, "set": None, "rectified": None, "looks_like": None,
        "work": None, **more,
    }  # fmt: skip


def write_rows(file: Path, rows: list[Row]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture
def collection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Rows about eight pictures, one that is unsure, one that is no painting, one unreadable and one that is gone."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(NAMES):
        file = tmp_path / "scans" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (30 * number, 90, 200)).save(file)
    rows = [answer(f"scans/{name}", movement) for name, movement in zip(NAMES, ANSWERS, strict=True)]
    (tmp_path / "scans" / "broken.jpg").write_bytes(b"no picture")
    return [
        *rows, answer("scans/unsure.jpg", None, "unsure"), answer("scans/page.jpg", None, "not_a_painting"),
        answer("scans/broken.jpg", None, "error"), answer("scans/gone.jpg"),
    ]  # fmt: skip


Snapshot = Callable[[], dict[str, bytes | str]]


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """Everything below ``scans`` and ``out``: bytes of files, targets of links, and folders."""

    def take() -> dict[str, bytes | str]:
        found: dict[str, bytes | str] = {}
        for top in ("scans", "out"):
            for path in sorted((tmp_path / top).rglob("*")):
                name = str(path.relative_to(tmp_path))
                found[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""
        return found

    return take
