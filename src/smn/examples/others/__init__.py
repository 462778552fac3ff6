"""Pictures that are no paintings: what refusal is learned from and measured on, beside photographs.

Each kind is drawn from a seed with Pillow and numpy, with no file and no network, in the sizes and encodings that
people upload: pages, screens and surfaces; comics, cartoons and children's drawings; and, of photographs that are
given, memes, products, posts and collages.
"""

from smn.examples.others.other_kinds import OTHERS, Group, Kind, Part, Photographs, draw_other, list_others

__all__ = ["OTHERS", "Group", "Kind", "Part", "Photographs", "draw_other", "list_others"]
