"""Reads the list of movements and the taxonomies made of them."""

import json
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from smn.errors import TaxonomyError, UnknownNameError

_FOLDER = Path(__file__).parent
DEFAULT_TAXONOMY = "smn-25"


@dataclass(frozen=True)
class Family:
    """A group of related movements.

    Args:
        id: kebab-case name.
        name: what people read.
        colour: ``#RRGGBB``, the same in every chart.
    """

    id: str
    name: str
    colour: str


@dataclass(frozen=True)
class Movement:
    """An artistic movement.

    Args:
        id: kebab-case name, stable for ever.
        name: its English name.
        family: id of its family.
        start: first year of its core.
        end: last year of its core.
        places: where it lived.
        summary: two sentences.
        traits: what a person can check by looking.
        artists: key artists.
        aliases: its names in other vocabularies (``wikiart``, ``artbench``, ``wikidata``, ``aat``, ``other``).
    """

    id: str
    name: str
    family: str
    start: int
    end: int
    places: tuple[str, ...]
    summary: str
    traits: tuple[str, ...]
    artists: tuple[str, ...]
    aliases: Mapping[str, tuple[str, ...]]

    def identifier(self, vocabulary: str) -> str | None:
        """The id in a vocabulary, ``"wikidata"`` or ``"aat"``, or None where none was checked; of several the first."""
        return next(iter(self.aliases.get(vocabulary, ())), None)


@dataclass(frozen=True)
class Label:
    """One answer that a taxonomy permits: a movement, or several read as one.

    Args:
        id: kebab-case name.
        name: what people read.
        family: id of its family.
        movements: ids of the movements it covers.
    """

    id: str
    name: str
    family: str
    movements: tuple[str, ...]


@dataclass(frozen=True)
class Taxonomy:
    """A named selection and grouping of movements.

    Args:
        id: its name.
        name: what people read.
        description: what it is for and how it was grouped.
        labels: the answers it permits, in a fixed order.
    """

    id: str
    name: str
    description: str
    labels: tuple[Label, ...]

    @property
    def label_ids(self) -> tuple[str, ...]:
        """The labels' ids, in order."""
        return tuple(label.id for label in self.labels)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `parse_taxonomy` reads."""
        labels = [{**asdict(label), "movements": list(label.movements)} for label in self.labels]
        return {"id": self.id, "name": self.name, "description": self.description, "label": labels}

    def label(self, label_id: str) -> Label:
        """The label with this id.

        Raises:
            UnknownNameError: the taxonomy has none.
        """
        for label in self.labels:
            if label.id == label_id:
                return label
        raise UnknownNameError(f"label of taxonomy {self.id}", label_id, self.label_ids)

    def label_of(self, movement: str) -> Label | None:
        """The label that covers a movement, or None where the taxonomy leaves it out."""
        return next((label for label in self.labels if movement in label.movements), None)


def normalise(name: str) -> str:
    """A name without case, accents, punctuation and spaces, for comparing spellings."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in plain if character.isalnum())


@cache
def _read() -> tuple[dict[str, Family], dict[str, Movement]]:
    data = _load(_FOLDER / "movements.toml")
    families = {entry["id"]: Family(**entry) for entry in data["family"]}
    movements = {}
    for entry in data["movement"]:
        lists = {key: tuple(entry[key]) for key in ("places", "traits", "artists")}
        aliases = {vocabulary: tuple(names) for vocabulary, names in entry["aliases"].items()}
        movements[entry["id"]] = Movement(**{**entry, **lists, "aliases": aliases})
    return families, movements


def _load(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{file} is not valid TOML ({error}); correct it at that place.") from error


def list_families() -> tuple[Family, ...]:
    """Every family, in the order in which they are shown."""
    return tuple(_read()[0].values())


def get_family(family_id: str) -> Family:
    """The family with this id.

    Raises:
        UnknownNameError: there is none.
    """
    families = _read()[0]
    if family_id not in families:
        raise UnknownNameError("family", family_id, families)
    return families[family_id]


def list_movements() -> tuple[Movement, ...]:
    """Every movement that smn knows, earliest first."""
    return tuple(sorted(_read()[1].values(), key=lambda movement: (movement.start, movement.end, movement.id)))


def get_movement(name: str) -> Movement:
    """A movement by its id, its name or one of its aliases, however spelled.

    Raises:
        UnknownNameError: no movement has that name.
    """
    movement = find_movement(name)
    if movement is None:
        raise UnknownNameError("movement", name, _read()[1])
    return movement


def find_movement(name: str) -> Movement | None:
    """Like `get_movement`, but None where no movement has that name."""
    found = _spellings().get(normalise(name))
    return _read()[1][found] if found else None


@cache
def _spellings() -> dict[str, str]:
    spellings: dict[str, str] = {}
    for movement in _read()[1].values():
        names = {movement.id, movement.name, *(alias for group in movement.aliases.values() for alias in group)}
        for name in {normalise(name) for name in names}:
            if spellings.setdefault(name, movement.id) != movement.id:
                raise TaxonomyError(f"The name {name!r} stands for both {spellings[name]} and {movement.id}; keep one.")
    return spellings


def list_taxonomies() -> tuple[str, ...]:
    """Ids of the taxonomies inside the package."""
    return tuple(sorted(file.stem for file in (_FOLDER / "taxonomies").glob("*.toml")))


def read_taxonomy(name: str | Path = DEFAULT_TAXONOMY) -> Taxonomy:
    """A taxonomy by its id, or from a TOML file of your own.

    Args:
        name: one of `list_taxonomies`, or a path ending in ``.toml``.

    Raises:
        UnknownNameError: there is no such taxonomy.
        TaxonomyError: the file does not hold together; every problem is listed.
    """
    own = str(name).endswith(".toml")
    if not own and str(name) not in list_taxonomies():
        raise UnknownNameError("taxonomy", str(name), [*list_taxonomies(), "a path ending in .toml"])
    file = Path(name) if own else _FOLDER / "taxonomies" / f"{name}.toml"
    if not file.is_file():
        raise TaxonomyError(f"There is no taxonomy file {file}; check the path.")
    return parse_taxonomy(_load(file), where=str(file))


def make_taxonomy(movements: Iterable[str], *, name: str) -> Taxonomy:
    """A taxonomy with one label for each movement, earliest first.

    Args:
        movements: their ids; repeats do not matter.
        name: the taxonomy's id.

    Raises:
        UnknownNameError: one is no movement.
        TaxonomyError: there are fewer than two.
    """
    chosen = {get_movement(movement).id for movement in movements}
    labels = [{"id": movement.id} for movement in list_movements() if movement.id in chosen]
    described = {"id": name, "name": name, "description": f"{len(labels)} movements of one data set.", "label": labels}
    return parse_taxonomy(described, where=f"The taxonomy {name}")


def taxonomy_text(taxonomy: Taxonomy) -> str:
    """A taxonomy as the text of a TOML file that `read_taxonomy` reads."""
    data = taxonomy.to_dict()
    lines = [f"{key} = {_quote(data[key])}" for key in ("id", "name", "description")]
    lines += ["", "label = ["]
    for label in data["label"]:
        lines.append("    { " + ", ".join(f"{key} = {_quote(value)}" for key, value in label.items()) + " },")
    return "\n".join([*lines, "]", ""])


def _quote(value: object) -> str:
    """A text or a list of texts, in TOML as in JSON."""
    return json.dumps(value, ensure_ascii=False)


def parse_taxonomy(data: Mapping[str, Any], *, where: str) -> Taxonomy:
    """A taxonomy from plain data, as `Taxonomy.to_dict` writes it and TOML files hold it.

    Raises:
        TaxonomyError: the data does not hold together; every problem is listed, and ``where`` it stands.
    """
    problems = [f"the key {key} is missing" for key in ("id", "name", "description", "label") if key not in data]
    problems += [f"the key {key} is unknown" for key in data if key not in ("id", "name", "description", "label")]
    problems += [
        f"{key} must be text" for key in ("id", "name", "description") if not isinstance(data.get(key, ""), str)
    ]
    entries = data.get("label", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        problems.append('label must be a list of tables such as { id = "cubism" }')
        entries = []
    labels = [_label(entry, problems) for entry in entries]
    seen: dict[str, str] = {}
    for label in labels:
        for movement in label.movements:
            if movement in seen:
                problems.append(f"{movement} stands in both {seen[movement]} and {label.id}")
            seen[movement] = label.id
    if len({label.id for label in labels}) != len(labels):
        problems.append("two labels have the same id")
    if len(labels) < 2:
        problems.append("at least two labels are needed")
    if problems:
        raise TaxonomyError(f"{where} does not hold together: {'; '.join(problems)}.")
    return Taxonomy(data["id"], data["name"], data["description"].strip(), tuple(labels))


def _label(entry: dict[str, Any], problems: list[str]) -> Label:
    """One label; a movement of the same id supplies what the entry leaves out."""
    movements = _read()[1]
    label_id = str(entry.get("id", "?"))
    own = movements.get(label_id)
    covered = entry.get("movements", [label_id])
    if not isinstance(covered, list) or not covered or not all(isinstance(name, str) for name in covered):
        problems.append(f"{label_id} needs movements as a list of one or more ids")
        covered = []
    problems += [f"{label_id} covers {name}, which is no movement" for name in covered if name not in movements]
    unknown = sorted(set(entry) - {"id", "name", "family", "movements"})
    problems += [f"{label_id} has the unknown key {key}" for key in unknown]
    name = entry.get("name", own.name if own else "")
    family = entry.get("family", own.family if own else "")
    if not isinstance(name, str) or not name or family not in list(_read()[0]):
        problems.append(f"{label_id} needs a name and a family out of {', '.join(_read()[0])}")
    return Label(label_id, name, family, tuple(covered))


def family_names(labels: Iterable[Label]) -> dict[str, str]:
    """Ids and names of the families that these labels belong to, in the order in which families are shown."""
    used = {label.family for label in labels}
    return {family.id: family.name for family in list_families() if family.id in used}
