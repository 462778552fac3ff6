import json
import re
from pathlib import Path

import pytest

from smn.errors import TaxonomyError, UnknownNameError
from smn.movements import (
    DEFAULT_TAXONOMY,
    Label,
    Movement,
    family_names,
    find_movement,
    get_family,
    get_movement,
    list_families,
    list_movements,
    list_taxonomies,
    normalise,
    parse_taxonomy,
    read_taxonomy,
)

DATA_LABELS = (
    "Abstract Expressionism", "Art Deco", "Art Nouveau", "Baroque", "Byzantine", "Color Field", "Cubism",
    "Early Renaissance", "Expressionism", "Fauvism", "Geometric Abstraction", "High Renaissance", "Impressionism",
    "Magic Realism", "Mannerism", "Minimalism", "Naïve Art", "Neo-Impressionism", "Neoclassicism & Academic Art",
    "Northern Renaissance", "Pop Art", "Post-Impressionism", "Realism", "Rococo", "Romanticism", "Surrealism",
    "Symbolism", "Tonalism", "Ukiyo-e",
)  # fmt: skip
WIKIART = (
    "Abstract_Expressionism", "Action_painting", "Analytical_Cubism", "Art_Nouveau_Modern", "Baroque",
    "Color_Field_Painting", "Contemporary_Realism", "Cubism", "Early_Renaissance", "Expressionism", "Fauvism",
    "High_Renaissance", "Impressionism", "Mannerism_Late_Renaissance", "Minimalism", "Naive_Art_Primitivism",
    "New_Realism", "Northern_Renaissance", "Pointillism", "Pop_Art", "Post_Impressionism", "Realism", "Rococo",
    "Romanticism", "Symbolism", "Synthetic_Cubism", "Ukiyo_e",
)  # fmt: skip
ARTBENCH = (
    "art_nouveau", "baroque", "expressionism", "impressionism", "post_impressionism", "realism", "renaissance",
    "romanticism", "surrealism", "ukiyo_e",
)  # fmt: skip
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MOVEMENTS = list_movements()


def movement_id(movement: Movement) -> str:
    return movement.id


# Movements and families.


def test_the_sweep_sees_every_movement() -> None:
    assert len(MOVEMENTS) == 43
    assert len({movement.id for movement in MOVEMENTS}) == 43
    assert len({movement.name for movement in MOVEMENTS}) == 43


@pytest.mark.parametrize("movement", MOVEMENTS, ids=movement_id)
def test_a_movement_is_complete(movement: Movement) -> None:
    assert KEBAB.fullmatch(movement.id)
    assert movement.name == movement.name.strip() != ""
    assert get_family(movement.family).id == movement.family
    assert 500 <= movement.start < movement.end <= 2030
    assert movement.places
    assert len(re.findall(r"[.!?](?:\s|$)", movement.summary)) == 2
    assert 3 <= len(movement.traits) <= 6
    assert len(movement.artists) >= 3
    for texts in (movement.places, movement.traits, movement.artists):
        assert len(set(texts)) == len(texts)
        assert all(text == text.strip() != "" for text in texts)
    assert set(movement.aliases) == {"wikiart", "artbench", "wikidata", "aat", "other"}
    assert all(re.fullmatch(r"Q\d+", qid) for qid in movement.aliases["wikidata"])
    assert all(re.fullmatch(r"3\d{8}", number) for number in movement.aliases["aat"])


@pytest.mark.parametrize("movement", MOVEMENTS, ids=movement_id)
def test_every_name_of_a_movement_finds_it(movement: Movement) -> None:
    names = {movement.id, movement.name, *(name for group in movement.aliases.values() for name in group)}
    for name in names:
        assert normalise(name)
        for spelling in (name, name.upper(), f" {name} ", name.replace(" ", "_"), name.replace("-", " ")):
            assert get_movement(spelling) is movement


def test_movements_are_listed_earliest_first() -> None:
    assert [movement.start for movement in MOVEMENTS] == sorted(movement.start for movement in MOVEMENTS)
    assert MOVEMENTS[0].id == "byzantine"


def test_families_are_complete_used_and_told_apart_by_colour() -> None:
    families = list_families()
    assert len(families) == 13
    assert {family.id for family in families} == {movement.family for movement in MOVEMENTS}
    assert len({family.colour for family in families}) == len({family.name for family in families}) == 13
    assert all(KEBAB.fullmatch(family.id) and re.fullmatch("#[0-9A-F]{6}", family.colour) for family in families)


@pytest.mark.parametrize(("names", "count"), [(DATA_LABELS, 29), (WIKIART, 27), (ARTBENCH, 10)])
def test_the_labels_of_other_data_sets_are_known_and_told_apart(names: tuple[str, ...], count: int) -> None:
    assert len({get_movement(name).id for name in names}) == len(names) == count


def test_spelling_does_not_matter() -> None:
    assert normalise("  Naïve Art (Primitivism)") == "naiveartprimitivism"
    assert {normalise(name) for name in ("Ukiyo-e", "ukiyo_e", "UKIYO E")} == {"ukiyoe"}
    assert get_movement("浮世絵").id == "ukiyo-e"


def test_an_unknown_movement_or_family_suggests_near_ones() -> None:
    assert find_movement("impresionism") is find_movement("") is None
    with pytest.raises(UnknownNameError, match=r"no movement 'impresionism'. Did you mean impressionism"):
        get_movement("impresionism")
    with pytest.raises(UnknownNameError, match=r"no family 'cubists'. Did you mean cubist"):
        get_family("cubists")


# Taxonomies.


def test_the_presets_are_those_that_the_documentation_names() -> None:
    assert list_taxonomies() == ("artbench-10", "origin-8", "smn-25", "wikiart-27")
    assert DEFAULT_TAXONOMY == "smn-25"
    assert read_taxonomy() == read_taxonomy("smn-25")


@pytest.mark.parametrize("name", list_taxonomies())
def test_a_preset_holds_together(name: str) -> None:
    taxonomy = read_taxonomy(name)
    assert taxonomy.id == name
    assert len(taxonomy.labels) == int(name.split("-")[1])
    assert taxonomy.name
    assert taxonomy.description == taxonomy.description.strip() != ""
    assert taxonomy.label_ids == tuple(label.id for label in taxonomy.labels)
    assert len({label.name for label in taxonomy.labels}) == len(taxonomy.labels)
    covered = [movement for label in taxonomy.labels for movement in label.movements]
    assert len(set(covered)) == len(covered)
    for label in taxonomy.labels:
        assert taxonomy.label(label.id) is label
        assert all(taxonomy.label_of(movement) is label for movement in label.movements)
        assert get_family(label.family)


@pytest.mark.parametrize("name", list_taxonomies())
def test_a_taxonomy_survives_the_way_through_json(name: str) -> None:
    taxonomy = read_taxonomy(name)
    assert parse_taxonomy(json.loads(json.dumps(taxonomy.to_dict())), where="x") == taxonomy


@pytest.mark.parametrize(("name", "vocabulary"), [("wikiart-27", WIKIART), ("artbench-10", ARTBENCH)])
def test_a_data_sets_taxonomy_has_a_label_for_each_of_its_names(name: str, vocabulary: tuple[str, ...]) -> None:
    taxonomy = read_taxonomy(name)
    labels = {taxonomy.label_of(get_movement(word).id) for word in vocabulary}
    assert labels == set(taxonomy.labels)


def test_the_default_covers_all_labels_of_the_data_but_three() -> None:
    taxonomy = read_taxonomy()
    left_out = {name for name in DATA_LABELS if taxonomy.label_of(get_movement(name).id) is None}
    assert left_out == {"Byzantine", "Art Deco", "Tonalism"}


def test_origin_8_is_the_eight_of_the_original() -> None:
    assert {label.name for label in read_taxonomy("origin-8").labels} == {
        get_movement(name).name if name != "Abstract" else name
        for name in ("Abstract", "Color Field", "Cubism", "Expressionism", "Impressionism", "Realism", "Renaissance",
                     "Romanticism")
    }  # fmt: skip


def test_family_names_are_in_the_order_in_which_families_are_shown() -> None:
    shown = family_names(read_taxonomy("origin-8").labels)
    assert list(shown) == ["renaissance", "romantic-realist", "impressionist", "expressionist", "cubist", "abstract"]
    assert shown["romantic-realist"] == "Neoclassical, Romantic & Realist"


def test_an_unknown_taxonomy_or_label_names_the_allowed() -> None:
    with pytest.raises(UnknownNameError, match=r"no taxonomy 'origin8'. Did you mean origin-8.*path ending in .toml"):
        read_taxonomy("origin8")
    with pytest.raises(UnknownNameError, match="no label of taxonomy origin-8 'rococo'"):
        read_taxonomy("origin-8").label("rococo")


def own(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_taxonomy_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    file = own(tmp_path, """
        id = "mine"
        name = "Old and new"
        description = " Two piles. "
        label = [
            { id = "cubism", movements = ["cubism", "futurism"] },
            { id = "gold", name = "Gold ground", family = "medieval", movements = ["byzantine", "gothic"] },
            { id = "rococo", name = "Rocaille" },
        ]
    """)  # fmt: skip
    for name in (file, str(file)):
        taxonomy = read_taxonomy(name)
        assert (taxonomy.id, taxonomy.name, taxonomy.description) == ("mine", "Old and new", "Two piles.")
        assert taxonomy.labels == (
            Label("cubism", "Cubism", "cubist", ("cubism", "futurism")),
            Label("gold", "Gold ground", "medieval", ("byzantine", "gothic")),
            Label("rococo", "Rocaille", "baroque", ("rococo",)),
        )


def test_every_problem_of_a_taxonomy_is_listed_at_once(tmp_path: Path) -> None:
    file = own(tmp_path, """
        id = "mine"
        name = 5
        colour = "red"
        label = [
            { id = "cubism", movements = ["cubism", "vorticism"], colour = "red", size = 3 },
            { id = "cubism", movements = ["cubism"] },
            { id = "gold", movements = ["gothic"] },
            { id = "silver", name = "Silver", family = "metals", movements = ["byzantine"] },
            { id = "empty", name = "Empty", family = "pop", movements = [] },
            { id = "one", name = "One", family = "pop", movements = "pop-art" },
            { id = "two", name = "Two", family = "pop", movements = [["op-art"]] },
        ]
    """)  # fmt: skip
    with pytest.raises(TaxonomyError) as caught:
        read_taxonomy(file)
    problems = (
        "the key description is missing",
        "the key colour is unknown",
        "name must be text",
        "cubism covers vorticism, which is no movement",
        "cubism has the unknown key colour; cubism has the unknown key size",
        "cubism stands in both cubism and cubism",
        "two labels have the same id",
        "gold needs a name and a family out of medieval, renaissance,",
        "silver needs a name and a family",
        "empty needs movements as a list of one or more ids",
        "one needs movements as a list of one or more ids",
        "two needs movements as a list of one or more ids",
    )
    assert str(caught.value).startswith(f"{file} does not hold together: ")
    assert [problem for problem in problems if problem not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the key id is missing; the key name is missing; the key description is missing; the key label is mis"),
        ('id = "a"\nname = "A"\ndescription = "x"\nlabel = [{ id = "cubism" }]', "at least two labels are needed"),
        ('label = "cubism"', "label must be a list of tables such as"),
        ('label = ["cubism", "realism"]', "label must be a list of tables such as"),
        ("label = [", "is not valid TOML .* correct it at that place"),
    ],
)
def test_a_file_of_another_shape_is_a_taxonomy_error(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=sentence):
        read_taxonomy(own(tmp_path, text))


def test_a_missing_or_binary_file_is_a_taxonomy_error(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"There is no taxonomy file .*check the path"):
        read_taxonomy(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TaxonomyError, match="not valid TOML"):
        read_taxonomy(tmp_path / "binary.toml")
