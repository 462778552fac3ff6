"""The package's description holds together: its name, its extras, and what the code and the pages say of them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import smn
from smn.distribution import NAME

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def test_the_distribution_has_its_own_name_and_the_command_is_smn() -> None:
    assert PROJECT["name"] == NAME == "smn-art"
    assert list(PROJECT["scripts"]) == ["smn"]


def test_the_citation_is_valid_and_names_this_version() -> None:
    check = Path(sys.executable).with_name("check-jsonschema")
    subprocess.run([check, "--builtin-schema", "vendor.citation-file-format", ROOT / "CITATION.cff"], check=True)
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {smn.__version__}\n" in text
    assert f"license: {PROJECT['license']}\n" in text


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_refers_to_extras_of_this_package(extra: str) -> None:
    for requirement in EXTRAS[extra]:
        assert not requirement.startswith("smn["), f"smn is another project; write {NAME}"
        if requirement.startswith(f"{NAME}["):
            assert set(re.findall(r"[\w-]+", requirement.partition("[")[2])) <= set(EXTRAS)


def test_a_missing_extra_that_the_code_names_exists() -> None:
    named = {
        extra
        for file in (ROOT / "src" / "smn").rglob("*.py")
        for extra in re.findall(r'(?:MissingExtraError|require_extra)\("(\w+)"', file.read_text(encoding="utf-8"))
    }
    assert len(named) >= 8
    assert named <= set(EXTRAS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_install_this_package_and_extras_that_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "smn[" not in text
    assert {extra for names in re.findall(rf"{NAME}\[([^\]]+)\]", text) for extra in names.split(",")} <= set(EXTRAS)


def test_photographs_need_no_extra_and_the_old_one_still_installs() -> None:
    assert EXTRAS["photo"] == []
    assert any(requirement.startswith("opencv-python-headless") for requirement in PROJECT["dependencies"])
