"""What command line, service and page say of twenty generated pictures; figures.py keeps it and places the table."""

import json
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path

from click.testing import CliRunner
from PIL import Image

from smn.cli import main
from smn.client import Client
from smn.examples import draw_other, list_examples, paint

KEPT = Path(__file__).parents[2] / "docs" / "results" / "phrases.json"
_OTHERS = ("text-page", "chart", "code", "comic", "crayon-drawing")
_SCRIPT = Path(__file__).parents[2] / "src" / "smn" / "web" / "script.py"

Said = Mapping[str, str]


def ask() -> None:
    """Ask all three and keep what they say."""
    with tempfile.TemporaryDirectory() as folder:
        files = write_pictures(Path(folder))
        said = {"command line": ask_command_line(files), "service": ask_service(files), "page": ask_page(files)}
    rows = [{"picture": name, **{place: words[name] for place, words in said.items()}} for name in files]
    KEPT.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_pictures(folder: Path) -> dict[str, Path]:
    """Twenty files by name: the painted examples, and pictures that are no paintings."""
    pictures: dict[str, Image.Image] = {movement: paint(movement, seed=0) for movement in list_examples()}
    pictures |= {kind: draw_other(kind) for kind in _OTHERS}
    files = {name: folder / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        picture.save(files[name])
    return files


def ask_command_line(files: Mapping[str, Path]) -> Said:
    """The column ``answer`` of ``smn predict``."""
    shown = CliRunner(env={"COLUMNS": "300"}).invoke(main, ["predict", *map(str, files.values())]).stdout.splitlines()
    head = next(line for line in shown if "picture" in line and "answer" in line)
    start, end = head.index("answer"), head.index(" or ")
    cells = {line.split()[0]: line[start:end].strip() for line in shown if line.strip()}
    return {name: cells[file.name] for name, file in files.items()}


def ask_service(files: Mapping[str, Path]) -> Said:
    """The key ``sentence`` of ``POST /v1/predict``."""
    with _run_service() as address, Client(address) as client:
        return {name: client.predict(file, top_k=5)[0]["sentence"] for name, file in files.items()}


def ask_page(files: Mapping[str, Path]) -> Said:
    """The heading of the page's answer."""
    from smn.web.page_settings import PageSettings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Streamlit's own, of the import
        from streamlit.testing.v1 import AppTest

        from smn.web.app_state import open_app_state
        from smn.web.uploads import Upload
    open_app_state(PageSettings())
    said = {}
    for name, file in files.items():
        test = AppTest.from_file(str(_SCRIPT), default_timeout=120)
        test.session_state["uploads"] = [Upload(file.name, file.read_bytes())]
        test.run()
        found = re.search(
            r'<h1 class="smn-answer">(.*?)</h1>', " ".join(str(one.proto.body) for one in test.get("html"))
        )
        said[name] = unescape(re.sub("<[^>]*>", "", found[1])) if found else ""
    return said


@contextmanager
def _run_service() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as stream:
            process = subprocess.Popen(  # noqa: S603 - ours
                [str(Path(sys.executable).with_name("smn")), "serve", "--port", "0", "--no-memory"], cwd=folder,
                stderr=stream,
            )  # fmt: skip
        try:
            while not (found := re.search(r"running on (http://[\d.:]+)", log.read_text())):
                if process.poll() is not None:
                    raise SystemExit(log.read_text())
                time.sleep(0.2)
            yield found[1]
        finally:
            process.terminate()
            process.wait(30)


def _table() -> str:
    if not KEPT.exists():
        return ""
    rows = json.loads(KEPT.read_text(encoding="utf-8"))
    places = [place for place in rows[0] if place != "picture"]
    same = all(len({row[place] for place in places}) == 1 for row in rows)
    told = "All three say the same of every picture." if same else "They do not say the same of every picture."
    lines = [f"| {row['picture']} | " + " | ".join(row[place] for place in places) + " |" for row in rows]
    head = [f"| picture | {' | '.join(places)} |", f"| --- |{' --- |' * len(places)}"]
    return "\n".join([*head, *lines, "", told])


TABLES: Mapping[str, Callable[[], str]] = {"phrases": _table}
