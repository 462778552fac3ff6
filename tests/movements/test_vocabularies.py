"""The ids of movements in other vocabularies: well-formed, unique, and listed on a page for a person to check."""

import re
from collections import Counter
from pathlib import Path

import pytest

from smn.movements import list_movements

PAGE = Path(__file__).parents[2] / "docs" / "vocabularies.md"
FORMS = {"wikidata": r"Q[1-9][0-9]{0,9}", "aat": r"300[0-9]{6}"}


@pytest.mark.parametrize(("vocabulary", "form"), FORMS.items())
def test_ids_are_well_formed_and_belong_to_one_movement(vocabulary: str, form: str) -> None:
    ids = [one for movement in list_movements() for one in movement.aliases[vocabulary]]
    assert [one for one in ids if not re.fullmatch(form, one)] == []
    assert [one for one, count in Counter(ids).items() if count > 1] == []
    assert len(ids) >= 13


def vocabulary_table() -> str:
    lines = ["| movement | Wikidata | Getty AAT |", "| --- | --- | --- |"]
    for movement in sorted(list_movements(), key=lambda one: one.name):
        wikidata = [f"[{one}](https://www.wikidata.org/wiki/{one})" for one in movement.aliases["wikidata"]]
        aat = [f"[{one}](http://vocab.getty.edu/page/aat/{one})" for one in movement.aliases["aat"]]
        lines.append(f"| {movement.name} | {', '.join(wikidata)} | {', '.join(aat)} |")
    return "\n".join(lines) + "\n"


def test_the_page_lists_them() -> None:
    _, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- table -->\n")
    assert rest == vocabulary_table(), f"Put this below the mark in {PAGE}:\n{vocabulary_table()}"


def test_the_first_id_is_the_one_that_is_written() -> None:
    found = {movement.id: movement.identifier("wikidata") for movement in list_movements()}
    assert found["impressionism"] == "Q40415"
    assert found["analytical-cubism"] is None
