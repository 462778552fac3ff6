"""What the README and the documentation tell people to type works, and every ``make`` task they name exists.

A fenced block of ``python`` or ``sh`` after a line ``<!-- run -->`` is run. The blocks of one page run in order, in
one folder that holds ``painting.jpg`` and some pictures in ``scans/``.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MARK = "<!-- run -->"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


@dataclass(frozen=True)
class Block:
    """A block of code on a page."""

    language: str
    code: str
    line: int


def find_blocks(text: str) -> Iterator[Block]:
    """The marked blocks of a page.

    Raises:
        ValueError: a mark has no block of Python or shell after it, so that nothing would be run.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.strip() != MARK:
            continue
        opening = re.fullmatch(r"\s*```(python|sh)", lines[number + 1] if number + 1 < len(lines) else "")
        if opening is None:
            raise ValueError(f"Line {number + 1} is {MARK}, but no block of python or sh follows it directly.")
        rest = lines[number + 2 :]
        end = next(at for at, inner in enumerate(rest) if inner.strip() == "```")
        indent = len(lines[number + 1]) - len(lines[number + 1].lstrip())
        yield Block(opening[1], "\n".join(inner[indent:] for inner in rest[:end]) + "\n", number + 3)


def run_block(block: Block, folder: Path) -> str:
    """Run a block in a folder and give what it prints; fails as the block does."""
    programme = {"python": [sys.executable, "-c"], "sh": ["bash", "-euo", "pipefail", "-c"]}[block.language]
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        [*programme, block.code],
        cwd=folder,
        env=os.environ | {"PATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"line {block.line}:\n{block.code}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    from smn.examples import paint

    paint("impressionism", seed=1, size=(320, 256)).save(tmp_path / "painting.jpg")
    (tmp_path / "scans").mkdir()
    for movement in ("cubism", "ukiyo-e", "romanticism", "pop-art"):
        paint(movement, seed=2, size=(240, 200)).save(tmp_path / "scans" / f"{movement}.jpg")
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_marked_blocks_run(page: Path, folder: Path) -> None:
    for block in find_blocks(page.read_text(encoding="utf-8")):
        run_block(block, folder)


@pytest.mark.parametrize("language", ["python", "sh"])
def test_the_readme_has_blocks_that_run(language: str) -> None:
    blocks = list(find_blocks((ROOT / "README.md").read_text(encoding="utf-8")))
    assert [block for block in blocks if block.language == language], f"no {language} block in README.md is marked"


def find_tasks(text: str) -> set[str]:
    """The tasks of ``make`` in a page's code: in back-ticks, or at the start of a line of a fenced block."""
    fences = re.findall(r"^\s*```\w*\n(.*?)^\s*```", text, re.MULTILINE | re.DOTALL)
    lines = [line for fence in fences for line in fence.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", text)
    variable = r"(?:\s+[A-Z]+=\S+)*"
    found = [re.match(rf"\s*(?:\$ )?make{variable}((?:\s+[a-z][\w-]*)+)", part) for part in (*lines, *spans)]
    return {task for match in found if match for task in match[1].split()}


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_make_task_exists(page: Path) -> None:
    makefiles = [(ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "tools/figures/Makefile")]
    targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", "\n".join(makefiles), re.MULTILINE))
    assert {"test", "lint", "figures"} <= targets
    assert find_tasks(page.read_text(encoding="utf-8")) <= targets


def test_the_readme_names_a_make_task() -> None:
    assert find_tasks((ROOT / "README.md").read_text(encoding="utf-8"))


def test_only_marked_blocks_are_found() -> None:
    text = (
        f"```sh\nno\n```\n{MARK}\n```sh\necho 1\n\necho 2\n```\n- in a list\n  {MARK}\n  ```python\n  print(3)\n  ```\n"
    )
    assert list(find_blocks(text)) == [Block("sh", "echo 1\n\necho 2\n", 6), Block("python", "print(3)\n", 13)]


@pytest.mark.parametrize("text", [MARK, f"{MARK}\n\n```sh\nls\n```", f"{MARK}\n```bash\nls\n```", f"{MARK}\ntext"])
def test_a_mark_without_a_block_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="no block of python or sh follows"):
        list(find_blocks(text))


@pytest.mark.parametrize(
    ("language", "code"), [("sh", "false\ntrue"), ("sh", "false | cat"), ("sh", "echo $nowhere"), ("python", "1 / 0")]
)
def test_a_block_that_fails_fails_the_test(language: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="line 7"):
        run_block(Block(language, code, 7), tmp_path)


def test_a_block_sees_the_folder_and_this_environment(folder: Path) -> None:
    assert run_block(Block("sh", "ls scans | wc -l", 1), folder).strip() == "4"
    shown = run_block(Block("sh", "command -v python", 1), folder).strip()
    assert Path(shown).parent == Path(sys.executable).parent
    assert run_block(Block("python", "from pathlib import Path; print(*Path().glob('*.jpg'))", 1), folder).strip() == (
        "painting.jpg"
    )


def test_tasks_are_read_from_code_only() -> None:
    text = "To make sure, `make demo IMAGE=a.jpg` or:\n```sh\nmake PYTHON=python3.12 test lint  # slow\nsmn make\n```\n"
    assert find_tasks(text) == {"demo", "test", "lint"}
