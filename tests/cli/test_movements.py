import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from smn.cli import main
from smn.movements import get_movement, list_movements, list_taxonomies, read_taxonomy


def run(*arguments: str, columns: int = 100) -> str:
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(main, list(arguments))
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize("arguments", [["movements"], ["movements", "list"]])
def test_the_list_has_every_movement(arguments: list[str]) -> None:
    shown = run(*arguments)
    listed = [line.split()[0] for line in shown.splitlines() if line.split()]
    assert [name for name in listed if name in {movement.id for movement in list_movements()}] == [
        movement.id for movement in list_movements()
    ]


def test_the_list_as_json_is_the_whole_record() -> None:
    data = json.loads(run("movements", "list", "--format", "json"))
    assert [entry["id"] for entry in data] == [movement.id for movement in list_movements()]
    assert set(data[0]) == {
        "id", "name", "family", "start", "end", "places", "summary", "traits", "artists", "aliases",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["impressionism", "Impressionism", "IMPRESSIONISM"])
def test_a_movement_is_shown_with_everything_about_it(name: str) -> None:
    shown, impressionism = run("movements", "show", name), get_movement("impressionism")
    years = f"{impressionism.start}–{impressionism.end}"
    for expected in ("Impressionism", years, "Impressionist", "What to look for", "Claude Monet", "wikidata: Q"):
        assert expected in shown


@pytest.mark.parametrize("movement", list_movements(), ids=lambda movement: movement.id)
def test_every_movement_can_be_shown(movement: object) -> None:
    record = json.loads(run("movements", "show", movement.name, "--format", "json"))
    assert record["id"] == movement.id
    text = "".join(run("movements", "show", movement.id, columns=200).split())
    for sentence in (movement.summary, *movement.traits):
        assert "".join(sentence.split()) in text


@pytest.mark.parametrize("arguments", [["taxonomy"], ["taxonomy", "list"]])
def test_the_taxonomies_are_listed(arguments: list[str]) -> None:
    shown = run(*arguments)
    assert all(name in shown for name in list_taxonomies())


@pytest.mark.parametrize("name", list_taxonomies())
def test_a_taxonomy_is_shown_with_its_labels(name: str) -> None:
    taxonomy = read_taxonomy(name)
    shown = run("taxonomy", "show", name, columns=200)
    assert all(label.id in shown and label.name in shown for label in taxonomy.labels)
    data = json.loads(run("taxonomy", "show", name, "--format", "json"))
    assert [label["id"] for label in data["labels"]] == list(taxonomy.label_ids)


def test_a_taxonomy_of_ones_own_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'id = "mine"\nname = "Mine"\ndescription = "Two."\nlabel = [{ id = "cubism" }, { id = "rococo" }]',
        encoding="utf-8",
    )
    assert "mine: Mine" in run("taxonomy", "show", str(file))


def test_an_unknown_taxonomy_is_wrong_input() -> None:
    result = CliRunner().invoke(main, ["taxonomy", "show", "smn-24"])
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: There is no taxonomy 'smn-24'. Did you mean smn-25?")


def test_a_taxonomy_is_made_of_a_data_set(tmp_path: Path, make_painted_set: Callable[..., Path]) -> None:
    pictures, out = make_painted_set(tmp_path / "pictures", splits={"train": 1}), tmp_path / "own.toml"
    assert "has 4 labels" in run("taxonomy", "from", str(pictures), "--out", str(out))
    assert read_taxonomy(out).label_ids == ("romanticism", "impressionism", "cubism", "color-field")
    before = out.read_text(encoding="utf-8")
    for name, said in (("own.toml", "already exists"), ("own.txt", "must end in .toml")):
        result = CliRunner().invoke(main, ["taxonomy", "from", str(pictures), "--out", str(tmp_path / name)])
        assert result.exit_code == 2
        assert said in result.stderr
    assert out.read_text(encoding="utf-8") == before
