"""The list of movements, the families they belong to, and the taxonomies made of them."""

from smn.movements.reader import (
    DEFAULT_TAXONOMY,
    Family,
    Label,
    Movement,
    Taxonomy,
    family_names,
    find_movement,
    get_family,
    get_movement,
    list_families,
    list_movements,
    list_taxonomies,
    make_taxonomy,
    normalise,
    parse_taxonomy,
    read_taxonomy,
    taxonomy_text,
)
from smn.movements.regroup import regroup

__all__ = [
    "DEFAULT_TAXONOMY",
    "Family",
    "Label",
    "Movement",
    "Taxonomy",
    "family_names",
    "find_movement",
    "get_family",
    "get_movement",
    "list_families",
    "list_movements",
    "list_taxonomies",
    "make_taxonomy",
    "normalise",
    "parse_taxonomy",
    "read_taxonomy",
    "regroup",
    "taxonomy_text",
]
