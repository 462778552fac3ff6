import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from fetch_server import Answer, FetchServer, picture_answer
from smn.cli.dataset import dataset
from smn.errors import InputError, UnknownNameError
from smn.manifest import read_manifest

Run = Callable[..., str]


@pytest.fixture
def run() -> Run:
    def run(*arguments: object) -> str:
        result = CliRunner().invoke(dataset, ["fetch", *map(str, arguments)])
        if result.exception is not None:
            raise result.exception
        return " ".join(result.output.split())

    return run


@pytest.fixture
def table(server: FetchServer, tmp_path: Path) -> Path:
    styles = ["Cubism", "Cubism", "Land[scape]", ""]
    rows = [f"{number},{server.address}/{number}.jpg,{style},CC0" for number, style in enumerate(styles)]
    for number in range(3):
        server.route(f"/{number}.jpg", picture_answer(number))
    server.route("/3.jpg", Answer(404))
    (tmp_path / "t.csv").write_text("\n".join(["id,link,style,licence", *rows]))
    return tmp_path / "t.csv"


def arguments(table: Path) -> tuple[object, ...]:
    return ("csv", "--address", table, "--column", "image_url=link", "--requests-per-second", "500")


def test_the_sources_are_listed(run: Run) -> None:
    out = run("--list")
    for part in ("wikidata", "aic", "wikiart", "artbench", "iiif", "csv"):
        assert part in out
    rows = json.loads(CliRunner().invoke(dataset, ["fetch", "--list", "--format", "json"]).stdout)
    assert len(rows) == 6
    assert set(rows[0]) == {"source", "title", "labels", "licences", "requests_per_second", "connections"}


def test_a_fetch_tells_what_happened_and_what_comes_next(run: Run, table: Path, tmp_path: Path) -> None:
    out = run(
        *arguments(table), "--out", tmp_path / "out", "--map", "land[scape]=realism", "--licence", "public-domain"
    )
    for part in (
        "cubism", "CC0-1.0", "csv:3", "nothing at the address", "3 pictures are in", "1 could not be downloaded",
        "Run the same command again", "Next: smn dataset split", "fetch-report.md",
    ):  # fmt: skip
        assert part in out, out
    assert read_manifest(tmp_path / "out").column("movement") == ["cubism", "cubism", "realism"]
    written = json.loads((tmp_path / "out/fetch.json").read_text())
    assert (written["source"], written["licence"]) == ("csv", "public-domain")
    out = run(*arguments(table), "--out", tmp_path / "out", "--licence", "public-domain", "--format", "json")
    assert json.loads(out[out.index("{") : out.rindex("}") + 1])["requests"] == 1


def test_a_dry_run_writes_nothing(run: Run, table: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    out = run(*arguments(table), "--dry-run")
    assert "csv lists 4 entries. Of the 4 on its first page 4 can be downloaded." in out
    assert "about 4 pictures, about 0 MB, 0 minutes at 500 requests a second. Nothing has been written." in out
    assert sorted(tmp_path.rglob("*")) == before
    answer = json.loads(run(*arguments(table), "--dry-run", "--format", "json"))
    assert (answer["pictures"], answer["total"]) == (4, 4)


def test_what_is_missing_or_wrong_is_told(run: Run, table: Path, tmp_path: Path) -> None:
    for given, sentence in {
        (): "Give the SOURCE",
        ("csv", "--address", "t.csv"): "Give the folder with --out",
        ("aic", "--out", "x", "--requests-per-second", "50"): "more than Art Institute of Chicago wants",
        ("csv", "--address", "t.csv", "--column", "x", "--dry-run"): "not a pair",
        ("csv", "--address", str(table), "--contact", "me", "--dry-run"): "neither an e-mail address",
        ("wikiart", "--licence", "public-domain", "--out", "x"): "leave --licence out",
        ("csv", "--address", str(table), "--out", str(tmp_path / "out"), "--requests-per-second", "0"): "above 0",
    }.items():
        with pytest.raises(InputError, match=sentence):
            run(*given)
    for given in (("nowhere", "--out", "x"), ("aic", "--movement", "kubism", "--out", "x")):
        with pytest.raises(UnknownNameError):
            run(*given)
    assert not (tmp_path / "out").exists()


def test_help_and_list_import_nothing_heavy() -> None:
    heavy = {"pyarrow", "httpx2", "torch", "sklearn", "cv2", "onnxruntime"}
    for given in (["dataset", "fetch", "--help"], ["dataset", "fetch", "--list"]):
        code = (
            f"from smn.cli import main\nmain({given}, standalone_mode=False)\n"
            "import sys; print(*{name.split('.')[0] for name in sys.modules})"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert set(done.stdout.splitlines()[-1].split()) & heavy == set()
