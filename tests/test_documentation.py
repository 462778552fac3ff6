"""What the README and the documentation tell people to type works, and every ``make`` task they name exists.

Every fenced block of ``sh`` or ``python`` is run, but for those after a line ``<!-- not run: why -->``. The blocks of
one page run in order, in one folder with pictures, data sets, short training runs and bundles, made by smn itself.
Trainings have one epoch; servers take a free port and are left running for the rest of the page;
museums and the model hub are servers of this machine; what ``pip`` is to install is looked up, not installed.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import yaml
from PIL import Image

from fetch_server import FetchServer, json_answer, picture_answer
from language_model_fake import serve_fake
from model_hub import TOKEN, Commit, ModelHub, run_hub
from smn.examples import draw_other, list_others, paint

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
MUSEUMS = ("museum.org", "museum.example", "example.org")
TIMM = "timm/vit_small_patch14_dinov2.lvd142m"
SMALLER = {
    " --ray-address head:6379": "",
    "trials = 12 ": "trials = 2 ",
    "vit_small_patch14_dinov2.lvd142m ": "vit_small_patch14_dinov2.lvd142m --set model.size=98 ",
}
PORTS = ("8000", "8002", "8080", "8501")
FENCE = re.compile(r"\s*```(sh|python|toml)(?: title=\"(\S+)\")?")
LEFT_OUT = re.compile(r"\s*<!-- not run: (\S.*) -->")


@dataclass(frozen=True)
class Block:
    """A block of code on a page, the file that it is said to be, and why it is not run, where it is not."""

    language: str
    code: str
    line: int
    file: str | None = None
    reason: str | None = None


def find_blocks(text: str) -> Iterator[Block]:
    """The blocks of Python and shell of a page, and those that are files.

    Raises:
        ValueError: a reason has no such block after it.
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        opening = FENCE.fullmatch(line)
        following = FENCE.fullmatch(lines[number + 1]) if number + 1 < len(lines) else None
        if LEFT_OUT.fullmatch(line) and (following is None or following[1] == "toml"):
            raise ValueError(f"Line {number + 1} says why a block is not run, but no block of python or sh follows.")
        if opening is None:
            continue
        reason = LEFT_OUT.fullmatch(lines[number - 1]) if number else None
        rest = lines[number + 1 :]
        end = next(at for at, inner in enumerate(rest) if inner.strip() == "```")
        indent = len(line) - len(line.lstrip())
        code = "\n".join(inner[indent:] for inner in rest[:end]) + "\n"
        if opening[1] != "toml" or opening[2]:
            yield Block(opening[1], code, number + 2, opening[2], reason and reason[1])


# Before every block of shell. A page finds what `prepared` lists in its folder, but not what its own commands write.
PRELUDE = r"""
smn() {
    local previous="" word more=()
    for word in "$@"; do
        if [ "$previous" = --out ] && grep -qxF "$word" prepared; then
            rm -rf "$word" && sed -i "\|^$word\$|d" prepared
        fi
        previous=$word
    done
    case "$*" in
        "serve"* | "web"* | "mcp --http"*) start "$(port "$1")" smn "$@" --port "$(port "$1")"; return ;;
        *--fast-dev-run* | "train colour-"* | *--engine*) ;;
        "train cnn-"*) more=(--set finetune.epochs=1) ;;
        "train "*) more=(--set head.epochs=1 --set head.views=0 --set finetune.epochs=1) ;;
        "predict "*) more=(--allow-network 127.0.0.0/8) ;;
    esac
    command smn "$@" "${more[@]}"
}
python() {
    case "$*" in
        "-m http.server"*) start "$PORT_8000" python "$@" "$PORT_8000" ;;
        *) command python "$@" ;;
    esac
}
port() { case $1 in serve) echo "$PORT_8000" ;; web) echo "$PORT_8501" ;; mcp) echo "$PORT_8002" ;; esac; }
start() {
    local port=$1 tries
    shift
    command "$@" > "server-$port.log" 2>&1 < /dev/null &
    echo $! >> servers
    for tries in $(seq 600); do
        command curl -s -o server.html "http://127.0.0.1:$port/" && return
        kill -0 $! || break
        sleep 0.2
    done
    cat "server-$port.log" >&2
    return 1
}
curl() {  # ID is that of the last picture's answer
    local words=("$@") last
    last=$(cat last-id 2> /dev/null || true)
    if command curl -sS --fail-with-body --output answer.json "${words[@]//ID/$last}"; then
        if grep -q '"outcome"' answer.json; then
            grep -oE '"id": ?"[^"]+"' answer.json | head -1 | cut -d '"' -f 4 > last-id
        fi
        return
    fi
    cat answer.json >&2
    return 1
}
pip() {
    local word
    for word in "$@"; do
        case $word in *"["*) command python -c "$CHECK_EXTRAS" "$word" ;; esac
    done
}
"""
CHECK_EXTRAS = """
import sys
from importlib.metadata import metadata
name, _, extras = sys.argv[1].rstrip("]").partition("[")
assert name in {".", "smn-art"}, name
missing = set(extras.split(",")) - set(metadata("smn-art").get_all("Provides-Extra"))
assert not missing, f"smn-art has no extra {', '.join(missing)}"
"""


@dataclass
class Shell:
    """Runs blocks in a folder.

    Args:
        replaced: what stands for what in the blocks.
        environment: variables beside this process's own.
        hub: the model hub that commands ask.
    """

    folder: Path
    replaced: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    hub: ModelHub = field(default_factory=ModelHub)

    def take(self, world: Path) -> None:
        """Copy what the pages take for granted; weights are linked, and two models lie on the hub."""
        shutil.copytree(world, self.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.safetensors"))
        for file in world.glob("*.safetensors"):
            (self.folder / file.name).symlink_to(file)
        bundle = world / "bundles/mine"
        files = {str(file.relative_to(bundle)): file.read_bytes() for file in bundle.rglob("*") if file.is_file()}
        network = {"model.safetensors": (world / "dinov2-small.safetensors").read_bytes()}
        ids = pyarrow.parquet.read_table(world / "data/mine/manifest.parquet", columns=["id"])["id"]
        self.replaced["3f2a6e291484370b"] = ids[0].as_py()
        self.hub.repositories |= {"owner/name": [Commit("1" * 40, files)], TIMM: [Commit("2" * 40, network)]}

    def run(self, block: Block) -> str:
        """Run a block and give what it prints; fails as the block does."""
        code = block.code
        for old, new in self.replaced.items():
            code = code.replace(old, new)
        if block.file:
            (self.folder / block.file).write_text(code, encoding="utf-8")
            return ""
        bash = ["bash", "-euo", "pipefail", "-c", PRELUDE + code]
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = subprocess.run(
            bash if block.language == "sh" else [sys.executable, "-c", code],
            cwd=self.folder,
            env=os.environ | {"PATH": path, "CHECK_EXTRAS": CHECK_EXTRAS} | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"line {block.line}:\n{block.code}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def stop_servers(self) -> None:
        """End what the blocks started."""
        file = self.folder / "servers"
        for number in file.read_text(encoding="utf-8").split() if file.exists() else ():
            os.kill(int(number), signal.SIGTERM)


WORLD = """
smn dataset import pictures --out data/mine
smn dataset split data/mine --out data/mine-split
smn dataset import things --not-paintings --out data/things
smn dataset split data/things --out data/not-paintings
for name in pool pool-2 held-out; do
    smn dataset import "sets/$name" --out "data/$name-all" && smn dataset split "data/$name-all" --out "data/$name"
done
for name in famous aic cubism new more; do smn dataset import "sets/$name" --out "data/$name"; done
smn dataset split data/held-out-all --out data/other-split --ratios 40/40/20
smn dataset split data/pool-all --out data/clean-scans --ratios 40/40/20
smn weights mark dinov2-small.safetensors --convention timm --origin DINOv2-small --out dinov2.safetensors
smn train dinov2-finetune --set model.weights=dinov2.safetensors --manifest data/mine-split --out runs/dinov2
smn train lite0-statistics --manifest data/mine-split --out runs/mine
smn train lite0-statistics --set seed=1 --manifest data/mine-split --out runs/another
for name in one frozen; do cp -r runs/mine "runs/$name"; done
cp -r runs/another runs/finetuned
smn export runs/mine --out bundles/mine --name mine-1
for name in measured shipped; do cp -r bundles/mine "bundles/$name"; done
smn index build data/mine --out indexes/mine
smn predict scans --out answers.jsonl
"""
MOVEMENTS = ("cubism", "impressionism", "romanticism", "ukiyo-e")


def paint_set(folder: Path, *, count: int, first: int) -> None:
    """Small paintings in folders named by movement; another ``first``, other paintings."""
    for movement in MOVEMENTS:
        (folder / movement).mkdir(parents=True)
        for seed in range(first, first + count):
            paint(movement, seed=seed, size=(240, 200)).save(folder / movement / f"{movement}-{seed}.jpg")


def paint_scans(folder: Path) -> None:
    """What every page finds: a painting, and a folder of some."""
    paint("impressionism", seed=1, size=(320, 256)).save(folder / "painting.jpg")
    (folder / "scans").mkdir()
    for movement in ("cubism", "ukiyo-e", "romanticism", "pop-art"):
        paint(movement, seed=2, size=(240, 200)).save(folder / "scans" / f"{movement}.jpg")


def write_weights(folder: Path) -> None:
    """Files of untrained weights of the networks that the pages train on."""
    timm, save_file = pytest.importorskip("timm"), pytest.importorskip("safetensors.torch").save_file
    for file, name, classes in (
        ("dinov2-small", "vit_small_patch14_dinov2", 0),
        ("keras-vgg16", "vgg16", 0),
        ("convnext", "convnext_nano", 1000),
    ):  # fmt: skip
        network = timm.create_model(name, pretrained=False, num_classes=classes)
        save_file(
            {key: value.contiguous() for key, value in network.state_dict().items()}, folder / f"{file}.safetensors"
        )


def write_tables(folder: Path, museum: str) -> None:
    """Lists of pictures, of works with addresses, of feedback and of decisions."""
    scans = sorted((folder / "scans").iterdir())
    rows = [f"scans/{file.name},A-{number}" for number, file in enumerate(scans)]
    (folder / "inventory.csv").write_text("path,inventory\n" + "\n".join(rows) + "\n", encoding="utf-8")
    paths = pyarrow.table({"path": [str(file) for file in scans]})
    pyarrow.parquet.write_table(paths, folder / "list.parquet")
    works = "".join(f"{museum}/picture/{number}.jpg,Work {number},cubism,CC0-1.0\n" for number in range(3))
    (folder / "table.csv").write_text("link,title,movement,licence\n" + works, encoding="utf-8")
    (folder / "works.csv").write_text("image,name,movement,licence\n" + works, encoding="utf-8")
    feedback = "path,movement,label_kind,consent\nscans/cubism.jpg,cubism,feedback,yes\n"
    (folder / "feedback.csv").write_text(feedback, encoding="utf-8")
    (folder / "aliases.csv").write_text("artist,canonical\nKatsushika Hokusai,Hokusai\n", encoding="utf-8")
    for name in ("decisions.csv", "decisions-2027.csv", "more.csv"):
        (folder / name).write_text("id,decision\n", encoding="utf-8")


@pytest.fixture(scope="module")
def museum() -> Iterator[str]:
    """The address of a museum with a manifest, a collection and pictures."""
    with FetchServer() as server:
        home = server.address

        def describe_canvas(number: int) -> dict[str, Any]:
            canvas = f"{home}/canvas/{number}"
            body = {"id": f"{home}/picture/{number}.jpg", "type": "Image"}
            painted = {"type": "Annotation", "motivation": "painting", "body": body, "target": canvas}
            page = {"id": f"{canvas}/page", "type": "AnnotationPage", "items": [painted]}
            return {"id": canvas, "type": "Canvas", "label": {"en": [f"Work {number}"]}, "items": [page]}

        context = {"@context": "http://iiif.io/api/presentation/3/context.json"}
        for place in ("/manifest.json", "/iiif/manifest.json"):
            canvases = [describe_canvas(number) for number in range(3)]
            manifest = {"id": home + place, "type": "Manifest", "label": {"en": ["Works"]}, "items": canvases}
            server.route(place, json_answer(context | manifest))
        member = {"id": f"{home}/manifest.json", "type": "Manifest", "label": {"en": ["Works"]}}
        collection = f"{home}/iiif/collection/paintings.json"
        described = {"id": collection, "type": "Collection", "label": {"en": ["All"]}, "items": [member]}
        server.route("/iiif/collection/paintings.json", json_answer(context | described))
        server.route("/monet.jpg", picture_answer(1, size=(300, 240)))
        server.route("/picture/*", lambda request: picture_answer(int(Path(request.path).stem), size=(300, 240)))
        yield home


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, museum: str) -> Path:
    """A folder with what the pages take for granted."""
    folder = tmp_path_factory.mktemp("world")
    paint_scans(folder)
    for name in ("photo", "the-kiss", "monet", "a", "b"):
        shutil.copy(folder / "painting.jpg", folder / f"{name}.jpg")
    paint_set(folder / "pictures", count=14, first=0)
    with Image.open(folder / "pictures/cubism/cubism-0.jpg") as picture:  # something for `smn clean` to find
        picture.resize((180, 150)).save(folder / "pictures/cubism/copy.jpg")
    for number, name in enumerate(("pool", "pool-2", "held-out", "famous", "aic", "cubism", "new", "more"), start=1):
        paint_set(folder / "sets" / name, count=5, first=100 * number)
    (folder / "things").mkdir()
    for kind in list_others(needs_photograph=False):
        draw_other(kind, seed=1).resize((200, 160)).save(folder / "things" / f"{kind}.png")
    write_weights(folder)
    write_tables(folder, museum)
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/activate").touch()
    (folder / "prepared").touch()
    Shell(folder).run(Block("sh", WORLD, 0))
    below = {file.relative_to(folder) for pattern in ("*", "*/*") for file in folder.glob(pattern)}
    (folder / "prepared").write_text("".join(f"{name}\n" for name in sorted(map(str, below))), encoding="utf-8")
    return folder


def find_ports(count: int) -> list[str]:
    """Ports that nobody listens at."""
    with ExitStack() as stack:
        taken = [stack.enter_context(closing(socket.create_server(("127.0.0.1", 0)))) for _ in range(count)]
        return [str(one.getsockname()[1]) for one in taken]


@pytest.fixture
def shell(tmp_path: Path, museum: str) -> Iterator[Shell]:
    """Runs blocks in an empty folder; what they start is ended."""
    ports = dict(zip(PORTS, find_ports(len(PORTS)), strict=True))
    folder = tmp_path / "page"
    folder.mkdir()
    with ExitStack() as stack:
        hub, model = stack.enter_context(run_hub()), stack.enter_context(serve_fake())
        model.say({"text": "A text."})
        shell = Shell(
            folder,
            {f"https://{name}": museum for name in MUSEUMS}
            | {f"127.0.0.1:{old}": f"127.0.0.1:{new}" for old, new in ports.items()}
            | {"http://127.0.0.1:" + ports["8080"] + "/v1": model.url, "s3://bucket/": f"file://{folder}/"}
            | SMALLER,
            {"SMN_URL_NETWORKS": "127.0.0.0/8"}
            | {f"PORT_{old}": new for old, new in ports.items()}
            | {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "hub"), "HF_TOKEN": TOKEN}
            | {"HF_HUB_DISABLE_XET": "1", "XDG_DATA_HOME": str(tmp_path / "kept"), "MPLBACKEND": "Agg"},
            hub,
        )
        stack.callback(shell.stop_servers)
        yield shell


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_block_runs(page: Path, shell: Shell, request: pytest.FixtureRequest) -> None:
    blocks = [block for block in find_blocks(page.read_text(encoding="utf-8")) if block.reason is None]
    if page.parent.name == "tutorials":  # these make everything themselves
        paint_scans(shell.folder)
    elif blocks:
        shell.take(request.getfixturevalue("world"))
    if page.name == "browser.md":
        (shell.folder / "node_modules/onnxruntime-web").mkdir(parents=True)  # where npm would put it
        runtime = request.getfixturevalue("onnxruntime_web")
        (shell.folder / "node_modules/onnxruntime-web/dist").symlink_to(runtime)
    for block in blocks:
        shell.run(block)


def test_few_blocks_are_not_run() -> None:
    pages = {name: [*find_blocks(page.read_text(encoding="utf-8"))] for name, page in zip(NAMES, PAGES, strict=True)}
    left_out = {f"{name}:{block.line}": block.reason for name in pages for block in pages[name] if block.reason}
    assert len(left_out) <= 10, left_out
    assert sum(map(len, pages.values())) > 80


def test_the_readme_has_blocks_of_both_languages() -> None:
    blocks = find_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {block.language for block in blocks if block.reason is None} == {"python", "sh"}


def find_bare_tables(text: str) -> list[int]:
    """The lines where a table begins that no sentence stands before."""
    lines = text.splitlines()
    bare = []
    for number, line in enumerate(lines):
        if line.startswith("|") and not lines[number - 1].startswith("|"):
            above = [one for one in lines[:number] if one.strip() and not one.startswith("<!--")]
            if not above or above[-1].startswith(("#", "|", "![")):
                bare.append(number + 1)
    return bare


def test_a_sentence_stands_before_every_table_that_explains() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    parts = yaml.safe_load(site[site.index("nav:") : site.index("\nvalidation:")])["nav"]
    (listed,) = [part["Understand"] for part in parts if "Understand" in part]
    pages = [ROOT / "docs" / page for entry in listed for page in entry.values() if isinstance(page, str)]
    assert len(pages) > 10
    bare = {page.name: find_bare_tables(page.read_text(encoding="utf-8")) for page in (ROOT / "README.md", *pages)}
    assert {page: lines for page, lines in bare.items() if lines} == {}


def test_tables_without_a_sentence_are_found() -> None:
    table = "| a |\n| --- |\n"
    for above in ("# A\n\n", "![A](a.png)\n\n<!-- figures:a -->\n", f"Text.\n\n{table}\n"):
        assert find_bare_tables(above + table) == [len(above.splitlines()) + 1]
    assert find_bare_tables(f"# A\n\nText.\n\n<!-- figures:a -->\n{table}") == []


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


def test_blocks_are_found_with_their_reasons() -> None:
    text = (
        "```toml\nno\n```\n<!-- not run: slow -->\n```sh\necho 1\n\necho 2\n```\n- in a list\n"
        '  ```python\n  print(3)\n  ```\n```toml title="a.toml"\nx = 1\n```\n'
    )
    assert list(find_blocks(text)) == [
        Block("sh", "echo 1\n\necho 2\n", 6, reason="slow"),
        Block("python", "print(3)\n", 12),
        Block("toml", "x = 1\n", 15, file="a.toml"),
    ]  # fmt: skip


@pytest.mark.parametrize("after", ["", "\n\n```sh\nls\n```", "\n```toml\nls\n```", "\ntext"])
def test_a_reason_without_a_block_is_an_error(after: str) -> None:
    with pytest.raises(ValueError, match="no block of python or sh follows"):
        list(find_blocks(f"<!-- not run: slow -->{after}"))


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("sh", "false\ntrue"), ("sh", "false | cat"), ("sh", "echo $nowhere"), ("python", "1 / 0"),
        ("sh", "smn predict nowhere.jpg"), ("sh", "smn nonsense"), ("sh", "curl http://127.0.0.1:8000/"),
        ("sh", 'pip install "smn-art[nonsense]"'), ("sh", 'pip install "smm[web]"'),
    ],
)  # fmt: skip
def test_a_block_that_fails_fails_the_test(language: str, code: str, shell: Shell) -> None:
    with pytest.raises(AssertionError, match="line 7"):
        shell.run(Block(language, code, 7))


def test_a_block_sees_the_folder_and_this_environment(shell: Shell) -> None:
    paint_scans(shell.folder)
    assert shell.run(Block("sh", "ls scans | wc -l", 1)).strip() == "4"
    shown = shell.run(Block("sh", "command -v smn", 1)).strip()
    assert shown == "smn"  # the function, which runs:
    shown = shell.run(Block("sh", "type -P smn", 1)).strip()
    assert Path(shown).parent == Path(sys.executable).parent
    code = "from pathlib import Path; print(*Path().glob('*.jpg'))"
    assert shell.run(Block("python", code, 1)).strip() == "painting.jpg"


def test_tasks_are_read_from_code_only() -> None:
    text = "To make sure, `make demo IMAGE=a.jpg` or:\n```sh\nmake PYTHON=python3.12 test lint  # slow\nsmn make\n```\n"
    assert find_tasks(text) == {"demo", "test", "lint"}
