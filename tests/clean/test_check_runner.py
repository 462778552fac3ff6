"""The whole check, on a small set with one of each fault that a small set can have."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from smn.bundle import Bundle
from smn.clean.check_runner import FILES, check_manifest
from smn.clean.check_thresholds import read_thresholds
from smn.clean.checks import CHECKS
from smn.clean.findings import Findings, read_findings
from smn.clean.findings_report import count_findings
from smn.errors import InputError, OutputExistsError, UnknownNameError
from smn.manifest import COLUMNS, read_manifest, write_manifest

SetMaker = Callable[..., Path]


@pytest.fixture(scope="module")
def flawed(tmp_path_factory: pytest.TempPathFactory, make_painted_set: SetMaker) -> Path:
    """Twelve paintings, the first again as grey, and a file that is no picture."""
    folder = tmp_path_factory.mktemp("flawed") / "set"
    read = read_manifest(make_painted_set(folder, splits={"train": 2, "val": 1}, side=128))
    with Image.open(folder / "0.jpg") as picture:
        picture.convert("L").save(folder / "grey.jpg")
    (folder / "broken.jpg").write_bytes(b"no picture at all")
    rows = [
        {"id": "grey", "sha256": "a" * 64, "path": "grey.jpg", "movement": "cubism", "split": "train"},
        {"id": "broken", "sha256": "b" * 64, "path": "broken.jpg", "movement": "cubism", "split": "train"},
    ]
    kinds = {"string": pa.string(), "int32": pa.int32()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    more = pa.Table.from_pylist([dict.fromkeys(COLUMNS) | row for row in rows], schema)
    return write_manifest(pa.concat_tables([read.table.select(schema.names), more]), folder / "flawed.parquet")


@pytest.fixture
def found(flawed: Path, tiny_bundle: Bundle, tmp_path: Path) -> Findings:
    return check_manifest(flawed, out=tmp_path / "found", bundle=tiny_bundle.folder)


def test_every_check_is_made_and_everything_is_written(found: Findings, flawed: Path, tmp_path: Path) -> None:
    assert found.checks == tuple(CHECKS)
    assert len(found) == 14
    assert {file.name for file in (tmp_path / "found").iterdir()} == {*FILES, "measured"}
    assert read_findings(tmp_path / "found").table.equals(found.table)
    assert found.about.manifest == str(flawed.resolve())
    assert found.about.data_hash == read_manifest(flawed).data_hash()
    assert (found.about.model, found.about.seed) == ("tiny-1", 0)


def test_the_faults_are_found_with_their_evidence(found: Findings) -> None:
    ids = found.column("id")
    assert [ids[row] for row in found.worst("broken")] == ["broken"]
    assert "not a picture" in found.column("broken_reason")[ids.index("broken")]
    assert "grey" in [ids[row] for row in found.worst("greyscale")]
    assert found.column("greyscale_tint")[ids.index("grey")] == pytest.approx(0, abs=1)
    assert found.column("blurred_score")[ids.index("broken")] is None
    assert not found.column("is_blurred_issue")[ids.index("broken")]


def test_the_report_says_what_was_found_and_what_could_not_be_judged(found: Findings) -> None:
    text = (found.file.parent / "findings.md").read_text(encoding="utf-8")
    assert "| Broken (`broken`) | 1 |" in text
    assert "smn clean review" in text
    assert "## Not judged" in text
    assert f"```toml\n{(found.file.parent / 'thresholds.toml').read_text(encoding='utf-8')}```" in text
    counts = {count.check: count for count in count_findings(found)}
    assert counts["broken"].worst == "broken"
    assert counts["broken"].movements == {"cubism": 1}
    assert counts["blurred"].judged == 13
    with Image.open(found.file.parent / "worst.png") as sheet:
        assert sheet.width > 1000


def test_thresholds_given_are_those_applied_and_written(flawed: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    given = {"tiny": 0.9, "cubism.tiny": 0.0}
    found = check_manifest(
        flawed, out=tmp_path / "found", bundle=tiny_bundle.folder, checks=["tiny", "broken"], thresholds=given
    )
    assert found.checks == ("broken", "tiny")
    flags = dict(zip(found.column("movement"), found.column("is_tiny_issue"), strict=True))
    assert flags["impressionism"]
    assert not flags["cubism"]
    assert read_thresholds(tmp_path / "found" / "thresholds.toml") == {"broken": 0.5, **given}


def test_the_same_data_may_be_checked_again_and_other_data_not(
    found: Findings, flawed: Path, tiny_bundle: Bundle, make_painted_set: SetMaker, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    again = check_manifest(
        flawed, out=tmp_path / "found", bundle=tiny_bundle.folder, progress=lambda *said: told.append(said)
    )
    assert told[0][1:] == (13, 14)  # all that can be read has been measured
    assert again.table.equals(found.table)
    other = make_painted_set(tmp_path / "other", splits={"train": 1})
    with pytest.raises(OutputExistsError, match="choose another name"):
        check_manifest(other, out=tmp_path / "found", bundle=tiny_bundle.folder)
    assert read_findings(tmp_path / "found").about == again.about


def test_thresholds_that_were_edited_are_not_lost(
    found: Findings, flawed: Path, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    file = tmp_path / "found" / "thresholds.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("tiny = 0.5", "tiny = 0.95"), encoding="utf-8")
    with pytest.raises(InputError, match="give it back with --thresholds"):
        check_manifest(flawed, out=tmp_path / "found", bundle=tiny_bundle.folder)
    again = check_manifest(flawed, out=tmp_path / "found", bundle=tiny_bundle.folder, thresholds=read_thresholds(file))
    assert again.about.thresholds["tiny"] == 0.95
    assert len(again.worst("tiny")) > len(found.worst("tiny"))


def test_files_of_other_origin_are_left_alone(flawed: Path, tiny_bundle: Bundle, tmp_path: Path) -> None:
    mine = tmp_path / "found" / "findings.md"
    mine.parent.mkdir()
    mine.write_text("my notes")
    with pytest.raises(OutputExistsError):
        check_manifest(flawed, out=tmp_path / "found", bundle=tiny_bundle.folder)
    assert mine.read_text() == "my notes"
    mine.rename(mine.with_name("findings.parquet"))
    with pytest.raises(OutputExistsError):
        check_manifest(flawed, out=tmp_path / "found", bundle=tiny_bundle.folder)


def test_wrong_names_are_told_before_any_work(flawed: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean blurred"):
        check_manifest(flawed, out=tmp_path / "found", checks=["blured"])
    with pytest.raises(UnknownNameError, match="Did you mean cubism"):
        check_manifest(flawed, out=tmp_path / "found", thresholds={"kubism.dark": 0.1})
    assert not (tmp_path / "found").exists()


def test_an_empty_manifest_is_told(flawed: Path, tmp_path: Path) -> None:
    write_manifest(read_manifest(flawed).table.slice(0, 0), tmp_path / "empty.parquet")
    with pytest.raises(InputError, match="import pictures first"):
        check_manifest(tmp_path / "empty.parquet", out=tmp_path / "found")


def test_a_held_out_set_and_other_pictures_take_part(
    flawed: Path, tiny_bundle: Bundle, make_other_set: SetMaker, tmp_path: Path
) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    read = read_manifest(flawed)
    paths = [str(flawed.parent / path) for path in read.column("path")]
    held = read.table.set_column(read.table.column_names.index("path"), "path", pa.array(paths)).slice(0, 1)
    write_manifest(held, folder / "manifest.parquet")
    others = make_other_set(tmp_path / "others", splits={"train": 6})
    found = check_manifest(
        flawed, out=tmp_path / "found", against=folder, negatives=others, bundle=tiny_bundle.folder,
        checks=["leak", "not_a_painting"],
    )  # fmt: skip
    assert found.column("is_leak_issue")[0]
    assert found.about.against == str((folder / "manifest.parquet").resolve())
    assert found.about.negatives == str((tmp_path / "others" / "manifest.parquet").resolve())
    scores = found.table["not_a_painting_score"].to_numpy()
    assert np.isfinite(scores[:13]).all()


def test_without_a_model_copies_are_found_and_nothing_else_is_judged(flawed: Path, tmp_path: Path) -> None:
    found = check_manifest(flawed, out=tmp_path / "found", bundle=None, against=flawed)
    assert found.checks == ("exact_duplicate", "near_duplicate", "leak")
    ids = found.column("id")
    assert [ids[row] for row in found.worst("near_duplicate")] == ["grey"]
    assert set(found.column("leak_where")) == {"held-out", None}
    assert found.about.model == "none"
    assert (tmp_path / "found" / "findings.md").exists()
    with pytest.raises(InputError, match="Without a model there is no check blurred"):
        check_manifest(flawed, out=tmp_path / "other", bundle=None, checks=["leak", "blurred"])
