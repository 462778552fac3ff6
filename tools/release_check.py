"""Builds wheel and sdist reproducibly, checks and installs them, and lists what they depend on.

    python tools/release_check.py --out dist

Builds twice, from two copies of the tracked files, and compares the bytes. Then: contents and sizes; ``twine check``;
``smn predict`` in a new environment for each Python of 3.11, 3.12 and 3.13 that is found (on the path, of pyenv's, or
of uv's); an SBOM (CycloneDX) and the licences of what the wheel installs; known vulnerabilities (pip-audit). It
publishes nothing. Needs the extra ``release``. Exits with 1 where a check fails; what could not be checked is named.
"""

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
LARGEST = 45_000_000
"""Bytes of a wheel or an sdist, at most."""
NEEDED = (
    "smn/__init__.py", "smn/py.typed", "smn/bundles/default/bundle.json", "smn/bundles/default/model.onnx",
    "smn/bundles/fast/bundle.json", "smn/bundles/fast/model.onnx", "smn/works/default/vectors.npy",
    "smn/works/default/works.jsonl.gz",
)  # fmt: skip
"""What a wheel cannot do without: both models and the index."""
SDIST = ("src/", "tests/", "tools/", "docs/")
SDIST_FILES = {"README.md", "CHANGELOG.md", "CITATION.cff", "SECURITY.md", "LICENSE", "pyproject.toml", ".gitignore"}
NOT_IN_SDIST = ("docs/results/",)
Tell = Callable[[str], None]


class ReleaseError(Exception):
    """A check failed."""


@dataclass(frozen=True)
class Built:
    """One build.

    Args:
        wheel: the wheel's file.
        sdist: the source distribution's file.
    """

    wheel: Path
    sdist: Path


def _run(command: list[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """What a command printed; ReleaseError with its last lines where it failed."""
    done = subprocess.run(  # noqa: S603 - commands of this script
        command, cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = " | ".join((done.stderr + done.stdout).strip().splitlines()[-5:])
        raise ReleaseError(f"{' '.join(map(str, command))} failed: {tail}")
    return done.stdout


def _clean_environment(**more: str) -> dict[str, str]:
    """The environment without what would lead a Python to this checkout or this virtual environment."""
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"} | more


def list_tracked(root: Path = ROOT) -> list[str]:
    """The files that git tracks and that are there, as paths from the root."""
    names = _run(["git", "ls-files", "-z"], cwd=root).split("\0")
    return sorted(name for name in names if name and (root / name).is_file())


def build(out: Path, *, root: Path = ROOT, tracked: list[str]) -> Built:
    """Build wheel and sdist, twice, and keep them in ``out``, if both builds have the same bytes.

    The time in the archives is that of the last commit (``SOURCE_DATE_EPOCH``). The second build has another folder,
    time zone and umask.

    Args:
        out: a folder, made where needed; builds of the same version are replaced.
        root: the checkout.
        tracked: the files to build from.

    Raises:
        ReleaseError: the builds differ, or one failed.
    """
    epoch = _run(["git", "log", "-1", "--format=%ct"], cwd=root).strip()
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        one = _build_once(Path(first) / "smn", root, tracked, {"TZ": "UTC"}, epoch, umask=0o022)
        other = _build_once(Path(second) / "elsewhere", root, tracked, {"TZ": "Asia/Tokyo"}, epoch, umask=0o077)
        for mine, theirs in ((one.wheel, other.wheel), (one.sdist, other.sdist)):
            if mine.name != theirs.name or mine.read_bytes() != theirs.read_bytes():
                raise ReleaseError(f"{mine.name} has other bytes when it is built again")
        out.mkdir(parents=True, exist_ok=True)
        kept = [Path(shutil.copyfile(file, out / file.name)) for file in (one.wheel, one.sdist)]
    return Built(*kept)


def _build_once(
    folder: Path, root: Path, tracked: list[str], variables: dict[str, str], epoch: str, *, umask: int
) -> Built:
    before = os.umask(umask)
    try:
        for name in tracked:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
        env = _clean_environment(SOURCE_DATE_EPOCH=epoch, **variables)
        _run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", folder], env=env)
    finally:
        os.umask(before)
    return Built(next((folder / "dist").glob("*.whl")), next((folder / "dist").glob("*.tar.gz")))


def check_contents(built: Built, tracked: list[str]) -> list[str]:
    """What is wrong with the files in a build, one sentence each.

    A wheel holds exactly the tracked files of ``src/smn`` beside its metadata, an sdist exactly the folders and files
    that pyproject.toml names, without results and data.
    """
    problems = []
    with zipfile.ZipFile(built.wheel) as archive:
        inside = {name for name in archive.namelist() if not name.endswith("/")}
    metadata = {name for name in inside if re.match(r"[^/]+\.dist-info/", name)}
    expected = {name.removeprefix("src/") for name in tracked if name.startswith("src/smn/")}
    problems += _compare(built.wheel.name, inside - metadata, expected)
    problems += [f"{built.wheel.name} lacks {name}" for name in NEEDED if name not in inside]
    if not any(name.endswith("/licenses/LICENSE") for name in metadata):
        problems.append(f"{built.wheel.name} lacks the licence")
    with tarfile.open(built.sdist) as archive:
        members = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    wanted = {
        name
        for name in tracked
        if name in SDIST_FILES or (name.startswith(SDIST) and not name.startswith(NOT_IN_SDIST))
    }
    problems += _compare(built.sdist.name, members - {"PKG-INFO"}, wanted)
    for file in (built.wheel, built.sdist):
        size = file.stat().st_size
        if size > LARGEST:
            problems.append(f"{file.name} has {size / 1e6:.1f} MB; {LARGEST / 1e6:.0f} MB are allowed")
    return problems


def _compare(name: str, inside: set[str], expected: set[str]) -> list[str]:
    extra, absent = sorted(inside - expected), sorted(expected - inside)
    said = [f"{name} holds what it should not: {', '.join(extra[:5])} ({len(extra)})"] if extra else []
    return [*said, f"{name} lacks {', '.join(absent[:5])} ({len(absent)})"] if absent else said


def check_version(root: Path = ROOT) -> str:
    """The version, which changelog, citation and README name, too.

    Raises:
        ReleaseError: one of them names another.
    """
    text = (root / "src" / "smn" / "_version.py").read_text(encoding="utf-8")
    version: str = re.findall(r'__version__ = "([^"]+)"', text)[0]
    named = {
        "CHANGELOG.md": re.findall(r"^## (\S+)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)[:1],
        "CITATION.cff": re.findall(r"^version: (\S+)", (root / "CITATION.cff").read_text(encoding="utf-8"), re.M),
        "README.md": re.findall(r"smn_art-([\d.]+)-py3", (root / "README.md").read_text(encoding="utf-8")),
    }
    for file, versions in named.items():
        if versions != [version]:
            raise ReleaseError(f"{file} names {versions[0] if versions else 'no version'}, not {version}")
    return version


def find_pythons() -> Iterator[tuple[str, Path | None]]:
    """Each version of `PYTHONS`, and an interpreter: this one, or one on the path, of pyenv's, or of uv's."""
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in PYTHONS:
        yield version, Path(sys.executable) if version == this else _find_python(version)


def _find_python(version: str) -> Path | None:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for found in (shutil.which(f"python{version}"), *sorted(pyenv.glob(f"{version}.*/bin/python"))):
        if found and _answers(found, version):
            return Path(found)
    uv = shutil.which("uv")
    if uv is None:
        return None
    for step in ("find", "install"):  # what uv has, or what it can bring
        try:
            _run([uv, "python", step, version])
            return Path(_run([uv, "python", "find", version]).strip())
        except ReleaseError:
            continue
    return None


def _answers(python: str | Path, version: str) -> bool:
    """Whether this is an interpreter of this version, and no shim for one that is not there."""
    try:
        return _run([python, "--version"], env=_clean_environment()).startswith(f"Python {version}.")
    except (ReleaseError, OSError):
        return False


def install_and_predict(wheel: Path, python: Path, folder: Path, *, extras: str = "") -> Path:
    """Install the wheel into a new environment, without this checkout, and let both models answer.

    Args:
        wheel: the wheel.
        python: the interpreter.
        folder: where the environment is made.
        extras: extras to install besides, such as ``serve,web``.

    Returns:
        The environment's interpreter.

    Raises:
        ReleaseError: the installation or an answer failed.
    """
    env = _clean_environment()
    _run([python, "-m", "venv", "--without-pip", folder / "env"], env=env)
    inside = folder / "env" / "bin" / "python"
    target = f"{wheel}[{extras}]" if extras else str(wheel)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", inside, "install", "--quiet"]
    _run([*pip, "--constraint", ROOT / "constraints.txt", target], env=env)
    smn = folder / "env" / "bin" / "smn"
    _run([smn, "examples", "pictures"], cwd=folder, env=env)
    for model in ("default", "fast"):
        printed = _run([smn, "predict", "pictures", "--model", model, "--format", "json"], cwd=folder, env=env)
        answers = json.loads(printed)
        if not answers or any(answer["outcome"] == "error" for answer in answers):
            raise ReleaseError(f"{model} gave no answer: {printed[:200]}")
    return inside


def write_sbom(python: Path, out: Path) -> tuple[Path, Path, list[str]]:
    """Write what an environment holds, as an SBOM of CycloneDX and as a table of licences.

    Args:
        python: the environment's interpreter.
        out: where ``sbom.cdx.json`` and ``licences.csv`` are written; earlier ones are replaced.

    Returns:
        Both files, and the names of packages that state no licence.
    """
    sbom, table = out / "sbom.cdx.json", out / "licences.csv"
    cyclonedx = [sys.executable, "-m", "cyclonedx_py", "environment", str(python)]
    project = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library"]
    _run([*cyclonedx, *project, "--output-reproducible", "-o", str(sbom)], env=_clean_environment())
    told = json.loads(sbom.read_text(encoding="utf-8"))
    packages = {one["name"]: one for one in told["components"] if one["name"] != "smn-art"}
    with table.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow(("package", "version", "licence"))
        rows.writerows((name, one["version"], _licence(one)) for name, one in sorted(packages.items()))
    return sbom, table, sorted(name for name, one in packages.items() if not _licence(one))


def _licence(component: Mapping[str, list[dict[str, dict[str, str]]]]) -> str:
    """A component's licences, as its package states them: an expression, or names."""
    stated = []
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        stated.append(str(entry.get("expression") or licence.get("id") or licence.get("name") or ""))
    return "; ".join(dict.fromkeys(line.strip().splitlines()[0] for line in stated if line.strip()))


def audit(python: Path) -> str:
    """What pip-audit says of an environment's packages.

    Raises:
        ReleaseError: it knows a vulnerability.
    """
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = _run([python, "-c", code], env=_clean_environment()).strip()
    options = ["--path", packages, "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run(  # noqa: S603 - a command of this script
        [sys.executable, "-m", "pip_audit", *options], capture_output=True, text=True, check=False
    )
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return f"not audited, because pip-audit cannot reach its service: {reason[:160]}"
    known = {f"{one['name']} {one['version']}: {hole['id']}" for one in told for hole in one.get("vulns", [])}
    if known:
        raise ReleaseError(f"pip-audit knows {len(known)} vulnerabilities: {', '.join(sorted(known))}")
    skipped = sorted(one["name"] for one in told if "vulns" not in one and one["name"] != "smn-art")
    audited = sum("vulns" in one for one in told)
    if not audited:
        return f"not audited, because pip-audit's service cannot be reached: it knows none of {len(skipped)} packages"
    left = f"; not audited: {', '.join(skipped)}" if skipped else ""
    return f"pip-audit knows no vulnerability in {audited} packages{left}"


def check_release(out: Path, *, extras: str = "", tell: Tell = print) -> None:
    """Do everything that the module's docstring names.

    Args:
        out: the folder for wheel, sdist, SBOM and licences.
        extras: extras to install and list besides what smn always needs, such as ``serve,web``.
        tell: gets a line for each check.

    Raises:
        ReleaseError: a check failed.
    """
    version, tracked = check_version(), list_tracked()
    changed = _run(["git", "status", "--porcelain", "--untracked-files=no"], cwd=ROOT).splitlines()
    tell(f"smn-art {version}, {len(tracked)} tracked files, {len(changed)} of them changed since the last commit")
    built = build(out, tracked=tracked)
    if problems := check_contents(built, tracked):
        raise ReleaseError("; ".join(problems))
    for file in (built.wheel, built.sdist):
        tell(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, the same bytes when built again, contents as expected")
    _run([sys.executable, "-m", "twine", "check", "--strict", built.wheel, built.sdist], env=_clean_environment())
    tell("twine check: passed")
    listed = False
    for name, python in find_pythons():
        if python is None:
            tell(f"Python {name}: not found here, so not tested")
            continue
        with tempfile.TemporaryDirectory() as folder:
            inside = install_and_predict(built.wheel, python, Path(folder), extras=extras)
            tell(f"Python {name}: installed, both models answer")
            if not listed:
                listed = True
                _list_dependencies(inside, out, tell)
    if not listed:
        raise ReleaseError(f"none of Python {', '.join(PYTHONS)} was found")


def _list_dependencies(python: Path, out: Path, tell: Tell) -> None:
    sbom, table, unnamed = write_sbom(python, out)
    tell(f"{sbom.name} and {table.name}: {len(table.read_text(encoding='utf-8').splitlines()) - 1} packages")
    if unnamed:
        tell(f"no licence stated by: {', '.join(unnamed)}")
    tell(audit(python))


def main() -> None:
    """Check, and exit with 1 where a check fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="a folder for wheel, sdist and lists")
    parser.add_argument("--extras", default="", help="extras to install and list, too, such as serve,web")
    parser.add_argument("--audit", action="store_true", help="only ask pip-audit, of the environment that runs this")
    options = parser.parse_args()
    try:
        if options.audit:
            print(audit(Path(sys.executable)))  # noqa: T201 - a script
            return
        check_release(options.out, extras=options.extras)
    except ReleaseError as error:
        sys.exit(f"The release check failed: {error}")


if __name__ == "__main__":
    main()
