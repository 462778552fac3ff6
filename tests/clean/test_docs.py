"""The documentation says what the registry says."""

from pathlib import Path

import pytest

from smn.clean.checks import CHECKS
from smn.clean.pictures import EVIDENCE
from smn.clean.report import checks_table

PAGE = Path(__file__).parents[2] / "docs" / "clean.md"


@pytest.fixture
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_table_of_checks_is_up_to_date(page: str) -> None:
    shown = page.split("<!-- checks -->\n")[1].split("\n<!-- /checks -->", maxsplit=1)[0]
    assert shown == checks_table(), f"Put this between the marks in {PAGE}:\n{checks_table()}"


def test_every_check_and_its_evidence_is_explained(page: str) -> None:
    how = page.split("How the scores are made:")[1].split("## Thresholds", maxsplit=1)[0]
    assert {name for name in CHECKS if f"`{name}`" in how} == set(CHECKS) - {"broken"}
    for check, names in EVIDENCE.items():
        for name in names:
            assert f"`{check}_{name}`" in how or f"`_{name}`" in how
