"""The release check: a real build, and every fault that it must find."""

import csv
import json
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
import release_check
from release_check import Built, ReleaseError, build, check_contents, check_version, list_tracked

import smn

pytestmark = pytest.mark.slow
for needed in ("build", "hatchling", "twine", "cyclonedx_py", "pip_audit"):
    pytest.importorskip(needed)


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    return list_tracked()


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, tracked: list[str]) -> Built:
    """The wheel and the sdist of this checkout; `build` compares two builds."""
    return build(tmp_path_factory.mktemp("dist"), tracked=tracked)


def test_a_build_has_what_it_should_and_nothing_else(built: Built, tracked: list[str]) -> None:
    assert check_contents(built, tracked) == []
    assert built.wheel.name == f"smn_art-{smn.__version__}-py3-none-any.whl"
    assert built.wheel.stat().st_size <= 45_000_000
    with tarfile.open(built.sdist) as archive:
        names = archive.getnames()
    assert not [name for name in names if "/docs/results/" in name]
    assert any(name.endswith("/tests/tools/test_release_check.py") for name in names) == (
        "tests/tools/test_release_check.py" in tracked
    )


def test_what_does_not_belong_into_a_wheel_is_found(built: Built, tracked: list[str], tmp_path: Path) -> None:
    wheel = Path(shutil.copy(built.wheel, tmp_path))
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("smn/notes.txt", "mine")
        archive.writestr("docs/results/dump.json", "{}")
    assert check_contents(Built(wheel, built.sdist), tracked) == [
        f"{wheel.name} holds what it should not: docs/results/dump.json, smn/notes.txt (2)"
    ]


def test_what_a_wheel_lacks_is_found(built: Built, tracked: list[str], tmp_path: Path) -> None:
    wheel = tmp_path / built.wheel.name
    with zipfile.ZipFile(built.wheel) as whole, zipfile.ZipFile(wheel, "w") as part:
        for name in whole.namelist():
            if not name.endswith(("fast/model.onnx", "licenses/LICENSE")):
                part.writestr(name, whole.read(name))
    assert check_contents(Built(wheel, built.sdist), tracked) == [
        f"{wheel.name} lacks smn/bundles/fast/model.onnx (1)",
        f"{wheel.name} lacks smn/bundles/fast/model.onnx",
        f"{wheel.name} lacks the licence",
    ]


def test_results_in_an_sdist_and_its_size_are_found(
    built: Built, tracked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdist = tmp_path / built.sdist.name
    with tarfile.open(sdist, "w:gz") as archive:
        archive.add(built.wheel, arcname="smn_art/docs/results/dump.json")
    monkeypatch.setattr(release_check, "LARGEST", 1_000_000)
    problems = check_contents(Built(built.wheel, sdist), tracked)
    assert problems[0] == f"{sdist.name} holds what it should not: docs/results/dump.json (1)"
    assert [problem.partition(" has ")[0] for problem in problems[2:]] == [built.wheel.name, sdist.name]


def test_a_build_that_differs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that writes the folder that it was built in is another one elsewhere."""
    for name, text in {
        "pyproject.toml": (
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "differs"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["differs"]\n'
            "[tool.hatch.build.hooks.custom]\n"
        ),
        "differs/__init__.py": "",
        "hatch_build.py": (
            "from pathlib import Path\n"
            "from hatchling.builders.hooks.plugin.interface import BuildHookInterface\n"
            "class Hook(BuildHookInterface):\n"
            "    def initialize(self, version, build_data):\n"
            "        Path(self.root, 'differs', '__init__.py').write_text(repr(self.root))\n"
        ),
    }.items():
        (tmp_path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / name).write_text(text, encoding="utf-8")
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *command], cwd=tmp_path / "project", check=True)
    project = tmp_path / "project"
    with pytest.raises(ReleaseError, match=r"differs-1\S+ has other bytes when it is built again"):
        build(tmp_path / "dist", root=project, tracked=list_tracked(project))
    assert not (tmp_path / "dist").exists()


def test_the_version_is_one_everywhere(tmp_path: Path) -> None:
    assert check_version() == smn.__version__
    for name in ("CHANGELOG.md", "CITATION.cff", "README.md", "src/smn/_version.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(release_check.ROOT / name, tmp_path / name)
    (tmp_path / "src/smn/_version.py").write_text('__version__ = "9.8.7"\n', encoding="utf-8")
    with pytest.raises(ReleaseError, match=rf"CHANGELOG.md names {smn.__version__}, not 9\.8\.7"):
        check_version(tmp_path)


def test_a_missing_python_is_told_and_this_one_and_those_of_pyenv_are_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A shim on the path for a Python that is not there is none; neither is one that tells another version."""
    told = {"shims/python3.11": None, "shims/python3.13": None, "versions/3.12.9": "3.12.9", "versions/3.13.1": "3.9.1"}
    for name, version in told.items():
        file = tmp_path / name if version is None else tmp_path / name / "bin" / "python"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"#!/bin/sh\n{'exit 127' if version is None else f'echo Python {version}'}\n", encoding="utf-8")
        file.chmod(0o755)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "shims"))
    found = dict(release_check.find_pythons())
    this = f"{sys.version_info.major}.{sys.version_info.minor}"
    there = {"3.11": None, "3.12": tmp_path / "versions/3.12.9/bin/python", "3.13": None}
    assert found == there | {this: Path(sys.executable)}


def test_the_wheel_answers_in_a_new_environment_and_its_dependencies_are_listed(built: Built, tmp_path: Path) -> None:
    inside = release_check.install_and_predict(built.wheel, Path(sys.executable), tmp_path)
    sbom, table, _ = release_check.write_sbom(inside, tmp_path)
    told = json.loads(sbom.read_text(encoding="utf-8"))
    assert told["bomFormat"] == "CycloneDX"
    assert told["metadata"]["component"]["name"] == "smn-art"
    with table.open(encoding="utf-8", newline="") as stream:
        licences = {row["package"].lower(): row["licence"] for row in csv.DictReader(stream)}
    assert {"click", "numpy", "onnxruntime", "opencv-python-headless", "pillow", "rich"} <= set(licences)
    assert "pip" not in licences
    assert licences["rich"] == "MIT"
    # Its service may be out of reach; then that is what it says.
    assert release_check.audit(inside).startswith(("pip-audit knows no vulnerability", "not audited"))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([{"name": "rich", "version": "15", "vulns": []}], "pip-audit knows no vulnerability in 1 packages"),
        (
            [{"name": "rich", "version": "15", "vulns": []}, {"name": "numpy", "skip_reason": "not found"}],
            "pip-audit knows no vulnerability in 1 packages; not audited: numpy",
        ),
        (
            [{"name": "numpy", "skip_reason": "not found"}, {"name": "smn-art", "skip_reason": "not found"}],
            "not audited, because pip-audit's service cannot be reached: it knows none of 1 packages",
        ),
    ],
)
def test_what_was_not_audited_is_not_called_clean(
    told: list[object], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert audited(told, tmp_path, monkeypatch) == said


def test_a_known_vulnerability_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{"name": "rich", "version": "1", "vulns": [{"id": "CVE-1"}]}]
    with pytest.raises(ReleaseError, match="1 vulnerabilities: rich 1: CVE-1"):
        audited(told, tmp_path, monkeypatch)


@pytest.mark.parametrize(("holes", "said"), [([], "knows no vulnerability in 1 packages"), ([{"id": "CVE-1"}], None)])
def test_an_audit_alone_asks_of_this_environment(
    holes: list[object],
    said: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_audit([{"name": "rich", "version": "15", "vulns": holes}], tmp_path, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["release_check.py", "--audit"])
    if said is None:
        with pytest.raises(SystemExit, match=r"failed: .* rich 15: CVE-1"):
            release_check.main()
    else:
        release_check.main()
        assert said in capsys.readouterr().out


def audited(told: list[object], folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is said where pip-audit, here another program, prints this."""
    write_audit(told, folder, monkeypatch)
    return release_check.audit(Path(sys.executable))


def write_audit(told: list[object], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "pip_audit.py").write_text(f"print({json.dumps(json.dumps({'dependencies': told}))})", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))


def test_the_project_promises_the_versions_of_python_that_are_tried() -> None:
    project = tomllib.loads((release_check.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Programming Language :: Python :: "
    stated = [line.removeprefix(prefix) for line in project["classifiers"] if line.startswith(prefix)]
    assert tuple(stated) == release_check.PYTHONS
    assert project["requires-python"] == f">={stated[0]}"
    assert f"Python {', '.join(stated[:-1])} and {stated[-1]}" in (release_check.ROOT / "docs/install.md").read_text()


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "not-a-wheel.whl").write_text("no", encoding="utf-8")
    with pytest.raises(ReleaseError, match=r"pip .* failed: .*not-a-wheel\.whl"):
        release_check.install_and_predict(tmp_path / "not-a-wheel.whl", Path(sys.executable), tmp_path)
