"""Command line, service and page say the same of a picture."""

from pathlib import Path

import pytest

import phrases
import smn
from smn.examples import draw_other, paint


@pytest.mark.slow
def test_all_three_say_the_same_words(tmp_path: Path) -> None:
    names = ("neo-impressionism", "romanticism", "post-impressionism", "cubism")
    pictures = {name: paint(name, seed=2, size=(400, 320)) for name in names} | {"page": draw_other("text-page")}
    files = {name: tmp_path / f"{name}.png" for name in pictures}
    for name, picture in pictures.items():
        picture.save(files[name])
    said = phrases.ask_command_line(files)
    assert phrases.ask_service(files) == said
    assert phrases.ask_page(files) == said
    model = smn.load()
    assert said == {name: str(model.predict(file)) for name, file in files.items()}
    assert len(set(said.values())) == len(files)


def test_twenty_pictures_are_asked_about(tmp_path: Path) -> None:
    files = phrases.write_pictures(tmp_path)
    assert len(files) == 20
    assert all(file.stat().st_size > 1000 for file in files.values())


def test_the_table_says_where_words_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phrases, "KEPT", tmp_path / "phrases.json")
    assert not phrases.TABLES["phrases"]()
    phrases.KEPT.write_text('[{"picture": "a", "service": "x", "page": "x"}]', encoding="utf-8")
    assert phrases.TABLES["phrases"]().endswith("All three say the same of every picture.")
    phrases.KEPT.write_text('[{"picture": "a", "service": "x", "page": "y"}]', encoding="utf-8")
    assert phrases.TABLES["phrases"]().endswith("They do not say the same of every picture.")
