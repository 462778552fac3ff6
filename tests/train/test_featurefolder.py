"""Folders of features: one for each set of facts, whatever the code's comments say."""

import json
from pathlib import Path
from types import ModuleType

from smn.train.featurefolder import hash_code, open_folder


def test_equal_facts_have_one_folder_and_others_another(tmp_path: Path) -> None:
    folder = open_folder(tmp_path, {"side": 32, "code": "a"}, name="palette")
    assert folder.name.startswith("palette-")
    assert json.loads((folder / "features.json").read_text()) == {"side": 32, "code": "a"}
    assert open_folder(tmp_path, {"code": "a", "side": 32}, name="palette") == folder
    assert open_folder(tmp_path, {"side": 32, "code": "b"}, name="palette") != folder
    assert [file.name for file in folder.iterdir()] == ["features.json"]


def test_code_is_known_by_what_it_does(tmp_path: Path) -> None:
    def hashed(text: str) -> str:
        module = ModuleType("half")
        module.__file__ = str(tmp_path / f"{len(text)}.py")
        Path(module.__file__).write_text(text)
        return hash_code(module)

    base = hashed("def half(x):\n    return x / 2\n")
    assert base == hashed('"""Halves."""\n\ndef half(x):\n    """Half of it."""\n    return (x / 2)  # of it\n')
    assert base != hashed("def half(x):\n    return x // 2\n")
