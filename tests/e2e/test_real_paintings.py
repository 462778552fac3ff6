"""The default model on real paintings: the figures that the README shows are those that it gives."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAMOUS = ROOT.parent / "shared" / "data" / "famous"
KEPT = ROOT / "docs" / "results" / "default" / "report.json"
SMN = str(Path(sys.executable).with_name("smn"))

needs_paintings = pytest.mark.skipif(not FAMOUS.is_dir(), reason=f"the real paintings are not at {FAMOUS}")


@needs_paintings
def test_famous_works_give_the_figures_of_the_readme(tmp_path: Path) -> None:
    data, report = tmp_path / "famous", tmp_path / "report"
    labels = FAMOUS.parent / "famous-accepted.csv"
    importing = [SMN, "dataset", "import", FAMOUS, "--join", labels, "--out", data]
    subprocess.run(importing, check=True, capture_output=True)
    command = [SMN, "evaluate", "--manifest", data, "--out", report, "--bootstrap", "10"]
    subprocess.run(command, check=True, capture_output=True)
    measured = json.loads((report / "report.json").read_text(encoding="utf-8"))["sets"][0]
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    (shown,) = [one for one in kept["sets"] if one["name"] == "famous"]
    assert measured["data_hash"] == shown["data_hash"]
    assert measured["rows"] == shown["rows"] == 913
    strict = ("top1", "top3", "macro_f1", "log_loss", "calibration_error", "family_top1")
    accepted = ("accepted_top1", "accepted_top3", "accepted_answered_accuracy")
    for figure in (*strict, *(one for one in accepted if one in shown["figures"])):
        # Decoders of other versions and processors may turn a close call.
        assert measured["figures"][figure]["value"] == pytest.approx(shown["figures"][figure]["value"], abs=0.01), (
            figure
        )
    # The floor that the first bundle had to pass.
    assert measured["figures"]["top1"]["value"] >= 0.36
    assert measured["figures"]["top3"]["value"] >= 0.63
