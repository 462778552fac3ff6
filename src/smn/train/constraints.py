"""What values a setting of a recipe may have; it stands on the dataclass field: ``crop: Annotated[float, SHARE]``."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

WEIGHT_FILES = (".safetensors", ".pth", ".pt", ".bin")
"""How the names of files with weights end."""


@dataclass(frozen=True)
class Constraint:
    """Which values of a field's type are allowed.

    Args:
        fits: whether a value is allowed. It is asked only about values of the field's type; where a field takes a
            number or a word, such as ``"own"``, only about numbers.
        allowed: the same in words, to follow "it must be".
    """

    fits: Callable[[Any], bool]
    allowed: str


SHARE = Constraint(lambda value: 0 <= value <= 1, "from 0 to 1")
BELOW_1 = Constraint(lambda value: 0 <= value < 1, "from 0 and below 1")
ABOVE_0_TO_1 = Constraint(lambda value: 0 < value <= 1, "above 0 and at most 1")
POSITIVE = Constraint(lambda value: 0 < value < math.inf, "above 0")
NOT_NEGATIVE = Constraint(lambda value: 0 <= value < math.inf, "0 or more")
MAGNITUDE = Constraint(lambda value: 0 <= value <= 30, "from 0 to 30")
JPEG_QUALITY = Constraint(lambda value: 1 <= value <= 95, "from 1 to 95")
ODD = Constraint(lambda value: value > 0 and value % 2 == 1, "odd and above 0")
LEVELS = Constraint(
    lambda value: len(value) > 0 and min(value) >= 0 and sorted(set(value)) == list(value),
    "a rising list of levels, counted from 0",
)
BLOCK_WIDTHS = Constraint(lambda value: len(value) > 0 and min(value) > 0, "a list of one width above 0 for each block")
HIDDEN_WIDTHS = Constraint(lambda value: all(width > 0 for width in value), "a list of widths above 0, or []")
WEIGHTS = Constraint(
    lambda value: value in ("own", "timm", "random") or value.endswith(WEIGHT_FILES),
    f"own, timm, random or a file ending in {', '.join(WEIGHT_FILES)}",
)
