import sys

import pytest

import smn.dataset as stage
from smn.errors import MissingExtraError


def test_public_entry_points_ask_before_they_do_anything(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for call in (
        lambda: stage.import_dataset([tmp_path], tmp_path / "out"),
        lambda: stage.split_manifest(tmp_path, tmp_path / "out"),
    ):
        with pytest.raises(MissingExtraError):
            call()
    assert not (tmp_path / "out").exists()


def test_public_names_are_pinned():
    assert sorted(stage.__all__) == [
        "Description", "Duplicate", "Failed", "ImportReport", "LabelMap", "Leakage", "MergeReport", "Row",
        "Shared", "Source", "SplitReport", "SplitRules", "Spread", "TaxonomyCount", "Unmapped",
        "add_to_dataset", "artist_key", "check_leakage", "compare_manifests", "describe_manifest", "draw_sheet",
        "find_leakage", "import_dataset", "rewrite_manifest", "share_folds", "split_manifest",
        "suggest_movements", "work_key",
    ]  # fmt: skip
    assert all(hasattr(stage, name) for name in stage.__all__)
